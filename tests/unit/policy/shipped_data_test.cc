// The data files of profiles/: that they parse, mean something, and that their parsers are strict.
#include "userspace/policy/shipped_data.h"

#include <gtest/gtest.h>

#include "userspace/model/syscall_table.h"
#include "userspace/policy/closure.h"

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
  }
  for (const std::string& name : ShippedErrnoPolicy().value()->probed) EXPECT_TRUE(IsKnownSyscallName(name)) << name;
  for (const CapabilityRemark& remark : ShippedCapabilityData().value()->remarks) {
    EXPECT_FALSE(remark.why.empty());
    for (const std::string& name : remark.during) EXPECT_TRUE(IsKnownSyscallName(name)) << name;
  }
  for (const OccasionalCalls& occasional : *ShippedOccasionalCalls().value()) {
    EXPECT_FALSE(occasional.reason.empty()) << occasional.id;
    EXPECT_FALSE(occasional.source.empty()) << occasional.id;
    for (const std::string& name : occasional.names) EXPECT_TRUE(IsKnownSyscallName(name)) << name;
  }
}

// Closure must never hand out a privilege: these have no place in any rule's additions.
TEST(ShippedDataTest, ClosureAddsNothingDangerous) {
  std::set<std::string> all;
  for (const Abi abi : kAllAbis) {
    for (const SyscallEntry& entry : SyscallTable(abi)) all.insert(entry.name);
  }
  for (const char* name :
       {"execve", "execveat", "fork",           "vfork",       "clone3",  "unshare",  "setns", "mount", "umount2",
        "ptrace", "bpf",      "io_uring_setup", "socket",      "connect", "mprotect", "mmap",  "chmod", "setuid",
        "prctl",  "openat2",  "keyctl",         "userfaultfd", "kill",    "ioctl",    "unlink"}) {
    std::set<std::string> others = all;
    others.erase(name);
    EXPECT_FALSE(Close(*ShippedClosureRules().value(), others).contains(name)) << name;
  }
}

TEST(ClosureTest, FamiliesAddTheirOthersAndFallbacksOnlyTheOlderCall) {
  const auto& rules = *ShippedClosureRules().value();
  const auto added = Close(rules, {"newfstatat", "clone3"});
  ASSERT_TRUE(added.contains("stat"));
  EXPECT_EQ(added.at("stat").front().rule, "stat");
  EXPECT_EQ(added.at("stat").front().because, "newfstatat");
  EXPECT_FALSE(added.contains("newfstatat")) << "seen, so not added";
  ASSERT_TRUE(added.contains("clone"));
  EXPECT_EQ(added.at("clone").front().because, "clone3");
  EXPECT_FALSE(Close(rules, {"clone"}).contains("clone3"));
  EXPECT_TRUE(Close(rules, {}).contains("restart_syscall"));
  EXPECT_FALSE(Close(rules, {}).contains("openat"));
}

TEST(ParseTest, RefusesWhatIsNotTheSchema) {
  EXPECT_FALSE(ParseClosureRules("").ok());
  EXPECT_FALSE(ParseClosureRules("{}").ok());
  EXPECT_FALSE(ParseClosureRules(R"({"schema": "syscarve.closure/2", "rules": []})").ok());
  EXPECT_TRUE(ParseClosureRules(R"({"schema": "syscarve.closure/1", "rules": []})").ok());
  const auto rule = [](const std::string& body) {
    return ParseClosureRules(R"({"schema": "syscarve.closure/1", "rules": [{"id": "a", "reason": "r", "source": "s")" +
                             body + "}]}")
        .ok();
  };
  EXPECT_TRUE(rule(R"(, "always": ["open"])"));
  EXPECT_FALSE(rule(""));
  EXPECT_FALSE(rule(R"(, "always": [])"));
  EXPECT_FALSE(rule(R"(, "always": ["open", "open"])"));
  EXPECT_FALSE(rule(R"(, "always": "open")"));
  EXPECT_FALSE(rule(R"(, "always": ["open"], "families": [["open"]])"));
  EXPECT_FALSE(rule(R"(, "always": ["open"], "more": 1)"));
  EXPECT_TRUE(ParseErrnoPolicy(R"({"schema": "syscarve.errno/1", "newer_from": 424, "probed": []})").ok());
  EXPECT_FALSE(ParseErrnoPolicy(R"({"schema": "syscarve.errno/1", "newer_from": -1, "probed": []})").ok());
  EXPECT_FALSE(ParseCapabilityData(
                   R"({"schema": "syscarve.capabilities/1", "rules": [{"capability": "CAP_NONE", "during": ["open"],
      "outside_calls": false, "why": "w", "kernel": "k"}], "notes": [], "chains": []})")
                   .ok());
}

}  // namespace
}  // namespace syscarve
