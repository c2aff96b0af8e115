# SPDX-License-Identifier: Apache-2.0
# With SYSCARVE_PRECOMPILED_HEADERS the headers that most files include are parsed once for the libraries, once for the verbs and once for
# the tests. That halves the time of a whole build, of which continuous integration makes several. A user's build has none of it, and so
# proves that each file includes what it needs.
set(SYSCARVE_COMMON_HEADERS
  <algorithm> <array> <chrono> <cstdint> <filesystem> <fstream> <functional> <map> <memory> <optional> <set> <span> <string> <string_view>
  <utility> <vector>
  <absl/status/statusor.h> <absl/strings/str_cat.h> <absl/strings/str_format.h> <absl/strings/str_join.h> <absl/strings/str_split.h>)
set(SYSCARVE_TEST_HEADERS ${SYSCARVE_COMMON_HEADERS} <random> <thread> <gtest/gtest.h> <gmock/gmock.h>)

# The largest of all, for the verbs.
set(SYSCARVE_CLI_HEADERS ${SYSCARVE_COMMON_HEADERS} <CLI/CLI.hpp>)

# syscarve_precompile(DIRECTORY FROM): every C++ target of ours in and below DIRECTORY that has not precompiled its own takes the headers that
# the target FROM has precompiled.
function(syscarve_precompile DIRECTORY FROM)
  get_property(targets DIRECTORY ${DIRECTORY} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    get_target_property(own ${target} PRECOMPILE_HEADERS)
    if(NOT type MATCHES "^(STATIC_LIBRARY|EXECUTABLE)$" OR own)
      continue()
    endif()
    get_target_property(sources ${target} SOURCES)
    list(FILTER sources INCLUDE REGEX "\\.cc$")
    # What links nothing of ours is compiled in a way of its own.
    get_target_property(libraries ${target} LINK_LIBRARIES)
    if(sources AND libraries)
      target_precompile_headers(${target} REUSE_FROM ${FROM})
    endif()
  endforeach()
  get_property(inner DIRECTORY ${DIRECTORY} PROPERTY SUBDIRECTORIES)
  foreach(directory IN LISTS inner)
    syscarve_precompile(${directory} ${FROM})
  endforeach()
endfunction()
