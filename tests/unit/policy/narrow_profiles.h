// Pairs of profiles whose conditions look at a few bits of two arguments, so that asking for some hundred values of
// these is asking for all that there are.
//
// The constants of conditions have halves of `bits` bits, or the complements of such. A half with one bit more above
// stands for all that are larger (or smaller) than every constant: its low bits are what masks look at. Whatever
// compares 64-bit arguments with these constants, or with the constants under masks of such bits, decides alike for any
// value and for its stand-in.
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

#include "userspace/model/profile.h"
#include "userspace/model/syscall_table.h"
#include "userspace/policy/decision.h"

namespace syscarve {

class NarrowProfiles {
 public:
  // On a fixed pool of names: two that every ABI has, one that i386 shares with socketcall, one that only i386 has.
  explicit NarrowProfiles(uint32_t seed) : random_(seed) {
    arguments_[1].index = 1 + Below(5);
    for (NarrowArgument& argument : arguments_) {
      argument.bits = Below(4) == 0 && &argument == &arguments_[1] ? 2 : 1;
      for (bool& mirrored : argument.mirrored) mirrored = Below(4) == 0;
    }
    arguments_[0].mirrored[0] = false;  // The selector of socketcall stands there.
  }

  static std::vector<std::string> Names() { return {"getppid", "getpid", "socket", "fcntl64"}; }

  // Every call that a rule can speak of, and one that none does, on every ABI.
  static std::vector<SyscallId> Calls() {
    std::vector<SyscallId> calls;
    for (const Abi abi : AbisServedBeside(Abi::kX86_64)) {
      for (const std::string& name : Names()) {
        if (const auto id = FindSyscall(abi, name)) calls.push_back(*id);
      }
      if (const auto id = FindSyscall(abi, "socketcall")) calls.push_back(*id);
      calls.push_back({abi, 999});
    }
    return calls;
  }

  Profile Next() {
    Profile profile{.default_action = AnyAction()};
    for (const Abi abi : AbisServedBeside(Abi::kX86_64)) {
      if (Below(4) != 0) profile.abis.push_back(abi);
    }
    if (profile.abis.empty()) profile.abis.push_back(Abi::kX86_64);
    const uint32_t rules = 1 + Below(5);
    // Few actions in one profile: libseccomp refuses many rules that contradict each other.
    const std::array<Action, 2> actions = {AnyAction(), AnyAction()};
    for (uint32_t i = 0; i < rules; ++i) profile.rules.push_back(AnyRule(actions[Below(3) == 0 ? 1 : 0]));
    return profile;
  }

  // Something that has much in common with `profile`.
  Profile Variation(Profile profile) {
    switch (Below(4)) {
      case 0:
        std::shuffle(profile.rules.begin(), profile.rules.end(), random_);
        break;
      case 1:
        profile.rules.erase(profile.rules.begin() + Below(static_cast<uint32_t>(profile.rules.size())));
        break;
      case 2:
        profile.rules.push_back(AnyRule(AnyAction()));
        break;
      default:
        return Next();
    }
    return profile;
  }

  Rule AnyRule(Action action) {
    Rule rule{.action = action};
    const std::vector<std::string> names = Names();
    rule.names.push_back(names[Below(static_cast<uint32_t>(names.size()))]);
    if (Below(3) == 0) rule.names.push_back(names[Below(static_cast<uint32_t>(names.size()))]);
    const uint32_t conditions = Below(6) == 0 ? 0 : 1 + Below(2);
    const uint32_t first = Below(2);
    for (uint32_t i = 0; i < conditions; ++i) rule.conditions.push_back(AnyCondition(arguments_[(first + i) % 2]));
    return rule;
  }

  // All arguments that make a difference.
  std::vector<Arguments> Questions() const {
    const auto values = [](const NarrowArgument& argument) {
      std::vector<uint64_t> result;
      const uint32_t halves = 2U << argument.bits;
      for (uint32_t high = 0; high < halves; ++high) {
        for (uint32_t low = 0; low < halves; ++low) result.push_back(argument.Value(high, low));
      }
      return result;
    };
    std::vector<Arguments> questions;
    for (const uint64_t first : values(arguments_[0])) {
      for (const uint64_t second : values(arguments_[1])) {
        Arguments arguments{};
        arguments[0] = first;
        arguments[arguments_[1].index] = second;
        questions.push_back(arguments);
      }
    }
    return questions;
  }

  Action AnyAction() {
    const auto kind = static_cast<ActionKind>(Below(8));
    if (kind == ActionKind::kErrno)
      return {kind, Pick({uint16_t{EPERM}, uint16_t{EACCES}, uint16_t{700}, uint16_t{5000}})};
    if (kind == ActionKind::kTrace) return {kind, Pick({uint16_t{0}, uint16_t{7}})};
    return {kind, 0};
  }

  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }

 private:
  struct NarrowArgument {
    unsigned index = 0;
    unsigned bits = 1;
    std::array<bool, 2> mirrored{};  // Whether the low and the high half's values are complements.

    uint64_t Value(uint32_t high, uint32_t low) const {
      const uint32_t real_low = mirrored[0] ? ~low : low;
      const uint32_t real_high = mirrored[1] ? ~high : high;
      return uint64_t{real_high} << 32 | real_low;
    }
  };

  ArgumentCondition AnyCondition(const NarrowArgument& argument) {
    const uint32_t halves = 1U << argument.bits;
    const auto constant = [&] { return argument.Value(Below(halves), Below(halves)); };
    ArgumentCondition condition{.index = argument.index, .op = static_cast<CompareOp>(Below(7)), .value = constant()};
    if (condition.op == CompareOp::kMaskedEqual) {
      condition.value = uint64_t{Below(halves)} << 32 | Below(halves);
      condition.value_two = constant();
    }
    return condition;
  }

  template <typename T>
  T Pick(std::initializer_list<T> choices) {
    return *(choices.begin() + Below(static_cast<uint32_t>(choices.size())));
  }

  std::mt19937 random_;
  std::array<NarrowArgument, 2> arguments_;
};

}  // namespace syscarve
