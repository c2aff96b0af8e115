// SPDX-License-Identifier: Apache-2.0
// Fields of a record of the kernel's audit: key=value, apart by spaces.
#pragma once

#include <string>
#include <string_view>

namespace syscarve {

// The first value of `key`, with its quotes where it has some. What is in quotes is no field.
std::string_view AuditField(std::string_view line, std::string_view key);

// A text that a program chose: in quotes, in hex digits where it has unusual bytes, "(null)" when there is none, or as
// it is where ausearch -i has put it into words. "" for anything else.
std::string AuditText(std::string_view value);

}  // namespace syscarve
