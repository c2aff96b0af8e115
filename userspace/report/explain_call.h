// SPDX-License-Identifier: Apache-2.0
// What a call with arguments meets under a profile, for people and programs (docs/explain.md has the fields).
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "userspace/review/call_explanation.h"
#include "userspace/shipped/argument_table.h"

namespace syscarve {

// `file` is the profile's name, for places in it. Calls are written as CallText does it, by the ABI of each answer, of
// which there is at least one.
std::string ExplainCallText(const std::string& file, const std::string& name, std::span<const uint64_t> known,
                            std::span<const CallExplanation> answers, const ArgumentTable& table);
std::string ExplainCallJson(const std::string& name, std::span<const uint64_t> known,
                            std::span<const CallExplanation> answers, const ArgumentTable& table);

}  // namespace syscarve
