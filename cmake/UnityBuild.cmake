# SPDX-License-Identifier: Apache-2.0
# With SYSCARVE_UNITY_BUILD the files of each folder of userspace/ are compiled a few at a time, as one (SYSCARVE_UNITY_BATCH; 0: all). What the
# files instantiate alike, CLI11's most of all, is then compiled once for eight: a third of the verbs' time, and three quarters of that of the
# others. Names in anonymous namespaces must differ within a folder, whatever the batch: clang-tidy looks at whole folders
# (tests/support/tidy.sh). A user's build has none of it, and so proves that each file stands alone.
set(SYSCARVE_UNITY_BATCH 8 CACHE STRING "How many files are compiled as one with SYSCARVE_UNITY_BUILD; 0: a folder's all")
mark_as_advanced(SYSCARVE_UNITY_BATCH)
foreach(folder IN ITEMS app base cli container emit image model policy process prove read report review seccomp shipped trace)
  get_property(targets DIRECTORY ${CMAKE_SOURCE_DIR}/userspace/${folder} PROPERTY BUILDSYSTEM_TARGETS)
  set_target_properties(${targets} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${SYSCARVE_UNITY_BATCH})
endforeach()
