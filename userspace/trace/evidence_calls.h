// SPDX-License-Identifier: Apache-2.0
// Which calls leave hardening evidence (model/hardening.h) on success, and where it is in their arguments.
#pragma once

#include <string_view>
#include <vector>

#include "bpf/recorder.h"

namespace syscarve {

struct EvidenceCall {
  std::string_view name;
  recorder_evidence_call evidence;
};

// At most RECORDER_EVIDENCE_CALLS - 1 for all ABIs of a kernel together. Arguments are numbered as in the man pages.
const std::vector<EvidenceCall>& EvidenceCalls();

}  // namespace syscarve
