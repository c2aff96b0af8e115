// SPDX-License-Identifier: Apache-2.0
// Pairs of profiles whose conditions look at a few bits of two arguments, so that asking for some hundred values of
// these is asking for all that there are.
//
// The constants of conditions have halves of a few low bits, or the complements of such. Halves with one bit more stand
// for all values between: their low bits are what masks look at. Whatever compares halves of arguments with halves of
// these constants, or under masks of such bits, decides alike for any value and for its stand-in. All halves of all
// arguments have the same constants, because libseccomp's wrong filters compare one argument with another's.
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
#include "userspace/seccomp/rule_evaluator.h"

namespace syscarve {

class NarrowProfiles {
 public:
  // On a fixed pool of names: two that every ABI has, one that i386 shares with socketcall, one that only i386 has.
  explicit NarrowProfiles(uint32_t seed) : random_(seed) {
    indices_[1] = 1 + Below(5);
    // Rarely, because every bit makes sixteen times as many questions.
    if (Below(16) == 0) {
      bits_ = 2;
    } else {
      complements_ = Below(4) == 0;
    }
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
    for (uint32_t i = 0; i < conditions; ++i) rule.conditions.push_back(AnyCondition(indices_[(first + i) % 2]));
    return rule;
  }

  // All arguments that make a difference.
  std::vector<Arguments> Questions() const {
    std::vector<uint32_t> halves;
    for (uint32_t half = 0; half < 2U << bits_; ++half) halves.push_back(half);
    for (uint32_t half = 0; complements_ && half < 1U << bits_; ++half) halves.push_back(~half);
    std::vector<uint64_t> values;
    for (const uint32_t high : halves) {
      for (const uint32_t low : halves) values.push_back(uint64_t{high} << 32 | low);
    }
    std::vector<Arguments> questions;
    for (const uint64_t first : values) {
      for (const uint64_t second : values) {
        Arguments arguments{};
        arguments[indices_[0]] = first;
        arguments[indices_[1]] = second;
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
  ArgumentCondition AnyCondition(unsigned index) {
    ArgumentCondition condition{.index = index, .op = static_cast<CompareOp>(Below(7)), .value = Constant()};
    if (condition.op == CompareOp::kMaskedEqual) {
      condition.value = uint64_t{Below(1U << bits_)} << 32 | Below(1U << bits_);
      condition.value_two = Constant();
    }
    return condition;
  }

  uint64_t Constant() {
    const auto half = [&] {
      const uint32_t low_bits = Below(1U << bits_);
      return complements_ && Below(2) == 0 ? ~low_bits : low_bits;
    };
    const uint64_t high = half();
    return high << 32 | half();
  }

  template <typename T>
  T Pick(std::initializer_list<T> choices) {
    return *(choices.begin() + Below(static_cast<uint32_t>(choices.size())));
  }

  std::mt19937 random_;
  std::array<unsigned, 2> indices_{};  // The first is 0, where the selector of socketcall stands.
  unsigned bits_ = 1;
  bool complements_ = false;
};

}  // namespace syscarve
