// SPDX-License-Identifier: Apache-2.0
// The map of power: that no call is forgotten or there twice, that it agrees with the risks, and that a profile which
// is widened by it gives nothing away.
#include "userspace/shipped/power.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "userspace/model/syscall_table.h"
#include "userspace/policy/closure.h"

namespace syscarve {
namespace {

const PowerMap& Power() {
  return *ShippedPowerMap().value();
}

RiskLevel LevelOf(const std::string& name) {
  return RiskOf(*ShippedRisks().value(), name).level;
}

std::set<std::string> NamesOfAllAbis() {
  std::set<std::string> all;
  for (const Abi abi : kAllAbis) {
    for (const SyscallEntry& entry : SyscallTable(abi)) all.insert(entry.name);
  }
  return all;
}

using Closed = std::map<std::string, std::vector<ClosureReason>>;

Closed Steady(const std::set<std::string>& names, const std::set<std::string>& by_runtime = {}) {
  return Close(*ShippedClosureRules().value(), ClosureMode::kSteady,
               {.names = names, .by_runtime = by_runtime, .programs = {names}});
}

bool IsConditional(const std::vector<ClosureReason>& reasons) {
  return std::ranges::none_of(reasons, [](const ClosureReason& reason) { return reason.conditions.empty(); });
}

// Seen and added, without what is added for some arguments only.
std::set<std::string> Allowed(const std::set<std::string>& seen) {
  std::set<std::string> allowed = seen;
  for (const auto& [name, reasons] : Steady(seen)) {
    if (!IsConditional(reasons)) allowed.insert(name);
  }
  return allowed;
}

std::set<std::string> Some(std::mt19937& random, const std::set<std::string>& all) {
  const unsigned one_in = 2 + random() % 64;
  std::set<std::string> some;
  for (const std::string& name : all) {
    if (random() % one_in == 0) some.insert(name);
  }
  return some;
}

TEST(PowerTest, EveryCallOfEveryAbiIsInOneClassAndNothingElseIs) {
  std::set<std::string> named;
  for (const PowerClass& one : Power().classes()) {
    for (const std::string& call : one.calls) EXPECT_TRUE(named.insert(call).second) << call << " twice";
  }
  EXPECT_EQ(named, NamesOfAllAbis());
}

TEST(PowerTest, EveryClassHasASentenceAndTheRiskOfItsCalls) {
  for (const PowerClass& one : Power().classes()) {
    EXPECT_TRUE(one.what.ends_with('.')) << one.id;
    EXPECT_TRUE(one.only_if_seen.empty() || one.only_if_seen.ends_with('.')) << one.id;
    for (const std::string& call : one.calls) {
      EXPECT_EQ(RiskLevelName(LevelOf(call)), RiskLevelName(one.risk)) << call << " of " << one.id;
    }
  }
}

// A class of high risk is one call, or says why one of its calls does not stand for the others.
TEST(PowerTest, AtHighRiskOneCallDoesNotStandForOthers) {
  for (const PowerClass& one : Power().classes()) {
    if (one.risk != RiskLevel::kHigh || one.calls.size() == 1) continue;
    EXPECT_FALSE(one.only_if_seen.empty()) << one.id;
  }
}

TEST(PowerTest, CoversWhatCanDoNoMore) {
  EXPECT_TRUE(Power().Covers("rename", "unlink"));
  EXPECT_FALSE(Power().Covers("unlink", "rename"));
  EXPECT_TRUE(Power().Covers("clone3", "vfork")) << "by way of clone";
  EXPECT_TRUE(Power().Covers("bpf", "getuid")) << "reaches nothing but the caller";
  EXPECT_FALSE(Power().Covers("read", "connect"));
  EXPECT_FALSE(Power().Covers("accept", "sendto")) << "with an address it reaches others";
  EXPECT_FALSE(Power().Covers("frobnicate", "getuid"));
}

TEST(PowerTest, RefusesWhatIsNoOrder) {
  const auto make = [](const std::string& classes) {
    return ParsePowerMap(R"({"schema": "syscarve.power/1", "classes": [)" + classes + "]}").ok();
  };
  const auto one = [](const std::string& id, const std::string& call, const std::string& more) {
    return R"({"id": ")" + id + R"(", "what": "W.", "risk": "low", "calls": [")" + call + "\"]" + more + "}";
  };
  EXPECT_TRUE(make(one("a", "open", "") + "," + one("b", "read", R"(, "no_more_than": ["a"])")));
  EXPECT_FALSE(make(one("a", "open", "") + "," + one("b", "open", ""))) << "one call twice";
  EXPECT_FALSE(make(one("a", "open", "") + "," + one("a", "read", ""))) << "one class twice";
  EXPECT_FALSE(make(one("a", "open", R"(, "no_more_than": ["b"])"))) << "no such class";
  EXPECT_FALSE(make(one("a", "open", R"(, "no_more_than": ["a"])"))) << "below itself";
  EXPECT_FALSE(make(one("a", "open", R"(, "no_more_than": ["b"])") + "," +
                    one("b", "read", R"(, "no_more_than": ["c"])") + "," +
                    one("c", "write", R"(, "no_more_than": ["a"])")))
      << "a circle";
  EXPECT_FALSE(make(R"({"id": "a", "what": "W.", "risk": "high", "own": true, "calls": ["open"]})"));
  EXPECT_FALSE(make(R"({"id": "a", "what": "no sentence", "risk": "low", "calls": ["open"]})"));
  EXPECT_FALSE(make(R"({"id": "a", "what": "W.", "risk": "low", "calls": []})"));
}

TEST(SteadyTest, AddsWhatReachesNothingButTheCaller) {
  const Closed added = Steady({});
  for (const char* name : {"getresuid", "getuid", "uname", "get_mempolicy", "nanosleep", "poll", "dup2", "umask"}) {
    ASSERT_TRUE(added.contains(name)) << name;
    EXPECT_TRUE(added.at(name).back().rule.starts_with("own:")) << name;
    EXPECT_EQ(added.at(name).back().because, "") << name;
  }
  for (const char* name : {"openat", "read", "socket", "pipe"}) EXPECT_FALSE(added.contains(name));
}

TEST(SteadyTest, AddsWhatCanDoNoMoreThanWhatWasSeen) {
  const auto because = [](const std::set<std::string>& seen, const std::string& name) -> std::string {
    const Closed added = Steady(seen);
    const auto found = added.find(name);
    return found == added.end() ? "-" : found->second.back().because;
  };
  EXPECT_EQ(because({"socket"}, "getsockopt"), "socket");
  EXPECT_EQ(because({"accept4"}, "getsockname"), "accept4");
  EXPECT_EQ(because({"accept4"}, "shutdown"), "accept4");
  EXPECT_EQ(because({"recvfrom"}, "recvmsg"), "recvfrom");
  EXPECT_EQ(because({"socket"}, "socketpair"), "socket");
  EXPECT_EQ(because({"pipe2"}, "socketpair"), "-");
  EXPECT_EQ(because({"socket", "bind", "listen", "accept4"}, "connect"), "-");
  EXPECT_EQ(because({"connect"}, "sendto"), "connect");
  EXPECT_EQ(because({"clone"}, "vfork"), "clone");
  EXPECT_EQ(because({"clone"}, "clone3"), "-");
  EXPECT_EQ(because({"clone"}, "pipe2"), "clone");
  EXPECT_EQ(because({"unlink"}, "rmdir"), "unlink");
  EXPECT_EQ(because({"rename"}, "unlinkat"), "rename");
  EXPECT_EQ(because({"chmod"}, "fchmod"), "chmod");
  EXPECT_EQ(because({"openat"}, "readlink"), "openat");
  EXPECT_EQ(because({"openat"}, "mkdir"), "openat");
  EXPECT_EQ(because({"openat"}, "unlink"), "-");
  EXPECT_EQ(because({"openat"}, "write"), "openat");
  EXPECT_EQ(because({"openat"}, "getdents64"), "openat");
  EXPECT_EQ(because({"openat"}, "lgetxattr"), "openat");
  EXPECT_EQ(because({"openat"}, "setxattr"), "-");
  EXPECT_EQ(because({"openat"}, "utimensat"), "openat");
  EXPECT_EQ(because({"openat"}, "fchmod"), "-");
  EXPECT_EQ(because({"read"}, "write"), "-");
  EXPECT_EQ(because({"read"}, "fadvise64"), "read");
  EXPECT_EQ(because({"write"}, "fallocate"), "write");
  EXPECT_EQ(because({"setuid"}, "setresuid"), "setuid");
  EXPECT_EQ(because({"fsopen"}, "fsconfig"), "-");
  EXPECT_EQ(because({"io_uring_setup"}, "io_uring_enter"), "-");
}

TEST(SteadyTest, WhoStartsChildrenAwaitsAndEndsThem) {
  const Closed added = Steady({"vfork"});
  ASSERT_TRUE(added.contains("kill"));
  EXPECT_EQ(added.at("kill").front().because, "vfork");
  EXPECT_TRUE(added.contains("wait4"));
  EXPECT_FALSE(added.contains("waitid")) << "also waits by a descriptor";
  EXPECT_FALSE(added.contains("rt_sigqueueinfo"));
  EXPECT_TRUE(IsConditional(Steady({"execve"}).at("kill"))) << "asks for a process only";
}

TEST(SteadyTest, OneProgramThatReadsAndWritesCopies) {
  EXPECT_TRUE(Steady({"pread64", "write"}).contains("sendfile"));
  EXPECT_FALSE(Steady({"write"}).contains("sendfile"));
  const SeenCalls by_two = {.names = {"read", "write"}, .programs = {{"read"}, {"write"}}};
  EXPECT_FALSE(Close(*ShippedClosureRules().value(), ClosureMode::kSteady, by_two).contains("sendfile"));
}

// What only the container's runtime needs does not make a program one that changes users.
TEST(SteadyTest, TheRuntimesCallsBringInNothingOfMediumRisk) {
  EXPECT_TRUE(Steady({"fchown"}, {"fchown"}).contains("chown"));
  EXPECT_FALSE(Steady({"setuid"}, {"setuid"}).contains("setresuid"));
  EXPECT_TRUE(Steady({"setuid", "setreuid"}, {"setuid"}).contains("setresuid"));
}

TEST(SteadyTest, SomeCallsComeForSomeArgumentsOnly) {
  const auto conditions = [](const std::set<std::string>& seen, const std::string& name) {
    const Closed added = Steady(seen);
    EXPECT_TRUE(added.contains(name)) << name;
    return added.contains(name) && IsConditional(added.at(name)) ? added.at(name).front().conditions
                                                                 : std::vector<ArgumentCondition>();
  };
  const auto fork = conditions({"vfork"}, "clone");
  ASSERT_EQ(fork.size(), 1U);
  EXPECT_EQ(fork[0].value & 0x10000000, 0x10000000U) << "no user namespace";
  const auto send = conditions({"accept4"}, "sendto");
  ASSERT_EQ(send.size(), 2U);
  EXPECT_EQ(send[0].value & 0x1, 0x1U) << "nothing out of band";
  EXPECT_EQ(send[1].index, 4U);
}

bool Holds(const ArgumentCondition& condition, const std::array<uint64_t, 6>& args) {
  const uint64_t value = args[condition.index];
  return condition.op == CompareOp::kMaskedEqual ? (value & condition.value) == condition.value_two
                                                 : value == condition.value;
}

TEST(SteadyTest, SomeArgumentsReachNothingButTheCaller) {
  const auto allows = [](const std::string& name, const std::array<uint64_t, 6>& args) {
    const Closed added = Steady({});
    const auto found = added.find(name);
    if (found == added.end()) return false;
    return std::ranges::any_of(found->second, [&](const ClosureReason& reason) {
      return std::ranges::all_of(reason.conditions, [&](const auto& condition) { return Holds(condition, args); });
    });
  };
  for (const uint64_t command : {F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC}) {
    EXPECT_TRUE(allows("fcntl", {1, command})) << command;
    EXPECT_TRUE(allows("fcntl64", {1, command})) << command;
  }
  for (const uint64_t command :
       {F_GETLK, F_SETLK, F_SETOWN, F_GETOWN, F_SETLEASE, F_NOTIFY, F_SETPIPE_SZ, F_ADD_SEALS}) {
    EXPECT_FALSE(allows("fcntl", {1, command})) << command;
  }
  EXPECT_TRUE(allows("prctl", {PR_SET_NAME}));
  EXPECT_FALSE(allows("prctl", {PR_SET_DUMPABLE}));
  // The kernel does not look at the upper half of an int either.
  EXPECT_TRUE(allows("fcntl", {1, 0xdead00000000 | F_SETFL}));
  EXPECT_TRUE(allows("sched_setaffinity", {0}));
  EXPECT_FALSE(allows("sched_setaffinity", {1}));
  EXPECT_TRUE(allows("kill", {1, 0}));
  EXPECT_FALSE(allows("kill", {1, SIGTERM}));
}

TEST(SteadyTest, MoreSeenNeverAllowsLessAndWhatIsAllowedAddsNothing) {
  const std::set<std::string> all = NamesOfAllAbis();
  std::mt19937 random(11);
  for (int round = 0; round < 60; ++round) {
    const std::set<std::string> less = Some(random, all);
    std::set<std::string> more = Some(random, all);
    more.insert(less.begin(), less.end());
    const std::set<std::string> allowed = Allowed(less);
    const std::set<std::string> of_more = Allowed(more);
    EXPECT_TRUE(std::ranges::includes(of_more, allowed));
    EXPECT_EQ(Allowed(allowed), allowed);
    std::set<std::string> safe = less;
    for (const auto& [name, reasons] :
         Close(*ShippedClosureRules().value(), ClosureMode::kSafe, {.names = less, .programs = {less}})) {
      safe.insert(name);
    }
    EXPECT_TRUE(std::ranges::includes(allowed, safe));
  }
}

TEST(SteadyTest, NeverOpensAClassAboveLowRiskThatWasNotSeen) {
  const std::set<std::string> all = NamesOfAllAbis();
  std::mt19937 random(13);
  for (int round = 0; round < 60; ++round) {
    const std::set<std::string> seen = Some(random, all);
    for (const auto& [name, reasons] : Steady(seen)) {
      EXPECT_NE(Power().Find(name), nullptr) << name;
      if (LevelOf(name) == RiskLevel::kLow || IsConditional(reasons)) continue;
      const std::set<std::string>& held = Power().AtLeast(Power().Find(name)->id);
      EXPECT_TRUE(
          std::ranges::any_of(seen, [&](const std::string& one) { return held.contains(Power().Find(one)->id); }))
          << name << " by " << reasons.front().rule;
      EXPECT_NE(LevelOf(name), RiskLevel::kHigh) << name << " by " << reasons.front().rule;
    }
  }
}

// Every added low call can do no more than one that was seen, or the rule says so itself.
TEST(SteadyTest, EveryAdditionIsCoveredOrSaidToBeBeyond) {
  const std::set<std::string> all = NamesOfAllAbis();
  std::set<std::string> beyond;
  for (const ClosureRule& rule : *ShippedClosureRules().value()) beyond.insert(rule.beyond.begin(), rule.beyond.end());
  EXPECT_EQ(beyond, (std::set<std::string>{"futex", "futex_time64", "kill", "sendfile", "sendfile64", "sendto",
                                           "tgkill", "tkill"}));
  std::mt19937 random(17);
  for (int round = 0; round < 60; ++round) {
    const std::set<std::string> seen = Some(random, all);
    for (const auto& [name, reasons] : Steady(seen)) {
      if (IsConditional(reasons) || beyond.contains(name) || Power().Find(name)->own) continue;
      const std::string& added = name;
      EXPECT_TRUE(std::ranges::any_of(seen, [&](const std::string& one) { return Power().Covers(one, added); }))
          << name;
    }
  }
}

}  // namespace
}  // namespace syscarve
