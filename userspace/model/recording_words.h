// SPDX-License-Identifier: Apache-2.0
// Words for what a recording holds, and what its plain numbers and bytes mean.
#pragma once

#include <string>

#include "userspace/model/recording.h"

namespace syscarve {

// Denial::errno_value beside an errno, which is positive, and 0, killed: SIGSYS was delivered to a handler, and the
// caller was told of success (an errno of 0, or a supervisor's value) although the call was not made.
inline constexpr int kDenialTrapped = -1;
inline constexpr int kDenialAnswered = -2;

// "EPERM", "killed", "trapped" or "answered with success".
std::string DenialWords(int errno_value);

// Whether the path, which then begins with "…/", is only the end of what it was: the kernel side keeps a bounded number
// of components and bytes.
bool PathIsCut(const Program& program);
// The bytes by which a program is told from others: its path, and its file where that is cut, as other programs' may
// end alike. "" when the path is not known. Not escaped.
std::string ProgramLabel(const Program& program);

// "ring_full (3): One sentence."
std::string LossWords(const Loss& loss);
// The same as a warning: "INCOMPLETE: …" where calls may be missing, "detail lost: …" otherwise.
std::string LossWarning(const Loss& loss);

}  // namespace syscarve
