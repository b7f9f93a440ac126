# SPDX-License-Identifier: MIT
# How our own programs (tests, examples, benches) are compiled; nothing here reaches a user of the library.
set(CMAKE_CXX_EXTENSIONS OFF)
find_package(Threads REQUIRED)
gyrograd_need(nlohmann_json)
gyrograd_need(ZLIB)

find_program(GYROGRAD_CCACHE ccache)
mark_as_advanced(GYROGRAD_CCACHE)
if(GYROGRAD_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${GYROGRAD_CCACHE})
endif()

add_library(gyrograd_own INTERFACE)
target_link_libraries(gyrograd_own INTERFACE gyrograd::gyrograd nlohmann_json::nlohmann_json Threads::Threads)
if(ZLIB_FOUND)
  target_link_libraries(gyrograd_own INTERFACE ZLIB::ZLIB)
  target_compile_definitions(gyrograd_own INTERFACE GYROGRAD_HAVE_ZLIB=1)
endif()
target_compile_options(gyrograd_own INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
  -ffp-contract=off)  # the same bits from every compiler: fused operations are written, not guessed
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ reports constant array bounds that are int template parameters; clang checks the same code without that.
  target_compile_options(gyrograd_own INTERFACE -Wno-sign-conversion)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False alarms in its own headers: AVX-512 intrinsics (GCC bug 105593), and std::regex under sanitizers.
  target_compile_options(gyrograd_own INTERFACE -Wno-uninitialized -Wno-maybe-uninitialized -Wno-array-bounds)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 16)
  # std::stable_sort of libstdc++ 12 uses a function that libstdc++ itself marks as deprecated.
  target_compile_options(gyrograd_own INTERFACE -Wno-deprecated-declarations)
endif()
if(GYROGRAD_WERROR)
  target_compile_options(gyrograd_own INTERFACE -Werror)
endif()
# A target's property GYROGRAD_MARCH replaces this machine: options of the target itself would come before and lose.
set(march "$<TARGET_PROPERTY:GYROGRAD_MARCH>")
target_compile_options(gyrograd_own INTERFACE "$<$<BOOL:${march}>:-march=${march}>")
if(GYROGRAD_NATIVE)
  target_compile_options(gyrograd_own INTERFACE "$<$<NOT:$<BOOL:${march}>>:-march=native>")
endif()
if(GYROGRAD_SANITIZE)
  target_compile_options(gyrograd_own INTERFACE
    -fsanitize=${GYROGRAD_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(gyrograd_own INTERFACE -fsanitize=${GYROGRAD_SANITIZE})
endif()

# The slow kernels, compiled once instead of in every program of ours that uses them; see instances/kernels.hpp.
add_library(gyrograd_instances STATIC ${CMAKE_CURRENT_LIST_DIR}/instances/kernels.cpp)
target_link_libraries(gyrograd_instances PUBLIC gyrograd_own)
target_compile_options(gyrograd_instances INTERFACE "SHELL:-include ${CMAKE_CURRENT_LIST_DIR}/instances/kernels.hpp")
