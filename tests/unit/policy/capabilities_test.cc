// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/capabilities.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

class CapabilitiesTest : public testing::Test {
 protected:
  // `during` "" is a check outside any call.
  void Checked(std::string_view capability, std::string_view during, uint64_t granted, uint64_t denied) {
    std::optional<SyscallId> call;
    if (!during.empty()) call = FindSyscall(Abi::kX86_64, during).value();
    uses_[CapabilityFromName(capability).value()].during[call] = {granted, denied};
  }
  // The same, asked by these functions of the kernel.
  void CheckedAt(std::string_view capability, std::string_view during, std::vector<std::string> functions,
                 uint64_t granted, uint64_t denied, bool in_vain = false) {
    std::optional<SyscallId> call;
    if (!during.empty()) call = FindSyscall(Abi::kX86_64, during).value();
    CapabilityUse& use = uses_[CapabilityFromName(capability).value()];
    use.during[call].granted += granted;
    use.during[call].denied += denied;
    use.sites[call][{.functions = std::move(functions), .in_vain = in_vain}] = {granted, denied};
  }
  // The same in a command that failed.
  void CheckedInFailed(std::string_view capability, std::string_view during, uint64_t granted, uint64_t denied) {
    Checked(capability, during, granted, denied);
    const int number = CapabilityFromName(capability).value();
    in_failed_[number] = uses_[number];
  }
  void Foreign(std::string_view capability) { uses_[CapabilityFromName(capability).value()].foreign = {3, 0}; }

  // What came of calls in which it was asked for, in `during` and, if there are any, in its only site.
  void Ended(std::string_view capability, std::string_view during, CallResult result, ResultCount count) {
    const SyscallId call = FindSyscall(Abi::kX86_64, during).value();
    CapabilityUse& use = uses_[CapabilityFromName(capability).value()];
    use.during[call].results[result] = count;
    if (use.sites.contains(call)) use.sites[call].begin()->second.results[result] = count;
  }

  CapabilityVerdict Judge(std::string_view capability) {
    for (CapabilityVerdict& verdict : JudgeCapabilities(*ShippedCapabilityData().value(), uses_, in_failed_)) {
      if (verdict.capability == CapabilityFromName(capability).value()) return verdict;
    }
    ADD_FAILURE() << "no verdict on " << capability;
    return {};
  }
  std::vector<std::string> Needed() {
    return NeededCapabilities(JudgeCapabilities(*ShippedCapabilityData().value(), uses_, in_failed_));
  }

  std::map<int, CapabilityUse> uses_;
  std::map<int, CapabilityUse> in_failed_;
};

TEST_F(CapabilitiesTest, GrantedDuringACallThatNeedsItIsNeeded) {
  Checked("CAP_NET_BIND_SERVICE", "bind", 2, 0);
  const CapabilityVerdict verdict = Judge("CAP_NET_BIND_SERVICE");
  EXPECT_EQ(verdict.verdict, Verdict::kNeeded);
  EXPECT_EQ(verdict.granted, 2U);
  EXPECT_EQ(verdict.calls, std::vector<std::string>{"bind"});
  EXPECT_EQ(Needed(), std::vector<std::string>{"CAP_NET_BIND_SERVICE"});
}

// As a server does that drops root but for a list of its own.
TEST_F(CapabilitiesTest, AListThatCapsetIsGivenIsNeeded) {
  const SyscallId capset = FindSyscall(Abi::kX86_64, "capset").value();
  constexpr uint64_t kSetGid = 1 << 6;
  constexpr uint64_t kSetUid = 1 << 7;
  constexpr uint64_t kDockers = 0xa80425fb;  // What it held, less nothing.
  std::map<SyscallId, Observation> calls;
  calls[capset].count = 2;
  calls[capset].arguments =
      SeenArguments{.indexes = {1},
                    .pointed_to = true,
                    .values = {{{kSetUid | (kSetUid | kSetGid) << 32}, {0}}, {{kDockers << 32}, {0}}}};
  AddSetCapabilities(calls, uses_);
  EXPECT_EQ(Needed(), (std::vector<std::string>{"CAP_SETGID", "CAP_SETUID"}));
  EXPECT_EQ(Judge("CAP_SETGID").why,
            "checked during capset: what capset(2) is to set has to be permitted already, or it fails "
            "(a list given to capset, cap_capset, security/commoncap.c)");
}

