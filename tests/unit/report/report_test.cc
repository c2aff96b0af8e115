// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/unit/policy/recordings.h"
#include "tests/unit/report/has.h"
#include "userspace/base/sentence.h"
#include "userspace/policy/generate.h"
#include "userspace/report/explain.h"
#include "userspace/report/summary.h"
#include "userspace/report/wording.h"

namespace syscarve {
namespace {

GeneratedProfile Make(const RecordingBuilder& builder, const GenerateOptions& options = {}) {
  const std::vector<Recording> recordings = {builder.Build()};
  absl::StatusOr<GeneratedProfile> made = Generate(recordings, options);
  EXPECT_TRUE(made.ok()) << made.status();
  return made.ok() ? *std::move(made) : GeneratedProfile{};
}

TEST(ExplainTest, NamesProgramRunTimeAndCount) {
  RecordingBuilder builder("unit tests");
  const std::vector<std::string> names = {"openat", "mount", "clone", "stat64"};
  const std::string text = ExplainText(Make(builder.Call("openat", 23).Call("clone3")), names);
  EXPECT_TRUE(Has(text,
                  "openat\n  seen 23 times in run \"unit tests\" by \"program\", first after 0.012 s\n"
                  "    23 times by /usr/bin/program\n"))
      << text;
  EXPECT_TRUE(Has(text, "mount\n  not in the profile: refused with EPERM\n")) << text;
  EXPECT_TRUE(Has(text, "clone\n  closure older-spelling, because of clone3: ")) << text;
  EXPECT_TRUE(Has(text, "stat64\n  no ABI of the profile has this call\n")) << text;
}

TEST(ExplainTest, NamesWhatAFilterRefusedWhileRecording) {
  RecordingBuilder builder("unit tests");
  builder.Calls({"openat", "vfork"}).Denied("vfork", EPERM, 3).Denied("clone3", 0).Denied("clone3", ENOSYS, 7);
  builder.Denied("mount", EACCES);
  const GeneratedProfile made = Make(builder, {.closure = ClosureMode::kNone});
  const std::vector<std::string> names = {"vfork", "clone3"};
  const std::string text = ExplainText(made, names);
  EXPECT_TRUE(Has(text,
                  "  refused by a filter already in force (EPERM) 3 times in run \"unit tests\" by \"program\"\n"
                  "    3 times by /usr/bin/program\n"))
      << text;
  EXPECT_TRUE(Has(text,
                  "clone3\n  not in the profile: refused with ENOSYS\n"
                  "  refused by a filter already in force (killed) 1 time in run"))
      << text;
  EXPECT_TRUE(Has(text, "  harmless where refused with ENOSYS: glibc 2.34 falls back on clone ")) << text;
  EXPECT_TRUE(Has(ExplainText(made, {}), "mount\n  not in the profile: refused with EPERM\n  refused by a filter"));

  std::string json = ExplainJson(made, {});
  std::erase_if(json, [](char c) { return c == ' ' || c == '\n'; });
  EXPECT_TRUE(Has(json, R"("outcome":"errno","errno":"EACCES","harmless":false)")) << json;
  EXPECT_TRUE(Has(json, R"("outcome":"killed","harmless":false)")) << json;
  EXPECT_TRUE(Has(json, R"("outcome":"errno","errno":"ENOSYS","harmless":true)")) << json;
}

TEST(ExplainTest, JsonHasArgumentsProofsAndWhatIsNotAllowed) {
  RecordingBuilder builder;
  GeneratedProfile made = Make(builder.Calls({"ioctl", "openat"}), {.closure = ClosureMode::kNone});
  for (AllowedCall& call : made.calls) {
    if (call.name == "openat") call.proven = {.verdict = ProofVerdict::kNeeded, .why = "exit status 1\x1b"};
  }
  ArgumentSighting sighting;
  sighting.call = "ioctl(…, TIOCSTI)";
  sighting.files = {"tty"};
  sighting.high_risk = true;
  sighting.programs = {{.path = "/bin/a"}};
  sighting.runs = 2;
  sighting.proven = {.verdict = ProofVerdict::kNotNeeded, .why = ""};
  const ArgumentCondition is_tiocsti = {.index = 1, .op = CompareOp::kEqual, .value = 0x5412, .value_two = 0};
  made.narrowed.push_back({.name = "ioctl",
                           .rules = {{.conditions = {is_tiocsti}, .action = {ActionKind::kAllow, 0}},
                                     {.conditions = {}, .action = {ActionKind::kErrno, EPERM}}},
                           .closure = "",
                           .by_arguments = true,
                           .words = {"TIOCSTI", ""},
                           .seen = {sighting}});
  made.replaced["clone3"] = "clone";
  const std::vector<std::string> names = {"openat", "clone3", "ioctl"};
  std::string json = ExplainJson(made, names);
  std::erase_if(json, [](char c) { return c == ' ' || c == '\n'; });
  EXPECT_TRUE(Has(json, R"("proven":{"verdict":"needed","why":"exitstatus1\u001b"})")) << json;
  EXPECT_TRUE(
      Has(json, R"({"name":"clone3","allowed":false,"action":"SCMP_ACT_ERRNO","errno":"ENOSYS","instead":"clone"})"))
      << json;
  EXPECT_TRUE(Has(json,
                  R"x("arguments":{"allowed":[{"when":["arg1==0x5412"],"values":"TIOCSTI"}],"seen":[{"call":"ioctl(…,)x"
                  R"x(TIOCSTI)","runs":2,"programs":["/bin/a"],"on":["tty"],"risk":"high",)x"
                  R"x("proven":{"verdict":"not-needed","why":""}}]})x"))
      << json;
  // In the order asked for, and of nothing else.
  EXPECT_LT(json.find("openat"), json.find("clone3"));
  EXPECT_FALSE(Has(json, "capabilities"));
}

TEST(ExplainTest, NothingThatARecordingHoldsReachesATerminalRaw) {
  RecordingBuilder builder("run\x1b]0;title\x07\n\"fake\"");
  builder.Call("openat").Denied("vfork", EPERM);
  builder.recording().programs[0].path = "/tmp/\x1b[2J\xff\nopenat";
  builder.recording().subjects[0].name = "sub\rject\xe2\x80\xae";
  const GeneratedProfile made = Make(builder);
  for (const std::string& text : {ExplainText(made, {}), GenerateSummary(made)}) {
    for (const char c : text) {
      EXPECT_TRUE(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f)) << static_cast<int>(c);
    }
    EXPECT_FALSE(Has(text, "\xe2\x80\xae"));
    EXPECT_FALSE(Has(text, "\nopenat\nopenat"));
    EXPECT_FALSE(Has(text, "\n\"fake\""));
  }
  EXPECT_TRUE(Has(ExplainJson(made, {}), "/tmp/\\u001b[2J%FF\\nopenat")) << ExplainJson(made, {});
}

