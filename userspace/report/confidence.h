// SPDX-License-Identifier: Apache-2.0
// How sure a profile is, for people (text, and a line for a summary) and programs (JSON; docs/risk.md has its fields).
#pragma once

#include <string>
#include <vector>

#include "userspace/review/confidence.h"

namespace syscarve {

// A few words, each a line without a newline; may hold an adversary's bytes. The first is short enough for a summary.
std::vector<std::string> ConfidenceLines(const Confidence& sure);

// All that is known, with the runs that have calls of their own. Safe to print.
std::string ConfidenceText(const Confidence& sure);
std::string ConfidenceJson(const Confidence& sure);

}  // namespace syscarve
