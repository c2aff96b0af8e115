// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/generate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <random>
#include <set>

#include "tests/unit/actions.h"
#include "tests/unit/effort.h"
#include "tests/unit/policy/recordings.h"
#include "userspace/base/concat.h"
#include "userspace/model/profile_json.h"
#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/rule_evaluator.h"
#include "userspace/seccomp/verify.h"
#include "userspace/shipped/baseline.h"

namespace syscarve {
namespace {

GenerateOptions Exactly() {
  return {.closure = ClosureMode::kNone};
}

GeneratedProfile Make(std::vector<Recording> recordings, const GenerateOptions& options = Exactly()) {
  absl::StatusOr<GeneratedProfile> made = Generate(recordings, options);
  EXPECT_TRUE(made.ok()) << made.status();
  return made.ok() ? *std::move(made) : GeneratedProfile{};
}

std::set<std::string> Names(const GeneratedProfile& made) {
  std::set<std::string> names;
  for (const AllowedCall& call : made.calls) names.insert(call.name);
  return names;
}

bool Warns(const GeneratedProfile& made, std::string_view words) {
  return std::any_of(made.warnings.begin(), made.warnings.end(),
                     [&](const std::string& warning) { return warning.find(words) != std::string::npos; });
}

// What the filter that libseccomp makes of the profile answers, as the kernel would be asked.
class Enforced {
 public:
  explicit Enforced(const Profile& profile) : program_(Compile(profile).value()) {}
  Action Ask(SyscallId id) const {
    return ActionFromReturn(
        Evaluate(program_, {.nr = static_cast<int>(SeccompDataNumber(id)), .arch = AuditArch(id.abi)}));
  }
  Action Ask(std::string_view name) const { return Ask(FindSyscall(Abi::kX86_64, name).value()); }

