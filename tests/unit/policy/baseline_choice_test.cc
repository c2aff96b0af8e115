// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/baseline_choice.h"

#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/unit/policy/recordings.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

KnownBaseline Known(std::string version, bool no_new_privs, BaselineOrigin origin = BaselineOrigin::kShipped,
                    std::vector<std::string> names = {"capset", "setuid"}) {
  return {{.runtime = "runc",
           .version = std::move(version),
           .no_new_privs = no_new_privs,
           .names = std::move(names),
           .provenance = "a test"},
          origin};
}

std::string Found(const std::vector<KnownBaseline>& known, std::string version, bool no_new_privs,
                  std::string runtime = "runc") {
  const KnownBaseline* const found =
      FindBaseline(known, {.name = std::move(runtime), .version = std::move(version)}, Abi::kX86_64, no_new_privs);
  if (found == nullptr) return "nothing";
  return found->baseline.version + (found->baseline.no_new_privs ? " nnp" : "") +
         (found->origin == BaselineOrigin::kHost ? " host" : "");
}

TEST(FindBaselineTest, PrefersTheSameVersionAndSetting) {
  const std::vector<KnownBaseline> known = {Known("1.1.4", false), Known("1.1.5", true), Known("1.1.5", false),
                                            Known("1.3.3", false)};
  EXPECT_EQ(Found(known, "1.1.5", false), "1.1.5");
  EXPECT_EQ(Found(known, "1.1.5", true), "1.1.5 nnp");
  EXPECT_EQ(Found(known, "1.3.3", true), "1.3.3") << "without no_new_privs covers with";
  EXPECT_EQ(Found(known, "1.1.5", false, "crun"), "nothing");
  EXPECT_EQ(Found(known, "1.1.5", false, ""), "nothing");
}

TEST(FindBaselineTest, TakesTheNearestVersion) {
  const std::vector<KnownBaseline> known = {Known("1.1.5", false), Known("1.1.9", false), Known("1.3.3", false),
                                            Known("2.0", false)};
  EXPECT_EQ(Found(known, "1.1.6", false), "1.1.5");
  EXPECT_EQ(Found(known, "1.1.7", false), "1.1.9") << "equally near: the newer";
  EXPECT_EQ(Found(known, "1.1.5+ds1", false), "1.1.5");
  EXPECT_EQ(Found(known, "1.2.0", false), "1.3.3") << "1.3 and 1.1 are equally near, and 3 is nearer to 0 than 5";
  EXPECT_EQ(Found(known, "9", false), "2.0");
  EXPECT_EQ(Found(known, "", false), "2.0") << "not known: the newest";
  EXPECT_EQ(Found(known, "x", false), "2.0");
  EXPECT_EQ(Found(known, "99999999999999999999.1", false), "2.0");
}

TEST(FindBaselineTest, WithDoesNotCoverWithout) {
  EXPECT_EQ(Found({Known("1.1.5", true)}, "1.1.5", false), "nothing");
  EXPECT_EQ(Found({Known("1.1.5", true)}, "1.1.5", true), "1.1.5 nnp");
}

TEST(FindBaselineTest, TheHostsOwnComesBeforeTheShippedOne) {
  EXPECT_EQ(Found({Known("1.1.5", false), Known("1.1.5", false, BaselineOrigin::kHost)}, "1.1.5", false), "1.1.5 host");
  EXPECT_EQ(Found({Known("1.1.4", false, BaselineOrigin::kHost), Known("1.1.5", false)}, "1.1.5", false), "1.1.5")
      << "but not an older one's";
}

TEST(FindBaselineTest, TheAbiMustFit) {
  KnownBaseline other = Known("1.1.5", false);
  other.baseline.abi = Abi::kAarch64;
  EXPECT_EQ(Found({other}, "1.1.5", false), "nothing");
}

