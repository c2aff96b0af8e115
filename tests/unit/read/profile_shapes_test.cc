// SPDX-License-Identifier: Apache-2.0
// Profiles of every kind that people bring, on every architecture that libseccomp knows: what we say that they decide
// is what the filter decides that libseccomp makes of the same rules when it is asked without us.
#include <gtest/gtest.h>
#include <seccomp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/model/syscall_table.h"
#include "userspace/read/profile_reader.h"
#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/rule_evaluator.h"
#include "userspace/seccomp/rule_shapes.h"
#include "userspace/seccomp/verify.h"

namespace syscarve {
namespace {

std::string ReadAll(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// What libseccomp makes of the rules of `profile` for `abi` alone, without a word of ours; empty when it refuses.
FilterProgram LibseccompsFilter(const Profile& profile, Abi abi) {
  seccomp_api_set(6);
  const std::unique_ptr<void, decltype(&seccomp_release)> context(seccomp_init(ScmpAction(profile.default_action)),
                                                                  &seccomp_release);
  if (abi != NativeAbi()) {
    seccomp_arch_remove(context.get(), SCMP_ARCH_NATIVE);
    EXPECT_EQ(seccomp_arch_add(context.get(), ScmpArchToken(abi)), 0) << AbiName(abi);
  }
  for (const Rule& rule : profile.rules) {
    if (rule.action == profile.default_action) continue;
    std::vector<scmp_arg_cmp> conditions;
    for (const ArgumentCondition& condition : rule.conditions) {
      conditions.push_back({condition.index, static_cast<scmp_compare>(ScmpCompare(condition.op)), condition.value,
                            condition.value_two});
    }
    for (const std::string& name : rule.names) {
      const int number = seccomp_syscall_resolve_name(name.c_str());
      if (number == __NR_SCMP_ERROR) continue;
      if (seccomp_rule_add_array(context.get(), ScmpAction(rule.action), number,
                                 static_cast<unsigned>(conditions.size()), conditions.data()) != 0) {
        return {};
      }
    }
  }
  const std::unique_ptr<FILE, decltype(&std::fclose)> file(std::tmpfile(), &std::fclose);
  EXPECT_EQ(seccomp_export_bpf(context.get(), fileno(file.get())), 0);
  FilterProgram program(static_cast<size_t>(lseek(fileno(file.get()), 0, SEEK_END)) / sizeof(sock_filter));
  const size_t bytes = program.size() * sizeof(sock_filter);
  EXPECT_EQ(pread(fileno(file.get()), program.data(), bytes, 0), static_cast<ssize_t>(bytes));
  return InBytesOf(abi, std::move(program));
}

// The values of the conditions and their neighbours, in the argument that they are about.
std::vector<Arguments> Questions(const RuleEvaluator& decider, SyscallId id) {
  std::vector<Arguments> questions = {{}, {~uint64_t{0}, ~uint64_t{0}, ~uint64_t{0}, ~uint64_t{0}, ~uint64_t{0}}};
  const RuleEvaluator::Entry* const entry = decider.Find(id);
  if (entry == nullptr) return questions;
  for (const RuleEvaluator::Alternative& alternative : entry->alternatives) {
    Arguments matching = {};
    for (const ArgumentCondition& condition : alternative.conditions) {
      matching[condition.index] = condition.op == CompareOp::kMaskedEqual ? condition.value_two : condition.value;
    }
    questions.push_back(matching);
    for (const ArgumentCondition& condition : alternative.conditions) {
      for (const uint64_t change : {uint64_t{1}, ~uint64_t{0}, uint64_t{1} << 32, condition.value}) {
        Arguments near = matching;
        near[condition.index] += change;
        questions.push_back(near);
      }
    }
  }
  return questions;
}

class ProfileShapesTest : public testing::TestWithParam<std::filesystem::path> {};

std::vector<std::filesystem::path> Shapes() {
  std::vector<std::filesystem::path> shapes;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(SYSCARVE_SOURCE_DIR) + "/tests/inputs")) {
    const std::string extension = entry.path().extension();
    if (extension == ".json" || extension == ".yaml") shapes.push_back(entry.path());
  }
  // The default of Podman and Buildah, where the host has it.
  if (const std::filesystem::path engines = "/usr/share/containers/seccomp.json"; std::filesystem::exists(engines)) {
    shapes.push_back(engines);
  }
  std::ranges::sort(shapes);
  return shapes;
}

INSTANTIATE_TEST_SUITE_P(Inputs, ProfileShapesTest, testing::ValuesIn(Shapes()), [](const auto& shape) {
  std::string name = shape.param.stem();
  std::ranges::replace_if(
      name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
});

// Names that several of libseccomp's numbers stand for, or none: such calls are decided in front of its program.
bool IsLibseccomps(SyscallId id) {
  const std::optional<std::string> name = SyscallName(id);
  return !name.has_value() ||
         (LibseccompKnows(id.abi, *name) && seccomp_syscall_resolve_name(name->c_str()) != __NR_SCMP_ERROR);
}

// How many decisions were compared: of every profile in `file`, on every architecture.
size_t CompareWithLibseccomp(const std::filesystem::path& file) {
  const std::string text = ReadAll(file);
  size_t compared = 0;
  for (const Abi abi : kAllAbis) {
    if (!LibseccompHas(abi)) continue;
    ProfileTarget target{.native = abi, .capabilities = DefaultEngineCapabilities(), .kernel = KernelVersion{6, 1}};
    const absl::StatusOr<std::vector<NamedProfile>> found = ReadProfiles(text, target);
    if (!found.ok()) continue;
    for (const NamedProfile& named : *found) {
      if (!named.reading.ok()) continue;
      Profile profile = named.reading->source.profile;
      profile.abis = {abi};
      const RuleEvaluator decider(profile);
      const std::vector<SyscallId> conflicts = decider.conflicts();
      if (!FamiliesBeyondLibseccomp(profile).empty()) continue;  // It may not come back.
      const FilterProgram theirs = LibseccompsFilter(profile, abi);
      const absl::StatusOr<FilterProgram> ours = Compile(profile);
      EXPECT_EQ(ours.ok(), !theirs.empty()) << AbiName(abi);
      if (theirs.empty() || !ours.ok()) continue;
      // libseccomp 2.5 leaves the returns in long programs for the other order of bytes as they are; Compile mends
      // that.
      if (IsBigEndian(abi) != IsBigEndian(NativeAbi()) && theirs.size() > 200) continue;
      for (const int nr : NumbersToProve(abi)) {
        const SyscallId id{abi, nr};
        if (!IsLibseccomps(id) || std::ranges::find(conflicts, id) != conflicts.end()) continue;
        for (const Arguments& arguments : Questions(decider, id)) {
          seccomp_data data{.nr = static_cast<int>(SeccompDataNumber(id)), .arch = AuditArch(abi)};
          std::ranges::copy(arguments, data.args);
          const Action answer = ActionFromReturn(Evaluate(theirs, data));
          EXPECT_EQ(ActionFromReturn(Evaluate(*ours, data)), answer) << DisplayName(id);
          EXPECT_EQ(decider.Decide(id, arguments), answer) << DisplayName(id);
          if (testing::Test::HasFailure()) return compared;
          ++compared;
        }
      }
    }
  }
  return compared;
}

TEST_P(ProfileShapesTest, IsDecidedAsLibseccompDecidesOnEveryArchitecture) {
  RecordProperty("compared", std::to_string(CompareWithLibseccomp(GetParam())));
}

// Profiles from outside, in a folder that the environment names: see tests/e2e/test_engine_defaults.py.
TEST(GivenProfilesTest, AreDecidedAsLibseccompDecidesOnEveryArchitecture) {
  const char* const folder = std::getenv("SYSCARVE_TEST_PROFILES");
  if (folder == nullptr) GTEST_SKIP() << "SYSCARVE_TEST_PROFILES names no folder of profiles";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const size_t compared = CompareWithLibseccomp(entry.path());
    EXPECT_GT(compared, 1000u) << entry.path();
    std::cout << entry.path().filename() << ": " << compared << " decisions are libseccomp's\n";
  }
}

}  // namespace
}  // namespace syscarve
