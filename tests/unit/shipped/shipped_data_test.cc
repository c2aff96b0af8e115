// SPDX-License-Identifier: Apache-2.0
// The data files of profiles/: that they parse, mean something, and that their parsers are strict.
#include "userspace/shipped/shipped_data.h"

#include <gtest/gtest.h>
#include <linux/sched.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>

#include "userspace/model/syscall_table.h"
#include "userspace/policy/closure.h"
#include "userspace/shipped/companions.h"
#include "userspace/shipped/power.h"

namespace syscarve {
namespace {

TEST(ShippedDataTest, EveryNameIsASystemCall) {
  const auto* const rules = ShippedClosureRules().value();
  EXPECT_GT(rules->size(), 10U);
  for (const ClosureRule& rule : *rules) {
    EXPECT_FALSE(rule.reason.empty()) << rule.id;
    EXPECT_FALSE(rule.source.empty()) << rule.id;
    for (const std::string& name : rule.always) EXPECT_TRUE(IsKnownSyscallName(name)) << name;
    for (const auto& family : rule.families) {
      EXPECT_GT(family.size(), 1U) << rule.id;
      for (const std::string& name : family) EXPECT_TRUE(IsKnownSyscallName(name)) << name;
    }
    for (const ClosureFallback& fallback : rule.fallbacks) {
      EXPECT_TRUE(IsKnownSyscallName(fallback.when)) << fallback.when;
      for (const std::string& name : fallback.add) EXPECT_TRUE(IsKnownSyscallName(name)) << name;
    }
    for (const ClosureBeside& beside : rule.beside) {
      for (const std::string& name : beside.when) EXPECT_TRUE(IsKnownSyscallName(name)) << name;
      for (const std::string& name : beside.add) EXPECT_TRUE(IsKnownSyscallName(name)) << name;
    }
    for (const ClosureTogether& together : rule.together) {
      for (const auto& names : together.when) {
        for (const std::string& name : names) EXPECT_TRUE(IsKnownSyscallName(name)) << name;
      }
      for (const std::string& name : together.add) EXPECT_TRUE(IsKnownSyscallName(name)) << name;
    }
  }
  for (const auto& [name, who] : ShippedErrnoPolicy().value()->probed) EXPECT_TRUE(IsKnownSyscallName(name)) << name;
  for (const CapabilityRemark& remark : ShippedCapabilityData().value()->remarks) {
    EXPECT_FALSE(remark.why.empty());
    for (const std::string& name : remark.during) EXPECT_TRUE(IsKnownSyscallName(name)) << name;
  }
  for (const OccasionalCalls& occasional : *ShippedOccasionalCalls().value()) {
    EXPECT_FALSE(occasional.reason.empty()) << occasional.id;
    EXPECT_FALSE(occasional.source.empty()) << occasional.id;
    for (const std::string& name : occasional.names) EXPECT_TRUE(IsKnownSyscallName(name)) << name;
  }
  for (const LibcCalls& calls : *ShippedLibcCalls().value()) {
    EXPECT_FALSE(calls.who.empty());
    for (const std::string& name : calls.names) EXPECT_TRUE(IsKnownSyscallName(name)) << name;
  }
}

TEST(ShippedDataTest, SystemdSetsAreThoseOfOneVersion) {
  const auto* const sets = ShippedSystemdSets().value();
  EXPECT_EQ(sets->size(), 28U);
  const auto set = [&](std::string_view name) {
    for (const SystemdSet& candidate : *sets) {
      if (candidate.name == name) return candidate.names;
    }
    return std::set<std::string>();
  };
  // systemd.exec(5) says of these that they are always allowed.
  for (const char* name : {"execve", "exit", "exit_group", "getrlimit", "rt_sigreturn", "sigreturn"}) {
    EXPECT_TRUE(set("@default").contains(name)) << name;
  }
  EXPECT_TRUE(set("@system-service").contains("io_submit")) << "of a set in the set";
  // Others are of architectures that no Abi here stands for.
  for (const std::string& name : set("@aio")) EXPECT_TRUE(IsKnownSyscallName(name)) << name;
}

std::set<std::string> AllNames() {
  std::set<std::string> all;
  for (const Abi abi : kAllAbis) {
    for (const SyscallEntry& entry : SyscallTable(abi)) all.insert(entry.name);
  }
  return all;
}

// Every program made every call of `names`.
SeenCalls SeenByOne(const std::set<std::string>& names) {
  return {.names = names, .programs = {names}};
}

std::set<std::string> Added(ClosureMode mode, const SeenCalls& seen) {
  std::set<std::string> names;
  for (const auto& [name, reasons] : Close(*ShippedClosureRules().value(), mode, seen)) names.insert(name);
  return names;
}

// Closure must never hand out a privilege: these have no place in any rule's additions.
TEST(ShippedDataTest, ClosureAddsNothingDangerous) {
  for (const char* name :
       {"execve", "execveat", "clone3", "unshare",  "setns",   "mount",       "umount2", "ptrace",
        "bpf",    "connect",  "socket", "mprotect", "mmap",    "kill",        "setuid",  "io_uring_setup",
        "prctl",  "openat2",  "keyctl", "ioctl",    "setpgid", "userfaultfd", "statx",   "process_madvise"}) {
    std::set<std::string> others = AllNames();
    others.erase(name);
    EXPECT_FALSE(Added(ClosureMode::kPortable, SeenByOne(others)).contains(name)) << name;
  }
  for (const char* name : {"fork", "vfork", "chmod", "unlink", "rename", "mkdir", "link", "chown"}) {
    std::set<std::string> others = AllNames();
    others.erase(name);
    // Its newer spelling brings it in, or nothing does.
    others.erase(std::string(name) + "at2");
    EXPECT_FALSE(Added(ClosureMode::kSafe, SeenByOne(others)).contains(name)) << name;
  }
}

// What was seen, and which of it each program made, for many programs at random.
TEST(ShippedDataTest, EachModeAddsAtLeastWhatTheOneBeforeItDoes) {
  const std::set<std::string> all = AllNames();
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::set<std::string> some;
    for (const std::string& name : all) {
      if (random() % 16 == 0) some.insert(name);
    }
    const SeenCalls seen = SeenByOne(some);
    EXPECT_TRUE(Added(ClosureMode::kNone, seen).empty());
    const std::set<std::string> safe = Added(ClosureMode::kSafe, seen);
    const std::set<std::string> portable = Added(ClosureMode::kPortable, seen);
    EXPECT_TRUE(std::ranges::includes(portable, safe));
    EXPECT_TRUE(std::ranges::none_of(portable, [&](const std::string& name) { return some.contains(name); }));
    EXPECT_EQ(Added(ClosureMode::kPortable, seen), portable);
  }
}

// Only x86_64 has old calls that no rule can leave out: for each, something that aarch64 has does the same.
TEST(ShippedDataTest, PortableFindsAnotherSpellingForWhatAarch64Lacks) {
  // Of x86 alone, never implemented, or replaced so long ago that no libc makes them.
  const std::set<std::string> nowhere_else = {
      "uselib",         "ustat",         "sysfs",           "modify_ldt",      "_sysctl",         "iopl",
      "ioperm",         "create_module", "get_kernel_syms", "query_module",    "getpmsg",         "putpmsg",
      "afs_syscall",    "tuxcall",       "security",        "set_thread_area", "get_thread_area", "epoll_ctl_old",
      "epoll_wait_old", "vserver",       "arch_prctl"};
  for (const SyscallEntry& entry : SyscallTable(Abi::kX86_64)) {
    if (FindSyscall(Abi::kAarch64, entry.name).has_value() || IsExemptFromSeccomp({Abi::kX86_64, entry.nr})) continue;
    if (entry.name == "time") continue;  // clock_gettime is always there.
    const auto before = Added(ClosureMode::kPortable, {});
    std::set<std::string> added = Added(ClosureMode::kPortable, SeenByOne({entry.name}));
    std::erase_if(added, [&](const std::string& name) {
      return before.contains(name) || !FindSyscall(Abi::kAarch64, name).has_value();
    });
    EXPECT_EQ(added.empty(), nowhere_else.contains(entry.name)) << entry.name;
  }
}

TEST(ClosureTest, FamiliesAddTheirOthersAndFallbacksOnlyTheOlderCall) {
  const auto& rules = *ShippedClosureRules().value();
  const auto added = Close(rules, ClosureMode::kSafe, {.names = {"newfstatat", "clone3"}});
  ASSERT_TRUE(added.contains("stat"));
  EXPECT_EQ(added.at("stat").front().rule, "stat");
  EXPECT_EQ(added.at("stat").front().because, "newfstatat");
  EXPECT_FALSE(added.contains("newfstatat")) << "seen, so not added";
  ASSERT_TRUE(added.contains("clone"));
  EXPECT_EQ(added.at("clone").front().because, "clone3");
  EXPECT_FALSE(Added(ClosureMode::kSafe, {.names = {"clone"}}).contains("clone3"));
  EXPECT_TRUE(Added(ClosureMode::kSafe, {}).contains("restart_syscall"));
  EXPECT_FALSE(Added(ClosureMode::kSafe, {}).contains("openat"));
}

TEST(ClosureTest, WhatThreadsDoComesWithTheCallThatMakesThem) {
  const auto added = Close(*ShippedClosureRules().value(), ClosureMode::kSafe, SeenByOne({"clone3"}));
  for (const char* name : {"sched_yield", "madvise", "munmap", "set_robust_list", "rseq", "sigaltstack"}) {
    ASSERT_TRUE(added.contains(name)) << name;
    EXPECT_EQ(added.at(name).front().rule, "threads");
    EXPECT_EQ(added.at(name).front().because, "clone3");
  }
  EXPECT_FALSE(Added(ClosureMode::kSafe, SeenByOne({"fork", "vfork"})).contains("sched_yield"));
  // A thread that has ended before it is asked for is not waited for; and libcs have locks of their own.
  EXPECT_TRUE(Added(ClosureMode::kSafe, {}).contains("futex"));
}

TEST(ClosureTest, WaitingAndTakingBackAreLuck) {
  for (const char* waiting : {"poll", "epoll_wait", "select", "nanosleep"}) {
    std::set<std::string> all = Added(ClosureMode::kSafe, {.names = {waiting}});
    all.insert(waiting);
    for (const char* name : {"pselect6", "ppoll", "clock_nanosleep", "nanosleep", "select", "poll"}) {
      EXPECT_TRUE(all.contains(name)) << name << " beside " << waiting;
    }
  }
  EXPECT_FALSE(Added(ClosureMode::kSafe, {.names = {"poll"}}).contains("epoll_wait"));
  EXPECT_TRUE(Added(ClosureMode::kSafe, {.names = {"inotify_add_watch"}}).contains("inotify_rm_watch"));
  EXPECT_FALSE(Added(ClosureMode::kSafe, {.names = {"inotify_rm_watch"}}).contains("inotify_add_watch"));
  EXPECT_TRUE(Added(ClosureMode::kSafe, {.names = {"timer_create"}}).contains("timer_delete"));
}

TEST(ClosureTest, ForkIsCloneWithoutNamespacesElsewhere) {
  EXPECT_FALSE(Added(ClosureMode::kSafe, {.names = {"fork"}}).contains("clone"));
  const auto added = Close(*ShippedClosureRules().value(), ClosureMode::kPortable, {.names = {"fork"}});
  ASSERT_TRUE(added.contains("clone"));
  const std::vector<ArgumentCondition>& conditions = added.at("clone").front().conditions;
  ASSERT_EQ(conditions.size(), 1U);
  EXPECT_EQ(conditions[0].op, CompareOp::kMaskedEqual);
  for (const uint64_t flag :
       {CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET}) {
    EXPECT_EQ(conditions[0].value & flag, flag);
  }
  EXPECT_EQ(conditions[0].value_two, 0U);
}

PowerMap SmallMap() {
  return PowerMap::Make({{.id = "self", .own = true, .calls = {"exit", "getpid"}},
                         {.id = "open", .no_more_than = {"open-new"}, .calls = {"open", "openat"}},
                         {.id = "open-new", .calls = {"openat2"}},
                         {.id = "kill", .calls = {"kill"}}})
      .value();
}

bool RulesParse(const std::string& text) {
  return ParseClosureRules(text, SmallMap()).ok();
}

bool ClosureRuleParses(const std::string& body) {
  return RulesParse(R"({"schema": "syscarve.closure/4", "rules": [{"id": "a", "reason": "r", "source": "s")" + body +
                    "}]}");
}

// That a rule hands out no privilege is for its reader to see, not for a reviewer.
TEST(ParseTest, RefusesARuleThatCrossesAClass) {
  EXPECT_TRUE(ClosureRuleParses(R"(, "families": [["open", "openat"]])"));
  EXPECT_FALSE(ClosureRuleParses(R"(, "families": [["open", "kill"]])"));
  EXPECT_FALSE(ClosureRuleParses(R"(, "families": [["open", "openat2"]])")) << "of one class, but one can do more";
  EXPECT_FALSE(ClosureRuleParses(R"(, "families": [["open", "rename"]])")) << "in no class";
  EXPECT_FALSE(ClosureRuleParses(R"(, "always": ["kill"])"));
  EXPECT_TRUE(ClosureRuleParses(R"(, "always": ["exit", "kill"], "beyond": ["kill"])"));
  EXPECT_FALSE(ClosureRuleParses(R"(, "always": ["exit"], "beyond": ["exit"])")) << "a claim that is not true";
  EXPECT_TRUE(ClosureRuleParses(R"(, "fallbacks": [{"when": "openat2", "add": ["open"]}])"));
  EXPECT_FALSE(ClosureRuleParses(R"(, "fallbacks": [{"when": "open", "add": ["openat2"]}])"));
  EXPECT_FALSE(ClosureRuleParses(R"(, "fallbacks": [{"when": "open", "add": ["kill"]}])"));
  EXPECT_TRUE(ClosureRuleParses(R"(, "fallbacks": [{"when": "open", "add": ["getpid"]}])"));
  const std::string narrowed = R"(, "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]}])";
  EXPECT_TRUE(ClosureRuleParses(R"(, "fallbacks": [{"when": "open", "add": ["openat2"])" + narrowed));
  EXPECT_FALSE(ClosureRuleParses(R"(, "fallbacks": [{"when": "open", "add": ["kill"])" + narrowed));
  EXPECT_TRUE(ClosureRuleParses(R"(, "together": [{"when": [["open"], ["kill"]], "add": ["getpid"]}])"));
  EXPECT_FALSE(ClosureRuleParses(R"(, "together": [{"when": [["open"], ["openat"]], "add": ["kill"]}])"));
  EXPECT_TRUE(ClosureRuleParses(R"(, "together": [{"when": [["openat2"], ["kill"]], "add": ["open"]}])"));
  EXPECT_FALSE(ClosureRuleParses(R"(, "together": [{"when": [["openat2", "kill"]], "add": ["open"]}])"));
  EXPECT_TRUE(ClosureRuleParses(R"(, "beside": [{"when": ["open", "openat2"], "add": ["openat"]}])"));
  EXPECT_FALSE(ClosureRuleParses(R"(, "beside": [{"when": ["kill", "openat2"], "add": ["openat"]}])"));
  EXPECT_FALSE(ClosureRuleParses(R"(, "beside": [{"when": ["rename"], "add": ["getpid"]}])")) << "in no class";
  EXPECT_TRUE(ClosureRuleParses(R"(, "narrowed": [{"add": ["kill"])" + narrowed));
  EXPECT_FALSE(ClosureRuleParses(R"(, "narrowed": [{"add": ["rename"])" + narrowed)) << "in no class";
  EXPECT_FALSE(ClosureRuleParses(R"(, "narrowed": [{"add": ["kill"]}])")) << "for all arguments";
  EXPECT_FALSE(ClosureRuleParses(R"(, "narrowed": [{"add": ["kill"], "args": []}])"));
}

