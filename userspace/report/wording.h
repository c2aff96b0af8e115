// SPDX-License-Identifier: Apache-2.0
// Words that the reports share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/strict_json.h"
#include "userspace/model/profile.h"

namespace syscarve {

// Where lines of the reports in JSON are broken.
inline constexpr size_t kReportJsonWidth = 120;

// Of `explain`, about a profile as about one call: docs/explain.md.
inline constexpr std::string_view kExplanationSchema = "syscarve.explanation/1";

// What a call meets: "allowed", "refused with EPERM", "kills the process" …
std::string ActionWords(Action action);

// {"action": "SCMP_ACT_ERRNO", "errno": "EPERM"}; the errno only where it counts.
JsonValue::Object ActionJson(Action action);

// "arg0 == 0x2", "arg1 & 0xff == 0x3".
std::string ConditionWords(const ArgumentCondition& condition);

// "0.012 s".
std::string Seconds(uint64_t nanos);

// `text` as one part of a sentence: in quotes that it cannot end by itself, and harmless to a terminal.
std::string Quoted(std::string_view text);

// Words in lines that begin with `indent`, each of which ends with a newline.
std::string WrapWords(const std::string& indent, const std::vector<std::string>& words);

// Each line of `lines` with `indent` before it.
std::string Indented(std::string_view lines, std::string_view indent);

}  // namespace syscarve
