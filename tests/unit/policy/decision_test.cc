// The model's own answers against those of the filter that libseccomp makes.
#include "userspace/policy/decision.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <random>
#include <sstream>

#include "userspace/model/syscall_table.h"
#include "userspace/policy/filter.h"

namespace syscarve {
namespace {

constexpr Action kAllow{ActionKind::kAllow, 0};
constexpr Action kEperm{ActionKind::kErrno, EPERM};
constexpr Action kEnosys{ActionKind::kErrno, ENOSYS};

TEST(DeciderTest, TheFirstUnconditionalRuleDecides) {
  Profile profile{.default_action = kEnosys, .abis = {Abi::kX86_64}};
  profile.rules = {
      {.names = {"getpid"}, .action = kEperm, .conditions = {{.index = 0, .op = CompareOp::kEqual, .value = 1}}},
      {.names = {"getpid"}, .action = kAllow},
      {.names = {"getpid"}, .action = kEperm}};
  const Decider decider(profile);
  const SyscallId getpid = FindSyscall(Abi::kX86_64, "getpid").value();
  EXPECT_EQ(decider.Decide(getpid, {1}), kAllow);
  EXPECT_FALSE(decider.DependsOnArguments(getpid));
  EXPECT_EQ(decider.Decide({Abi::kI386, 20}, {}).kind, ActionKind::kKillThread);
}

TEST(DeciderTest, SocketNamesSpeakOfSocketcallOnI386) {
  Profile profile{.default_action = kEnosys, .abis = {Abi::kX86_64, Abi::kI386}};
  profile.rules = {{.names = {"socket", "shmget"}, .action = kAllow}};
  const Decider decider(profile);
  const SyscallId socketcall = FindSyscall(Abi::kI386, "socketcall").value();
  EXPECT_EQ(decider.Decide(socketcall, {1}), kAllow);
  EXPECT_EQ(decider.Decide(socketcall, {2}), kEnosys);
  EXPECT_EQ(decider.Decide(FindSyscall(Abi::kI386, "ipc").value(), {23}), kAllow);
  EXPECT_TRUE(decider.DependsOnArguments(socketcall));
  EXPECT_TRUE(decider.conflicts().empty());
}

class RandomProfiles {
 public:
  explicit RandomProfiles(uint32_t seed) : random_(seed) {}

  // All conditional rules of a profile have one action, so that nothing conflicts. A call has several rules of one
  // (masked) equality each, or one rule with two conditions of any kind: libseccomp 2.5 gets some unions of ranges
  // wrong. It allows, for example, 0xffffffff for "less than 0xffffffff, or at least 0xffffffffffffffff".
  Profile Next() {
    Profile profile{.default_action = Pick({kEnosys, kEperm, Action{ActionKind::kKillProcess, 0}})};
    for (const Abi abi : {Abi::kX86_64, Abi::kI386, Abi::kX32}) {
      if (abi == Abi::kX86_64 || Below(2) == 0) profile.abis.push_back(abi);
    }
    const Action conditional = Pick({kAllow, kEperm});
    const std::vector<SyscallEntry>& table = table_;
    std::map<std::string, bool> paired;
    const uint32_t rules = 1 + Below(60);
    for (uint32_t i = 0; i < rules; ++i) {
      Rule rule;
      const uint32_t names = 1 + Below(4);
      for (uint32_t n = 0; n < names; ++n) rule.names.push_back(table[Below(static_cast<uint32_t>(table.size()))].name);
      rule.action = Pick({kAllow, kEperm, kEnosys});
      const bool known = std::all_of(rule.names.begin(), rule.names.end(), [&](const std::string& name) {
        return std::all_of(profile.abis.begin(), profile.abis.end(),
                           [&](Abi abi) { return !FindSyscall(abi, name).has_value() || LibseccompKnows(abi, name); });
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
  template <typename T>
  T Pick(std::initializer_list<T> choices) {
    return *(choices.begin() + Below(static_cast<uint32_t>(choices.size())));
  }
  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }

  std::mt19937 random_;
  std::vector<SyscallEntry> table_{SyscallTable(Abi::kI386).begin(), SyscallTable(Abi::kI386).end()};
};

std::string RulesFor(const Profile& profile, SyscallId id) {
  std::ostringstream text;
  text << std::hex << "default " << static_cast<int>(profile.default_action.kind) << "\n";
  for (const Rule& rule : profile.rules) {
    if (std::find(rule.names.begin(), rule.names.end(), SyscallName(id).value_or("")) == rule.names.end()) continue;
    text << "action " << static_cast<int>(rule.action.kind) << "/" << rule.action.value;
    for (const ArgumentCondition& condition : rule.conditions) {
      text << ", arg" << condition.index << " " << ScmpCompareName(condition.op) << " " << condition.value << " "
           << condition.value_two;
    }
    text << "\n";
  }
  return text.str();
}

TEST(DeciderTest, AgreesWithTheCompiledFilterOnRandomProfiles) {
  int compared = 0;
  for (uint32_t seed = 0; seed < 300; ++seed) {
    RandomProfiles random(seed);
    const Profile profile = random.Next();
    const absl::StatusOr<FilterProgram> program = Compile(profile);
    if (!program.ok()) continue;  // Rules that contradict each other.
    ++compared;
    const Decider decider(profile);
    const std::vector<SyscallId> conflicts = decider.conflicts();
    for (const Abi abi : {Abi::kX86_64, Abi::kI386, Abi::kX32}) {
      for (int nr = 0; nr < kSyscallTableEnd; ++nr) {
        const SyscallId id{abi, nr};
        if (std::find(conflicts.begin(), conflicts.end(), id) != conflicts.end()) continue;
        const int questions = decider.DependsOnArguments(id) ? 20 : 1;
        for (int question = 0; question < questions; ++question) {
          Arguments arguments;
          for (uint64_t& argument : arguments) argument = random.Value();
          seccomp_data data{.nr = static_cast<int>(SeccompDataNumber(id)), .arch = AuditArch(abi)};
          std::copy(arguments.begin(), arguments.end(), data.args);
          EXPECT_EQ(ActionFromReturn(Evaluate(*program, data)), decider.Decide(id, arguments))
              << "seed " << seed << ", " << DisplayName(id) << "(" << std::hex << arguments[0] << ", " << arguments[1]
              << ", " << arguments[2] << ", " << arguments[3] << ", " << arguments[4] << ", " << arguments[5] << ")\n"
              << RulesFor(profile, id);
        }
      }
    }
  }
  EXPECT_GT(compared, 200);
}

}  // namespace
}  // namespace syscarve
