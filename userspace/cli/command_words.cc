// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/command_words.h"

#include <cstddef>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "userspace/base/file.h"

namespace syscarve::cli {

std::vector<std::string> CommandWords(std::vector<std::string> parsed) {
  const absl::StatusOr<std::string> line = ReadFile("/proc/self/cmdline", size_t{16} << 20);
  if (!line.ok()) return parsed;
  std::optional<std::vector<std::string>> words;
  for (size_t begin = 0; begin < line->size();) {
    const std::string word = line->c_str() + begin;
    begin += word.size() + 1;
    if (words.has_value()) {
      words->push_back(word);
    } else if (word == "--") {
      words.emplace();
    }
  }
  return words.has_value() ? *std::move(words) : parsed;
}

}  // namespace syscarve::cli
