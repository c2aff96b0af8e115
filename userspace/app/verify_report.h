// SPDX-License-Identifier: Apache-2.0
// The result of `verify`, for programs (JSON; docs/verify.md has its fields) and for the test tabs of CI servers
// (JUnit).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "userspace/app/verification.h"

namespace syscarve {

// What was verified, in the user's words.
struct VerifiedSubject {
  std::string profile;
  std::vector<std::string> command;
  std::map<std::string, std::string> services = {};  // For containers: the profiles' files, by service.
};

std::string VerificationJson(const Verification& result, const EnforcedFilter& filter, const VerifiedSubject& subject);
// A test case per kind of problem, which fails if there are problems of the kind.
std::string VerificationJunit(const Verification& result, const VerifiedSubject& subject);

}  // namespace syscarve
