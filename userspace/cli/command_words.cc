// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/command_words.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "userspace/base/concat.h"
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

absl::StatusOr<std::vector<std::string>> WordsBefore(const TypedWords& all, const std::vector<std::string>& command,
                                                     bool wanted, std::string_view hint) {
  const size_t count = all.typed - std::min(all.typed, command.size());
  std::vector<std::string> words(all.words.begin(),
                                 all.words.begin() + static_cast<std::ptrdiff_t>(std::min(count, all.words.size())));
  if (command.empty()) return WithHint(absl::InvalidArgumentError("no command is given"), "Give it behind --.");
  if (!wanted && !words.empty()) {
    return WithHint(absl::InvalidArgumentError(Concat("\"", words.front(), "\" is one argument too many")), hint);
  }
  return words;
}

}  // namespace syscarve::cli