// A recording of one container of runc 1.1.5.
class ContainerRecording : public RecordingBuilder {
 public:
  explicit ContainerRecording(std::optional<ContainerStart> start, std::initializer_list<const char*> baseline = {}) {
    Subject& subject = recording().subjects[0];
    subject.kind = SubjectKind::kContainer;
    subject.container = Container{.runtime = {.name = "runc", .version = "1.1.5"}};
    subject.start = start;
    for (const char* const name : baseline) {
      trace().baseline_calls[FindSyscall(Abi::kX86_64, name).value()] = {.count = 1, .programs = {{0, 1}}};
    }
  }
  Container& container() { return *recording().subjects[0].container; }
};

constexpr ContainerStart kFiltered = {.filtered = true};
constexpr ContainerStart kFilteredNnp = {.filtered = true, .no_new_privs = true};
constexpr ContainerStart kUnconfined = {};
constexpr ContainerStart kUnconfinedNnp = {.no_new_privs = true};

// "source: names" of each.
std::vector<std::string> ChoiceTexts(const BaselineChoice& choice) {
  std::vector<std::string> texts;
  for (const BaselineCalls& calls : choice.baselines) {
    std::string text = calls.source + ":";
    for (const std::string& name : calls.names) text += " " + name;
    texts.push_back(text);
  }
  return texts;
}

BaselineChoice Choose(std::vector<Recording> recordings, const std::vector<KnownBaseline>& known,
                      NoNewPrivsMode mode = NoNewPrivsMode::kAny) {
  return ChooseBaselines(recordings, known, {}, mode);
}

using ExpectedLines = std::vector<std::string>;

TEST(ChooseBaselinesTest, NothingWithoutContainers) {
  const BaselineChoice choice = Choose({RecordingBuilder().Call("read").Build()}, {Known("1.1.5", false)});
  EXPECT_TRUE(choice.baselines.empty());
  EXPECT_TRUE(choice.warnings.empty());
}

TEST(ChooseBaselinesTest, WhatWasObservedIsEnough) {
  const BaselineChoice choice =
      Choose({ContainerRecording(kFiltered, {"close", "capset"}).Build()}, {Known("1.1.5", false)});
  EXPECT_EQ(ChoiceTexts(choice), ExpectedLines{"observed: capset close"});
  EXPECT_TRUE(choice.warnings.empty());
}

TEST(ChooseBaselinesTest, ObservationsOfAllContainersAreUnited) {
  EXPECT_EQ(ChoiceTexts(Choose({ContainerRecording(kFiltered, {"close"}).Build(),
                                ContainerRecording(kFilteredNnp, {"capset"}).Build()},
                               {})),
            ExpectedLines{"observed: capset close"});
}

TEST(ChooseBaselinesTest, AnEmptyObservationIsNone) {
  const BaselineChoice choice = Choose({ContainerRecording(kFiltered).Build()}, {});
  EXPECT_TRUE(choice.baselines.empty());
  ASSERT_EQ(choice.warnings.size(), 1U);
  EXPECT_EQ(choice.warnings[0],
            "containers of runc 1.1.5 without no_new_privs may not start under this profile: what the runtime does "
            "under a filter was not observed, and no baseline that was measured on this host or is shipped fits");
}

TEST(ChooseBaselinesTest, CallsBeforeTheFilterAreNoBaseline) {
  ContainerRecording recording(kFiltered, {"close"});
  recording.trace().runtime_calls[FindSyscall(Abi::kX86_64, "pivot_root").value()] = {.count = 1, .programs = {{0, 1}}};
  EXPECT_EQ(ChoiceTexts(Choose({recording.Build()}, {})), ExpectedLines{"observed: close"});
}

TEST(ChooseBaselinesTest, MeasuredOnTheHostThenShipped) {
  const Recording recording = ContainerRecording(kUnconfined).Build();
  EXPECT_EQ(
      ChoiceTexts(Choose({recording}, {Known("1.1.5", false), Known("1.1.5", false, BaselineOrigin::kHost, {"read"})})),
      ExpectedLines{"runc 1.1.5 without no_new_privs, measured on this host: read"});
  const BaselineChoice shipped = Choose({recording}, {Known("1.1.5", false)});
  EXPECT_EQ(ChoiceTexts(shipped), ExpectedLines{"runc 1.1.5 without no_new_privs, shipped: capset setuid"});
  EXPECT_TRUE(shipped.warnings.empty());
}

