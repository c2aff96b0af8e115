// SPDX-License-Identifier: Apache-2.0
// Reports of `explain` for a call with arguments, for people and programs (docs/explain.md has the fields).
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "userspace/review/call_explanation.h"
#include "userspace/shipped/argument_table.h"

namespace syscarve {

// `known` has the values of the call's first arguments. `answers` is not empty; each call is written by CallText for
// its answer's ABI. `file` is the profile's name, for places in it.
std::string ExplainCallText(const std::string& file, const std::string& name, std::span<const uint64_t> known,
                            std::span<const CallExplanation> answers, const ArgumentTable& table);
std::string ExplainCallJson(const std::string& name, std::span<const uint64_t> known,
                            std::span<const CallExplanation> answers, const ArgumentTable& table);

}  // namespace syscarve
