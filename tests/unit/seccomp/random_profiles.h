// SPDX-License-Identifier: Apache-2.0
// Profiles of every shape that libseccomp makes right filters of.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "userspace/model/profile.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {

class RandomProfiles {
 public:
  // For machines of `native`, with names that an ABI has which is served beside it.
  explicit RandomProfiles(uint32_t seed, Abi native = Abi::kX86_64) : random_(seed), native_(native) {}

  // All conditional rules of a profile have one action, so that nothing conflicts. A call has several rules of one
  // (masked) equality each, or one rule with two conditions of any kind: libseccomp 2.5 gets some unions of ranges
  // wrong. It allows, for example, 0xffffffff for "less than 0xffffffff, or at least 0xffffffffffffffff".
  Profile Next() {
    Profile profile{.default_action = Pick({Errno(ENOSYS), Errno(EPERM), Action{ActionKind::kKillProcess, 0}})};
    for (const Abi abi : AbisServedBeside(native_)) {
      if (abi == native_ || Below(2) == 0) profile.abis.push_back(abi);
    }
    const Action conditional = Pick({Action{ActionKind::kAllow, 0}, Errno(EPERM)});
    const std::span<const SyscallEntry> table = table_;
    std::map<std::string, bool> paired;
    const uint32_t rules = 1 + Below(60);
    for (uint32_t i = 0; i < rules; ++i) {
      Rule rule;
      const uint32_t names = 1 + Below(4);
      for (uint32_t n = 0; n < names; ++n) rule.names.push_back(table[Below(static_cast<uint32_t>(table.size()))].name);
      rule.action = Pick({Action{ActionKind::kAllow, 0}, Errno(EPERM), Errno(ENOSYS)});
      const bool known = std::all_of(rule.names.begin(), rule.names.end(), [&](const std::string& name) {
        return std::all_of(profile.abis.begin(), profile.abis.end(), [&](Abi abi) {
          return !FindSyscall(abi, name).has_value() || LibseccompKnows(abi, name) || !LibseccompHas(abi);
        });
      });
      if (known && Below(2) == 0) {
        rule.action = conditional;
        bool pair = Below(2) == 0;
        for (const std::string& name : rule.names) pair = paired.emplace(name, pair).second && pair;
        const bool single =
            std::none_of(rule.names.begin(), rule.names.end(), [&](const std::string& name) { return paired[name]; });
        if (!pair && !single) continue;
        for (unsigned index = Below(3); index < 6 && rule.conditions.size() < (pair ? 2 : 1); index += 1 + Below(3)) {
          rule.conditions.push_back(
              {.index = index,
               .op = pair ? static_cast<CompareOp>(Below(7)) : Pick({CompareOp::kEqual, CompareOp::kMaskedEqual}),
               .value = Value(),
               .value_two = Value()});
        }
      }
      profile.rules.push_back(std::move(rule));
    }
    return profile;
  }

  uint64_t Value() {
    return Pick({uint64_t{0}, uint64_t{1}, uint64_t{2}, uint64_t{3}, uint64_t{8}, uint64_t{0xffffffff},
                 uint64_t{1} << 32, (uint64_t{1} << 32) + 2, ~uint64_t{0}});
  }

 private:
  static Action Errno(uint16_t value) { return {ActionKind::kErrno, value}; }

  template <typename T>
  T Pick(std::initializer_list<T> choices) {
    return *(choices.begin() + Below(static_cast<uint32_t>(choices.size())));
  }
  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }

  std::mt19937 random_;
  Abi native_;
  std::span<const SyscallEntry> table_ =
      SyscallTable(AbisServedBeside(native_)[AbisServedBeside(native_).size() > 1 ? 1 : 0]);
};

}  // namespace syscarve
