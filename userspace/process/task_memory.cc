// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/task_memory.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace syscarve {
namespace {

// The smallest page size, so a read within one such page succeeds completely or not at all.
constexpr uint64_t kPage = 4096;

}  // namespace

std::optional<TaskString> ReadTaskString(pid_t task, uint64_t address, size_t most) {
  if (task <= 0) return std::nullopt;
  TaskString result;
  bool any = false;
  std::array<char, kPage> page;
  while (result.bytes.size() < most && address != 0) {
    const size_t wanted = std::min<uint64_t>(kPage - address % kPage, most - result.bytes.size());
    const iovec here{.iov_base = page.data(), .iov_len = wanted};
    const iovec there{.iov_base = reinterpret_cast<void*>(static_cast<uintptr_t>(address)), .iov_len = wanted};
    const ssize_t got = process_vm_readv(task, &here, 1, &there, 1, 0);
    if (got <= 0) break;
    any = true;
    const auto* const end = static_cast<const char*>(std::memchr(page.data(), '\0', static_cast<size_t>(got)));
    result.bytes.append(page.data(),
                        end != nullptr ? static_cast<size_t>(end - page.data()) : static_cast<size_t>(got));
    result.whole = end != nullptr;
    if (result.whole) break;
    address += static_cast<uint64_t>(got);
  }
  return any ? std::optional(std::move(result)) : std::nullopt;
}

std::optional<uint64_t> ReadTaskWord(pid_t task, uint64_t address) {
  const std::optional<std::string> bytes = ReadTaskBytes(task, address, sizeof(uint64_t));
  if (!bytes.has_value()) return std::nullopt;
  uint64_t word = 0;
  std::memcpy(&word, bytes->data(), sizeof(word));
  return word;
}

std::optional<std::string> ReadTaskBytes(pid_t task, uint64_t address, size_t size) {
  if (task <= 0) return std::nullopt;
  std::string bytes(size, '\0');
  const iovec here{.iov_base = bytes.data(), .iov_len = size};
  const iovec there{.iov_base = reinterpret_cast<void*>(static_cast<uintptr_t>(address)), .iov_len = size};
  if (process_vm_readv(task, &here, 1, &there, 1, 0) != static_cast<ssize_t>(size)) return std::nullopt;
  return bytes;
}

}  // namespace syscarve
