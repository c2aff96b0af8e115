// SPDX-License-Identifier: Apache-2.0
// The output of all verbs: results on stdout, messages on stderr.
#pragma once

#include <string_view>

#include "userspace/app/notes.h"
#include "userspace/base/status.h"

namespace syscarve::cli {

// Prints "syscarve: error: <message>" on stderr, escaped for a terminal, with the hint on a line of its own. Returns
// the exit code for the status (base/status.h).
int Fail(const absl::Status& status);

// Print "syscarve: warning: <message>" and "syscarve: <message>" on stderr, escaped for a terminal.
void Warn(std::string_view message);
void Note(std::string_view message);

// Prints a job's notes in the same way.
class TerminalNotes : public Notes {
 public:
  // With `quiet`, only warnings and errors.
  explicit TerminalNotes(bool quiet = false) : quiet_(quiet) {}

  void Warn(std::string_view message) override;
  void Note(std::string_view message) override;
  void Error(const absl::Status& status) override;

 private:
  bool quiet_;
};

// Whether to colour output to `fd`: it is a terminal, without NO_COLOR in the environment and without --no-color.
bool UseColor(int fd);
void DisableColor();

}  // namespace syscarve::cli