TEST_F(CapabilitiesTest, MemoryAccountingIsNoNeed) {
  Checked("CAP_SYS_ADMIN", "mmap", 40, 0);
  Checked("CAP_SYS_ADMIN", "execve", 1, 0);
  Checked("CAP_SYS_ADMIN", "", 5, 0);
  const CapabilityVerdict verdict = Judge("CAP_SYS_ADMIN");
  EXPECT_EQ(verdict.verdict, Verdict::kOpportunistic);
  EXPECT_EQ(verdict.granted, 46U);
  EXPECT_NE(verdict.why.find("cap_vm_enough_memory"), std::string::npos) << verdict.why;
  EXPECT_TRUE(Needed().empty());
}

TEST_F(CapabilitiesTest, OneRealNeedAmongManyPassingChecksDecides) {
  Checked("CAP_SYS_ADMIN", "mmap", 40, 0);
  Checked("CAP_SYS_ADMIN", "mount", 1, 0);
  const CapabilityVerdict verdict = Judge("CAP_SYS_ADMIN");
  EXPECT_EQ(verdict.verdict, Verdict::kNeeded);
  EXPECT_EQ(verdict.calls, std::vector<std::string>{"mount"});
}

TEST_F(CapabilitiesTest, LoadingAFilterIsANeedWithARemark) {
  Checked("CAP_SYS_ADMIN", "seccomp", 1, 0);
  const CapabilityVerdict verdict = Judge("CAP_SYS_ADMIN");
  EXPECT_EQ(verdict.verdict, Verdict::kNeeded);
  EXPECT_NE(verdict.why.find("no_new_privs"), std::string::npos) << verdict.why;
}

TEST_F(CapabilitiesTest, AlwaysRefusedIsUnused) {
  Checked("CAP_SYS_NICE", "setpriority", 0, 3);
  EXPECT_EQ(Judge("CAP_SYS_NICE").verdict, Verdict::kUnused);
}

TEST_F(CapabilitiesTest, RefusedInACommandThatFailedIsPossible) {
  CheckedInFailed("CAP_SYS_NICE", "setpriority", 0, 3);
  const CapabilityVerdict verdict = Judge("CAP_SYS_NICE");
  EXPECT_EQ(verdict.verdict, Verdict::kPossible);
  EXPECT_EQ(verdict.calls, std::vector<std::string>{"setpriority"});
  EXPECT_EQ(verdict.why, "refused every time during setpriority, and the command failed, so it may be needed");
  EXPECT_TRUE(Needed().empty());
}

TEST_F(CapabilitiesTest, GrantedElsewhereIsNeededHoweverTheCommandEnded) {
  CheckedInFailed("CAP_SYS_NICE", "setpriority", 0, 3);
  Checked("CAP_SYS_NICE", "sched_setscheduler", 1, 0);
  EXPECT_EQ(Judge("CAP_SYS_NICE").verdict, Verdict::kNeeded);
}

TEST_F(CapabilitiesTest, WhatIsAskedInPassingIsSoAlsoWhereItWasRefused) {
  CheckedInFailed("CAP_SYS_ADMIN", "mmap", 0, 40);
  const CapabilityVerdict verdict = Judge("CAP_SYS_ADMIN");
  EXPECT_EQ(verdict.verdict, Verdict::kOpportunistic);
  EXPECT_EQ(verdict.denied, 40U);
  EXPECT_NE(verdict.why.find("cap_vm_enough_memory"), std::string::npos) << verdict.why;
}

TEST_F(CapabilitiesTest, AQuestionOfItsOwnAmongRefusedOnesInPassingDecides) {
  Checked("CAP_SYS_ADMIN", "mmap", 0, 40);
  Checked("CAP_SYS_ADMIN", "mount", 0, 1);
  EXPECT_EQ(Judge("CAP_SYS_ADMIN").verdict, Verdict::kUnused);
  EXPECT_EQ(Judge("CAP_SYS_ADMIN").calls, std::vector<std::string>{"mount"});
  in_failed_ = uses_;
  EXPECT_EQ(Judge("CAP_SYS_ADMIN").verdict, Verdict::kPossible);
  EXPECT_EQ(Judge("CAP_SYS_ADMIN").calls, std::vector<std::string>{"mount"});
}

