// SPDX-License-Identifier: Apache-2.0
// What came of the calls in which a capability was asked for, with programs whose calls end in known ways.
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/bpf/record_command.h"
#include "userspace/model/syscall_table.h"
#include "userspace/policy/capabilities.h"
#include "userspace/shipped/shipped_data.h"
#include "userspace/trace/bpf_event_source.h"

namespace syscarve {
namespace {

using Results = std::map<CallResult, ResultCount>;

class ResultsTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto facts = ProbeBpfRecording();
    if (!facts.ok()) GTEST_SKIP() << "BPF cannot be used here: " << facts.status().message();
    if (facts->capability_source == "none") GTEST_SKIP() << "no attach point for capability checks";
    options_.track_denials = true;
  }

  Recording Record(std::vector<std::string> cases, int status = 0) {
    cases.insert(cases.begin(), std::string(SYSCARVE_WORKLOADS "/call_results"));
    Recording recording = RecordedCommand(cases, options_, status);
    EXPECT_TRUE(recording.complete());
    return recording;
  }

  // Those of one capability in one call, over all programs.
  static CapabilityChecks Checks(const Recording& recording, std::string_view capability, std::string_view call) {
    const SubjectTrace trace = recording.runs.at(0).subjects.at(0);
    const auto use = trace.capabilities.find(CapabilityFromName(capability).value());
    if (use == trace.capabilities.end()) return {};
    const auto found = use->second.during.find(FindSyscall(NativeAbi(), call).value());
    return found == use->second.during.end() ? CapabilityChecks{} : found->second;
  }

  static CapabilityVerdict Judge(const Recording& recording, std::string_view capability) {
    const auto run = recording.runs.at(0);
    const std::map<int, CapabilityUse>& uses = run.subjects.at(0).capabilities;
    const bool failed = run.command.has_value() && HasFailed(*run.command);
    for (CapabilityVerdict& verdict :
         JudgeCapabilities(*ShippedCapabilityData().value(), uses, failed ? uses : std::map<int, CapabilityUse>())) {
      if (verdict.capability == CapabilityFromName(capability).value()) return verdict;
    }
    ADD_FAILURE() << "no verdict on " << capability;
    return {};
  }

  RecordOptions options_;
};

// arm64 has no chown.
std::string_view Chown() {
  return FindSyscall(NativeAbi(), "chown").has_value() ? "chown" : "fchownat";
}

constexpr CallResult kRefusedBind = {.granted = false, .errno_value = EACCES};

TEST_F(ResultsTest, RefusedAndSurvived) {
  const Recording recording = Record({"survive"});
  const CapabilityChecks checks = Checks(recording, "CAP_CHOWN", Chown());
  EXPECT_EQ(checks.denied, 3u);
  EXPECT_EQ(checks.results, (Results{{{.granted = false, .errno_value = EPERM}, {.count = 3}}}));
  EXPECT_EQ(Judge(recording, "CAP_CHOWN").verdict, Verdict::kSurvived);
}

TEST_F(ResultsTest, RefusedAndFailed) {
  for (const auto& [name, status] : {std::pair("fail", 1), std::pair("abort", 128 + SIGABRT)}) {
    const Recording recording = Record({name}, status);
    const CapabilityChecks checks = Checks(recording, "CAP_NET_BIND_SERVICE", "bind");
    EXPECT_EQ(checks.denied, 1u);
    EXPECT_EQ(checks.results, (Results{{kRefusedBind, {.count = 1, .ended = 1}}})) << name;
    EXPECT_EQ(Judge(recording, "CAP_NET_BIND_SERVICE").verdict, Verdict::kFailed) << name;
  }
}

TEST_F(ResultsTest, WhoEndsLaterOrAsAnotherProgramHasSurvivedThat) {
  for (const char* name : {"late", "exec"}) {
    const Recording recording = Record({name}, 1);
    EXPECT_EQ(Checks(recording, "CAP_NET_BIND_SERVICE", "bind").results, (Results{{kRefusedBind, {.count = 1}}}))
        << name;
    EXPECT_EQ(Judge(recording, "CAP_NET_BIND_SERVICE").verdict, Verdict::kPossible) << name;
  }
}

TEST_F(ResultsTest, GrantedAndSucceeded) {
  const Recording recording = Record({"setuid"});
  const CapabilityChecks checks = Checks(recording, "CAP_SETUID", "setuid");
  EXPECT_EQ(checks.granted, 1u);
  EXPECT_EQ(checks.results, (Results{{{.granted = true, .errno_value = 0}, {.count = 1}}}));
  EXPECT_EQ(Judge(recording, "CAP_SETUID").verdict, Verdict::kNeeded);
}

TEST_F(ResultsTest, GrantedAndTheCallFailedAllTheSame) {
  const Recording recording = Record({"missing"});
  const CapabilityChecks checks = Checks(recording, "CAP_SYS_ADMIN", "swapon");
  if (checks.granted == 0) GTEST_SKIP() << "the kernel is built without swapon";
  EXPECT_EQ(checks.results, (Results{{{.granted = true, .errno_value = ENOENT}, {.count = 1}}}));
  const CapabilityVerdict verdict = Judge(recording, "CAP_SYS_ADMIN");
  EXPECT_EQ(verdict.verdict, Verdict::kUndecided) << verdict.why;
}

TEST_F(ResultsTest, EachCallHasItsOwn) {
  const Recording recording = Record({"twice"});
  EXPECT_EQ(Checks(recording, "CAP_SYS_ADMIN", "sethostname").results,
            (Results{{{.granted = true, .errno_value = EINVAL}, {.count = 1}}}));
  const CapabilityChecks chown = Checks(recording, "CAP_CHOWN", Chown());
  EXPECT_GE(chown.granted, 1u);
  EXPECT_EQ(chown.results, (Results{{{.granted = true, .errno_value = 0}, {.count = chown.granted}}}));
}

TEST_F(ResultsTest, WithoutExitsNothingIsSaid) {
  options_.track_denials = false;
  const Recording recording = Record({"survive"});
  EXPECT_EQ(Checks(recording, "CAP_CHOWN", Chown()), (CapabilityChecks{.granted = 0, .denied = 3}));
  EXPECT_EQ(Judge(recording, "CAP_CHOWN").verdict, Verdict::kUnused);
}

// Sums that a reader takes, also when many tasks are refused at once.
TEST_F(ResultsTest, OfManyProcessesAtOnceAllAreCounted) {
  const std::string script = absl::StrCat("for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do for j in 1 2 3 4; do ",
                                          SYSCARVE_WORKLOADS, "/call_results fail; done & done; wait; exit 0");
  const Recording recording = RecordedCommand({"/bin/sh", "-c", script}, options_, 0);
  const CapabilityChecks checks = Checks(recording, "CAP_NET_BIND_SERVICE", "bind");
  EXPECT_EQ(checks.denied, 64u);
  EXPECT_EQ(checks.results, (Results{{kRefusedBind, {.count = 64, .ended = 64}}}));
}

}  // namespace
}  // namespace syscarve
