// SPDX-License-Identifier: Apache-2.0
// Words for the contents of a recording, and the meaning of its plain numbers and bytes.
#pragma once

#include <string>

#include "userspace/model/recording.h"

namespace syscarve {

// Values of Denial::errno_value besides an errno, which is positive, and 0 (killed). Trapped: SIGSYS was delivered to a
// handler. Answered: the call was not made, but returned success (an errno of 0, or a supervisor's value).
inline constexpr int kDenialTrapped = -1;
inline constexpr int kDenialAnswered = -2;

// "EPERM", "killed", "trapped" or "answered with success".
std::string DenialWords(int errno_value);

// Whether the path is only the end of the original, and begins with "…/": the kernel side keeps a bounded number of
// components and bytes.
bool PathIsCut(const Program& program);
// The bytes that identify a program: its path, and for a cut path also its device and inode, because cut paths of
// different programs may be equal. "" if the path is unknown. Not escaped.
std::string ProgramLabel(const Program& program);

// "ring_full (3): One sentence."
std::string LossWords(const Loss& loss);
// The same as a warning: "INCOMPLETE: …" if calls may be missing, "detail lost: …" otherwise.
std::string LossWarning(const Loss& loss);

}  // namespace syscarve
