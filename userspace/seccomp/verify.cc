#include "userspace/seccomp/verify.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/meaning.h"
#include "userspace/seccomp/rule_evaluator.h"

namespace syscarve {
namespace {

// Beyond every table, but for those of MIPS and arm's private calls, and around these; the last is the largest number
// that does not look negative or like x32.
constexpr int kSparseNumbers[] = {999,  1023, 3999,  4095,     5999,     7000,
                                  8191, 9999, 65535, 0x0f0000, 0x0f0007, kBeyondAllTables};

// Selectors of socketcall and ipc, their neighbours, and what a 64-bit register may hold besides.
std::vector<Arguments> SameInAllPlaces(bool multiplexer) {
  std::vector<uint64_t> values = {0, std::numeric_limits<uint64_t>::max()};
  for (uint64_t selector = 1; multiplexer && selector < 32; ++selector) values.push_back(selector);
  std::vector<Arguments> questions;
  for (const uint64_t value : values) questions.push_back({value, value, value, value, value, value});
  return questions;
}

// The values at which the conditions on one argument may change their minds.
using Boundaries = std::array<std::set<uint64_t>, 6>;

void AddBoundaries(const ArgumentCondition& condition, Boundaries& boundaries) {
  constexpr uint64_t kHigh = uint64_t{1} << 32;
  std::set<uint64_t>& values = boundaries.at(condition.index);
  const bool masked = condition.op == CompareOp::kMaskedEqual;
  const uint64_t value = masked ? condition.value_two & condition.value : condition.value;
  for (const uint64_t near : {value, value - 1, value + 1}) {
    values.insert(near);
    values.insert(near ^ kHigh);
    values.insert(near | ~(kHigh - 1));
    values.insert(near & (kHigh - 1));
  }
  if (!masked) return;
  values.insert(value | ~condition.value);
  for (unsigned bit = 0; bit < 64; ++bit) {
    if ((condition.value >> bit & 1) != 0) values.insert(value ^ uint64_t{1} << bit);
  }
}

// Every boundary of every argument, beside values of the others that change with it, so that conditions on several
// arguments meet in many ways.
std::vector<Arguments> Questions(const Boundaries& boundaries) {
  constexpr size_t kRounds = 8;
  std::array<std::vector<uint64_t>, 6> values;
  for (size_t i = 0; i < values.size(); ++i) values[i].assign(boundaries[i].begin(), boundaries[i].end());
  std::vector<Arguments> questions = SameInAllPlaces(false);
  for (size_t asked = 0; asked < values.size(); ++asked) {
    for (size_t at = 0; at < values[asked].size(); ++at) {
      for (size_t round = 0; round < kRounds; ++round) {
        Arguments arguments{};
        for (size_t other = 0; other < values.size(); ++other) {
          const std::vector<uint64_t>& of = values[other];
          if (!of.empty()) arguments[other] = of[(at * (other + 3) + round * (other + 5)) % of.size()];
        }
        arguments[asked] = values[asked][at];
        questions.push_back(arguments);
      }
    }
  }
  return questions;
}

std::string Spell(Action action) {
  std::string text(ScmpActionName(action.kind));
  if (action.kind == ActionKind::kErrno) text += Concat("(", action.value, ")");
  return text;
}

}  // namespace

std::vector<int> NumbersToProve(Abi abi) {
  std::set<int> numbers(std::begin(kSparseNumbers), std::end(kSparseNumbers));
  numbers.insert(0);
  for (int nr = 0; nr < kSyscallTableEnd; ++nr) numbers.insert(FirstNumber(abi) + nr);
  // The private calls of arm lie above the tables.
  for (const SyscallEntry& entry : SyscallTable(abi)) numbers.insert(entry.nr);
  std::erase_if(numbers, [abi](int nr) { return IsExemptFromSeccomp({abi, nr}); });
  return {numbers.begin(), numbers.end()};
}

absl::Status VerifyProfile(const Profile& profile, Abi native, const std::set<std::string>& allowed,
                           const std::set<std::string>& conditional) {
  SYSCARVE_ASSIGN_OR_RETURN(const FilterProgram program, Compile(profile));
  if (const absl::Status valid = ValidateFilter(program); !valid.ok()) {
    return absl::InternalError(Concat("libseccomp made a filter that the kernel refuses: ", valid.message()));
  }

  std::set<SyscallId> intended;
  std::map<SyscallId, Boundaries> sometimes;
  std::map<SyscallId, std::set<uint64_t>> selectors;
  for (const std::string& name : allowed) {
    for (const Abi abi : profile.abis) {
      if (const std::optional<SyscallId> id = FindSyscall(abi, name)) {
        if (conditional.contains(name)) {
          sometimes[*id] = {};
        } else {
          intended.insert(*id);
        }
      }
      if (const auto call = MultiplexedOn(abi, name)) selectors[call->id].insert(call->selector);
    }
  }
  for (const Rule& rule : profile.rules) {
    for (const std::string& name : rule.names) {
      for (const Abi abi : profile.abis) {
        const std::optional<SyscallId> id = FindSyscall(abi, name);
        const auto found = id.has_value() ? sometimes.find(*id) : sometimes.end();
        if (found == sometimes.end()) continue;
        for (const ArgumentCondition& condition : rule.conditions) AddBoundaries(condition, found->second);
      }
    }
  }

  const Decider decider(profile);
  const auto check = [&](SyscallId id) {
    const auto multiplexed = selectors.find(id);
    const auto depends = sometimes.find(id);
    const bool must = intended.contains(id);
    if (must && decider.DependsOnArguments(id)) {
      return absl::InternalError(Concat("the profile allows ", DisplayName(id),
                                        " for some arguments only where all were intended; nothing was written"));
    }
    const std::vector<Arguments> questions =
        depends != sometimes.end() ? Questions(depends->second) : SameInAllPlaces(multiplexed != selectors.end());
    for (const Arguments& arguments : questions) {
      seccomp_data data{.nr = static_cast<int>(SeccompDataNumber(id)), .arch = AuditArch(id.abi)};
      std::copy(arguments.begin(), arguments.end(), data.args);
      const Action actual = ActionFromReturn(Evaluate(program, data));
      const Action expected = decider.Decide(id, arguments);
      const bool may = must || depends != sometimes.end() ||
                       (multiplexed != selectors.end() && multiplexed->second.contains(arguments[0] & 0xffffffff));
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