TEST_F(CapabilitiesTest, OfARefusedChainTheNarrowCapabilityIsPossible) {
  Checked("CAP_DAC_READ_SEARCH", "openat", 0, 4);
  Checked("CAP_DAC_OVERRIDE", "openat", 0, 4);
  in_failed_ = uses_;
  EXPECT_EQ(Judge("CAP_DAC_READ_SEARCH").verdict, Verdict::kPossible);
  EXPECT_EQ(Judge("CAP_DAC_OVERRIDE").verdict, Verdict::kAlternative);
}

TEST_F(CapabilitiesTest, RefusedInCallsWhoseResultIsKnownIsSurvived) {
  Checked("CAP_CHOWN", "fchownat", 0, 3);
  Ended("CAP_CHOWN", "fchownat", {.granted = false, .errno_value = EPERM}, {.count = 2});
  EXPECT_EQ(Judge("CAP_CHOWN").verdict, Verdict::kUnused) << "of one call it is not known";
  Ended("CAP_CHOWN", "fchownat", {.granted = false, .errno_value = EPERM}, {.count = 3});
  const CapabilityVerdict verdict = Judge("CAP_CHOWN");
  EXPECT_EQ(verdict.verdict, Verdict::kSurvived);
  EXPECT_EQ(verdict.why, "refused every time during fchownat, which failed with EPERM, and the program went on");
  EXPECT_TRUE(Needed().empty());
  in_failed_ = uses_;
  EXPECT_EQ(Judge("CAP_CHOWN").verdict, Verdict::kPossible) << "the command failed later, perhaps because of it";
}

TEST_F(CapabilitiesTest, ACallThatWentThroughIsNotWhyACommandFailed) {
  CheckedAt("CAP_SYS_NICE", "setpriority", {"set_one_prio", "sys_setpriority"}, 0, 2);
  Ended("CAP_SYS_NICE", "setpriority", {.granted = false, .errno_value = 0}, {.count = 2});
  in_failed_ = uses_;
  const CapabilityVerdict verdict = Judge("CAP_SYS_NICE");
  EXPECT_EQ(verdict.verdict, Verdict::kSurvived);
  EXPECT_EQ(verdict.why,
            "refused every time during setpriority, which went through all the same, and the program went on");
}

TEST_F(CapabilitiesTest, RefusedAndEndedIsFailed) {
  CheckedAt("CAP_NET_BIND_SERVICE", "bind", {"ns_capable", "__inet_bind", "sys_bind"}, 0, 2);
  Ended("CAP_NET_BIND_SERVICE", "bind", {.granted = false, .errno_value = EACCES}, {.count = 2, .ended = 1});
  for (const bool command_failed : {false, true}) {
    if (command_failed) in_failed_ = uses_;
    const CapabilityVerdict verdict = Judge("CAP_NET_BIND_SERVICE");
    EXPECT_EQ(verdict.verdict, Verdict::kFailed);
    EXPECT_EQ(verdict.why,
              "refused every time during bind, which failed with EACCES, and the program ended with an error at once: "
              "a port below net.ipv4.ip_unprivileged_port_start (__inet_bind, net/ipv4/af_inet.c)");
  }
  EXPECT_TRUE(Needed().empty());
  Checked("CAP_NET_BIND_SERVICE", "listen", 1, 0);
  EXPECT_EQ(Judge("CAP_NET_BIND_SERVICE").verdict, Verdict::kNeeded) << "granted elsewhere";
}

TEST_F(CapabilitiesTest, GrantedInCallsThatAllFailedIsUndecided) {
  Checked("CAP_SYS_ADMIN", "mount", 2, 0);
  Ended("CAP_SYS_ADMIN", "mount", {.granted = true, .errno_value = ENOENT}, {.count = 1});
  EXPECT_EQ(Judge("CAP_SYS_ADMIN").verdict, Verdict::kNeeded) << "of one call it is not known";
  Ended("CAP_SYS_ADMIN", "mount", {.granted = true, .errno_value = 4000}, {.count = 1});
  const CapabilityVerdict verdict = Judge("CAP_SYS_ADMIN");
  EXPECT_EQ(verdict.verdict, Verdict::kUndecided);
  EXPECT_NE(verdict.why.find("the call failed all the same (ENOENT, errno 4000)"), std::string::npos) << verdict.why;
  EXPECT_EQ(Needed(), std::vector<std::string>{"CAP_SYS_ADMIN"}) << "so that nothing breaks";
  Ended("CAP_SYS_ADMIN", "mount", {.granted = true, .errno_value = 0}, {.count = 1});
  EXPECT_EQ(Judge("CAP_SYS_ADMIN").verdict, Verdict::kNeeded);
}

