// SPDX-License-Identifier: Apache-2.0
// Messages of a job to its caller while it works: jobs print nothing themselves.
#pragma once

#include <string_view>

#include "userspace/base/status.h"

namespace syscarve {

// Texts are unescaped and may contain untrusted bytes: the implementation escapes them for its output.
class Notes {
 public:
  virtual ~Notes() = default;

  // A defect or limit of the result. Begins with its subject, such as a file's name.
  virtual void Warn(std::string_view message) = 0;
  // Progress, and completed steps.
  virtual void Note(std::string_view message) = 0;
  // One of several results failed, and the job goes on with the others.
  virtual void Error(const absl::Status& status) = 0;
};

}  // namespace syscarve
