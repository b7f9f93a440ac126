# SPDX-License-Identifier: MIT
# gyrograd::xsimd: the include folder of an installed xsimd, and nothing else.
#
# xsimd's own target is not used: Debian 12's links to a library named xtl that the package neither needs nor brings
# (it would become -lxtl on the link line), and other builds of it export -march flags.
# Installed beside the package config, so consumers get the same target.
function(gyrograd_find_xsimd)
  if(TARGET gyrograd::xsimd)
    return()
  endif()
  find_package(xsimd QUIET)
  if(TARGET xsimd::xsimd)
    set(found xsimd::xsimd)
  elseif(TARGET xsimd)
    set(found xsimd)
  else()
    return()
  endif()
  if(xsimd_VERSION AND xsimd_VERSION VERSION_LESS 8.1)
    message(FATAL_ERROR "gyrograd: xsimd ${xsimd_VERSION} is too old, 8.1 or newer is needed")
  endif()
  get_target_property(folders ${found} INTERFACE_INCLUDE_DIRECTORIES)
  add_library(gyrograd::xsimd INTERFACE IMPORTED GLOBAL)
  target_include_directories(gyrograd::xsimd SYSTEM INTERFACE ${folders})
endfunction()
