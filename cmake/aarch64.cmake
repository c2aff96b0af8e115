# SPDX-License-Identifier: Apache-2.0
# A toolchain file: builds for aarch64 on another machine, with Debian's cross compiler, against the system unpacked in SYSCARVE_SYSROOT.
# tests/support/build-arm64.sh makes that and passes it.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)

# Compiler checks are projects of their own.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES SYSCARVE_SYSROOT)
if(NOT SYSCARVE_SYSROOT)
  message(FATAL_ERROR "SYSCARVE_SYSROOT must name an unpacked arm64 system: tests/support/build-arm64.sh makes one")
endif()
set(CMAKE_SYSROOT ${SYSCARVE_SYSROOT})
# What runs during the build is the host's, what is linked is not.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${CMAKE_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${CMAKE_SYSROOT}/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/pkgconfig:${CMAKE_SYSROOT}/usr/share/pkgconfig)
set(ENV{PKG_CONFIG_PATH} "")

# The tests cannot be asked for their names while they are built.
set(CMAKE_GTEST_DISCOVER_TESTS_DISCOVERY_MODE PRE_TEST)
