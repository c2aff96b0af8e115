// SPDX-License-Identifier: Apache-2.0
// Reports of `check`: the recorded calls that a profile would refuse, for people (text) and programs (JSON;
// docs/check.md has its fields).
#pragma once

#include <string>

#include "userspace/policy/check.h"

namespace syscarve {

std::string CheckText(const CheckResult& result);
std::string CheckJson(const CheckResult& result);

}  // namespace syscarve
