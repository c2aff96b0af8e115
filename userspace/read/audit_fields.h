// SPDX-License-Identifier: Apache-2.0
// Fields of a record of the kernel's audit: key=value, separated by spaces.
#pragma once

#include <string>
#include <string_view>

namespace syscarve {

// The first value of `key`, including quotes. Text inside quotes is not searched.
std::string_view AuditField(std::string_view line, std::string_view key);

// Decodes a text that a program chose: in quotes, in hex digits if it has unusual bytes, "(null)" if there is none, or
// plain if ausearch -i has interpreted it. "" for anything else.
std::string AuditText(std::string_view value);

}  // namespace syscarve
