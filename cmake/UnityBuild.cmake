# SPDX-License-Identifier: Apache-2.0
# With SYSCARVE_UNITY_BUILD the files of some folders are compiled a few at a time, as one. What the files instantiate alike, CLI11's most of
# all, is then compiled once for eight: a third of the verbs' time, and three quarters of that of the others. Names in anonymous namespaces
# must differ within such a folder. A user's build has none of it, and so proves that each file stands alone.
set_target_properties(syscarve syscarve_app syscarve_base syscarve_model syscarve_process syscarve_review syscarve_seccomp syscarve_trace
  syscarve_trace_core PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