 private:
  FilterProgram program_;
};

TEST(GenerateTest, AllowsExactlyTheSeenCallsOverEveryNumber) {
  std::mt19937 random(3);
  for (int round = 0; round < InputsToTry(12, 4); ++round) {
    RecordingBuilder builder;
    std::set<std::string> names;
    std::set<Abi> abis = {Abi::kX86_64};
    for (const Abi abi : {Abi::kX86_64, Abi::kI386, Abi::kX32}) {
      if (abi != Abi::kX86_64 && random() % 2 == 0) continue;
      for (const SyscallEntry& entry : SyscallTable(abi)) {
        if (random() % 8 != 0 || IsExemptFromSeccomp({abi, entry.nr})) continue;
        builder.CallNumber({abi, entry.nr}, 1 + random() % 100);
        names.insert(entry.name);
        abis.insert(abi);
      }
    }
    for (const UnlistedMode unlisted :
         {UnlistedMode::kEnosys, UnlistedMode::kEperm, UnlistedMode::kKill, UnlistedMode::kLog}) {
      GenerateOptions options = Exactly();
      options.unlisted = unlisted;
      const GeneratedProfile made = Make({builder.Build()}, options);
      EXPECT_EQ(Names(made), names);
      const Enforced enforced(made.profile);
      for (const Abi abi : {Abi::kX86_64, Abi::kI386, Abi::kX32}) {
        for (int nr = 0; nr < 1100; ++nr) {
          if (IsExemptFromSeccomp({abi, nr})) continue;
          const std::optional<std::string> name = SyscallName({abi, nr});
          const bool listed = abis.contains(abi) && name.has_value() && names.contains(*name);
          ASSERT_EQ(enforced.Ask({abi, nr}) == kAllowAction, listed)
              << "round " << round << ", " << DisplayName({abi, nr});
        }
      }
    }
  }
}

TEST(GenerateTest, OtherAbisAreInTheProfileOnlyWhenSeen) {
  EXPECT_EQ(Make({RecordingBuilder().Call("getpid").Build()}).profile.abis, std::vector<Abi>{Abi::kX86_64});
  const GeneratedProfile made =
      Make({RecordingBuilder().Call("getpid").Call("open", 1, Abi::kI386).Call("getpid", 1, Abi::kI386).Build()});
  EXPECT_EQ(made.profile.abis, (std::vector<Abi>{Abi::kX86_64, Abi::kI386}));
  EXPECT_TRUE(Warns(made, "seen on i386 only and allowed on x86_64 too"));
  EXPECT_TRUE(Warns(made, ": open"));
  EXPECT_FALSE(Warns(made, "getpid"));
}

TEST(GenerateTest, SocketcallIsLetThroughForNamedFunctionsOnly) {
  GenerateOptions options = Exactly();
  options.unlisted = UnlistedMode::kKill;
  const GeneratedProfile made =
      Make({RecordingBuilder().Call("socket").Call("getpid", 1, Abi::kI386).Build()}, options);
  const RuleEvaluator decider(made.profile);
  const SyscallId socketcall = FindSyscall(Abi::kI386, "socketcall").value();
  EXPECT_EQ(decider.Decide(socketcall, {1}), kAllowAction);
  EXPECT_EQ(decider.Decide(socketcall, {2}).kind, ActionKind::kKillProcess);
}

TEST(GenerateTest, ClosureAddsWithReasonsAndOnlyWhatTheAbiHas) {
  const GeneratedProfile made = Make({RecordingBuilder().Call("newfstatat").Build()}, {.closure = ClosureMode::kSafe});
  const std::set<std::string> names = Names(made);
  for (const char* name :
       {"exit_group", "restart_syscall", "rt_sigreturn", "clock_gettime", "tgkill", "stat", "lstat", "fstat"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
  for (const char* name : {"stat64", "clock_gettime64", "sigreturn", "openat", "statx"})
    EXPECT_FALSE(names.contains(name)) << name;
  for (const AllowedCall& call : made.calls) {
    EXPECT_TRUE(!call.sightings.empty() || !call.closure.empty()) << call.name;
  }
  // Every allowed name is in exactly one rule, and that rule says why.
  std::multiset<std::string> in_rules;
  for (const Rule& rule : made.profile.rules) {
    EXPECT_FALSE(rule.comment.empty());
    if (rule.action == kAllowAction) in_rules.insert(rule.names.begin(), rule.names.end());
    EXPECT_TRUE(std::is_sorted(rule.names.begin(), rule.names.end()));
  }
  EXPECT_EQ(in_rules, std::multiset<std::string>(names.begin(), names.end()));
}

// Allowed names over the closures, each for its own reasons.
TEST(GenerateTest, EachClosureAllowsWhatTheNarrowerOneDoes) {
  const std::vector<Recording> recordings = {
      RecordingBuilder()
          .Calls({"open", "dup2", "fork", "epoll_wait", "unlink", "mmap", "futex", "clone", "time"})
          .Build()};
  std::set<std::string> narrower;
  for (const ClosureMode mode : {ClosureMode::kNone, ClosureMode::kSafe, ClosureMode::kPortable}) {
    const GeneratedProfile made = Make(recordings, {.closure = mode});
    const std::set<std::string> names = Names(made);
    EXPECT_TRUE(std::ranges::includes(names, narrower));
    std::set<std::string> counted;
    for (const auto& [rule, added] : made.closure) counted.insert(added.begin(), added.end());
    EXPECT_EQ(counted.size() + 9, names.size()) << "each added name is counted for one rule";
    narrower = names;
  }
}

// Whether a thread yields or a buffer is written in parts is incidental, and none of it is in the profile's bytes.
TEST(GenerateTest, ChanceLeavesNoTraceInTheProfile) {
  const auto profile = [](std::initializer_list<std::string_view> names) {
    RecordingBuilder builder;
    builder.Calls({"openat", "mmap", "clone3", "futex", "write"}).Calls(names);
    return FormatProfile(Make({builder.Build()}, {}).profile);
  };
  const std::string without = profile({});
  EXPECT_EQ(profile({"sched_yield", "tgkill", "rt_sigreturn", "madvise", "munmap", "exit", "clock_gettime"}), without);
  EXPECT_EQ(profile({"writev"}), without);
  EXPECT_NE(profile({"readv"}), without);
  EXPECT_EQ(without.find("\"seen\""), without.rfind("\"seen\""));
}

// Whether a start that was observed showed a call that the runtime makes now and then is incidental, too.
TEST(GenerateTest, ChanceOfTheRuntimeLeavesNoTraceInTheProfile) {
  const auto profile = [](std::vector<std::string> observed) {
    GenerateOptions options;
    options.baselines = {{.source = "observed", .names = std::move(observed)},
                         {.source = "go-runtime", .names = {"sched_yield", "tgkill", "nanosleep"}, .incidental = true}};
    return FormatProfile(Make({RecordingBuilder().Call("read").Build()}, options).profile);
  };
  EXPECT_EQ(profile({"capset"}), profile({"capset", "nanosleep", "sched_yield"}));
  EXPECT_NE(profile({"capset"}), profile({"capset", "setuid"}));
}

TEST(GenerateTest, PortableSpeaksOfBothArchitecturesWhicheverWasRecorded) {
  RecordingBuilder aarch64;
  aarch64.recording().host.native_abi = Abi::kAarch64;
  aarch64.Call("openat", 3, Abi::kAarch64).Call("dup3", 1, Abi::kAarch64).Call("clone", 1, Abi::kAarch64);
  aarch64.Call("set_tid_address", 1, Abi::kAarch64).Call("unlinkat", 1, Abi::kAarch64);
  const GeneratedProfile there = Make({aarch64.Build()}, {.closure = ClosureMode::kPortable});
  const GeneratedProfile here =
      Make({RecordingBuilder().Calls({"open", "dup2", "clone", "set_tid_address", "unlink"}).Build()},
           {.closure = ClosureMode::kPortable});
  for (const GeneratedProfile* made : {&there, &here}) {
    EXPECT_EQ(made->profile.abis, (std::vector<Abi>{Abi::kX86_64, Abi::kAarch64}));
    EXPECT_TRUE(made->warnings.empty()) << made->warnings[0];
    const Enforced enforced(made->profile);
    for (const char* name : {"open", "dup2", "fork", "arch_prctl", "unlink"})
      EXPECT_EQ(enforced.Ask(name), kAllowAction) << name;
    for (const char* name : {"openat", "dup3", "clone", "unlinkat", "exit_group"}) {
      EXPECT_EQ(enforced.Ask(*FindSyscall(Abi::kAarch64, name)), kAllowAction) << name;
    }
    EXPECT_EQ(enforced.Ask(*FindSyscall(Abi::kAarch64, "mount")), kEperm);
    EXPECT_EQ(enforced.Ask(*FindSyscall(Abi::kAarch64, "statx")), kEnosys);
    EXPECT_EQ(enforced.Ask(*FindSyscall(Abi::kI386, "exit_group")).kind, ActionKind::kKillThread);
  }
}

TEST(GenerateTest, PortableCloneForForkMakesNoNamespaces) {
  const std::vector<Recording> recordings = {RecordingBuilder().Call("fork").Build()};
  GenerateOptions options{.closure = ClosureMode::kPortable};
  const GeneratedProfile made = Make(recordings, options);
  ASSERT_EQ(made.narrowed.size(), 1U);
  EXPECT_EQ(made.narrowed[0].name, "clone");
  const RuleEvaluator decider(made.profile);
  for (const Abi abi : {Abi::kX86_64, Abi::kAarch64}) {
    const SyscallId clone = *FindSyscall(abi, "clone");
    EXPECT_EQ(decider.Decide(clone, {0x11}), kAllowAction);
    EXPECT_EQ(decider.Decide(clone, {0x10000011}), kEnosys) << "CLONE_NEWUSER";
  }
  // Seen or asked for, it is allowed as ever.
  EXPECT_TRUE(Make({RecordingBuilder().Calls({"fork", "clone"}).Build()}, options).narrowed.empty());
  EXPECT_TRUE(Make({RecordingBuilder().Calls({"fork", "clone3"}).Build()}, options).narrowed.empty());
  options.allow = {"clone"};
  EXPECT_TRUE(Make(recordings, options).narrowed.empty());
  options = {.closure = ClosureMode::kPortable, .block = {"clone"}};
  EXPECT_FALSE(Names(Make(recordings, options)).contains("clone"));
}

TEST(GenerateTest, AConditionOfClosureHoldsUnderACeiling) {
  const std::vector<Recording> recordings = {RecordingBuilder().Calls({"fork", "getrlimit"}).Build()};
  GenerateOptions options{.closure = ClosureMode::kPortable};
  const ArgumentCondition no_new_namespaces = {
      .index = 0, .op = CompareOp::kMaskedEqual, .value = 0x7e020000, .value_two = 0};
  options.ceiling = Profile{.default_action = kEperm, .abis = {Abi::kX86_64, Abi::kAarch64}};
  options.ceiling->rules = {{.names = {"fork", "getrlimit", "exit", "exit_group"}, .action = kAllowAction},
                            {.names = {"clone"}, .action = kAllowAction, .conditions = {no_new_namespaces}},
                            {.names = {"prlimit64"},
                             .action = kAllowAction,
                             .conditions = {{.index = 0, .op = CompareOp::kEqual, .value = 3}}}};
  const GeneratedProfile made = Make(recordings, options);
  const RuleEvaluator decider(made.profile);
  const SyscallId clone = *FindSyscall(Abi::kX86_64, "clone");
  EXPECT_EQ(decider.Decide(clone, {0x11}), kAllowAction);
  EXPECT_NE(decider.Decide(clone, {0x10000011}), kAllowAction);
  EXPECT_FALSE(Names(made).contains("prlimit64")) << "two conditions on one argument cannot be written";
}

TEST(GenerateTest, UnlistedEnosysIsWhatALibcExpects) {
  const GeneratedProfile made = Make({RecordingBuilder().Call("read").Build()});
  const Enforced enforced(made.profile);
  for (const char* name : {"clone3", "openat2", "statx", "faccessat2", "close_range", "fchmodat2", "pwritev2", "rseq",
                           "futex_waitv", "io_uring_setup", "file_setattr"}) {
    EXPECT_EQ(enforced.Ask(name), kEnosys) << name;
  }
  for (const char* name : {"mount", "ptrace", "mkdir", "bpf", "write", "setns", "keyctl"})
    EXPECT_EQ(enforced.Ask(name), kEperm) << name;
  EXPECT_EQ(enforced.Ask({Abi::kX86_64, 9999}), kEnosys);
  EXPECT_EQ(enforced.Ask("read"), kAllowAction);
  // One rule each for what is allowed and for what is refused by name, in either way.
  ASSERT_EQ(made.profile.rules.size(), 3U);
  EXPECT_EQ(made.profile.rules[1].action, kEperm);
}

TEST(GenerateTest, ProbedCallsAreAnsweredEnosysAlsoWhereTheDefaultsErrnoIsLost) {
  Profile profile = Make({RecordingBuilder().Call("read").Build()}).profile;
  // What Docker 20.10 hands to the runtime.
  profile.default_action = kEperm;
  const Enforced enforced(profile);
  for (const char* name : {"clone3", "openat2", "statx", "rseq", "file_setattr"}) {
    EXPECT_EQ(enforced.Ask(name), kEnosys) << name;
  }
  EXPECT_EQ(enforced.Ask("mount"), kEperm);
}

TEST(GenerateTest, UnlistedEpermKeepsTheProbedCallsApart) {
  GenerateOptions options = Exactly();
  options.unlisted = UnlistedMode::kEperm;
  const Enforced enforced(Make({RecordingBuilder().Call("read").Build()}, options).profile);
  for (const char* name : {"clone3", "openat2", "statx", "file_setattr"})
    EXPECT_EQ(enforced.Ask(name), kEnosys) << name;
  EXPECT_EQ(enforced.Ask("mount"), kEperm);
  EXPECT_EQ(enforced.Ask({Abi::kX86_64, 9999}), kEperm);
}

// A rule like the default decides nothing, but runc answers ENOSYS beyond the largest number that it finds in any rule.
TEST(GenerateTest, UnlistedKillNamesTheNewerCallsAndLogNothing) {
  GenerateOptions options = Exactly();
  options.unlisted = UnlistedMode::kKill;
  const GeneratedProfile killing = Make({RecordingBuilder().Call("read").Build()}, options);
  ASSERT_EQ(killing.profile.rules.size(), 2U);
  EXPECT_EQ(killing.profile.rules[1].action, killing.profile.default_action);
  EXPECT_TRUE(std::ranges::count(killing.profile.rules[1].names, "file_setattr") == 1);
  EXPECT_TRUE(std::ranges::count(killing.profile.rules[1].names, "mount") == 0);
  EXPECT_EQ(Enforced(killing.profile).Ask("clone3").kind, ActionKind::kKillProcess);
  options.unlisted = UnlistedMode::kLog;
  const GeneratedProfile logging = Make({RecordingBuilder().Call("read").Build()}, options);
  EXPECT_EQ(logging.profile.rules.size(), 1U);
  EXPECT_EQ(Enforced(logging.profile).Ask("mount").kind, ActionKind::kLog);
}

TEST(GenerateTest, BlockIsStrongerThanEverything) {
  GenerateOptions options;
  options.allow = {"mount"};
  options.block = {"mount", "newfstatat", "restart_syscall", "clone3"};
  const GeneratedProfile made = Make({RecordingBuilder().Calls({"newfstatat", "clone3", "read"}).Build()}, options);
  const std::set<std::string> names = Names(made);
  for (const std::string& name : options.block) EXPECT_FALSE(names.contains(name)) << name;
  EXPECT_FALSE(names.contains("stat")) << "a blocked call brings no family";
  EXPECT_FALSE(names.contains("clone"));
  EXPECT_TRUE(Warns(made, "blocked although the program made them: clone3, newfstatat"));
  EXPECT_TRUE(Warns(made, "both allowed and blocked, and so blocked: mount"));
  EXPECT_EQ(Enforced(made.profile).Ask("newfstatat"), kEperm);
  EXPECT_EQ(Enforced(made.profile).Ask("clone3"), kEnosys);
}

TEST(GenerateTest, AllowAddsAndSaysSo) {
  GenerateOptions options = Exactly();
  options.allow = {"socketcall", "sync", "read"};
  const GeneratedProfile made = Make({RecordingBuilder().Call("read").Build()}, options);
  EXPECT_EQ(Names(made), (std::set<std::string>{"read", "sync"}));
  EXPECT_TRUE(made.calls[1].requested);
  EXPECT_TRUE(Warns(made, "does nothing: socketcall"));
}

TEST(GenerateTest, CompanionsHaveAReasonOfTheirOwnAndBringInWhatBelongsBesideThem) {
  GenerateOptions options = {.closure = ClosureMode::kSafe};
  options.block = {"uname"};
  const auto recording = RecordingBuilder().Calls({"read", "getpid"}).Build();
  const std::set<std::string> without = Names(Make({recording}, options));
  options.companions = {{.kind = "exec", .source = "a shell", .names = {"newfstatat", "read", "uname"}},
                        {.kind = "tty", .source = "a terminal", .names = {"newfstatat", "setpgid", "set_tls"}}};
  const GeneratedProfile made = Make({recording}, options);
  std::map<std::string, std::string> of;
  for (const AllowedCall& call : made.calls) of[call.name] = call.companion;
  EXPECT_EQ(of["newfstatat"], "exec") << "the first that has it";
  EXPECT_EQ(of["setpgid"], "tty");
  EXPECT_FALSE(of.contains("uname")) << "blocked";
  EXPECT_FALSE(of.contains("set_tls")) << "not of this architecture";
  EXPECT_TRUE(of.contains("stat")) << "by closure, beside newfstatat";
  for (const std::string& name : without) EXPECT_TRUE(of.contains(name)) << name;

  std::map<std::string, std::vector<std::string>> rules;
  for (const Rule& rule : made.profile.rules) rules[rule.comment] = rule.names;
  EXPECT_EQ(rules["with exec: a shell"], std::vector<std::string>{"newfstatat"});
  EXPECT_EQ(rules["with tty: a terminal"], std::vector<std::string>{"setpgid"});
}

TEST(GenerateTest, UnknownNamesAreRefusedWithASuggestion) {
  const std::vector<Recording> recordings = {RecordingBuilder().Call("read").Build()};
  GenerateOptions options;
  options.allow = {"pread"};
  absl::Status status = Generate(recordings, options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(status.message()).find("Did you mean"), std::string::npos) << status;
  options = {.block = {"openatt"}};
  status = Generate(recordings, options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(status.message()).find("\"openat\""), std::string::npos) << status;
  options = {.block = {"\x1b[31m-nothing-like-a-system-call"}};
  EXPECT_EQ(std::string(Generate(recordings, options).status().message()).find("Did you mean"), std::string::npos);
}

TEST(GenerateTest, AnIncompleteRecordingIsRefused) {
  RecordingBuilder builder;
  builder.Call("read").recording().losses = {{.what = "slots_full", .count = 3, .missed_calls = true, .detail = "."}};
  const std::vector<Recording> recordings = {builder.Build()};
  const absl::Status status = Generate(recordings, {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(std::string(status.message()).find("slots_full (3)"), std::string::npos) << status;
  builder.recording().losses[0].detail = "Lines of the log could not be read. Lines 2, 3 and later ones.";
  const std::string message(Generate(std::vector<Recording>{builder.Build()}, {}).status().message());
  EXPECT_NE(message.find("slots_full (3, lines 2, 3 and later ones)"), std::string::npos) << message;
  const GeneratedProfile made = Make(recordings, {.closure = ClosureMode::kNone, .allow_incomplete = true});
  EXPECT_TRUE(Warns(made, "incomplete"));

  builder.recording().losses = {{.what = "ring_full", .count = 9, .missed_calls = false, .detail = "."}};
  EXPECT_FALSE(Warns(Make({builder.Build()}), "incomplete"));
}

TEST(GenerateTest, NothingToGenerateFrom) {
  EXPECT_EQ(Generate({}, {}).status().code(), absl::StatusCode::kInvalidArgument);
  RecordingBuilder builder;
  builder.recording().host.native_abi = Abi::kAarch64;
  const std::vector<Recording> mixed = {RecordingBuilder().Build(), builder.Build()};
  EXPECT_EQ(Generate(mixed, {}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(Warns(Make({RecordingBuilder().Build()}), "no calls"));
}

TEST(GenerateTest, AnotherArchitecturesRecordingIsGeneratedAndProvenHere) {
  RecordingBuilder builder;
  builder.recording().host.native_abi = Abi::kAarch64;
  builder.Call("openat", 3, Abi::kAarch64).Call("newfstatat", 1, Abi::kAarch64);
  const GeneratedProfile made = Make({builder.Build()}, {});
  EXPECT_EQ(made.profile.abis, std::vector<Abi>{Abi::kAarch64});
  const std::set<std::string> names = Names(made);
  EXPECT_TRUE(names.contains("fstat"));
  EXPECT_FALSE(names.contains("open")) << "aarch64 has no open";
  EXPECT_EQ(Enforced(made.profile).Ask({Abi::kAarch64, FindSyscall(Abi::kAarch64, "mount")->nr}), kEperm);
}

TEST(GenerateTest, NumbersWithoutANameAreReportedNotInvented) {
  const GeneratedProfile made = Make({RecordingBuilder().Call("read").CallNumber({Abi::kX86_64, 570}, 23).Build()});
  EXPECT_EQ(Names(made), std::set<std::string>{"read"});
  EXPECT_TRUE(Warns(made, "#570 was seen 23 times"));
  EXPECT_EQ(Enforced(made.profile).Ask({Abi::kX86_64, 570}), kEnosys);
}

TEST(GenerateTest, RefusedCallsAndTheRuntimesOwnAreNotAllowed) {
  RecordingBuilder builder;
  builder.Call("read").Call("sync").Denied("unshare", EPERM).Denied("sync", EPERM);
  builder.trace().runtime_calls[FindSyscall(Abi::kX86_64, "pivot_root").value()] = {.count = 1, .programs = {{0, 1}}};
  const GeneratedProfile made = Make({builder.Build()});
  EXPECT_EQ(Names(made), (std::set<std::string>{"read", "sync"}));
  ASSERT_EQ(made.refused.size(), 2U);
  EXPECT_EQ(made.refused[0].name, "sync");
  EXPECT_TRUE(made.refused[0].allowed);
  EXPECT_EQ(made.refused[1].name, "unshare");
  EXPECT_FALSE(made.refused[1].allowed);
}

// Where it is let through, the service goes on to what it was never seen to do.
TEST(GenerateTest, WhatAnEnginesOwnProfileRefusedClosureDoesNotOpen) {
  GenerateOptions options = Exactly();
  options.closure = ClosureMode::kSteady;
  const auto recorded = [](std::string_view seccomp, int answer) {
    RecordingBuilder builder;
    builder.Calls({"read", "mmap"}).Denied("get_mempolicy", answer);
    builder.recording().subjects[0].container = Container{.seccomp = std::string(seccomp)};
    return builder.Build();
  };
  const auto allows = [&options](std::vector<Recording> recordings) {
    return Names(Make(std::move(recordings), options)).contains("get_mempolicy");
  };
  EXPECT_FALSE(allows({recorded("default", EPERM)}));
  EXPECT_TRUE(allows({recorded("custom", EPERM)})) << "That may have been too tight.";
  EXPECT_TRUE(allows({recorded("default", ENOSYS)})) << "This profile would not answer that.";
  EXPECT_TRUE(allows({recorded("default", EPERM), RecordingBuilder("other").Call("get_mempolicy").Build()}));
  options.unlisted = UnlistedMode::kKill;
  EXPECT_TRUE(allows({recorded("default", EPERM)}));
  options.unlisted = UnlistedMode::kEnosys;
  options.allow = {"get_mempolicy"};
  EXPECT_TRUE(allows({recorded("default", EPERM)}));
}

TEST(GenerateTest, WhatAFilterRefusedIsToldThoughNewerKernelsExemptIt) {
  const GeneratedProfile made = Make({RecordingBuilder().Call("read").Denied("uretprobe", 0).Build()});
  EXPECT_EQ(Names(made), std::set<std::string>{"read"});
  ASSERT_EQ(made.refused.size(), 1U);
  EXPECT_EQ(made.refused[0].name, "uretprobe");
  GenerateOptions options = Exactly();
  options.allow = {"uretprobe"};
  EXPECT_TRUE(Names(Make({RecordingBuilder().Call("read").Build()}, options)).contains("uretprobe"));
}

TEST(GenerateTest, RefusalsOfPartsOfOneRunAreNotCountedTwice) {
  const Recording early = RecordingBuilder().Call("read").Denied("vfork", EPERM, 2).Build();
  const Recording late = RecordingBuilder().Call("read").Denied("vfork", EPERM, 3).Build();
  const Recording other = RecordingBuilder("other", std::string(32, 'b')).Denied("vfork", 0, 5).Build();
  const GeneratedProfile made = Make({early, late, other});
  EXPECT_EQ(made.refused, Make({other, late, early}).refused);
  ASSERT_EQ(made.refused.size(), 1U);
  const std::vector<RefusalTotal> totals = RefusalTotals(made.refused[0]);
  ASSERT_EQ(totals.size(), 2U);
  EXPECT_EQ(totals[0].answer, 0);
  EXPECT_EQ(totals[0].count, 5U);
  EXPECT_EQ(totals[1].answer, EPERM);
  EXPECT_EQ(totals[1].count, 3U);
}

TEST(GenerateTest, ACapabilityThatAFailedCommandWasRefusedIsPossible) {
  RecordingBuilder builder;
  builder.Call("setpriority").Capability("CAP_SYS_NICE", "setpriority", 0, 1);
  const auto verdict = [&] { return Make({builder.Build()}).capabilities.at(0).verdict; };
  EXPECT_EQ(verdict(), Verdict::kUnused) << "how it ended is not known";
  builder.run().command = CommandEnd{.status = 0};
  EXPECT_EQ(verdict(), Verdict::kUnused);
  builder.run().command = CommandEnd{.status = 1};
  EXPECT_EQ(verdict(), Verdict::kPossible);
  EXPECT_TRUE(Make({builder.Build()}).cap_add.empty());
}

TEST(GenerateTest, ABaselineIsAddedWithItsName) {
  GenerateOptions options = Exactly();
  options.baselines = {{.source = "observed", .names = {"capset", "read"}},
                       {.source = "runc 1.1.5 without no_new_privs", .names = {"capset", "setuid"}}};
  const GeneratedProfile made = Make({RecordingBuilder().Call("read").Build()}, options);
  EXPECT_EQ(Names(made), (std::set<std::string>{"capset", "read", "setuid"}));
  EXPECT_EQ(made.calls[0].baseline, "observed");
  EXPECT_EQ(made.calls[1].baseline, "observed") << "seen, and the runtime's as well";
  EXPECT_EQ(made.calls[2].baseline, "runc 1.1.5 without no_new_privs");
  EXPECT_EQ(made.profile.rules[0].comment, "seen");
  EXPECT_EQ(made.profile.rules[1].comment, "baseline: observed");
  EXPECT_EQ(made.profile.rules[1].names, std::vector<std::string>{"capset"});
  EXPECT_EQ(made.profile.rules[2].comment, "baseline: runc 1.1.5 without no_new_privs");
  EXPECT_EQ(made.profile.rules[2].names, std::vector<std::string>{"setuid"});
  EXPECT_EQ(made.baselines, (std::vector<std::string>{"observed", "runc 1.1.5 without no_new_privs"}));

  options.block = {"setuid"};
  EXPECT_TRUE(Warns(Make({RecordingBuilder().Call("read").Build()}, options), "may not start: setuid"));
  options.baselines[1].abi = Abi::kAarch64;
  const std::vector<Recording> recordings = {RecordingBuilder().Call("read").Build()};
  EXPECT_EQ(Generate(recordings, options).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(BaselineTest, TheReaderIsStrict) {
  const auto document = [](const std::string& names, const std::string& more = "") {
    return R"({"schema": "syscarve.baseline/1", "runtime": "runc", "version": "1.1.5", "no_new_privs": true,
        "abi": "x86_64", "names": )" +
           names + R"(, "provenance": "measured")" + more + "}";
  };
  const absl::StatusOr<Baseline> baseline = ParseBaseline(document(R"(["write", "close"])"));
  ASSERT_TRUE(baseline.ok()) << baseline.status();
  EXPECT_EQ(baseline->names, (std::vector<std::string>{"close", "write"}));
  EXPECT_TRUE(baseline->no_new_privs);
  EXPECT_FALSE(ParseBaseline(document(R"(["pread"])")).ok());
  EXPECT_FALSE(ParseBaseline(document(R"(["read"])", R"(, "extra": 1)")).ok());
  EXPECT_FALSE(ParseBaseline("{}").ok());
  EXPECT_FALSE(ParseBaseline(document("[1]")).ok());
}

TEST(BaselineTest, WritingIsTheInverseOfReading) {
  const Baseline baseline = {.runtime = "runc",
                             .version = "1.1.5+ds1",
                             .no_new_privs = true,
                             .abi = Abi::kAarch64,
                             .names = {"close", "openat"},
                             .provenance = "Measured \"here\"\n on a grüner host."};
  const absl::StatusOr<Baseline> again = ParseBaseline(FormatBaseline(baseline));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, baseline);
  EXPECT_EQ(FormatBaseline(*again), FormatBaseline(baseline));
  EXPECT_EQ(BaselineFileName(baseline), "runc-1.1.5+ds1-aarch64-nnp.json");
  EXPECT_EQ(BaselineFileName({.runtime = "../x", .version = "a b\n"}), "_._x-a_b_-x86_64.json");
}

TEST(GenerateTest, TheOrderAndRepetitionOfRecordingsDoNotMatter) {
  std::vector<Recording> recordings;
  const char* const kNames[] = {"read", "write", "openat", "clone3", "newfstatat", "socket", "bind"};
  for (int i = 0; i < 7; ++i) {
    RecordingBuilder builder("run " + std::to_string(i), std::string(32, static_cast<char>('a' + i)));
    builder.Call(kNames[i], 10U + static_cast<unsigned>(i))
        .Call("close")
        .Call("getpid", 1, i % 2 == 0 ? Abi::kI386 : Abi::kX86_64);
    builder.Capability("CAP_NET_BIND_SERVICE", "bind", static_cast<uint64_t>(i), 0);
    recordings.push_back(builder.Build());
  }
  const GeneratedProfile first = Make(recordings, {});
  const std::string text = FormatProfile(first.profile);
  std::mt19937 random(5);
  for (int round = 0; round < 10; ++round) {
    std::shuffle(recordings.begin(), recordings.end(), random);
    std::vector<Recording> input = recordings;
    input.push_back(recordings[random() % recordings.size()]);
    const GeneratedProfile again = Make(input, {});
    EXPECT_EQ(FormatProfile(again.profile), text);
    EXPECT_EQ(again.calls, first.calls);
    EXPECT_EQ(again.capabilities, first.capabilities);
    EXPECT_EQ(again.warnings, first.warnings);
  }
  const auto bind = std::ranges::find(first.calls, "bind", &AllowedCall::name);
  ASSERT_NE(bind, first.calls.end());
  EXPECT_EQ(bind->count(), 16U);
  EXPECT_EQ(first.capabilities.front().granted, 21U) << "each run once";
}

TEST(GenerateTest, TheProfileHoldsNothingOfTheHostOrTheRun) {
  const GeneratedProfile here = Make({RecordingBuilder("one", std::string(32, '1')).Call("read", 5).Build()}, {});
  RecordingBuilder elsewhere("two", std::string(32, '2'));
  elsewhere.Call("read", 7).recording().host = {.kernel = "5.15", .native_abi = Abi::kX86_64, .libseccomp = "2.6.0"};
  elsewhere.recording().programs[0].path = "/other";
  EXPECT_EQ(FormatProfile(here.profile), FormatProfile(Make({elsewhere.Build()}, {}).profile));
}

TEST(GenerateTest, SightingsTellProgramRunTimeAndCount) {
  const GeneratedProfile made = Make({RecordingBuilder("tests").Call("openat", 23).Build()});
  ASSERT_EQ(made.calls.size(), 1U);
  ASSERT_EQ(made.calls[0].sightings.size(), 1U);
  const Sighting& sighting = made.calls[0].sightings[0];
  EXPECT_EQ(sighting.count, 23U);
  EXPECT_EQ(sighting.run_name, "tests");
  EXPECT_EQ(sighting.subject, "program");
  EXPECT_EQ(sighting.after_start_nanos, 12'345'678U);
  EXPECT_EQ(sighting.programs.begin()->first.path, "/usr/bin/program");
}

TEST(VerifyTest, FindsAProfileThatAllowsMoreOrLess) {
  Profile profile{.default_action = kEnosys, .abis = {Abi::kX86_64}};
  profile.rules = {{.names = {"read", "write"}, .action = kAllowAction}};
  EXPECT_TRUE(VerifyProfile(profile, Abi::kX86_64, {"read", "write"}).ok());
  EXPECT_EQ(VerifyProfile(profile, Abi::kX86_64, {"read"}).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(VerifyProfile(profile, Abi::kX86_64, {"read", "write", "close"}).code(), absl::StatusCode::kInternal);
  // Nothing may depend on arguments without anybody having meant it.
  profile.rules[0].conditions = {{.index = 0, .op = CompareOp::kEqual, .value = 0}};
  EXPECT_EQ(VerifyProfile(profile, Abi::kX86_64, {"read", "write"}).code(), absl::StatusCode::kInternal);
}

// What is told of a call does not grow with the number of runs, and counts all of them.
TEST(GenerateTest, SightingsBeyondTheFirstAreSummedUp) {
  Recording recording = RecordingBuilder().Build();
  recording.runs.clear();
  constexpr unsigned kRuns = kMaxSingleSightings + 50;
  for (unsigned i = 0; i < kRuns; ++i) {
    const Recording one = RecordingBuilder("", Concat(std::string(28, 'a'), 1000 + i)).Call("read", 2).Build();
    recording.runs.push_back(one.runs[0]);
  }
  // A run that two recordings hold is one.
  const std::vector<Recording> twice = {recording, recording};
  const GeneratedProfile made = Generate(twice, {}).value();
  const auto read = std::ranges::find(made.calls, "read", &AllowedCall::name);
  ASSERT_NE(read, made.calls.end());
  ASSERT_EQ(read->sightings.size(), kMaxSingleSightings + 1);
  EXPECT_EQ(read->sightings.front().rest, 0U);
  EXPECT_EQ(read->sightings.back().rest, 50U);
  EXPECT_EQ(read->sightings.back().count, 100U);
  EXPECT_EQ(read->sightings.back().run_id, "");
  EXPECT_EQ(read->sightings.back().programs.begin()->second, 100U);
  EXPECT_EQ(read->count(), 2U * kRuns);
}

}  // namespace
}  // namespace syscarve
