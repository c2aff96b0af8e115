// SPDX-License-Identifier: Apache-2.0
#include "userspace/seccomp/enosys_stub.h"

#include <linux/bpf_common.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

constexpr sock_filter kReturnEnosys = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);

bool HasStub(Action default_action) {
  switch (default_action.kind) {
    case ActionKind::kAllow:
    case ActionKind::kLog:
    case ActionKind::kTrace:
      return false;
    default:
      return default_action != Action{ActionKind::kErrno, ENOSYS};
  }
}

std::optional<uint32_t> LargestNamed(const Profile& profile, Abi abi) {
  std::optional<uint32_t> largest;
  for (const Rule& rule : profile.rules) {
    for (const std::string& name : rule.names) {
      const std::optional<SyscallId> id = FindSyscall(abi, name);
      if (id.has_value()) largest = std::max(largest.value_or(0), SeccompDataNumber(*id));
    }
  }
  return largest;
}

// Tests the loaded number for one ABI, and continues after the test if the number is not beyond the largest.
FilterProgram Beyond(Abi abi, uint32_t largest) {
  FilterProgram part;
  if (abi == Abi::kX86_64) part.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kX32Bit, 2, 0));
  if (abi == Abi::kX32) part.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kX32Bit, 0, 2));
  if (abi == Abi::kS390 || abi == Abi::kS390x) {
    part.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1));
    part.push_back(kReturnEnosys);
  }
  part.push_back(BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, largest, 0, 1));
  part.push_back(kReturnEnosys);
  return part;
}

}  // namespace

FilterProgram EnosysStub(const Profile& profile) {
  FilterProgram stub;
  if (!HasStub(profile.default_action)) return stub;
  std::vector<Abi> abis = profile.abis;
  if (abis.empty()) abis.push_back(NativeAbi());
  std::map<uint32_t, FilterProgram> by_arch;
  for (const Abi abi : abis) {
    const std::optional<uint32_t> largest = LargestNamed(profile, abi);
    if (!largest.has_value()) continue;
    const FilterProgram part = Beyond(abi, *largest);
    FilterProgram& parts = by_arch[AuditArch(abi)];
    parts.insert(parts.end(), part.begin(), part.end());
  }
  for (const auto& [arch, parts] : by_arch) {
    stub.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)));
    stub.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 0, static_cast<uint8_t>(parts.size() + 1)));
    stub.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
    stub.insert(stub.end(), parts.begin(), parts.end());
  }
  return stub;
}

}  // namespace syscarve
