#include "userspace/policy/verify.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/model/syscall_table.h"
#include "userspace/policy/decision.h"
#include "userspace/policy/filter.h"

namespace syscarve {
namespace {

// Beyond every table; the last is the largest number that does not look negative or like x32.
constexpr int kHugeNumbers[] = {999, 1023, 4095, 65535, 0x0f0005, 0x3fffffff};

// Selectors of socketcall and ipc, their neighbours, and what a 64-bit register may hold besides.
std::vector<uint64_t> FirstArguments(bool multiplexer) {
  std::vector<uint64_t> values = {0, std::numeric_limits<uint64_t>::max()};
  for (uint64_t selector = 1; multiplexer && selector < 32; ++selector) values.push_back(selector);
  return values;
}

std::string Spell(Action action) {
  std::string text(ScmpActionName(action.kind));
  if (action.kind == ActionKind::kErrno) text += Concat("(", action.value, ")");
  return text;
}

}  // namespace

std::vector<int> NumbersToProve(Abi abi) {
  std::set<int> numbers(std::begin(kHugeNumbers), std::end(kHugeNumbers));
  for (int nr = 0; nr < kSyscallTableEnd; ++nr) numbers.insert(nr);
  // The private calls of arm lie above the tables.
  for (const SyscallEntry& entry : SyscallTable(abi)) numbers.insert(entry.nr);
  std::erase_if(numbers, [abi](int nr) { return IsExemptFromSeccomp({abi, nr}); });
  return {numbers.begin(), numbers.end()};
}

absl::Status VerifyProfile(const Profile& profile, Abi native, const std::set<std::string>& allowed) {
  SYSCARVE_ASSIGN_OR_RETURN(const FilterProgram program, Compile(profile));
  if (const absl::Status valid = ValidateFilter(program); !valid.ok()) {
    return absl::InternalError(Concat("libseccomp made a filter that the kernel refuses: ", valid.message()));
  }

  std::set<SyscallId> intended;
  std::map<SyscallId, std::set<uint64_t>> selectors;
  for (const std::string& name : allowed) {
    for (const Abi abi : profile.abis) {
      if (const std::optional<SyscallId> id = FindSyscall(abi, name)) intended.insert(*id);
      if (abi != Abi::kI386) continue;
      if (const auto call = MultiplexedOnI386(name)) selectors[call->id].insert(call->selector);
    }
  }

  const Decider decider(profile);
  const auto check = [&](SyscallId id) {
    const auto multiplexed = selectors.find(id);
    for (const uint64_t first : FirstArguments(multiplexed != selectors.end())) {
      const Arguments arguments = {first, first, first, first, first, first};
      seccomp_data data{.nr = static_cast<int>(SeccompDataNumber(id)), .arch = AuditArch(id.abi)};
      std::copy(arguments.begin(), arguments.end(), data.args);
      const Action actual = ActionFromReturn(Evaluate(program, data));
      const Action expected = decider.Decide(id, arguments);
      const bool may =
          intended.contains(id) || (multiplexed != selectors.end() && multiplexed->second.contains(first & 0xffffffff));
      const bool must = intended.contains(id);
      const bool lets_through = actual.kind == ActionKind::kAllow;
      if (actual == expected && (lets_through ? may : !must)) continue;
      return absl::InternalError(Concat("the compiled profile answers ", DisplayName(id), " with ", Spell(actual),
                                        " where ", must ? std::string("SCMP_ACT_ALLOW") : Spell(expected),
                                        " was intended; nothing was written"));
    }
    return absl::OkStatus();
  };
  for (const Abi abi : AbisServedBeside(native)) {
    for (const int nr : NumbersToProve(abi)) SYSCARVE_RETURN_IF_ERROR(check({abi, nr}));
  }
  return absl::OkStatus();
}

}  // namespace syscarve
