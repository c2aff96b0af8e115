// SPDX-License-Identifier: Apache-2.0
// /proc/TASK/status (proc(5)), field by field.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syscarve {

class TaskStatus {
 public:
  // Parses the text of such a file.
  explicit TaskStatus(std::string text) : text_(std::move(text)) {}
  // nullopt if /proc does not show the task. `task` is the name of a folder there: "self", or a number.
  static std::optional<TaskStatus> Of(std::string_view task);
  static std::optional<TaskStatus> Of(pid_t task) { return Of(std::to_string(task)); }

  // The text after "NAME:" and a tab, as a view into this object; nullopt without such a line. The kernel escapes line
  // feeds in the task's own name, so that no task can forge a field.
  std::optional<std::string_view> Field(std::string_view name) const;
  // The words of the field; none without it.
  std::vector<std::string_view> Words(std::string_view name) const;
  // The field as one number to this base; nullopt if it is not a number.
  std::optional<uint64_t> Number(std::string_view name, int base = 10) const;
  // A field that is a set in hexadecimal: bit 0 is capability 0 or signal 1.
  std::optional<uint64_t> Set(std::string_view name) const { return Number(name, 16); }

 private:
  std::string text_;
};

}  // namespace syscarve
