// SPDX-License-Identifier: Apache-2.0
// What was proven about the subjects of recordings (model/proofs.h), where verdicts are drawn from evidence.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "userspace/model/proofs.h"
#include "userspace/model/recording.h"
#include "userspace/policy/capabilities.h"
#include "userspace/policy/evidence.h"

namespace syscarve {

// What holds for all subjects together: needed if it is for one, not needed if it is for none of them. Nothing is
// undecided in it.
SubjectProofs ProvenOf(std::span<const Recording> recordings);

// What was proven not to be needed.
std::set<std::string> DispensableCalls(const SubjectProofs& proven);
std::set<CallWithValues> DispensableArguments(const SubjectProofs& proven);

// The calls that were seen with nothing but these arguments.
std::set<std::string> CallsOfNothingBut(const std::set<CallWithValues>& arguments, const Evidence& evidence);

// Puts proven verdicts in the place of those that were drawn from evidence. What is needed is added where it is
// missing; what is not needed and was not asked for stays away. `verdicts` stay ascending by number.
void ApplyProven(const std::map<int, ProvenNeed>& proven, std::vector<CapabilityVerdict>& verdicts);

}  // namespace syscarve
