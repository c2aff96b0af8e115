// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/profile_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/app/job_test.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kPlain[] =
    R"({"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
        "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]})";
constexpr char kProfileByCapability[] =
    R"({"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
        "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"},
                     {"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}}]})";
constexpr char kTwo[] =
    "apiVersion: security-profiles-operator.x-k8s.io/v1beta1\n"
    "kind: SeccompProfile\n"
    "metadata: {name: reader}\n"
    "spec: {defaultAction: SCMP_ACT_ERRNO, syscalls: [{action: SCMP_ACT_ALLOW, names: [read]}]}\n"
    "---\n"
    "apiVersion: security-profiles-operator.x-k8s.io/v1beta1\n"
    "kind: SeccompProfile\n"
    "metadata: {name: writer}\n"
    "spec: {defaultAction: SCMP_ACT_ERRNO, syscalls: [{action: SCMP_ACT_ALLOW, names: [write]}]}\n";
constexpr char kCapabilityWarning[] =
    "it depends on the container's capabilities and is read for Docker's default ones; give others with --caps";

const ProfileTarget kTarget = {.native = Abi::kX86_64, .capabilities = std::nullopt, .kernel = KernelVersion{6, 1}};

std::set<std::string> NamesOf(const Profile& profile) {
  std::set<std::string> names;
  for (const Rule& rule : profile.rules) names.insert(rule.names.begin(), rule.names.end());
  return names;
}

std::string ErrorOf(const ProfileTargetArguments& arguments) {
  const absl::StatusOr<ProfileTarget> target = ProfileTargetOf(arguments);
  EXPECT_TRUE(absl::IsInvalidArgument(target.status())) << target.status();
  return std::string(target.status().message());
}

std::set<int> CapabilitiesOf(const std::string& text) {
  const absl::StatusOr<ProfileTarget> target = ProfileTargetOf({.native = {}, .capabilities = text, .kernel = {}});
  EXPECT_TRUE(target.ok()) << target.status();
  return target.ok() ? target->capabilities.value() : std::set<int>{-1};
}

TEST(ProfileTargetOfTest, LeavesOpenWhatIsNotGiven) {
  const ProfileTarget target = ProfileTargetOf({}).value();
  EXPECT_EQ(target.native, NativeAbi());
  EXPECT_FALSE(target.capabilities.has_value());
  EXPECT_FALSE(target.kernel.has_value());
  const ProfileTarget complete = CompleteTarget(target);
  EXPECT_EQ(complete.capabilities, DefaultEngineCapabilities());
  EXPECT_TRUE(complete.kernel.has_value());
  EXPECT_EQ(CompleteTarget(kTarget).kernel, kTarget.kernel);
}

TEST(ProfileTargetOfTest, ArchitecturesHaveTheNamesOfTheKernelAndOfEngines) {
  EXPECT_EQ(ProfileTargetOf({.native = "aarch64", .capabilities = {}, .kernel = {}}).value().native, Abi::kAarch64);
  EXPECT_EQ(ProfileTargetOf({.native = "arm64", .capabilities = {}, .kernel = {}}).value().native, Abi::kAarch64);
  EXPECT_EQ(ProfileTargetOf({.native = "amd64", .capabilities = {}, .kernel = {}}).value().native, Abi::kX86_64);
  EXPECT_EQ(ErrorOf({.native = "vax", .capabilities = {}, .kernel = {}}), "--arch: unknown architecture \"vax\"");
}

TEST(ProfileTargetOfTest, CapabilitiesAreAListInWhichDefaultIsDockers) {
  EXPECT_THAT(CapabilitiesOf("none"), IsEmpty());
  EXPECT_EQ(CapabilitiesOf("all").size(), static_cast<size_t>(kCapabilityCount));
  EXPECT_EQ(CapabilitiesOf("default"), DefaultEngineCapabilities());
  EXPECT_THAT(CapabilitiesOf("SYS_ADMIN"), ElementsAre(21));
  EXPECT_THAT(CapabilitiesOf("CAP_SYS_PTRACE,SYS_ADMIN,,"), ElementsAre(19, 21));
  std::set<int> more = DefaultEngineCapabilities();
  more.insert(21);
  EXPECT_EQ(CapabilitiesOf("default,SYS_ADMIN"), more);
  EXPECT_THAT(ErrorOf({.native = {}, .capabilities = "SYS_ADMIN,nothing", .kernel = {}}),
              HasSubstr("--caps: unknown capability \"nothing\""));
  EXPECT_THAT(ErrorOf({.native = {}, .capabilities = "SYS_ADMIN,none", .kernel = {}}),
              HasSubstr("--caps: unknown capability \"none\""));
  EXPECT_THAT(ErrorOf({.native = {}, .capabilities = "", .kernel = {}}), HasSubstr("--caps: no capability is named"));
  EXPECT_THAT(ErrorOf({.native = {}, .capabilities = ",", .kernel = {}}), HasSubstr("--caps: no capability is named"));
}

TEST(ProfileTargetOfTest, AKernelIsAVersion) {
  EXPECT_EQ(ProfileTargetOf({.native = {}, .capabilities = {}, .kernel = "4.8"}).value().kernel, (KernelVersion{4, 8}));
  EXPECT_EQ(ErrorOf({.native = {}, .capabilities = {}, .kernel = "new"}),
            "--kernel: \"new\" is no kernel version, such as 6.1");
}

class ProfileInputTest : public JobTest {};

TEST_F(ProfileInputTest, AWordIsAFileAndWhichOfTheProfilesInIt) {
  const auto split = [](const std::string& word) {
    const ProfileWord parts = SplitProfileWord(word);
    return std::pair(parts.file, parts.name);
  };
  using Parts = std::pair<std::string, std::string>;
  EXPECT_EQ(split("web.yaml"), Parts("web.yaml", ""));
  EXPECT_EQ(split("web.yaml#reader"), Parts("web.yaml", "reader"));
  EXPECT_EQ(split("a#b#c"), Parts("a#b", "c"));
  EXPECT_EQ(split("-#reader"), Parts("-", "reader"));
  EXPECT_EQ(split("#reader"), Parts("#reader", ""));
  EXPECT_EQ(split("web.yaml#"), Parts("web.yaml#", ""));
  EXPECT_EQ(split(""), Parts("", ""));
  // A file of just that name is that file.
  const std::string file = Write("a#b", kPlain);
  EXPECT_EQ(split(file), Parts(file, ""));
}

TEST_F(ProfileInputTest, LiveFiltersHaveAWordOfTheirOwn) {
  EXPECT_TRUE(IsLive("live:4711"));
  EXPECT_FALSE(IsLive("alive:4711"));
  EXPECT_FALSE(IsLive("-"));
  const ProfileTarget other = {
      .native = NativeAbi() == Abi::kX86_64 ? Abi::kAarch64 : Abi::kX86_64, .capabilities = {}, .kernel = {}};
  const absl::Status status = ReadProfileInput("live:1", other).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              testing::StartsWith("live:1: live filters are for this host's architecture"));
}