TEST(ExplainTest, ProfilesSayActionConditionsAndComment) {
  Profile profile{.default_action = {ActionKind::kErrno, ENOSYS}, .abis = {Abi::kX86_64}};
  profile.rules = {{.names = {"personality"},
                    .action = {ActionKind::kAllow, 0},
                    .conditions = {{.index = 0, .op = CompareOp::kEqual, .value = 8},
                                   {.index = 1, .op = CompareOp::kMaskedEqual, .value = 0xff, .value_two = 3}},
                    .comment = "by \x1b hand"},
                   {.names = {"mount"}, .action = {ActionKind::kKillProcess, 0}}};
  EXPECT_EQ(ExplainText(profile, {}),
            "mount\n  kills the process\n"
            "personality\n  allowed when arg0 == 0x8 and arg1 & 0xff == 0x3: by \\x1b hand\n"
            "any other call\n  refused with ENOSYS\n");
  const std::vector<std::string> names = {"open"};
  EXPECT_EQ(ExplainText(profile, names), "open\n  no rule has this name: refused with ENOSYS\n");
  EXPECT_TRUE(Has(ExplainJson(profile, {}), R"("when": ["arg0 == 0x8", "arg1 & 0xff == 0x3"])"));
}

TEST(SummaryTest, CountsWhatIsLeftAndNamesCapabilities) {
  RecordingBuilder builder;
  builder.Calls({"read", "bind"})
      .Capability("CAP_NET_BIND_SERVICE", "bind", 1, 0)
      .Capability("CAP_SYS_ADMIN", "mmap", 9, 0);
  const GeneratedProfile made = Make(builder, {.closure = ClosureMode::kNone});
  const Reach reach = NativeReach(made);
  EXPECT_EQ(reach.allowed, 2U);
  EXPECT_GT(reach.kernel, 370U);
  const std::string text = GenerateSummary(made);
  EXPECT_TRUE(Has(text, "2 of the kernel's ")) << text;
  EXPECT_TRUE(Has(text, "(2 seen)")) << text;
  EXPECT_TRUE(Has(text, "--cap-drop ALL --cap-add CAP_NET_BIND_SERVICE\n")) << text;
  EXPECT_TRUE(Has(text, "\n  opportunistic: CAP_SYS_ADMIN\n")) << text;
}

TEST(SummaryTest, SaysWhatWasCutNarrowedReplacedAndProven) {
  RecordingBuilder builder;
  builder.Calls({"read", "mount"}).Call("getpid", 1, Abi::kI386).Capability("CAP_CHOWN", "fchown", 1, 0);
  GeneratedProfile made = Make(builder, {.closure = ClosureMode::kNone});
  CutCall cut;
  cut.answer = {ActionKind::kErrno, EPERM};
  for (const AllowedCall& call : made.calls) {
    if (call.name == "mount") cut.call = call;
  }
  made.cut.push_back(cut);
  cut.call = {.name = "umount2"};
  made.cut.push_back(cut);
  made.replaced["clone3"] = "clone";
  made.left_out["prctl"] = "own";
  made.capabilities.front().verdict = Verdict::kNotNeeded;
  const std::string text = GenerateSummary(made);
  EXPECT_TRUE(Has(text, "calls of i386 were seen, so the profile lists their architecture, too\n")) << text;
  EXPECT_TRUE(Has(text, "cut by the ceiling: mount (refused with EPERM, seen 1 time)\n")) << text;
  EXPECT_TRUE(Has(text, "cut by the ceiling from what closure would add: 1\n")) << text;
  EXPECT_TRUE(
      Has(text, "refused, as no filter can see its arguments, which are in memory: clone3; clone does the same\n"))
      << text;
  EXPECT_TRUE(Has(text, "left out, as it cannot be allowed for some arguments only here: prctl (closure own)\n"))
      << text;
  EXPECT_TRUE(Has(text, "  granted, and proven not needed: CAP_CHOWN\n")) << text;
}

TEST(WordingTest, Small) {
  EXPECT_EQ(Times(1), "1 time");
  EXPECT_EQ(Times(0), "0 times");
  EXPECT_EQ(Seconds(12'345'678), "0.012 s");
  EXPECT_EQ(Seconds(61'005'000'000), "61.005 s");
  EXPECT_EQ(ErrnoWords(ENOSYS), "ENOSYS");
  EXPECT_EQ(ErrnoWords(999), "errno 999");
  EXPECT_EQ(Quoted("a\"b\\"), R"("a\"b\\")");
}

}  // namespace
}  // namespace syscarve
