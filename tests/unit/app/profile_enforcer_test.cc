// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/profile_enforcer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include <cerrno>
#include <string>
#include <utility>

#include "tests/unit/actions.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using Kind = Response::Kind;

ProfileInput InputOf(Profile profile) {
  ProfileInput input;
  input.name = "profile.json";
  input.profile = std::move(profile);
  return input;
}

// A profile in force on a program that makes calls: personality meets an action, all else is allowed.
class Enforced {
 public:
  explicit Enforced(Action action, bool log_only = false)
      : filter_(EnforcedFilterOf(InputOf(AllBut("personality", action))).value()),
        enforcer_(filter_.filter, *ShippedArgumentTable().value(), log_only) {}

  // Makes the call and says what came of it.
  Response Call(const char* name, uint64_t argument = 0) {
    const std::optional<SyscallId> id = FindSyscall(NativeAbi(), name);
    seccomp_data data = {};
    data.nr = static_cast<int>(id->nr);
    data.arch = AuditArch(NativeAbi());
    data.args[0] = argument;
    const Notification notification = {.id = id, .data = data, .program = program_};
    Response response = enforcer_.Decide(notification);
    enforcer_.Delivered(notification, response);
    return response;
  }
  const FilteredCalls& refused() const { return enforcer_.refused(); }
  std::string Words(bool log_only = false) const {
    return DescribeRefusal(refused().begin()->first, refused().begin()->second, filter_.stub, log_only);
  }
  std::string Json() const {
    return PrintJson(JsonValue(FilteredCallsJson(refused(), filter_.stub, /*log_only=*/false)), 0);
  }

 private:
  const EnforcedFilter filter_;
  ProfileEnforcer enforcer_;
  const Program program_ = {.path = "/bin/app", .device = 1, .inode = 2};
};

TEST(ProfileEnforcerTest, LetsThroughWhatIsAllowedAndForgetsIt) {
  Enforced enforced(kEperm);
  EXPECT_EQ(enforced.Call("getppid").kind, Kind::kContinue);
  EXPECT_THAT(enforced.refused(), IsEmpty());
}

TEST(ProfileEnforcerTest, EachActionHasItsAnswer) {
  const struct {
    Action action;
    Kind answer;
    int errno_value;
  } kCases[] = {
      {kEperm, Kind::kFail, EPERM},
      {{ActionKind::kNotify, 0}, Kind::kFail, ENOSYS},
      {{ActionKind::kTrace, 7}, Kind::kFail, ENOSYS},
      {{ActionKind::kTrap, 0}, Kind::kTrap, 0},
      {{ActionKind::kKillThread, 0}, Kind::kKill, 0},
      {{ActionKind::kKillProcess, 0}, Kind::kKill, 0},
      {{ActionKind::kLog, 0}, Kind::kContinue, 0},
  };
  for (const auto& [action, answer, errno_value] : kCases) {
    Enforced enforced(action);
    const Response response = enforced.Call("personality");
    EXPECT_EQ(response.kind, answer) << ScmpActionName(action.kind);
    EXPECT_EQ(response.errno_value, errno_value) << ScmpActionName(action.kind);
    EXPECT_EQ(enforced.refused().size(), 1u) << ScmpActionName(action.kind);
  }
}

TEST(ProfileEnforcerTest, CountsCallsThatAgreeAndShowsTheFirst) {
  Enforced enforced(kEperm);
  enforced.Call("personality", 8);
  enforced.Call("personality", 9);
  ASSERT_EQ(enforced.refused().size(), 1u);
  EXPECT_EQ(enforced.refused().begin()->second.count, 2u);
  EXPECT_EQ(enforced.refused().begin()->second.first_arguments[0], 8u);
  EXPECT_THAT(enforced.Words(), StartsWith("refused personality("));
  EXPECT_THAT(enforced.Words(), HasSubstr("EPERM, 2 times, in /bin/app"));
  for (const char* part :
       {R"("name": "personality")", R"("action": "SCMP_ACT_ERRNO")", R"("errno": 1)", R"("count": 2)",
        R"x("call": "personality(PER_LINUX32)")x", R"("let_through": false)", R"("path": "/bin/app")"}) {
    EXPECT_THAT(enforced.Json(), HasSubstr(part));
  }
}

TEST(ProfileEnforcerTest, OnlyReportingItRefusesNothingAndSaysSo) {
  Enforced enforced({ActionKind::kKillProcess, 0}, /*log_only=*/true);
  EXPECT_EQ(enforced.Call("personality").kind, Kind::kContinue);
  EXPECT_EQ(enforced.refused().size(), 1u);
  EXPECT_THAT(enforced.Words(/*log_only=*/true), StartsWith("would refuse personality("));

  Enforced logging({ActionKind::kLog, 0});
  logging.Call("personality");
  EXPECT_THAT(logging.Words(), StartsWith("logged personality("));
}

TEST(EnforcedFilterTest, AnErrorNamesTheProfile) {
  const ArgumentCondition no_such = {.index = 9, .op = CompareOp::kEqual, .value = 1, .value_two = 0};
  const absl::Status status = EnforcedFilterOf(InputOf(AllBut("read", kEperm, {no_such}))).status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), StartsWith("profile.json"));
}

}  // namespace
}  // namespace syscarve
