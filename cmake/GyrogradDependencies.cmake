# SPDX-License-Identifier: MIT
# Third-party packages: find_package first, else FetchContent at the tag pinned below.
#
# A fetched header-only package becomes an IMPORTED target: SYSTEM includes, none of its own build files run.
# Eigen and xsimd are needed always; gyrograd_need(<package>) is called by the folder that uses the package.
include(FetchContent)
include(${CMAKE_CURRENT_LIST_DIR}/GyrogradXsimd.cmake)

function(gyrograd_fetch_headers name repository tag include_dir target)
  message(STATUS "gyrograd: ${name} is not installed, fetching ${repository} at ${tag}")
  FetchContent_Declare(gyrograd_${name} GIT_REPOSITORY ${repository} GIT_TAG ${tag} GIT_SHALLOW ON
    SOURCE_SUBDIR no-build-files)
  FetchContent_MakeAvailable(gyrograd_${name})
  add_library(${target} INTERFACE IMPORTED GLOBAL)
  target_include_directories(${target} SYSTEM INTERFACE ${gyrograd_${name}_SOURCE_DIR}/${include_dir})
endfunction()

macro(gyrograd_need package)
  if("${package}" STREQUAL "Eigen3")
    find_package(Eigen3 3.4 QUIET NO_MODULE)
    if(NOT TARGET Eigen3::Eigen)
      gyrograd_fetch_headers(eigen https://gitlab.com/libeigen/eigen.git 3.4.0 . Eigen3::Eigen)
    endif()
  elseif("${package}" STREQUAL "xsimd")
    gyrograd_find_xsimd()
    if(NOT TARGET gyrograd::xsimd)
      gyrograd_fetch_headers(xsimd https://github.com/xtensor-stack/xsimd.git 8.1.0 include gyrograd::xsimd)
    endif()
  elseif("${package}" STREQUAL "Catch2")
    find_package(Catch2 QUIET)
    if(NOT TARGET Catch2::Catch2)
      gyrograd_fetch_headers(catch2 https://github.com/catchorg/Catch2.git v2.13.10 single_include Catch2::Catch2)
      list(APPEND CMAKE_MODULE_PATH ${gyrograd_catch2_SOURCE_DIR}/contrib)
    endif()
  elseif("${package}" STREQUAL "cxxopts")
    find_package(cxxopts QUIET)
    if(NOT TARGET cxxopts::cxxopts)
      gyrograd_fetch_headers(cxxopts https://github.com/jarro2783/cxxopts.git v3.1.1 include cxxopts::cxxopts)
    endif()
  elseif("${package}" STREQUAL "nlohmann_json")
    find_package(nlohmann_json 3.9 QUIET)
    if(NOT TARGET nlohmann_json::nlohmann_json)
      gyrograd_fetch_headers(json https://github.com/nlohmann/json.git v3.11.2 single_include
        nlohmann_json::nlohmann_json)
    endif()
  elseif("${package}" STREQUAL "benchmark")
    find_package(benchmark QUIET)
    if(NOT TARGET benchmark::benchmark)
      message(STATUS "gyrograd: benchmark is not installed, fetching v1.7.1")
      set(BENCHMARK_ENABLE_TESTING OFF)
      set(BENCHMARK_ENABLE_INSTALL OFF)
      FetchContent_Declare(gyrograd_benchmark GIT_REPOSITORY https://github.com/google/benchmark.git
        GIT_TAG v1.7.1 GIT_SHALLOW ON)
      FetchContent_MakeAvailable(gyrograd_benchmark)
    endif()
  elseif("${package}" STREQUAL "ZLIB")
    find_package(ZLIB QUIET)  # optional: no fallback
  else()
    message(FATAL_ERROR "gyrograd_need: unknown package ${package}")
  endif()
endmacro()

gyrograd_need(Eigen3)
gyrograd_need(xsimd)
