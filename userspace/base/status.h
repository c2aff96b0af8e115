// SPDX-License-Identifier: Apache-2.0
// The only conversion from errno to absl::Status, and the mapping from a Status to the exit code.
//
// Every message contains the attempted operation, its object, and why it failed; a hint is what the user can do next.
// Codes have fixed meanings, so that the CLI can choose the exit code without parsing text:
//
//   kInvalidArgument, kNotFound, kAlreadyExists,
//   kResourceExhausted (too large, too complex)   usage or bad input        exit 2
//   kFailedPrecondition, kPermissionDenied, …     the host cannot           exit 3
//   kDataLoss                                     the recording is incomplete, or a result could not be proven   exit 4
//   kAborted                                      the answer is no          exit 1
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace syscarve {

// "open /x: Permission denied", with the code for `error`, a positive errno value. For libbpf's negative return values:
// PosixError(what, -ret).
absl::Status PosixError(std::string_view what, int error);

// The same status with ". Hint: <hint>" appended to its message, unless it already has one. `hint` is a full sentence.
absl::Status WithHint(const absl::Status& status, std::string_view hint);

// The message of `status` without its hint, for use inside another sentence.
std::string WithoutHint(const absl::Status& status);

// `status` with "context: " before its message and the same code.
absl::Status Annotate(const absl::Status& status, std::string_view context);

// The exit code for `status`, by the table above; 0 for OK.
int ExitCode(const absl::Status& status);

}  // namespace syscarve

// Returns early with the status of `expr` if it is not OK.
#define SYSCARVE_RETURN_IF_ERROR(expr)                                \
  do {                                                                \
    if (absl::Status status_ = (expr); !status_.ok()) return status_; \
  } while (false)

#define SYSCARVE_CONCAT_INNER(a, b) a##b
#define SYSCARVE_CONCAT(a, b) SYSCARVE_CONCAT_INNER(a, b)

// SYSCARVE_ASSIGN_OR_RETURN(auto x, F()): declares x with the value of F(), or returns its status.
#define SYSCARVE_ASSIGN_OR_RETURN(lhs, expr) \
  SYSCARVE_ASSIGN_OR_RETURN_IMPL(SYSCARVE_CONCAT(status_or_, __LINE__), lhs, expr)
#define SYSCARVE_ASSIGN_OR_RETURN_IMPL(tmp, lhs, expr) \
  auto tmp = (expr);                                   \
  if (!tmp.ok()) return tmp.status();                  \
  lhs = *std::move(tmp)
