// SPDX-License-Identifier: Apache-2.0
#include "userspace/seccomp/compile.h"

#include <linux/bpf_common.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/unique_fd.h"
#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/implied_rules.h"
#include "userspace/seccomp/prelude.h"
#include "userspace/seccomp/rule_evaluator.h"
#include "userspace/seccomp/rule_shapes.h"

namespace syscarve {
namespace {

struct ContextDeleter {
  void operator()(void* context) const { seccomp_release(context); }
};
using Context = std::unique_ptr<void, ContextDeleter>;

// libseccomp returns negative errno values with its own meanings, whose texts mislead, so the message also states what
// libseccomp refused to do.
absl::Status LibseccompError(std::string_view what, int rc) {
  const std::string message = Concat("libseccomp refused to ", what, " (", std::strerror(-rc), ")");
  return rc == -ENOMEM ? absl::FailedPreconditionError(message) : absl::InvalidArgumentError(message);
}

absl::Status AddRule(void* context, const Rule& rule, const std::string& name, int number) {
  std::vector<scmp_arg_cmp> conditions;
  for (const ArgumentCondition& condition : rule.conditions) {
    conditions.push_back({.arg = condition.index,
                          .op = static_cast<scmp_compare>(ScmpCompare(condition.op)),
                          .datum_a = condition.value,
                          .datum_b = condition.value_two});
  }
  const int rc = seccomp_rule_add_array(context, ScmpAction(rule.action), number,
                                        static_cast<unsigned>(conditions.size()), conditions.data());
  if (rc == 0) return absl::OkStatus();
  // -EEXIST: an earlier rule contradicts this one. libseccomp has then added it to no architecture at all.
  return LibseccompError(Concat("add the rule for \"", name, "\""), rc);
}

absl::StatusOr<FilterProgram> Export(void* context) {
  UniqueFd fd(memfd_create("syscarve-filter", MFD_CLOEXEC));
  if (!fd.valid()) return PosixError("create a memory file for the filter", errno);
  if (const int rc = seccomp_export_bpf(context, fd.get()); rc != 0) return LibseccompError("compile the profile", rc);
  const off_t size = lseek(fd.get(), 0, SEEK_END);
  if (size < 0) return PosixError("measure the compiled filter", errno);
  if (size == 0 || static_cast<size_t>(size) % sizeof(sock_filter) != 0) {
    return absl::InternalError(Concat("libseccomp wrote a filter of ", size, " bytes"));
  }
  FilterProgram program(static_cast<size_t>(size) / sizeof(sock_filter));
  for (size_t done = 0; done < static_cast<size_t>(size);) {
    const ssize_t n = pread(fd.get(), reinterpret_cast<char*>(program.data()) + done, static_cast<size_t>(size) - done,
                            static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return PosixError("read the compiled filter", n < 0 ? errno : EIO);
    done += static_cast<size_t>(n);
  }
  return program;
}

// libseccomp accepts one byte order at a time, so the native architecture, if not wanted, is removed before others are
// added.
absl::Status ChooseArchitectures(void* context, const std::vector<Abi>& abis) {
  if (std::ranges::find(abis, NativeAbi()) == abis.end()) {
    if (const int rc = seccomp_arch_remove(context, SCMP_ARCH_NATIVE); rc != 0) {
      return LibseccompError("leave out the native architecture", rc);
    }
  }
  for (const Abi abi : abis) {
    const int rc = seccomp_arch_add(context, ScmpArchToken(abi));
    if (rc != 0 && rc != -EEXIST) return LibseccompError(Concat("add the architecture ", AbiName(abi)), rc);
  }
  return absl::OkStatus();
}

// Whether libseccomp resolves the number that it has for `name` here to the call of another architecture. 2.5 has one
// number for PowerPC's switch_endian and sys_debug_setcontext.
bool IsTranslated(const std::string& name, int number) {
  constexpr int kFirstOfOthers = -10000;  // seccomp-syscalls.h: __PNR_* of single architectures.
  if (number > kFirstOfOthers) return true;
  const std::unique_ptr<char, decltype(&std::free)> found(
      seccomp_syscall_resolve_num_arch(ScmpArchToken(NativeAbi()), number), &std::free);
  return found != nullptr && name == found.get();
}

// libseccomp 2.5 fails to swap the bytes of the returns that it inserts into long programs for another byte order.
void TurnForgottenReturns(const Profile& profile, FilterProgram& program) {
  std::set<uint32_t> returns = {SECCOMP_RET_KILL_THREAD, SeccompReturn(profile.default_action)};
  for (const Rule& rule : profile.rules) returns.insert(SeccompReturn(rule.action));
  for (sock_filter& instruction : program) {
    if (instruction.code != (BPF_RET | BPF_K) || returns.contains(instruction.k)) continue;
    const uint32_t turned = __builtin_bswap32(instruction.k);
    if (returns.contains(turned)) instruction.k = turned;
  }
}

using Families = std::set<std::string, std::less<>>;

// Compiles `profile` without the rules for `left_out`.
absl::StatusOr<FilterProgram> CompileByLibseccomp(const Profile& profile, const std::vector<Abi>& known_abis,
                                                  const Families& left_out) {
  // Without this libseccomp queries the running kernel for supported actions, and whether a profile compiles would
  // depend on the sandbox that syscarve itself runs in. Level 6 is the last one in libseccomp 2.5.
  seccomp_api_set(6);

  Context context(seccomp_init(ScmpAction(profile.default_action)));
  if (context == nullptr) return absl::InvalidArgumentError("libseccomp refused the default action");

  SYSCARVE_RETURN_IF_ERROR(ChooseArchitectures(context.get(), known_abis));
  // The kernel's no_new_privs bit is set by the process that loads the filter.
  if (const int rc = seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_NNP, 0); rc != 0) {
    return LibseccompError("leave no_new_privs alone", rc);
  }
  size_t name_count = 0;
  for (const Rule& rule : profile.rules) name_count += rule.names.size();
  // As in runc: a binary tree from 33 calls on. libseccomp before 2.5.5 makes a broken tree for an empty list of rules.
  if (name_count > 32) seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);

