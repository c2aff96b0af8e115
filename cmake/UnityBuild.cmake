# SPDX-License-Identifier: Apache-2.0
# With SYSCARVE_UNITY_BUILD the files of each library, of the verbs and of each unit test are compiled a few at a time, as one
# (SYSCARVE_UNITY_BATCH; 0: all). What the files instantiate alike, CLI11's and GoogleTest's most of all, is then compiled once for eight.
# Names in anonymous namespaces must differ within a folder, whatever the batch: clang-tidy looks at whole folders (tests/support/tidy.sh). A
# user's build has none of it, and so proves that each file stands alone.
set(SYSCARVE_UNITY_BATCH 8 CACHE STRING "How many files are compiled as one with SYSCARVE_UNITY_BUILD; 0: all")
mark_as_advanced(SYSCARVE_UNITY_BATCH)
set(folders app base cli container emit image model policy process prove read report review seccomp shipped trace)
list(TRANSFORM folders PREPEND userspace/)
if(SYSCARVE_TESTS)
  get_property(tests DIRECTORY ${CMAKE_SOURCE_DIR}/tests/unit PROPERTY SUBDIRECTORIES)
  list(APPEND folders ${tests})
endif()
foreach(folder IN LISTS folders)
  cmake_path(ABSOLUTE_PATH folder BASE_DIRECTORY ${CMAKE_SOURCE_DIR})
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    if(type MATCHES "^(STATIC_LIBRARY|EXECUTABLE)$")
      set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${SYSCARVE_UNITY_BATCH})
    endif()
  endforeach()
endforeach()
# A class with members of types of an anonymous namespace is of one file all the same.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(syscarve_options INTERFACE -Wno-subobject-linkage)
endif()