TEST(ChooseBaselinesTest, AnotherVersionIsNeverSilent) {
  const BaselineChoice choice = Choose({ContainerRecording(kUnconfined).Build()}, {Known("1.1.4", false)});
  EXPECT_EQ(ChoiceTexts(choice),
            ExpectedLines{"runc 1.1.4 without no_new_privs, shipped, in place of 1.1.5: capset setuid"});
  EXPECT_EQ(choice.warnings,
            ExpectedLines{"no baseline of runc 1.1.5 without no_new_privs is known, and the nearest one stands "
                          "in for it: runc 1.1.4 without no_new_privs, shipped"});
}

TEST(ChooseBaselinesTest, ADistributionsPackagingIsNoOtherVersion) {
  ContainerRecording recording(kUnconfined);
  recording.container().runtime.version = "1.1.5+ds1-1+deb12u1";
  const BaselineChoice choice = Choose({recording.Build()}, {Known("1.1.5", false)});
  EXPECT_EQ(ChoiceTexts(choice), ExpectedLines{"runc 1.1.5 without no_new_privs, shipped: capset setuid"});
  EXPECT_EQ(choice.warnings, ExpectedLines{});
  recording.container().runtime.version = "1.1.5-rc.1";
  EXPECT_EQ(Choose({recording.Build()}, {Known("1.1.5", false)}).warnings.size(), 1U);
}

TEST(ChooseBaselinesTest, BothSettingsUnlessOnlyTheRecordedOneIsAskedFor) {
  const Recording recording = ContainerRecording(kFilteredNnp, {"close"}).Build();
  const std::vector<KnownBaseline> known = {Known("1.1.5", false), Known("1.1.5", true)};
  EXPECT_EQ(ChoiceTexts(Choose({recording}, known)),
            (ExpectedLines{"observed: close", "runc 1.1.5 without no_new_privs, shipped: capset setuid"}));
  EXPECT_EQ(ChoiceTexts(Choose({recording}, known, NoNewPrivsMode::kRecorded)), ExpectedLines{"observed: close"});

  const BaselineChoice unknown = Choose({recording}, {});
  EXPECT_EQ(ChoiceTexts(unknown), ExpectedLines{"observed: close"});
  EXPECT_EQ(unknown.warnings,
            ExpectedLines{
                "containers of runc 1.1.5 without no_new_privs may not start under this profile: they were recorded "
                "with no_new_privs only, and no baseline that was measured on this host or is shipped fits"});
  EXPECT_TRUE(Choose({recording}, {}, NoNewPrivsMode::kRecorded).warnings.empty());
}

TEST(ChooseBaselinesTest, OnlyTheRecordedSettingOfAnUnconfinedContainer) {
  const std::vector<KnownBaseline> known = {Known("1.1.5", false, BaselineOrigin::kShipped, {"setuid"}),
                                            Known("1.1.5", true, BaselineOrigin::kShipped, {"close"})};
  EXPECT_EQ(ChoiceTexts(Choose({ContainerRecording(kUnconfinedNnp).Build()}, known, NoNewPrivsMode::kRecorded)),
            ExpectedLines{"runc 1.1.5 with no_new_privs, shipped: close"});
  EXPECT_EQ(ChoiceTexts(Choose({ContainerRecording(kUnconfinedNnp).Build()}, known)),
            ExpectedLines{"runc 1.1.5 without no_new_privs, shipped: setuid"});
}

// A container that ran before the recorder: what it was started with is known from its engine, or not at all.
TEST(ChooseBaselinesTest, WithoutAStartTheConfigurationTells) {
  const std::vector<KnownBaseline> known = {Known("1.1.5", true, BaselineOrigin::kShipped, {"close"})};
  ContainerRecording recording(std::nullopt);
  recording.container().no_new_privs = true;
  EXPECT_EQ(ChoiceTexts(Choose({recording.Build()}, known, NoNewPrivsMode::kRecorded)),
            ExpectedLines{"runc 1.1.5 with no_new_privs, shipped: close"});
  recording.container().no_new_privs.reset();
  EXPECT_EQ(Choose({recording.Build()}, known, NoNewPrivsMode::kRecorded).warnings.size(), 1U);
}

