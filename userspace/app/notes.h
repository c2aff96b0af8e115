// SPDX-License-Identifier: Apache-2.0
// What a job reports while it works, for whoever started it: jobs print nothing themselves.
#pragma once

#include <string_view>

#include "userspace/base/status.h"

namespace syscarve {

// Texts come as they are: whoever shows them escapes them.
class Notes {
 public:
  virtual ~Notes() = default;

  // Something that the user should know about the result; what it is about stands in front.
  virtual void Warn(std::string_view message) = 0;
  // Progress, and what was done.
  virtual void Note(std::string_view message) = 0;
  // One of several results failed, and the job goes on with the others.
  virtual void Error(const absl::Status& status) = 0;
};

}  // namespace syscarve