  for (const Rule& rule : profile.rules) {
    if (rule.action == profile.default_action) continue;
    for (const std::string& name : rule.names) {
      // For a call that exists only on other architectures this is a negative pseudo number, which libseccomp
      // translates by name.
      const int number = seccomp_syscall_resolve_name(name.c_str());
      if (number == __NR_SCMP_ERROR || !IsTranslated(name, number) || left_out.contains(FamilyOf(name))) continue;
      SYSCARVE_RETURN_IF_ERROR(AddRule(context.get(), rule, name, number));
    }
  }
  // libseccomp writes a program in the byte order of the machine that runs it.
  SYSCARVE_ASSIGN_OR_RETURN(FilterProgram exported, Export(context.get()));
  FilterProgram program = InBytesOf(known_abis.front(), std::move(exported));
  if (IsBigEndian(known_abis.front()) != IsBigEndian(NativeAbi())) TurnForgottenReturns(profile, program);
  return program;
}

// seccomp_rule_add takes the native number and finds the numbers of other architectures by its name, so a number
// without a name there is added to the native architecture at most. Such calls are decided by instructions in front of
// libseccomp's program instead, as runc's ENOSYS stub is, and so are architectures that libseccomp does not support,
// and the calls of `left_out`.
std::map<Abi, PreludeOfAbi> NotForLibseccomp(const RuleEvaluator& decider, const std::vector<Abi>& abis,
                                             const Families& left_out) {
  std::map<Abi, PreludeOfAbi> unknown;
  for (const Abi abi : abis) {
    PreludeOfAbi prelude;
    const bool is_known = LibseccompHas(abi);
    for (const SyscallEntry& entry : SyscallTable(abi)) {
      const SyscallId id{abi, entry.nr};
      if (decider.Find(id) == nullptr) continue;
      if (is_known && LibseccompKnows(abi, entry.name) && !left_out.contains(FamilyOf(entry.name)) &&
          IsTranslated(entry.name, seccomp_syscall_resolve_name(entry.name.c_str()))) {
        continue;
      }
      prelude.calls.push_back(id);
    }
    if (!is_known) prelude.all_else = decider.default_action();
    if (!is_known || !prelude.calls.empty()) unknown.emplace(abi, std::move(prelude));
  }
  return unknown;
}

}  // namespace