TEST_F(ProfileInputTest, ReadsAFile) {
  const std::string path = Write("web.json", kPlain);
  const ProfileInput input = ReadProfileInput(path, kTarget).value();
  EXPECT_EQ(input.name, path);
  EXPECT_THAT(NamesOf(input.profile), ElementsAre("read"));
  EXPECT_TRUE(input.is_whole_text);
  EXPECT_TRUE(input.source.has_value());
  EXPECT_THAT(input.live, IsEmpty());
  EXPECT_THAT(input.warnings, IsEmpty());
}

TEST_F(ProfileInputTest, ReadsOneOfSeveralByItsName) {
  const std::string path = Write("two.yaml", kTwo);
  const ProfileInput writer = ReadProfileInput(path + "#writer", kTarget).value();
  EXPECT_EQ(writer.name, path + "#writer");
  EXPECT_THAT(NamesOf(writer.profile), ElementsAre("write"));
  EXPECT_FALSE(writer.is_whole_text);
  // Which one is meant is not guessed.
  EXPECT_TRUE(absl::IsInvalidArgument(ReadProfileInput(path, kTarget).status()));
  EXPECT_THAT(std::string(ReadProfileInput(path + "#nobody", kTarget).status().message()),
              testing::StartsWith(path + ": "));
}

TEST_F(ProfileInputTest, OneThatCannotBeReadDoesNotCostTheOthers) {
  const std::string text = std::string(kTwo) +
                           "---\n"
                           "apiVersion: security-profiles-operator.x-k8s.io/v1beta1\n"
                           "kind: SeccompProfile\n"
                           "metadata: {name: broken}\n"
                           "spec: {defaultAction: SCMP_ACT_NOTHING}\n";
  const std::vector<FoundInput> found = ParseProfileInputs("three.yaml", text, kTarget).value();
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].name, "three.yaml#reader");
  EXPECT_TRUE(found[0].input.ok());
  EXPECT_EQ(found[1].name, "three.yaml#writer");
  EXPECT_TRUE(found[1].input.ok());
  EXPECT_EQ(found[2].name, "three.yaml#broken");
  EXPECT_THAT(std::string(found[2].input.status().message()), testing::StartsWith("three.yaml#broken: "));
  EXPECT_EQ(ParseProfileInputs("three.yaml", text, kTarget, "writer").value().size(), 1U);
  EXPECT_FALSE(ParseProfileInputs("three.yaml", "[", kTarget).ok());
}

TEST_F(ProfileInputTest, WarnsWhereCapabilitiesMatterAndAreNotGiven) {
  const ProfileInput guessed = ParseProfileInput("web.json", kProfileByCapability, kTarget).value();
  EXPECT_THAT(NamesOf(guessed.profile), ElementsAre("read"));
  EXPECT_THAT(guessed.warnings, ElementsAre(kCapabilityWarning));
  KeptNotes notes;
  PassWarningsOn(guessed, notes);
  EXPECT_THAT(notes.warnings, ElementsAre(std::string("web.json: ") + kCapabilityWarning));
  ProfileTarget given = kTarget;
  given.capabilities = {21};
  const ProfileInput known = ParseProfileInput("web.json", kProfileByCapability, given).value();
  EXPECT_THAT(NamesOf(known.profile), ElementsAre("mount", "read"));
  EXPECT_THAT(known.warnings, IsEmpty());
}

TEST_F(ProfileInputTest, UretprobeHasAMeaningWhereTheKernelAsksFiltersAboutIt) {
  const ProfileInput input = ParseProfileInput("web.json", kPlain, kTarget).value();
  const SyscallId uretprobe = FindSyscall(Abi::kX86_64, "uretprobe").value();
  EXPECT_FALSE(MeaningOf(input, kTarget).value().decisions.contains(uretprobe));
  ProfileTarget asking = kTarget;
  asking.kernel = KernelVersion{6, 12};
  EXPECT_TRUE(MeaningOf(input, asking).value().decisions.contains(uretprobe));
}

}  // namespace
}  // namespace syscarve
