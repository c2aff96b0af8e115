// SPDX-License-Identifier: Apache-2.0
#include "userspace/harden/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/harden/services.h"
#include "userspace/base/concat.h"
#include "userspace/policy/generate.h"
#include "userspace/shipped/hardening_rules.h"

namespace syscarve {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PlanTest : public testing::Test {
 protected:
  HardeningPlan Plan(std::vector<Recording> recordings) {
    const absl::StatusOr<GeneratedProfile> made = Generate(recordings, {});
    EXPECT_TRUE(made.ok()) << made.status();
    request_.title = "web";
    request_.recordings = recordings;
    request_.made = &*made;
    absl::StatusOr<HardeningPlan> plan = MakePlan(request_);
    EXPECT_TRUE(plan.ok()) << plan.status();
    return *std::move(plan);
  }
  HardeningPlan Plan(const ServiceBuilder& service) { return Plan({service.Build()}); }

  static SettingVerdict VerdictOf(const HardeningPlan& plan, SettingKind kind) {
    const Setting* const setting = plan.Find(kind);
    EXPECT_NE(setting, nullptr) << SettingKindName(kind);
    return setting == nullptr ? SettingVerdict::kUnknown : setting->verdict;
  }
  static std::string Reasons(const HardeningPlan& plan, SettingKind kind) {
    std::string text;
    if (plan.Find(kind) == nullptr) return text;
    for (const std::string& reason : plan.Find(kind)->reasons) text += reason + "\n";
    return text;
  }

