// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/status.h"

#include <cerrno>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace syscarve {
namespace {

absl::StatusCode CodeFor(int error) {
  switch (error) {
    case EPERM:
    case EACCES:
    case EROFS:
      return absl::StatusCode::kPermissionDenied;
    case ENOENT:
    case ENOTDIR:
    case ESRCH:
      return absl::StatusCode::kNotFound;
    case EEXIST:
      return absl::StatusCode::kAlreadyExists;
    case EINVAL:
    case EISDIR:
    case ENAMETOOLONG:
    case ELOOP:
      return absl::StatusCode::kInvalidArgument;
    case ENOSYS:
    case EOPNOTSUPP:
      return absl::StatusCode::kUnimplemented;
    default:
      return absl::StatusCode::kFailedPrecondition;
  }
}

}  // namespace

absl::Status PosixError(std::string_view what, int error) {
  // std::generic_category is thread-safe where strerror is not.
  return absl::Status(CodeFor(error), std::string(what) + ": " + std::generic_category().message(error));
}

absl::Status WithHint(const absl::Status& status, std::string_view hint) {
  if (status.ok() || status.message().find("Hint: ") != std::string_view::npos) return status;
  return absl::Status(status.code(), absl::StrCat(status.message(), ". Hint: ", std::string(hint)));
}

std::string WithoutHint(const absl::Status& status) {
  const std::string message(status.message());
  return message.substr(0, message.find(". Hint: "));
}

absl::Status Annotate(const absl::Status& status, std::string_view context) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(std::string(context), ": ", status.message()));
}

int ExitCode(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return 0;
    case absl::StatusCode::kAborted:
      return 1;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kResourceExhausted:
      return 2;
    case absl::StatusCode::kDataLoss:
      return 4;
    default:
      return 3;
  }
}

}  // namespace syscarve
