// SPDX-License-Identifier: Apache-2.0
// What is said of each call: that nothing is forgotten or said twice, and that the parser is strict.
#include "userspace/shipped/risk.h"

#include <asm/ioctls.h>
#include <gtest/gtest.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <set>

#include "userspace/model/syscall_table.h"
#include "userspace/policy/closure.h"
#include "userspace/shipped/shipped_data.h"

namespace syscarve {
namespace {

TEST(RiskTest, EveryNameOfEveryAbiHasAFamily) {
  const Risks& risks = *ShippedRisks().value();
  for (const Abi abi : kAllAbis) {
    for (const SyscallEntry& entry : SyscallTable(abi)) {
      EXPECT_TRUE(risks.contains(entry.name)) << entry.name << " of " << AbiName(abi);
    }
  }
}

TEST(RiskTest, SpeaksOfSystemCallsInSentencesWithReferences) {
  for (const auto& [name, risk] : *ShippedRisks().value()) {
    EXPECT_TRUE(IsKnownSyscallName(name)) << name;
    EXPECT_TRUE(risk.why.ends_with('.')) << name << ": " << risk.why;
    EXPECT_EQ(risk.family.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string::npos) << risk.family;
    EXPECT_EQ(risk.references.empty(), risk.level == RiskLevel::kLow) << name;
  }
}

TEST(RiskTest, KnowsTheWaysOut) {
  const Risks& risks = *ShippedRisks().value();
  for (const char* name : {"ptrace", "bpf", "mount", "init_module", "unshare", "setns", "keyctl", "io_uring_setup",
                           "userfaultfd", "open_by_handle_at", "kexec_load"}) {
    EXPECT_EQ(RiskOf(risks, name).level, RiskLevel::kHigh) << name;
  }
  EXPECT_EQ(RiskOf(risks, "connect").level, RiskLevel::kMedium);
  EXPECT_EQ(RiskOf(risks, "connect").family, "network");
  EXPECT_EQ(RiskOf(risks, "read").level, RiskLevel::kLow);
  EXPECT_EQ(RiskOf(risks, "").family, "unknown");
  EXPECT_EQ(RiskOf(risks, "frobnicate").level, RiskLevel::kMedium);
}

// The calls that `generate` adds on its own are the last that a reviewer should have to think about.
TEST(RiskTest, WhatEveryProfileHasIsLow) {
  for (const auto& [name, reasons] : Close(*ShippedClosureRules().value(), ClosureMode::kSafe, {})) {
    EXPECT_EQ(RiskOf(*ShippedRisks().value(), name).level, RiskLevel::kLow) << name;
  }
}

TEST(RiskTest, LevelsHaveNames) {
  for (const RiskLevel level : {RiskLevel::kLow, RiskLevel::kMedium, RiskLevel::kHigh}) {
    EXPECT_EQ(RiskLevelFromName(RiskLevelName(level)), level);
  }
  EXPECT_FALSE(RiskLevelFromName("").has_value());
  EXPECT_FALSE(RiskLevelFromName("HIGH").has_value());
}

TEST(RiskTest, ParserRefusesWhatIsNotTheSchema) {
  const auto parses = [](const std::string& risk, const std::string& families) {
    return ParseRisks(R"({"schema": "syscarve.risk/2", "risks": [)" + risk + R"(], "families": [)" + families + "]}")
        .ok();
  };
  const std::string risk = R"({"names": ["open"], "risk": "high", "family": "file", "why": "w.", "references": ["r"]})";
  EXPECT_TRUE(parses(risk, ""));
  EXPECT_TRUE(parses(risk, R"({"family": "file", "why": "w.", "names": ["read"]})"));
  EXPECT_FALSE(parses(risk, R"({"family": "file", "why": "w.", "names": ["open"]})")) << "twice";
  EXPECT_FALSE(parses(risk, R"({"family": "file", "names": ["read"]})"));
  EXPECT_FALSE(parses(risk + "," + risk, ""));
  EXPECT_FALSE(parses(R"({"names": ["a"], "risk": "grave", "family": "f", "why": "w.", "references": ["r"]})", ""));
  EXPECT_FALSE(parses(R"({"names": ["a"], "risk": "high", "family": "f", "why": "w.", "references": []})", ""));
  EXPECT_FALSE(parses(R"({"names": [], "risk": "high", "family": "f", "why": "w.", "references": ["r"]})", ""));
  EXPECT_FALSE(ParseRisks(R"({"schema": "syscarve.risk/3", "risks": [], "families": []})").ok());
}

// The level of `name` where all of `conditions` hold.
RiskLevel LevelWhere(std::string_view name, std::vector<ArgumentCondition> conditions) {
  return RiskUnder(RiskOf(**ShippedRisks(), name), {std::move(conditions)}).level;
}

ArgumentCondition Is(unsigned index, uint64_t value, uint64_t mask = 0xffffffff) {
  return {.index = index, .op = CompareOp::kMaskedEqual, .value = mask, .value_two = value};
}

TEST(RiskTest, AnArgumentDecidesWhatACallGivesAway) {
  EXPECT_EQ(LevelWhere("socket", {Is(0, AF_INET)}), RiskLevel::kLow);
  EXPECT_EQ(LevelWhere("socket", {Is(0, AF_INET, 0xfffffff7)}), RiskLevel::kLow) << "AF_INET and AF_INET6";
  EXPECT_EQ(LevelWhere("socket", {Is(0, AF_NETLINK), Is(2, 0)}), RiskLevel::kMedium);
  EXPECT_EQ(LevelWhere("socket", {Is(0, AF_PACKET)}), RiskLevel::kHigh);
  EXPECT_EQ(LevelWhere("socket", {Is(0, AF_INET, 0x3)}), RiskLevel::kHigh) << "others among them";
  EXPECT_EQ(LevelWhere("socket", {{.index = 0, .op = CompareOp::kEqual, .value = AF_VSOCK}}), RiskLevel::kHigh);
  EXPECT_EQ(LevelWhere("socket", {Is(0, 250)}), RiskOf(**ShippedRisks(), "socket").level) << "nothing is known of it";
  EXPECT_EQ(LevelWhere("clone", {Is(0, 0, 0x7e020000)}), RiskLevel::kLow);
  EXPECT_EQ(LevelWhere("clone", {Is(0, CLONE_NEWUSER, 0x7e020000)}), RiskLevel::kHigh);
  EXPECT_EQ(LevelWhere("clone", {Is(0, CLONE_NEWNET, 0x7e020000)}), RiskLevel::kMedium);
  EXPECT_EQ(LevelWhere("ioctl", {Is(1, TCGETS)}), RiskLevel::kLow);
  EXPECT_EQ(LevelWhere("ioctl", {Is(1, TIOCSTI)}), RiskLevel::kHigh);
  EXPECT_EQ(LevelWhere("mprotect", {Is(2, 0, PROT_EXEC)}), RiskLevel::kLow);
  EXPECT_EQ(LevelWhere("mprotect", {Is(2, PROT_EXEC, PROT_EXEC)}), RiskLevel::kMedium);
}

TEST(RiskTest, WithoutConditionsItIsTheCalls) {
  const Risk& risk = RiskOf(**ShippedRisks(), "socket");
  EXPECT_EQ(RiskUnder(risk, {}), risk);
  EXPECT_EQ(RiskUnder(risk, {{}}), risk);
  EXPECT_EQ(RiskUnder(risk, {{Is(0, AF_INET)}, {Is(0, AF_PACKET)}}).level, RiskLevel::kHigh) << "the worst counts";
}

}  // namespace
}  // namespace syscarve
