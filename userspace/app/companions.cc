// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/companions.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/app/recording_inputs.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/policy/evidence.h"
#include "userspace/shipped/companions.h"

namespace syscarve {
namespace {

absl::StatusOr<CompanionCalls> RecordedFrom(const std::string& kind, const std::string& path, Abi native) {
  SYSCARVE_ASSIGN_OR_RETURN(const Recording recording, ReadRecordingInput(path, native));
  if (recording.host.native_abi != native) {
    return absl::InvalidArgumentError(Concat("--with: ", EscapeForTerminal(path), " was recorded on ",
                                             AbiName(recording.host.native_abi), ", and not on ", AbiName(native)));
  }
  if (!recording.complete()) {
    return WithHint(absl::DataLossError(Concat("--with: ", EscapeForTerminal(path), " is incomplete")),
                    "Record it again.");
  }
  SYSCARVE_ASSIGN_OR_RETURN(const Evidence evidence, GatherEvidence({&recording, 1}));
  CompanionCalls companion{.kind = kind, .source = path, .names = {}};
  for (const auto& [name, sightings] : evidence.calls) companion.names.push_back(name);
  return companion;
}

}  // namespace

absl::StatusOr<std::vector<CompanionCalls>> LoadCompanions(std::span<const std::string> words, Abi native) {
  std::vector<CompanionCalls> result;
  for (const std::string& word : words) {
    const size_t equals = word.find('=');
    const std::string kind = word.substr(0, equals);
    if (std::ranges::find(kCompanionKinds, kind) == std::end(kCompanionKinds)) {
      return absl::InvalidArgumentError(
          Concat("--with ", EscapeForTerminal(word), ": give one of ",
                 absl::StrJoin(std::vector<std::string>(std::begin(kCompanionKinds), std::end(kCompanionKinds)), ", "),
                 ", or KIND=RECORDING"));
    }
    if (equals != std::string::npos) {
      SYSCARVE_ASSIGN_OR_RETURN(CompanionCalls recorded, RecordedFrom(kind, word.substr(equals + 1), native));
      result.push_back(std::move(recorded));
      continue;
    }
    SYSCARVE_ASSIGN_OR_RETURN(const std::vector<Companion>* const shipped, ShippedCompanions());
    for (const Companion& companion : *shipped) {
      if (companion.kind != kind) continue;
      result.push_back({.kind = kind, .source = Concat(companion.program, ", shipped"), .names = companion.names});
    }
  }
  return result;
}

}  // namespace syscarve
