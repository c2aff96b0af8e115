// SPDX-License-Identifier: Apache-2.0
#include "userspace/shipped/names.h"

#include <algorithm>

#include "userspace/base/concat.h"
#include "userspace/base/edit_distance.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

// The kernel's name is "pread64" for the C library's function "pread".
bool IsNumberedSpelling(std::string_view name, std::string_view kernel_name) {
  return kernel_name.starts_with(name) &&
         kernel_name.find_first_not_of("0123456789", name.size()) == std::string_view::npos;
}

}  // namespace

std::vector<std::string> NearestSyscallNames(std::string_view name) {
  constexpr size_t kLongestName = 64;
  if (name.empty() || name.size() > kLongestName) return {};
  std::vector<std::string> nearest;
  size_t best = std::max<size_t>(2, name.size() / 3);
  for (const std::string& known : AllSyscallNames()) {
    const bool numbered = IsNumberedSpelling(name, known);
    // The distance is no less than the difference of the lengths.
    const size_t longer = std::max(name.size(), known.size()) - std::min(name.size(), known.size());
    if (!numbered && longer > best) continue;
    const size_t distance = numbered ? 0 : EditDistance(name, known);
    if (distance < best) nearest.clear();
    if (distance > best) continue;
    best = distance;
    nearest.emplace_back(known);
  }
  return nearest;
}

std::string NearestSyscallName(std::string_view name) {
  const std::vector<std::string> nearest = NearestSyscallNames(name);
  return nearest.empty() ? "" : nearest.front();
}

absl::Status CheckSyscallNames(std::string_view what, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (IsKnownSyscallName(name)) continue;
    const std::string nearest = NearestSyscallName(name);
    const absl::Status status = absl::InvalidArgumentError(Concat(what, ": \"", name, "\" is no known system call"));
    return nearest.empty() ? status : WithHint(status, Concat("Did you mean \"", nearest, "\"?"));
  }
  return absl::OkStatus();
}

}  // namespace syscarve