TEST_F(CapabilitiesTest, ACallThatIsMadeAgainHasNotFailed) {
  Checked("CAP_NET_RAW", "socket", 1, 0);
  Ended("CAP_NET_RAW", "socket", {.granted = true, .errno_value = EINTR}, {.count = 1});
  EXPECT_EQ(Judge("CAP_NET_RAW").verdict, Verdict::kNeeded);
}

TEST(CommandEndTest, WhoIsStoppedHasNotFailed) {
  for (const int status : {0, 128 + SIGINT, 128 + SIGTERM}) EXPECT_FALSE(HasFailed({.status = status})) << status;
  for (const int status : {1, 127, 128 + SIGSYS, 128 + SIGKILL}) EXPECT_TRUE(HasFailed({.status = status})) << status;
}

TEST_F(CapabilitiesTest, OverriddenCredentialsAreForeign) {
  Foreign("CAP_FOWNER");
  EXPECT_EQ(Judge("CAP_FOWNER").verdict, Verdict::kForeign);
  EXPECT_TRUE(Needed().empty());
}

TEST_F(CapabilitiesTest, ReadSearchIsEnoughWhenOverrideOnlyFollowedIt) {
  Checked("CAP_DAC_READ_SEARCH", "openat", 0, 4);
  Checked("CAP_DAC_OVERRIDE", "openat", 4, 0);
  EXPECT_EQ(Judge("CAP_DAC_READ_SEARCH").verdict, Verdict::kNeeded);
  EXPECT_EQ(Judge("CAP_DAC_OVERRIDE").verdict, Verdict::kAlternative);
  EXPECT_EQ(Needed(), std::vector<std::string>{"CAP_DAC_READ_SEARCH"});
}

TEST_F(CapabilitiesTest, OverrideIsNeededWhenItWasAlsoAskedForByItself) {
  Checked("CAP_DAC_READ_SEARCH", "openat", 0, 4);
  Checked("CAP_DAC_OVERRIDE", "openat", 5, 0);
  EXPECT_EQ(Needed(), std::vector<std::string>{"CAP_DAC_OVERRIDE"});
}

TEST_F(CapabilitiesTest, OverrideNeededElsewhereAnswersForReadSearch) {
  Checked("CAP_DAC_READ_SEARCH", "openat", 6, 0);
  Checked("CAP_DAC_OVERRIDE", "unlinkat", 1, 0);
  EXPECT_EQ(Needed(), std::vector<std::string>{"CAP_DAC_OVERRIDE"});
  EXPECT_EQ(Judge("CAP_DAC_READ_SEARCH").verdict, Verdict::kAlternative);
}

TEST_F(CapabilitiesTest, OpeningByHandleHasNoOtherAnswer) {
  Checked("CAP_DAC_READ_SEARCH", "open_by_handle_at", 1, 0);
  Checked("CAP_DAC_OVERRIDE", "unlinkat", 1, 0);
  EXPECT_EQ(Needed(), (std::vector<std::string>{"CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH"}));
}

TEST_F(CapabilitiesTest, TheNarrowCapabilityIsAdvisedInThePlaceOfSysAdmin) {
  Checked("CAP_BPF", "bpf", 0, 2);
  Checked("CAP_PERFMON", "bpf", 0, 1);
  Checked("CAP_SYS_ADMIN", "bpf", 3, 0);
  EXPECT_EQ(Needed(), (std::vector<std::string>{"CAP_PERFMON", "CAP_BPF"}));
}

TEST_F(CapabilitiesTest, WhereItWasAskedDecidesAndNotTheCall) {
  // By the call alone, one would be passing and the other a need.
  CheckedAt("CAP_SYS_PTRACE", "openat", {"ns_capable", "__ptrace_may_access", "mm_access", "proc_mem_open"}, 1, 0);
  CheckedAt("CAP_SYS_ADMIN", "write", {"cap_vm_enough_memory", "__vm_enough_memory", "shmem_write_begin"}, 9, 0);
  EXPECT_EQ(Judge("CAP_SYS_PTRACE").verdict, Verdict::kNeeded);
  EXPECT_NE(Judge("CAP_SYS_PTRACE").why.find("(__ptrace_may_access, kernel/ptrace.c)"), std::string::npos);
  EXPECT_EQ(Judge("CAP_SYS_ADMIN").verdict, Verdict::kOpportunistic);
  EXPECT_EQ(Needed(), std::vector<std::string>{"CAP_SYS_PTRACE"});
}

