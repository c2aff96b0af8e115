// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/status.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace syscarve {
namespace {

std::string MessageOf(const absl::Status& status) {
  return std::string(status.message());
}

TEST(PosixErrorTest, SaysWhatFailedAndWhy) {
  const absl::Status status = PosixError("open /x", EACCES);
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(MessageOf(status), "open /x: Permission denied");
}

TEST(PosixErrorTest, ChoosesTheCodeByErrno) {
  EXPECT_EQ(PosixError("x", ENOENT).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(PosixError("x", EEXIST).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(PosixError("x", EISDIR).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(PosixError("x", ENOSYS).code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(PosixError("x", ENOSPC).code(), absl::StatusCode::kFailedPrecondition);
}

TEST(WithHintTest, AddsOneHintOnly) {
  const absl::Status once = WithHint(PosixError("open /x", ENOENT), "Make it.");
  EXPECT_EQ(MessageOf(once), "open /x: No such file or directory. Hint: Make it.");
  EXPECT_EQ(WithHint(once, "Another."), once);
  EXPECT_TRUE(WithHint(absl::OkStatus(), "Unused.").ok());
}

TEST(AnnotateTest, PutsTheContextInFrontAndKeepsTheCode) {
  const absl::Status status = Annotate(absl::DataLossError("gone"), "file.json");
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(MessageOf(status), "file.json: gone");
  EXPECT_TRUE(Annotate(absl::OkStatus(), "unused").ok());
}

TEST(ExitCodeTest, FollowsTheTable) {
  EXPECT_EQ(ExitCode(absl::OkStatus()), 0);
  EXPECT_EQ(ExitCode(absl::AbortedError("no")), 1);
  EXPECT_EQ(ExitCode(absl::InvalidArgumentError("")), 2);
  EXPECT_EQ(ExitCode(absl::NotFoundError("")), 2);
  EXPECT_EQ(ExitCode(absl::AlreadyExistsError("")), 2);
  EXPECT_EQ(ExitCode(absl::ResourceExhaustedError("")), 2);
  EXPECT_EQ(ExitCode(absl::PermissionDeniedError("")), 3);
  EXPECT_EQ(ExitCode(absl::UnimplementedError("")), 3);
  EXPECT_EQ(ExitCode(absl::DataLossError("")), 4);
}

absl::StatusOr<int> Half(int n) {
  if (n % 2 != 0) return absl::InvalidArgumentError("odd");
  return n / 2;
}

absl::StatusOr<int> Quarter(int n) {
  SYSCARVE_ASSIGN_OR_RETURN(const int half, Half(n));
  SYSCARVE_ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

absl::Status CheckEven(int n) {
  SYSCARVE_RETURN_IF_ERROR(Half(n).status());
  return absl::OkStatus();
}

TEST(StatusMacrosTest, ReturnTheFirstError) {
  ASSERT_TRUE(Quarter(8).ok());
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(6).status(), absl::InvalidArgumentError("odd"));
  EXPECT_TRUE(CheckEven(2).ok());
  EXPECT_FALSE(CheckEven(3).ok());
}

}  // namespace
}  // namespace syscarve