TEST(ParseTest, RefusesWhatIsNotTheSchema) {
  EXPECT_FALSE(RulesParse(""));
  EXPECT_FALSE(RulesParse("{}"));
  EXPECT_FALSE(RulesParse(R"({"schema": "syscarve.closure/2", "classes": [], "rules": []})"));
  EXPECT_TRUE(RulesParse(R"({"schema": "syscarve.closure/4", "rules": []})"));
  EXPECT_TRUE(ClosureRuleParses(R"(, "always": ["exit"])"));
  EXPECT_FALSE(ClosureRuleParses(""));
  EXPECT_FALSE(ClosureRuleParses(R"(, "always": [])"));
  EXPECT_FALSE(ClosureRuleParses(R"(, "always": ["exit", "exit"])"));
  EXPECT_FALSE(ClosureRuleParses(R"(, "always": "exit")"));
  EXPECT_FALSE(ClosureRuleParses(R"(, "always": ["exit"], "families": [["open", "openat"]])"));
  EXPECT_FALSE(ClosureRuleParses(R"(, "always": ["exit"], "more": 1)"));
  EXPECT_TRUE(ClosureRuleParses(R"(, "always": ["exit"], "mode": "portable")"));
  EXPECT_TRUE(ClosureRuleParses(R"(, "always": ["exit"], "mode": "steady")"));
  EXPECT_FALSE(ClosureRuleParses(R"(, "always": ["exit"], "mode": "safe")"));
  EXPECT_TRUE(ParseErrnoPolicy(R"({"schema": "syscarve.errno/1", "newer_from": 424, "probed": []})").ok());
  EXPECT_FALSE(ParseErrnoPolicy(R"({"schema": "syscarve.errno/1", "newer_from": -1, "probed": []})").ok());
  EXPECT_FALSE(ParseCapabilityData(
                   R"({"schema": "syscarve.capabilities/1", "rules": [{"capability": "CAP_NONE", "during": ["open"],
      "outside_calls": false, "why": "w", "kernel": "k"}], "notes": [], "chains": []})")
                   .ok());
}