// A source gets into profiles, which are UTF-8; a warning is escaped by whoever shows it.
TEST(ChooseBaselinesTest, AHostileRuntimeNameIsEscapedInSources) {
  ContainerRecording recording(kUnconfined);
  recording.container().runtime = {.name = "ru\x1b[31mnc", .version = "1\n2"};
  const BaselineChoice choice = Choose({recording.Build()}, {Known("1.1.5", false)});
  ASSERT_EQ(choice.warnings.size(), 1U);
  EXPECT_TRUE(choice.warnings[0].starts_with("containers of ru\x1b[31mnc 1\n2 without")) << choice.warnings[0];
  recording.container().runtime = {};
  recording.recording().subjects[0].start.reset();
  EXPECT_TRUE(
      Choose({recording.Build()}, {}).warnings.at(0).starts_with("containers of an unknown runtime may not start"));
  recording.container().runtime = {.name = "runc", .version = "1\n2"};
  EXPECT_EQ(ChoiceTexts(Choose({recording.Build()}, {Known("1.1.5", false)}))[0],
            "runc 1.1.5 without no_new_privs, shipped, in place of 1\\n2: capset setuid");
}

TEST(ChooseBaselinesTest, WhatGoDoesNowAndThenComesLast) {
  const std::vector<OccasionalCalls>& occasional = *ShippedOccasionalCalls().value();
  const std::vector<Recording> recordings = {ContainerRecording(kFiltered, {"close"}).Build()};
  const BaselineChoice choice = ChooseBaselines(recordings, {}, occasional, NoNewPrivsMode::kAny);
  ASSERT_EQ(choice.baselines.size(), 2U);
  EXPECT_EQ(choice.baselines[0].source, "observed");
  EXPECT_TRUE(choice.baselines[1].source.starts_with("go-runtime: runc is written in Go"))
      << choice.baselines[1].source;
  EXPECT_TRUE(std::ranges::count(choice.baselines[1].names, "sched_yield"));

  ContainerRecording other(kFiltered, {"close"});
  other.container().runtime = {.name = "crun", .version = "1.8"};
  const std::vector<Recording> of_crun = {other.Build()};
  EXPECT_EQ(ChooseBaselines(of_crun, {}, occasional, NoNewPrivsMode::kAny).baselines.size(), 1U);
  EXPECT_EQ(GivenBaseline(Known("1.1.5", false).baseline, occasional).size(), 2U);
}

class BaselineFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/baselines-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    EXPECT_EQ(chmod(path.c_str(), 0644), 0);
    return path;
  }
  std::vector<Baseline> Load() {
    warnings_.clear();
    return LoadBaselineFolder(folder_, warnings_);
  }

  const Baseline baseline_ = Known("1.1.5", false).baseline;
  std::string folder_;
  ExpectedLines warnings_;
};

TEST_F(BaselineFolderTest, ReadsWhatIsTrusted) {
  Write("a.json", FormatBaseline(baseline_));
  Write("b.txt", "not a baseline");
  Write(".c.json", "not a baseline");
  EXPECT_EQ(Load(), std::vector<Baseline>{baseline_});
  EXPECT_EQ(warnings_, ExpectedLines{});
}

TEST_F(BaselineFolderTest, AMissingFolderIsEmpty) {
  std::filesystem::remove_all(folder_);
  EXPECT_TRUE(Load().empty());
  EXPECT_EQ(warnings_, ExpectedLines{});
}

TEST_F(BaselineFolderTest, WhatEverybodyMayWriteIsNotRead) {
  const std::string path = Write("a.json", FormatBaseline(baseline_));
  ASSERT_EQ(chmod(path.c_str(), 0666), 0);
  EXPECT_TRUE(Load().empty());
  EXPECT_EQ(warnings_, ExpectedLines{"the baseline " + path + " is not read: everybody may write it"});
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  ASSERT_EQ(chmod(folder_.c_str(), 0777), 0);
  EXPECT_TRUE(Load().empty());
  EXPECT_EQ(warnings_, ExpectedLines{"the folder of baselines " + folder_ + " is not read: everybody may write it"});
}

