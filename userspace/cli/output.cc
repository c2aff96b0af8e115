// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/output.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "userspace/base/escape.h"

namespace syscarve::cli {
namespace {

bool color_disabled = false;

void Line(std::string_view label, std::string_view message) {
  const std::string line = "syscarve: " + std::string(label) + EscapeForTerminal(message) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace

int Fail(const absl::Status& status) {
  const std::string text(status.message());
  const std::string_view message = text;
  constexpr std::string_view kHint = ". Hint: ";
  const size_t hint = message.find(kHint);
  Line("error: ", message.substr(0, hint));
  if (hint != std::string_view::npos) Line("hint: ", message.substr(hint + kHint.size()));
  return ExitCode(status);
}

void Warn(std::string_view message) {
  Line("warning: ", message);
}
void Note(std::string_view message) {
  Line("", message);
}

void TerminalNotes::Warn(std::string_view message) {
  cli::Warn(message);
}
void TerminalNotes::Note(std::string_view message) {
  if (!quiet_) cli::Note(message);
}
void TerminalNotes::Error(const absl::Status& status) {
  (void)Fail(status);
}

bool UseColor(int fd) {
  const char* no_color = std::getenv("NO_COLOR");
  return !color_disabled && (no_color == nullptr || *no_color == '\0') && isatty(fd) == 1;
}

void DisableColor() {
  color_disabled = true;
}

}  // namespace syscarve::cli
