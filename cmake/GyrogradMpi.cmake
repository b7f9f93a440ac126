# SPDX-License-Identifier: MIT
# gyrograd::mpi: gyrograd::gyrograd and an MPI library, for distributed/mpi.hpp. Absent where no MPI is found.
#
# gyrograd::gyrograd itself never links MPI. Installed beside the package config: find_package(gyrograd COMPONENTS mpi).
function(gyrograd_find_mpi)
  if(TARGET gyrograd::mpi)
    return()
  endif()
  set(MPI_CXX_SKIP_MPICXX ON)  # the C interface is all that is used
  find_package(MPI QUIET COMPONENTS CXX)
  if(NOT TARGET MPI::MPI_CXX)
    return()
  endif()
  set_target_properties(MPI::MPI_CXX PROPERTIES IMPORTED_GLOBAL ON)
  add_library(gyrograd::mpi INTERFACE IMPORTED GLOBAL)
  target_link_libraries(gyrograd::mpi INTERFACE gyrograd::gyrograd MPI::MPI_CXX)
endfunction()
