// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/task_status.h"

#include <algorithm>

#include "userspace/base/concat.h"
#include "userspace/base/file.h"
#include "userspace/base/text.h"

namespace syscarve {
namespace {

// One line can be long: a task can be in 65536 groups.
constexpr size_t kMaxStatusBytes = size_t{1} << 20;

}  // namespace

std::optional<TaskStatus> TaskStatus::Of(std::string_view task) {
  absl::StatusOr<std::string> text = ReadFile(Concat("/proc/", task, "/status"), kMaxStatusBytes);
  if (!text.ok()) return std::nullopt;
  return TaskStatus(*std::move(text));
}

std::optional<std::string_view> TaskStatus::Field(std::string_view name) const {
  std::string_view rest = text_;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (!line.starts_with(name) || !line.substr(name.size()).starts_with(':')) continue;
    const std::string_view value = line.substr(name.size() + 1);
    return value.substr(std::min(value.find_first_not_of('\t'), value.size()));
  }
  return std::nullopt;
}

std::vector<std::string_view> TaskStatus::Words(std::string_view name) const {
  return SplitAtBlanks(Field(name).value_or(""));
}

std::optional<uint64_t> TaskStatus::Number(std::string_view name, int base) const {
  const std::vector<std::string_view> words = Words(name);
  return words.size() == 1 ? ParseNumber<uint64_t>(words.front(), base) : std::nullopt;
}

}  // namespace syscarve
