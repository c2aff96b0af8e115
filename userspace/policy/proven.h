// SPDX-License-Identifier: Apache-2.0
// Proofs about the subjects of recordings (model/proofs.h), for the code that draws verdicts from evidence.
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

// The joint verdicts of all subjects: needed if needed by one, not needed if not needed by each. Without undecided
// ones.
SubjectProofs ProvenOf(std::span<const Recording> recordings);

// Calls and arguments that were proven not to be needed.
std::set<std::string> DispensableCalls(const SubjectProofs& proven);
std::set<CallWithValues> DispensableArguments(const SubjectProofs& proven);

// The calls that were seen only with these arguments.
std::set<std::string> CallsOfNothingBut(const std::set<CallWithValues>& arguments, const Evidence& evidence);

// Replaces verdicts that were drawn from evidence by proven ones. Needed capabilities are added if missing;
// capabilities that are not needed and were never checked are not. `verdicts` stays ascending by number.
void ApplyProven(const std::map<int, ProvenNeed>& proven, std::vector<CapabilityVerdict>& verdicts);

}  // namespace syscarve