TEST_F(CapabilitiesTest, OneOfTwoPlacesInACallDecides) {
  CheckedAt("CAP_SYS_ADMIN", "clone3", {"cap_vm_enough_memory", "dup_mmap", "copy_process"}, 9, 0);
  CheckedAt("CAP_SYS_ADMIN", "clone3", {"ns_capable", "copy_namespaces", "copy_process"}, 1, 0);
  const CapabilityVerdict verdict = Judge("CAP_SYS_ADMIN");
  EXPECT_EQ(verdict.verdict, Verdict::kNeeded);
  EXPECT_EQ(verdict.granted, 10U);
  EXPECT_EQ(verdict.why, "checked during clone3: making namespaces (copy_namespaces, kernel/nsproxy.c)");
}

TEST_F(CapabilitiesTest, APlaceThatNobodyKnowsIsANeed) {
  CheckedAt("CAP_SYS_ADMIN", "ioctl", {"capable", "some_new_driver"}, 1, 0);
  EXPECT_EQ(Judge("CAP_SYS_ADMIN").verdict, Verdict::kNeeded);
  EXPECT_EQ(Judge("CAP_SYS_ADMIN").why, "checked during ioctl: asked by some_new_driver");
}

TEST_F(CapabilitiesTest, AskedInVainIsInPassing) {
  CheckedAt("CAP_SETPCAP", "capset", {"cap_capset", "security_capset", "sys_capset"}, 3, 0, true);
  EXPECT_EQ(Judge("CAP_SETPCAP").verdict, Verdict::kOpportunistic);
  CheckedAt("CAP_SETPCAP", "capset", {"cap_capset", "security_capset", "sys_capset"}, 1, 0);
  EXPECT_EQ(Judge("CAP_SETPCAP").verdict, Verdict::kNeeded);
}

TEST_F(CapabilitiesTest, WhatOnlyARunWithoutItTellsIsRecommendedAndSaidToBe) {
  CheckedAt("CAP_NET_ADMIN", "setsockopt", {"sockopt_ns_capable", "do_tcp_setsockopt"}, 1, 0);
  EXPECT_EQ(Judge("CAP_NET_ADMIN").verdict, Verdict::kUndecided);
  EXPECT_EQ(Needed(), std::vector<std::string>{"CAP_NET_ADMIN"});
}

TEST_F(CapabilitiesTest, AWeakerOneThatIsAskedForNextIsAdvised) {
  CheckedAt("CAP_SYS_ADMIN", "ioprio_set", {"capable", "ioprio_check_cap"}, 1, 0);
  EXPECT_EQ(Judge("CAP_SYS_ADMIN").verdict, Verdict::kAlternative);
  EXPECT_EQ(Needed(), std::vector<std::string>{"CAP_SYS_NICE"});
}

TEST_F(CapabilitiesTest, ChainsAreFollowedPlaceByPlace) {
  CheckedAt("CAP_BPF", "bpf", {"bpf_token_capable", "bpf_prog_load"}, 0, 1);
  CheckedAt("CAP_SYS_ADMIN", "bpf", {"bpf_token_capable", "bpf_prog_load"}, 1, 0);
  CheckedAt("CAP_SYS_ADMIN", "bpf", {"cap_vm_enough_memory", "bpf_prog_load"}, 5, 0);
  EXPECT_EQ(Needed(), std::vector<std::string>{"CAP_BPF"});
}

TEST_F(CapabilitiesTest, WhatFewRunsShowIsSaid) {
  CheckedAt("CAP_KILL", "kill", {"ns_capable", "check_kill_permission"}, 1, 0);
  CapabilityRuns runs;
  for (runs.count = 1; runs.count < 5; ++runs.count) AddCapabilityRun(5, {}, runs);
  AddCapabilityRun(5, uses_[5], runs);
  const CapabilityVerdict verdict = JudgeCapabilities(*ShippedCapabilityData().value(), uses_, {}, runs).front();
  EXPECT_EQ(verdict.verdict, Verdict::kNeeded);
  EXPECT_EQ(verdict.why,
            "checked during kill, in 1 of 5 runs only: a signal to another user's process (check_kill_permission, "
            "kernel/signal.c)");
}

}  // namespace
}  // namespace syscarve
