# SPDX-License-Identifier: MIT
# Install rules (component gyrograd_dev): headers, CMake package and pkg-config file.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(gyrograd_package_dir ${CMAKE_INSTALL_DATADIR}/cmake/gyrograd)  # no compiled code: the same on every architecture
install(TARGETS gyrograd EXPORT gyrogradTargets FILE_SET HEADERS COMPONENT gyrograd_dev)
install(EXPORT gyrogradTargets NAMESPACE gyrograd:: DESTINATION ${gyrograd_package_dir} COMPONENT gyrograd_dev)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/gyrogradConfig.cmake.in
  ${PROJECT_BINARY_DIR}/gyrogradConfig.cmake INSTALL_DESTINATION ${gyrograd_package_dir})
# Before 1.0 a minor version may break its users.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/gyrogradConfigVersion.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${PROJECT_SOURCE_DIR}/include/gyrograd/distributed/mpi.hpp
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/gyrograd/distributed COMPONENT gyrograd_dev)
install(FILES
  ${PROJECT_BINARY_DIR}/gyrogradConfig.cmake
  ${PROJECT_BINARY_DIR}/gyrogradConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/GyrogradMpi.cmake
  ${CMAKE_CURRENT_LIST_DIR}/GyrogradXsimd.cmake
  DESTINATION ${gyrograd_package_dir} COMPONENT gyrograd_dev)

configure_file(${CMAKE_CURRENT_LIST_DIR}/gyrograd.pc.in ${PROJECT_BINARY_DIR}/gyrograd.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/gyrograd.pc
  DESTINATION ${CMAKE_INSTALL_DATADIR}/pkgconfig COMPONENT gyrograd_dev)
