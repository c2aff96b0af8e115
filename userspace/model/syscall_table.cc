// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/syscall_table.h"

#include <seccomp.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <set>

#include "profiles/embedded.h"
#include "userspace/base/concat.h"
#include "userspace/base/text.h"

namespace syscarve {
namespace {

struct Name {
  std::string_view text;
  int nr;
};

// The calls of one ABI, by number and by name.
struct Table {
  std::vector<SyscallEntry> by_number;
  std::vector<Name> by_name;

  const SyscallEntry* Find(int nr) const {
    const auto found = std::ranges::lower_bound(by_number, nr, {}, &SyscallEntry::nr);
    return found != by_number.end() && found->nr == nr ? &*found : nullptr;
  }
  const Name* Find(std::string_view name) const {
    const auto found = std::ranges::lower_bound(by_name, name, {}, &Name::text);
    return found != by_name.end() && found->text == name ? &*found : nullptr;
  }
};

void Complete(Table& table) {
  std::ranges::sort(table.by_number, {}, &SyscallEntry::nr);
  std::ranges::sort(table.by_name, {}, &Name::text);
}

// All columns of profiles/rules/syscalls.txt. The build's tests check the file, so it is valid here.
using Columns = std::map<std::string, Table, std::less<>>;

Columns ReadColumns(std::string_view text) {
  Columns columns;
  std::vector<Table*> order;
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    if (line.starts_with('#')) continue;
    const std::vector<std::string_view> cells = SplitNonEmpty(line, ' ');
    if (order.empty()) {
      for (size_t i = 1; i < cells.size(); ++i) order.push_back(&columns[std::string(cells[i])]);
      continue;
    }
    for (size_t i = 1; i < cells.size() && i <= order.size(); ++i) {
      const std::optional<int> number = ParseNumber<int>(cells[i]);
      if (!number.has_value()) continue;  // "-"
      order[i - 1]->by_name.push_back({cells[0], *number});
      order[i - 1]->by_number.push_back({*number, std::string(cells[0])});
    }
  }
  for (auto& [name, table] : columns) Complete(table);
  return columns;
}

const Table& TableOf(Abi abi) {
  // Never destroyed, so that the tables can be used at any time.
  static const auto& columns = *new const Columns(ReadColumns(EmbeddedFile("rules/syscalls.txt")));
  static const auto& tables = *new const std::vector<const Table*>([] {
    std::vector<const Table*> of_abi;
    for (const Abi each : kAllAbis) of_abi.push_back(&columns.find(SyscallTableName(each))->second);
    return of_abi;
  }());
  return *tables[static_cast<size_t>(abi)];
}

// Numbers beyond every table except those of MIPS and arm's private calls, and around these; the last is the largest
// number that is neither negative nor like x32.
constexpr int kSparseNumbers[] = {999,  1023, 3999,  4095,     5999,     7000,
                                  8191, 9999, 65535, 0x0f0000, 0x0f0007, kBeyondAllTables};

}  // namespace

std::optional<std::string> SyscallName(SyscallId id) {
  const SyscallEntry* entry = TableOf(id.abi).Find(id.nr);
  if (entry == nullptr) return std::nullopt;
  return entry->name;
}

std::string DisplayName(SyscallId id) {
  const std::string name = SyscallName(id).value_or(Concat("#", id.nr));
  return id.abi == NativeAbi() ? name : Concat(name, ":", AbiName(id.abi));
}

std::optional<SyscallId> FindSyscall(Abi abi, std::string_view name) {
  const Name* entry = TableOf(abi).Find(name);
  if (entry == nullptr) return std::nullopt;
  return SyscallId{abi, entry->nr};
}

bool IsKnownSyscallName(std::string_view name) {
  return std::ranges::any_of(kAllAbis, [name](Abi abi) { return FindSyscall(abi, name).has_value(); });
}

const std::vector<std::string>& AllSyscallNames() {
  static const auto& names = *new const std::vector<std::string>([] {
    std::vector<std::string> all;
    std::set<std::string_view> listed;
    for (const Abi abi : kAllAbis) {
      for (const SyscallEntry& entry : SyscallTable(abi)) {
        if (listed.insert(entry.name).second) all.push_back(entry.name);
      }
    }
    return all;
  }());
  return names;
}

bool HasSharedNumber(SyscallId id, int from) {
  constexpr int kEndOfShared = 512;  // From here on x32 has calls of its own, as old as x32.
  const int nr = id.nr - FirstNumber(id.abi);
  return nr >= from && nr < kEndOfShared;
}

bool LibseccompHas(Abi abi) {
  return seccomp_syscall_resolve_name_arch(ScmpArchToken(abi), "read") != __NR_SCMP_ERROR;
}

bool LibseccompKnows(Abi abi, std::string_view name) {
  if (name.find('\0') != std::string_view::npos) return false;
  // Negative: to libseccomp the architecture has no such call; for multiplexed calls, libseccomp's number for both
  // forms (seccomp-syscalls.h: from -101 for socketcall, from -201 for ipc).
  const int number = seccomp_syscall_resolve_name_arch(ScmpArchToken(abi), std::string(name).c_str());
  constexpr int kLastOfMultiplexed = -299;
  return number >= 0 || (number <= -100 && number >= kLastOfMultiplexed && FindSyscall(abi, "socketcall").has_value());
}

std::span<const SyscallEntry> SyscallTable(Abi abi) {
  return TableOf(abi).by_number;
}

bool IsExemptFromSeccomp(SyscallId id) {
  return id.abi == Abi::kX86_64 && (id.nr == 335 || id.nr == 336);
}

std::string LibseccompVersion() {
  const scmp_version* version = seccomp_version();
  if (version == nullptr) return "unknown";
  return std::to_string(version->major) + "." + std::to_string(version->minor) + "." + std::to_string(version->micro);
}

std::vector<int> NumbersToProve(Abi abi) {
  std::set<int> numbers(std::begin(kSparseNumbers), std::end(kSparseNumbers));
  numbers.insert(0);
  for (int nr = 0; nr < kSyscallTableEnd; ++nr) numbers.insert(FirstNumber(abi) + nr);
  // The private calls of arm are above the tables.
  for (const SyscallEntry& entry : SyscallTable(abi)) numbers.insert(entry.nr);
  std::erase_if(numbers, [abi](int nr) { return IsExemptFromSeccomp({abi, nr}); });
  return {numbers.begin(), numbers.end()};
}

}  // namespace syscarve
