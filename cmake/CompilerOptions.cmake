# SPDX-License-Identifier: Apache-2.0
# One INTERFACE target that every target of ours links: include root, warnings, sanitizers.
add_library(syscarve_options INTERFACE)
target_include_directories(syscarve_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(syscarve_options INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers -fno-omit-frame-pointer)
if(SYSCARVE_WARNINGS_AS_ERRORS)
  target_compile_options(syscarve_options INTERFACE -Werror)
endif()
if(SYSCARVE_SANITIZE)
  target_compile_options(syscarve_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # With the sanitizers' instrumentation GCC no longer sees what is initialized (GCC bug 105562 and its like).
    target_compile_options(syscarve_options INTERFACE -Wno-maybe-uninitialized)
  endif()
  target_link_options(syscarve_options INTERFACE -fsanitize=address,undefined)
  # The tests' fifty programs, large with the sanitizers, are linked in a quarter of the time.
  find_program(SYSCARVE_LLD ld.lld)
  if(SYSCARVE_LLD AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_link_options(syscarve_options INTERFACE -fuse-ld=lld)
  endif()
endif()
if(SYSCARVE_FUZZ)
  target_compile_options(syscarve_options INTERFACE -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined)
  target_link_options(syscarve_options INTERFACE -fsanitize=address,undefined)
endif()
