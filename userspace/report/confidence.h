// SPDX-License-Identifier: Apache-2.0
// The confidence in a profile, for people (text, and lines for a summary) and programs (JSON; docs/risk.md has its
// fields).
#pragma once

#include <string>
#include <vector>

#include "userspace/review/confidence.h"

namespace syscarve {

// A few lines without newlines; may contain untrusted bytes. The first is short enough for a summary.
std::vector<std::string> ConfidenceLines(const Confidence& sure);

// The complete report, with the novel runs. Safe to print.
std::string ConfidenceText(const Confidence& sure);
std::string ConfidenceJson(const Confidence& sure);

}  // namespace syscarve