TEST(ParseTest, SystemdSetsNeedTheDefaultSet) {
  const auto sets = [](const std::string& body) {
    return ParseSystemdSets(R"({"schema": "syscarve.systemd-sets/1", "source": "s", "sets": [)" + body + "]}").ok();
  };
  const std::string defaults = R"({"name": "@default", "names": ["exit"]})";
  EXPECT_TRUE(sets(defaults));
  EXPECT_FALSE(sets(""));
  EXPECT_FALSE(sets(defaults + "," + defaults));
  EXPECT_FALSE(sets(R"({"name": "@default", "names": []})"));
}

TEST(ShippedDataTest, EveryKindOfCompanionIsShipped) {
  std::map<std::string, std::set<std::string>> kinds;
  for (const Companion& companion : *ShippedCompanions().value()) {
    EXPECT_FALSE(companion.program.empty());
    kinds[companion.kind].insert(companion.names.begin(), companion.names.end());
  }
  for (const std::string_view kind : kCompanionKinds) EXPECT_TRUE(kinds.contains(std::string(kind))) << kind;
  EXPECT_TRUE(kinds["exec"].contains("execve"));
  EXPECT_TRUE(kinds["health"].contains("connect"));
  EXPECT_TRUE(kinds["init"].contains("rt_sigtimedwait"));
  EXPECT_TRUE(kinds["tty"].contains("ioctl"));
}

TEST(ShippedDataTest, CompanionsAreReadStrictly) {
  const auto parse = [](const std::string& companion) {
    return ParseCompanions(R"({"schema":"syscarve.companions/1","source":"here","companions":[)" + companion + "]}");
  };
  EXPECT_TRUE(parse(R"({"kind":"exec","program":"sh","names":["read"]})").ok());
  EXPECT_FALSE(parse(R"({"kind":"shell","program":"sh","names":["read"]})").ok());
  EXPECT_FALSE(parse(R"({"kind":"exec","program":"sh","names":["reed"]})").ok());
  EXPECT_FALSE(parse(R"({"kind":"exec","program":"sh","names":[]})").ok());
  EXPECT_FALSE(parse(R"({"kind":"exec","program":"sh","names":["read"],"more":1})").ok());
}

}  // namespace
}  // namespace syscarve
