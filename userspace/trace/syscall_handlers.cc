// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/syscall_handlers.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <fstream>
#include <string>
#include <string_view>

namespace syscarve {
namespace {

#if defined(__x86_64__)
constexpr std::string_view kPrefixes[] = {"__x64_sys_", "__ia32_sys_", "__ia32_compat_sys_", "__x32_compat_sys_"};

// Whether it is the function itself, "name", not a part of one such as "name.cold".
bool IsHandler(std::string_view name) {
  return std::ranges::any_of(kPrefixes, [&](std::string_view prefix) { return name.starts_with(prefix); }) &&
         name.find('.') == std::string_view::npos;
}
#endif

}  // namespace

absl::StatusOr<std::vector<uint64_t>> SyscallHandlers() {
#if defined(__x86_64__)
  std::ifstream symbols("/proc/kallsyms");
  std::vector<uint64_t> addresses;
  // "ffffffff8110d3c0 T __x64_sys_getppid", followed by a tab and the module's name, if any.
  for (std::string line; std::getline(symbols, line);) {
    const size_t end = line.find(' ');
    if (end == std::string::npos || end + 3 > line.size()) continue;
    const char type = line[end + 1];
    if (std::toupper(static_cast<unsigned char>(type)) != 'T' && type != 'W') continue;
    const std::string_view name = std::string_view(line).substr(end + 3);
    if (!IsHandler(name.substr(0, name.find('\t')))) continue;
    uint64_t address = 0;
    std::from_chars(line.data(), line.data() + end, address, 16);
    if (address == 0) return absl::PermissionDeniedError("the kernel does not show the addresses of its functions");
    addresses.push_back(address);
  }
  if (addresses.empty()) return absl::NotFoundError("the kernel names no functions of system calls");
  // Calls that are not in this kernel are aliases of the function that fails them.
  std::ranges::sort(addresses);
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  return addresses;
#else
  // On aarch64 a number beyond the table reaches do_ni_syscall (arch/arm64/kernel/syscall.c), which is inlined into its
  // caller and cannot be attached to: such calls would be missed.
  return absl::UnimplementedError("not every call of this architecture reaches a function of its own");
#endif
}

}  // namespace syscarve