TEST_F(BaselineFolderTest, WhatAGroupMayWriteIsNotRead) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root: a user's own group may be private";
  const std::string path = Write("a.json", FormatBaseline(baseline_));
  ASSERT_EQ(chmod(path.c_str(), 0664), 0);
  EXPECT_TRUE(Load().empty());
  EXPECT_EQ(warnings_, ExpectedLines{"the baseline " + path + " is not read: group 0 may write it (chmod g-w)"});
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  ASSERT_EQ(chmod(folder_.c_str(), 0775), 0);
  EXPECT_TRUE(Load().empty());
  EXPECT_EQ(warnings_,
            ExpectedLines{"the folder of baselines " + folder_ + " is not read: group 0 may write it (chmod g-w)"});
}

// In a child that is that user.
TEST_F(BaselineFolderTest, WhatTheUsersPrivateGroupMayWriteIsRead) {
  const passwd* const user = getpwnam("www-data");
  if (geteuid() != 0 || user == nullptr) GTEST_SKIP() << "needs root and a user with a group of the same name";
  const std::string path = Write("a.json", FormatBaseline(baseline_));
  ASSERT_EQ(chmod(path.c_str(), 0664), 0);
  ASSERT_EQ(chown(path.c_str(), user->pw_uid, user->pw_gid), 0);
  ASSERT_EQ(chmod(folder_.c_str(), 0775), 0);
  ASSERT_EQ(chown(folder_.c_str(), user->pw_uid, user->pw_gid), 0);
  const auto count = [&] {
    const pid_t child = fork();
    if (child == 0) {
      if (setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0) _exit(100);
      if (setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0) _exit(101);
      _exit(static_cast<int>(Load().size()));
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WEXITSTATUS(status);
  };
  EXPECT_EQ(count(), 1);
  ASSERT_EQ(chown(path.c_str(), user->pw_uid, 0), 0);
  EXPECT_EQ(count(), 0) << "a group of others";
}

TEST_F(BaselineFolderTest, AnotherUsersFileIsNotRead) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to give a file away";
  const std::string path = Write("a.json", FormatBaseline(baseline_));
  ASSERT_EQ(chown(path.c_str(), 65534, 65534), 0);
  EXPECT_TRUE(Load().empty());
  EXPECT_EQ(warnings_, ExpectedLines{"the baseline " + path + " is not read: it belongs to user 65534"});
}

TEST_F(BaselineFolderTest, LinksPipesAndNonsenseAreNotRead) {
  Write("bad.json", "{}");
  std::filesystem::create_symlink(Write("good", FormatBaseline(baseline_)), folder_ + "/link.json");
  ASSERT_EQ(mkfifo((folder_ + "/pipe.json").c_str(), 0644), 0);
  EXPECT_TRUE(Load().empty());
  ASSERT_EQ(warnings_.size(), 3U);
  EXPECT_NE(warnings_[0].find("bad.json is not read: the field \"schema\" is missing"), std::string::npos);
  EXPECT_NE(warnings_[1].find("link.json is not read: open: Too many levels"), std::string::npos) << warnings_[1];
  EXPECT_NE(warnings_[2].find("pipe.json is not read: it is no regular file"), std::string::npos) << warnings_[2];
}

TEST(ShippedBaselinesTest, AreNamedForWhatTheyAreAndSayWhereTheyCameFrom) {
  const std::vector<Baseline>& shipped = *ShippedBaselines().value();
  ASSERT_FALSE(shipped.empty());
  for (const Baseline& baseline : shipped) {
    const std::string path = std::string(SYSCARVE_SOURCE_DIR "/profiles/runtime/") + BaselineFileName(baseline);
    const absl::StatusOr<Baseline> file = LoadBaseline(path);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(*file, baseline);
    std::ifstream text(path);
    EXPECT_EQ(FormatBaseline(baseline), std::string(std::istreambuf_iterator<char>(text), {})) << path;
    EXPECT_GT(baseline.provenance.size(), 40U) << path;
    EXPECT_TRUE(std::ranges::count(baseline.names, "execve")) << path << ": it starts no program";
  }
}

}  // namespace
}  // namespace syscarve