// libseccomp's actions are equal to the return values of its filters.
static_assert(SCMP_ACT_KILL_PROCESS == SECCOMP_RET_KILL_PROCESS && SCMP_ACT_KILL_THREAD == SECCOMP_RET_KILL_THREAD);
static_assert(SCMP_ACT_TRAP == SECCOMP_RET_TRAP && SCMP_ACT_ERRNO(EPERM) == (SECCOMP_RET_ERRNO | EPERM));
static_assert(SCMP_ACT_NOTIFY == SECCOMP_RET_USER_NOTIF && SCMP_ACT_TRACE(1) == (SECCOMP_RET_TRACE | 1));
static_assert(SCMP_ACT_LOG == SECCOMP_RET_LOG && SCMP_ACT_ALLOW == SECCOMP_RET_ALLOW);

uint32_t ScmpAction(Action action) {
  return SeccompReturn(action);
}

int ScmpCompare(CompareOp op) {
  switch (op) {
    case CompareOp::kNotEqual:
      return SCMP_CMP_NE;
    case CompareOp::kLess:
      return SCMP_CMP_LT;
    case CompareOp::kLessOrEqual:
      return SCMP_CMP_LE;
    case CompareOp::kEqual:
      return SCMP_CMP_EQ;
    case CompareOp::kGreaterOrEqual:
      return SCMP_CMP_GE;
    case CompareOp::kGreater:
      return SCMP_CMP_GT;
    case CompareOp::kMaskedEqual:
      return SCMP_CMP_MASKED_EQ;
  }
  return SCMP_CMP_EQ;
}

absl::StatusOr<FilterProgram> Compile(const Profile& whole) {
  SYSCARVE_ASSIGN_OR_RETURN(const Profile profile, WithoutImpliedRules(whole));
  std::vector<Abi> abis = profile.abis;
  if (abis.empty()) abis.push_back(NativeAbi());
  if (const auto other =
          std::ranges::adjacent_find(abis, [](Abi a, Abi b) { return IsBigEndian(a) != IsBigEndian(b); });
      other != abis.end()) {
    return absl::InvalidArgumentError(Concat("no filter can be for both ", AbiName(*other), " and ", AbiName(other[1]),
                                             ", which differ in the order of bytes; runtimes refuse "
                                             "the profile, too"));
  }
  std::vector<Abi> known_abis;
  std::ranges::copy_if(abis, std::back_inserter(known_abis), LibseccompHas);
  FilterProgram program;
  const RuleEvaluator decider(profile);
  const Families left_out = FamiliesBeyondLibseccomp(profile);
  AppendPrelude(decider, NotForLibseccomp(decider, abis, left_out), program);
  FilterProgram compiled = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_THREAD)};
  if (!known_abis.empty()) {
    SYSCARVE_ASSIGN_OR_RETURN(compiled, CompileByLibseccomp(profile, known_abis, left_out));
  }
  program.insert(program.end(), compiled.begin(), compiled.end());
  if (program.size() > BPF_MAXINSNS) {
    return absl::ResourceExhaustedError(
        Concat("the profile needs a filter of ", program.size(), " instructions; the kernel takes ", BPF_MAXINSNS));
  }
  return program;
}

}  // namespace syscarve