  PlanRequest request_;
};

TEST_F(PlanTest, OfAWebServer) {
  const HardeningPlan plan = Plan({NginxRecording()});
  EXPECT_TRUE(plan.line.no_new_privileges);
  EXPECT_TRUE(plan.line.read_only_root);
  EXPECT_EQ(plan.line.writable, (std::map<std::string, WritableDirectory>{
                                    {"/etc/nginx/conf.d", {.volume = true}},
                                    {"/run", {.size = "16m"}},
                                    {"/var/cache/nginx", {.size = "256m", .owner_of_image = true}},
                                }));
  EXPECT_EQ(plan.line.memory_bytes, uint64_t{64} << 20);
  EXPECT_EQ(plan.line.cpu_milli, 1500U);
  EXPECT_EQ(plan.line.pids, 64U);
  EXPECT_EQ(plan.line.open_files, 1024U);
  EXPECT_FALSE(plan.line.no_network);
  EXPECT_EQ(plan.line.cap_add, (std::vector<std::string>{"CAP_CHOWN", "CAP_NET_BIND_SERVICE"}));
  EXPECT_EQ(plan.line.user, std::nullopt);
  EXPECT_THAT(plan.missing, IsEmpty());
  EXPECT_EQ(plan.Gravest(), Severity::kMedium);
}

TEST_F(PlanTest, ProcessorsAreNoMoreThanTheHostHas) {
  ServiceBuilder service;
  service.evidence().peaks = {.cpu_milli = 1213, .processors = 2};
  EXPECT_EQ(Plan(service).line.cpu_milli, 2000U);
  EXPECT_THAT(Reasons(Plan(service), SettingKind::kCpus), HasSubstr("engines refuse"));
  service.evidence().peaks.processors = 8;
  EXPECT_EQ(Plan(service).line.cpu_milli, 2500U);
}

TEST_F(PlanTest, WithoutEvidenceItSaysWhatIsNotKnown) {
  ServiceBuilder service;
  service.subject().hardening.reset();
  const HardeningPlan plan = Plan(service);
  EXPECT_THAT(plan.missing, ElementsAre(HasSubstr("no evidence")));
  for (const SettingKind kind :
       {SettingKind::kNoNewPrivileges, SettingKind::kUser, SettingKind::kReadOnlyRoot, SettingKind::kMemory,
        SettingKind::kCpus, SettingKind::kPids, SettingKind::kOpenFiles}) {
    EXPECT_EQ(VerdictOf(plan, kind), SettingVerdict::kUnknown) << SettingKindName(kind);
    EXPECT_THAT(plan.Find(kind)->how, HasSubstr("record --hardening")) << SettingKindName(kind);
    EXPECT_FALSE(plan.Find(kind)->in_line) << SettingKindName(kind);
  }
  EXPECT_EQ(plan.line, (ContainerLine{.cap_add = std::vector<std::string>(), .no_network = true, .private_ipc = true}));
}

TEST_F(PlanTest, PartsThatAreMissingAreNotJudged) {
  ServiceBuilder service;
  service.Ids(101, 101).Bound(AddressScope::kLoopback, 8080).Socket(2, 1);
  const auto verdict_without = [&](std::string_view word, SettingKind kind) {
    service.evidence().missing = {std::string(word)};
    return VerdictOf(Plan(service), kind);
  };
  EXPECT_EQ(verdict_without("x", SettingKind::kReadOnlyRoot), SettingVerdict::kObserved);
  // Too much evidence is no reason not to judge.
  for (const SettingKind kind : {SettingKind::kReadOnlyRoot, SettingKind::kNetwork, SettingKind::kUser}) {
    EXPECT_EQ(verdict_without(kMissingResults, kind), verdict_without("x", kind)) << SettingKindName(kind);
  }
  for (const std::string_view word :
       {kMissingFiles, kMissingSomeFiles, kMissingIoUring, kMissingEarlier, kMissingRecordings}) {
    EXPECT_EQ(verdict_without(word, SettingKind::kReadOnlyRoot), SettingVerdict::kUnknown) << word;
  }
  EXPECT_EQ(verdict_without("x", SettingKind::kNetwork), SettingVerdict::kObserved);
  for (const std::string_view word : {kMissingEndpoints, kMissingIoUring, kMissingEarlier, kMissingRecordings}) {
    EXPECT_EQ(verdict_without(word, SettingKind::kNetwork), SettingVerdict::kUnknown) << word;
  }
  EXPECT_EQ(verdict_without("x", SettingKind::kUser), SettingVerdict::kObserved);
  EXPECT_EQ(verdict_without(kMissingEarlier, SettingKind::kUser), SettingVerdict::kUnknown);
  EXPECT_EQ(verdict_without(kMissingEarlier, SettingKind::kNoNewPrivileges), SettingVerdict::kUnknown);
}

// No recording shows what it does.
TEST_F(PlanTest, WhatIoUringDoesIsForVerifyToTell) {
  ServiceBuilder service;
  service.Bound(AddressScope::kLoopback, 8080).Socket(2, 1);
  for (const SettingKind kind : {SettingKind::kReadOnlyRoot, SettingKind::kNetwork}) {
    service.evidence().missing = {std::string(kMissingIoUring)};
    EXPECT_THAT(Plan(service).Find(kind)->how, HasSubstr("--try")) << SettingKindName(kind);
    for (const std::string_view also : {kMissingEarlier, kMissingRecordings}) {
      service.evidence().missing = {std::string(kMissingIoUring), std::string(also)};
      EXPECT_THAT(Plan(service).Find(kind)->how, HasSubstr("record --hardening")) << SettingKindName(kind) << also;
    }
  }
}

TEST_F(PlanTest, TheReportSaysForWhatAVolumeIsOverMore) {
  ServiceBuilder service;
  service.File("/var/spool/mail", FileUse::kCreated | FileUse::kChanged, FileKind::kDirectory);
  service.File("/var/spool/mail/1", FileUse::kCreated);
  const HardeningPlan plan = Plan(service);
  EXPECT_THAT(plan.line.writable, ElementsAre(testing::Key("/var/spool")));
  EXPECT_THAT(Reasons(plan, SettingKind::kReadOnlyRoot), HasSubstr("The service makes /var/spool/mail there itself"));
}

TEST_F(PlanTest, OneRecordingWithoutEvidenceLeavesTheRestUnknown) {
  ServiceBuilder without;
  without.subject().hardening.reset();
  without.subject().cgroup = "/other";
  const HardeningPlan plan = Plan({NginxRecording(), without.Build()});
  EXPECT_EQ(VerdictOf(plan, SettingKind::kReadOnlyRoot), SettingVerdict::kUnknown);
  EXPECT_THAT(plan.missing, Contains(HasSubstr("one of the recordings")));
}

TEST_F(PlanTest, AProgramThatGainedPrivilegesForbidsNoNewPrivileges) {
  ServiceBuilder service;
  service.evidence().privileges[0] = {.set_user = true, .gained = false};
  EXPECT_EQ(VerdictOf(Plan(service), SettingKind::kNoNewPrivileges), SettingVerdict::kObserved);
  service.evidence().privileges[0].gained = true;
  const HardeningPlan plan = Plan(service);
  EXPECT_EQ(VerdictOf(plan, SettingKind::kNoNewPrivileges), SettingVerdict::kRefused);
  EXPECT_THAT(Reasons(plan, SettingKind::kNoNewPrivileges), HasSubstr("/usr/sbin/nginx"));
  EXPECT_FALSE(plan.line.no_new_privileges);
}

TEST_F(PlanTest, RootOnlyAtTheStartSaysHowToDoWithout) {
  const HardeningPlan plan = Plan({NginxRecording()});
  EXPECT_EQ(VerdictOf(plan, SettingKind::kUser), SettingVerdict::kUnknown);
  EXPECT_EQ(plan.Find(SettingKind::kUser)->value, "101:101");
  EXPECT_THAT(Reasons(plan, SettingKind::kUser), HasSubstr("net.ipv4.ip_unprivileged_port_start=0"));
  EXPECT_THAT(Reasons(plan, SettingKind::kUser), HasSubstr("CAP_CHOWN"));
  request_.tried = {SettingKind::kUser};
  const HardeningPlan tried = Plan({NginxRecording()});
  EXPECT_EQ(tried.line.user, "101:101");
  EXPECT_THAT(tried.line.sysctls, ElementsAre(testing::Pair("net.ipv4.ip_unprivileged_port_start", "0")));
}

TEST_F(PlanTest, WhatTakesRootForMoreIsRefusedAUser) {
  ServiceBuilder service;
  service.Ids(0, 0);
  service.builder().Call("mount").Capability("CAP_SYS_ADMIN", "mount", 1, 0);
  const HardeningPlan plan = Plan(service);
  EXPECT_EQ(VerdictOf(plan, SettingKind::kUser), SettingVerdict::kRefused);
  EXPECT_THAT(Reasons(plan, SettingKind::kUser), HasSubstr("CAP_SYS_ADMIN"));
}

TEST_F(PlanTest, AUserThatIsConfiguredStays) {
  ServiceBuilder service;
  service.container().user = "redis";
  service.Ids(999, 1000);
  const HardeningPlan plan = Plan(service);
  EXPECT_EQ(plan.line.user, "redis");
  EXPECT_TRUE(plan.Find(SettingKind::kUser)->in_force);
  EXPECT_EQ(plan.Find(SettingKind::kUser)->severity, Severity::kNote);
}

TEST_F(PlanTest, AUserThatIsConfiguredStaysWhereASessionRanAsRoot) {
  ServiceBuilder service;
  service.container().user = "redis";
  service.Ids(999, 1000).Ids(0, 0);
  const HardeningPlan plan = Plan(service);
  EXPECT_EQ(plan.line.user, "redis");
  EXPECT_TRUE(plan.Find(SettingKind::kUser)->in_force);
  EXPECT_THAT(Reasons(plan, SettingKind::kUser), HasSubstr("ran as root all the same"));
}

TEST_F(PlanTest, LimitsThatAreConfiguredStay) {
  ServiceBuilder service;
  service.evidence().peaks = {.memory_bytes = 30 << 20, .tasks = 5, .cpu_milli = 700};
  service.container().limits =
      ContainerLimits{.memory_bytes = 512 << 20, .pids = 7, .open_files = 1000, .open_files_hard = 4000};
  const HardeningPlan plan = Plan(service);
  // Wider or narrower than what would come of the figures, and where there are none.
  EXPECT_EQ(plan.line.memory_bytes, 512u << 20);
  EXPECT_EQ(plan.line.pids, 7u);
  EXPECT_EQ(plan.line.open_files, 1000u);
  EXPECT_EQ(plan.line.open_files_hard, 4000u);
  for (const SettingKind kind : {SettingKind::kMemory, SettingKind::kPids, SettingKind::kOpenFiles}) {
    EXPECT_TRUE(plan.Find(kind)->in_force);
    EXPECT_EQ(plan.Find(kind)->severity, Severity::kNote);
    EXPECT_EQ(VerdictOf(plan, kind), SettingVerdict::kObserved);
    EXPECT_THAT(Reasons(plan, kind), HasSubstr("The recorded containers ran under a limit of"));
  }
  EXPECT_THAT(Reasons(plan, SettingKind::kMemory), HasSubstr("would do"));
  EXPECT_FALSE(plan.Find(SettingKind::kCpus)->in_force);
  EXPECT_EQ(plan.Find(SettingKind::kCpus)->severity, Severity::kLow);
  service.container().limits.reset();
  EXPECT_FALSE(Plan(service).Find(SettingKind::kPids)->in_force);
}

TEST_F(PlanTest, NoNetworkOnlyWhereNothingCanHaveUsedOne) {
  ServiceBuilder service;
  service.Bound(AddressScope::kLoopback, 8080).Socket(2, 1);
  EXPECT_TRUE(Plan(service).line.no_network);
  // A datagram that sendmsg has sent has an address that is known, but in recordings that are older than that.
  service.Socket(2, 2).builder().Call("sendmsg");
  EXPECT_TRUE(Plan(service).line.no_network);
  service.evidence().missing = {std::string(kMissingMessages)};
  EXPECT_EQ(VerdictOf(Plan(service), SettingKind::kNetwork), SettingVerdict::kUnknown);
  EXPECT_THAT(Reasons(Plan(service), SettingKind::kNetwork), HasSubstr("sendmsg"));
  service.Bound(AddressScope::kAny, 53);
  EXPECT_EQ(VerdictOf(Plan(service), SettingKind::kNetwork), SettingVerdict::kRefused);
}

TEST_F(PlanTest, WhatOlderRecordingsDoNotKnowOfMessagesMattersWhereThereMayHaveBeenSome) {
  ServiceBuilder streams;
  streams.evidence().missing = {std::string(kMissingMessages)};
  streams.Bound(AddressScope::kLoopback, 8080).Socket(2, 1).builder().Call("sendmsg");
  EXPECT_TRUE(Plan(streams).line.no_network);
  ServiceBuilder service;
  service.evidence().missing = {std::string(kMissingMessages)};
  service.Socket(2, 1).builder().Call("socketcall", 1, Abi::kI386);
  EXPECT_EQ(VerdictOf(Plan(service), SettingKind::kNetwork), SettingVerdict::kUnknown);
}

TEST_F(PlanTest, ArgumentsThatAreNotKnownAreNoNetworkProof) {
  ServiceBuilder service;
  service.subject().hardening.reset();
  service.builder().Call("socket");  // Without arguments.
  EXPECT_EQ(VerdictOf(Plan(service), SettingKind::kNetwork), SettingVerdict::kUnknown);
  ServiceBuilder unix_only;
  unix_only.subject().hardening.reset();
  unix_only.Socket(1, 1);
  EXPECT_EQ(VerdictOf(Plan(unix_only), SettingKind::kNetwork), SettingVerdict::kObserved);
}

TEST_F(PlanTest, WhatUndoesAllOthersIsCritical) {
  ServiceBuilder service;
  service.container().privileged = true;
  EXPECT_EQ(Plan(service).Find(SettingKind::kPrivileged)->severity, Severity::kCritical);

  ServiceBuilder shares;
  shares.container().shares = {"network", "pid"};
  EXPECT_EQ(Plan(shares).Find(SettingKind::kHostNamespaces)->severity, Severity::kCritical);

  ServiceBuilder engine;
  engine.container().shares = {"engine-socket"};
  EXPECT_EQ(VerdictOf(Plan(engine), SettingKind::kEngineSocket), SettingVerdict::kObserved);  // And not needed.
  engine.File("/var/run/docker.sock", FileUse::kConnected, FileKind::kSocket, "/run/docker.sock");
  const HardeningPlan plan = Plan(engine);
  EXPECT_EQ(VerdictOf(plan, SettingKind::kEngineSocket), SettingVerdict::kRefused);
  EXPECT_EQ(plan.Gravest(), Severity::kCritical);
}

TEST_F(PlanTest, AContainerWithoutAFilterIsHigh) {
  ServiceBuilder service;
  service.subject().start->filtered = false;
  EXPECT_EQ(Plan(service).Find(SettingKind::kSeccomp)->severity, Severity::kHigh);
}

TEST_F(PlanTest, DevicesAndMaskedPathsAreNamed) {
  ServiceBuilder service;
  service.File("/dev/kvm", FileUse::kRead | FileUse::kWritten, FileKind::kCharacterDevice, "/dev", "tmpfs")
      .File("/dev/null", FileUse::kWritten, FileKind::kCharacterDevice, "/dev", "tmpfs")
      .File("/proc/kcore", FileUse::kRead, FileKind::kRegular, "/proc", "proc")
      .File("/proc/keys", FileUse::kRead, FileKind::kRegular, "/proc/keys", "tmpfs");
  const HardeningPlan plan = Plan(service);
  EXPECT_THAT(plan.line.devices, ElementsAre("/dev/kvm"));
  EXPECT_THAT(Reasons(plan, SettingKind::kMaskedPaths), HasSubstr("/proc/kcore"));
  EXPECT_THAT(Reasons(plan, SettingKind::kMaskedPaths), testing::Not(HasSubstr("/proc/keys")));
}

TEST_F(PlanTest, PublishedPortsAndHealthChecks) {
  ServiceBuilder service;
  service.container().publishes = {"0.0.0.0:80", "127.0.0.1:9000"};
  service.container().health_check = false;
  const HardeningPlan plan = Plan(service);
  EXPECT_THAT(Reasons(plan, SettingKind::kPorts), HasSubstr("0.0.0.0:80"));
  EXPECT_THAT(Reasons(plan, SettingKind::kPorts), testing::Not(HasSubstr("9000")));
  EXPECT_NE(plan.Find(SettingKind::kHealthCheck), nullptr);
}

TEST_F(PlanTest, UserNamespacesByTheDaemonsFile) {
  absl::StatusOr<EngineSettings> settings = ParseDaemonJson(R"({"userns-remap": "default", "log-driver": "x"})");
  ASSERT_TRUE(settings.ok()) << settings.status();
  request_.engine = *settings;
  EXPECT_TRUE(Plan(ServiceBuilder()).Find(SettingKind::kUserNamespace)->in_force);
  request_.engine = EngineSettings();
  EXPECT_EQ(VerdictOf(Plan(ServiceBuilder()), SettingKind::kUserNamespace), SettingVerdict::kUnknown);
  ServiceBuilder shares;
  shares.container().shares = {"pid"};
  EXPECT_EQ(VerdictOf(Plan(shares), SettingKind::kUserNamespace), SettingVerdict::kRefused);
  EXPECT_FALSE(ParseDaemonJson("[]").ok());
  EXPECT_FALSE(ParseDaemonJson(R"({"userns-remap": 3})").ok());
}

TEST_F(PlanTest, ProvenIsWhatTheLineWasVerifiedWith) {
  request_.proven = Plan({NginxRecording()}).line;
  request_.proven->memory_bytes = 1;  // Another one.
  request_.profile_proven = true;
  const HardeningPlan plan = Plan({NginxRecording()});
  EXPECT_EQ(VerdictOf(plan, SettingKind::kSeccomp), SettingVerdict::kProven);
  EXPECT_EQ(VerdictOf(plan, SettingKind::kReadOnlyRoot), SettingVerdict::kProven);
  EXPECT_EQ(VerdictOf(plan, SettingKind::kPids), SettingVerdict::kProven);
  EXPECT_EQ(VerdictOf(plan, SettingKind::kMemory), SettingVerdict::kObserved);
  EXPECT_EQ(VerdictOf(plan, SettingKind::kUser), SettingVerdict::kUnknown);
}

TEST_F(PlanTest, WhatIsLeftOutIsNotInTheLine) {
  request_.left_out = {SettingKind::kReadOnlyRoot, SettingKind::kMemory};
  const HardeningPlan plan = Plan({NginxRecording()});
  EXPECT_FALSE(plan.line.read_only_root);
  EXPECT_THAT(plan.line.writable, IsEmpty());
  EXPECT_EQ(plan.line.memory_bytes, std::nullopt);
  EXPECT_FALSE(plan.Find(SettingKind::kMemory)->in_line);
}

TEST_F(PlanTest, MoreDirectoriesThanAnybodyWouldMountAreNotInTheLine) {
  ServiceBuilder service;
  for (int i = 0; i < 30; ++i) service.File(Concat("/srv/", i, "/data/", i, "/file"), FileUse::kCreated);
  // Each has a parent of its own.
  const HardeningPlan plan = Plan(service);
  EXPECT_EQ(VerdictOf(plan, SettingKind::kReadOnlyRoot), SettingVerdict::kUnknown);
  EXPECT_FALSE(plan.line.read_only_root);
  EXPECT_THAT(plan.line.writable, IsEmpty());
}

TEST_F(PlanTest, OfManyPathsThatCannotBeMountedSomeAreNamed) {
  ServiceBuilder service;
  for (int i = 0; i < 12; ++i) service.File(Concat("/file", i), FileUse::kCreated);
  const HardeningPlan plan = Plan(service);
  EXPECT_EQ(VerdictOf(plan, SettingKind::kReadOnlyRoot), SettingVerdict::kRefused);
  EXPECT_THAT(Reasons(plan, SettingKind::kReadOnlyRoot), HasSubstr("/file0 is changed."));
  EXPECT_THAT(Reasons(plan, SettingKind::kReadOnlyRoot), HasSubstr("So are 4 more."));
  EXPECT_FALSE(plan.line.read_only_root);
}

TEST_F(PlanTest, TheOrderOfRecordingsDoesNotMatter) {
  ServiceBuilder other;
  other.File("/tmp/x", FileUse::kCreated).Ids(101, 101);
  other.subject().cgroup = "/other";
  const Recording a = NginxRecording();
  Recording b = other.Build();
  b.runs.Update(0, [](auto& run) { run.id = std::string(32, 'b'); });
  const HardeningPlan one = Plan({a, b});
  const HardeningPlan two = Plan({b, a});
  EXPECT_EQ(one.line, two.line);
  ASSERT_EQ(one.settings.size(), two.settings.size());
  for (size_t i = 0; i < one.settings.size(); ++i) {
    EXPECT_EQ(one.settings[i].reasons, two.settings[i].reasons);
    EXPECT_EQ(one.settings[i].value, two.settings[i].value);
  }
}

TEST(LimitFor, RoundsUpAndDoesNotOverflow) {
  const LimitRule rule = {.factor_percent = 200, .step = 16, .least = 64, .why = ""};
  EXPECT_EQ(LimitFor(1, rule), 64U);
  EXPECT_EQ(LimitFor(33, rule), 80U);
  EXPECT_EQ(LimitFor(40, rule), 80U);
  EXPECT_EQ(LimitFor(UINT64_MAX, rule) % 16, 0U);
}

TEST(SettingKind, NamesAreTheirOwn) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < kSettingKindCount; ++i) {
    const auto kind = static_cast<SettingKind>(i);
    EXPECT_TRUE(names.insert(SettingKindName(kind)).second);
    EXPECT_EQ(SettingKindFromName(SettingKindName(kind)), kind);
  }
  EXPECT_EQ(SettingKindFromName("x"), std::nullopt);
}

}  // namespace
}  // namespace syscarve
