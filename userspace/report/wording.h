// SPDX-License-Identifier: Apache-2.0
// Texts that the reports share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/strict_json.h"
#include "userspace/model/profile.h"

namespace syscarve {

// The line width of reports in JSON.
inline constexpr size_t kReportJsonWidth = 120;

// The schema of `explain`, for a whole profile and for one call: docs/explain.md.
inline constexpr std::string_view kExplanationSchema = "syscarve.explanation/1";

// An action: "allowed", "refused with EPERM", "kills the process" …
std::string ActionWords(Action action);

// {"action": "SCMP_ACT_ERRNO", "errno": "EPERM"}; `errno` and `message` only for the actions that use them.
JsonValue::Object ActionJson(Action action);

// "arg0 == 0x2", "arg1 & 0xff == 0x3".
std::string ConditionWords(const ArgumentCondition& condition);

// "0.012 s".
std::string Seconds(uint64_t nanos);

// `text` as part of a sentence: quoted, with embedded quotes and terminal controls escaped.
std::string Quoted(std::string_view text);

// `words` wrapped in lines that begin with `indent` and end with a newline.
std::string WrapWords(const std::string& indent, const std::vector<std::string>& words);

// `lines` with each line prefixed by `indent`.
std::string Indented(std::string_view lines, std::string_view indent);

}  // namespace syscarve
