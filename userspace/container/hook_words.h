// SPDX-License-Identifier: Apache-2.0
// The hook's command line, by the rules of Go's flag package, which the original used (https://pkg.go.dev/flag):
// "-o F", "-o=F", and two dashes mean the same; a switch takes a value only behind "="; of an option that is given
// twice the last counts; numbers may be hexadecimal, octal or binary, with "_" between digits.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "userspace/base/status.h"

namespace syscarve {

struct HookWords {
  bool start = false;    // -s
  bool version = false;  // -version
  bool help = false;     // -h or -help, which ends the reading there.
  pid_t pid = 0;         // -r
  std::string output;    // -o
  std::string input;     // -i
  std::string config;
  std::string runtime;
};

// kInvalidArgument for what Go refuses, for words that are no options (the original passes over them), and where the
// options together ask for nothing. "--" ends the options.
absl::StatusOr<HookWords> ParseHookWords(const std::vector<std::string>& words);

}  // namespace syscarve
