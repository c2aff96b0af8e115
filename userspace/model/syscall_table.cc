#include "userspace/model/syscall_table.h"

#include <seccomp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <numeric>
#include <tuple>
#include <type_traits>

#include "userspace/base/concat.h"

namespace syscarve {
namespace {

enum class ServedBy { kEveryAbi, kEveryAbiButX32, kX86_64 };

struct NewerSyscall {
  int nr;
  std::string_view name;
  ServedBy served_by;
};

// Calls that a supported libseccomp (2.5.2 and later) may not know, from the kernel's scripts/syscall.tbl and
// arch/*/syscalls/*.tbl as of Linux 6.18. Ascending by number.
constexpr NewerSyscall kNewerSyscalls[] = {
    {335, "uretprobe", ServedBy::kX86_64},
    {336, "uprobe", ServedBy::kX86_64},
    {448, "process_mrelease", ServedBy::kEveryAbi},
    {449, "futex_waitv", ServedBy::kEveryAbi},
    {450, "set_mempolicy_home_node", ServedBy::kEveryAbi},
    {451, "cachestat", ServedBy::kEveryAbi},
    {452, "fchmodat2", ServedBy::kEveryAbi},
    {453, "map_shadow_stack", ServedBy::kEveryAbiButX32},
    {454, "futex_wake", ServedBy::kEveryAbi},
    {455, "futex_wait", ServedBy::kEveryAbi},
    {456, "futex_requeue", ServedBy::kEveryAbi},
    {457, "statmount", ServedBy::kEveryAbi},
    {458, "listmount", ServedBy::kEveryAbi},
    {459, "lsm_get_self_attr", ServedBy::kEveryAbi},
    {460, "lsm_set_self_attr", ServedBy::kEveryAbi},
    {461, "lsm_list_modules", ServedBy::kEveryAbi},
    {462, "mseal", ServedBy::kEveryAbi},
    {463, "setxattrat", ServedBy::kEveryAbi},
    {464, "getxattrat", ServedBy::kEveryAbi},
    {465, "listxattrat", ServedBy::kEveryAbi},
    {466, "removexattrat", ServedBy::kEveryAbi},
    {467, "open_tree_attr", ServedBy::kEveryAbi},
    {468, "file_getattr", ServedBy::kEveryAbi},
    {469, "file_setattr", ServedBy::kEveryAbi},
};
static_assert(std::ranges::is_sorted(kNewerSyscalls, {}, &NewerSyscall::nr));

bool Serves(const NewerSyscall& call, Abi abi) {
  switch (call.served_by) {
    case ServedBy::kEveryAbi:
      return true;
    case ServedBy::kEveryAbiButX32:
      return abi != Abi::kX32;
    case ServedBy::kX86_64:
      return abi == Abi::kX86_64;
  }
  return false;
}

uint32_t ScmpArch(Abi abi) {
  switch (abi) {
    case Abi::kX86_64:
      return SCMP_ARCH_X86_64;
    case Abi::kI386:
      return SCMP_ARCH_X86;
    case Abi::kX32:
      return SCMP_ARCH_X32;
    case Abi::kAarch64:
      return SCMP_ARCH_AARCH64;
    case Abi::kArm:
      return SCMP_ARCH_ARM;
  }
  return SCMP_ARCH_NATIVE;
}

// The calls of one ABI in both orders.
struct Table {
  std::vector<SyscallEntry> by_number;
  std::vector<size_t> by_name;  // Indices into by_number, ascending by name.

  const SyscallEntry* Find(int nr) const {
    const auto found = std::ranges::lower_bound(by_number, nr, {}, &SyscallEntry::nr);
    return found != by_number.end() && found->nr == nr ? &*found : nullptr;
  }
  const SyscallEntry* Find(std::string_view name) const {
    const auto name_of = [this](size_t i) -> std::string_view { return by_number[i].name; };
    const auto found = std::ranges::lower_bound(by_name, name, {}, name_of);
    return found != by_name.end() && by_number[*found].name == name ? &by_number[*found] : nullptr;
  }
};

Table BuildTable(Abi abi) {
  Table table;
  // Only number-to-name resolution is asked: in the other direction libseccomp answers for i386's socket and System V
  // IPC calls with the negative numbers of its own multiplexing, although the kernel has direct calls of these names.
  for (int nr = 0; nr < kSyscallTableEnd; ++nr) {
    const int number_on_the_wire = static_cast<int>(SeccompDataNumber({abi, nr}));
    const std::unique_ptr<char, decltype(&std::free)> name(
        seccomp_syscall_resolve_num_arch(ScmpArch(abi), number_on_the_wire), &std::free);
    if (name != nullptr) table.by_number.push_back({nr, name.get()});
  }
  for (const NewerSyscall& call : kNewerSyscalls) {
    const bool taken = std::ranges::any_of(
        table.by_number, [&call](const SyscallEntry& known) { return known.nr == call.nr || known.name == call.name; });
    if (Serves(call, abi) && !taken) table.by_number.push_back({call.nr, std::string(call.name)});
  }
  std::ranges::sort(table.by_number, {}, &SyscallEntry::nr);

  table.by_name.resize(table.by_number.size());
  std::iota(table.by_name.begin(), table.by_name.end(), size_t{0});
  std::ranges::sort(table.by_name, {}, [&table](size_t i) -> std::string_view { return table.by_number[i].name; });
  return table;
}

const Table& TableOf(Abi abi) {
  // Never destroyed, so that the tables can be used at any time.
  static const auto& tables =
      *new const std::array{BuildTable(Abi::kX86_64), BuildTable(Abi::kI386), BuildTable(Abi::kX32),
                            BuildTable(Abi::kAarch64), BuildTable(Abi::kArm)};
  static_assert(std::tuple_size_v<std::remove_cvref_t<decltype(tables)>> == std::size(kAllAbis));
  return tables[static_cast<size_t>(abi)];
}

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
  const SyscallEntry* entry = TableOf(abi).Find(name);
  if (entry == nullptr) return std::nullopt;
  return SyscallId{abi, entry->nr};
}

bool IsKnownSyscallName(std::string_view name) {
  return std::ranges::any_of(kAllAbis, [name](Abi abi) { return FindSyscall(abi, name).has_value(); });
}

bool LibseccompKnows(Abi abi, std::string_view name) {
  if (name.find('\0') != std::string_view::npos) return false;
  return seccomp_syscall_resolve_name_arch(ScmpArch(abi), std::string(name).c_str()) != __NR_SCMP_ERROR;
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

}  // namespace syscarve
