// SPDX-License-Identifier: Apache-2.0
// The forms in which the kernel side's programs can be attached (bpf/raw_programs.bpf.h, bpf/perf_programs.bpf.h), and
// how the right one for this kernel is determined: docs/kernel-support.md.
#pragma once

#include <optional>
#include <string_view>

#include "userspace/base/status.h"

struct recorder;  // The skeleton.

namespace syscarve {

enum class AttachForm {
  kTpBtf,       // Raw tracepoints. The cheapest; since Linux 7.0 with losses under load.
  kTracepoint,  // Tracepoint events, through perf. Since Linux 6.12.
  kHandlers,    // As kTracepoint, but calls at the functions that serve them. Not together with exits of calls.
};

// "tp_btf", "tracepoint" or "kprobe.multi", as in Method::attach.
std::string_view AttachFormName(AttachForm form);

// The form named by SYSCARVE_ATTACH in the environment, if set. kInvalidArgument if its value is no form.
absl::StatusOr<std::optional<AttachForm>> FormFromEnvironment();

// How capability checks are recorded.
enum class CapabilitySource { kFexit, kTracepoint, kNone };

// The best source that this kernel allows in this form, determined by trying.
CapabilitySource BestCapabilitySource(AttachForm form);

struct WantedPrograms {
  AttachForm form = AttachForm::kTpBtf;
  bool exits = false;    // At the exits of calls.
  bool cgroups = false;  // At the creation of cgroups.
  CapabilitySource capabilities = CapabilitySource::kNone;
};

// Selects these programs for loading. Call between open and load.
void ChoosePrograms(const WantedPrograms& wanted, recorder& skeleton);

// Attaches what libbpf does not attach by itself. Call after libbpf's attach. The skeleton owns the links.
absl::Status AttachChosenPrograms(AttachForm form, recorder& skeleton);

}  // namespace syscarve
