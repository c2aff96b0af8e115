// SPDX-License-Identifier: Apache-2.0
// The hook's command line, by the rules of Go's flag package, which the original used (https://pkg.go.dev/flag): "-o
// F", "-o=F", and two dashes are equivalent; a switch accepts a value only after "="; if an option is repeated, the
// last one counts; numbers may be hexadecimal, octal or binary, with "_" between digits.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "userspace/base/status.h"

namespace syscarve {

struct HookWords {
  bool start = false;    // -s
  bool version = false;  // -version
  bool help = false;     // -h or -help; parsing ends there.
  pid_t pid = 0;         // -r
  std::string output;    // -o
  std::string input;     // -i
  std::string config;
  std::string runtime;
};

// kInvalidArgument for what Go refuses, for words that are no options (the original ignores them), and if the options
// together request nothing. "--" ends the options.
absl::StatusOr<HookWords> ParseHookWords(const std::vector<std::string>& words);

}  // namespace syscarve
