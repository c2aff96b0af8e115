// SPDX-License-Identifier: Apache-2.0
// The forms in which the kernel side's programs can be attached (bpf/raw_programs.bpf.h, bpf/perf_programs.bpf.h), and
// how it is found out which one this kernel needs: docs/kernel-support.md.
#pragma once

#include <optional>
#include <string_view>

#include "userspace/base/status.h"

struct recorder;  // The skeleton.

namespace syscarve {

enum class AttachForm {
  kTpBtf,       // Raw tracepoints. The cheapest; from Linux 7.0 on not without loss under load.
  kTracepoint,  // Tracepoint events, by perf. Since Linux 6.12.
  kHandlers,    // As kTracepoint, but calls at the functions that serve them. Not where exits of calls are watched.
};

// "tp_btf", "tracepoint" or "kprobe.multi", as in Method::attach.
std::string_view AttachFormName(AttachForm form);

// The form that SYSCARVE_ATTACH in the environment names, if any. kInvalidArgument when it is none.
absl::StatusOr<std::optional<AttachForm>> FormFromEnvironment();

// Where capability checks are seen.
enum class CapabilitySource { kFexit, kTracepoint, kNone };

// The best one that this kernel allows in this form, found by trying.
CapabilitySource BestCapabilitySource(AttachForm form);

struct WantedPrograms {
  AttachForm form = AttachForm::kTpBtf;
  bool exits = false;    // Of calls.
  bool cgroups = false;  // Their making.
  CapabilitySource capabilities = CapabilitySource::kNone;
};

// Has only these programs loaded. Call between open and load.
void ChoosePrograms(const WantedPrograms& wanted, recorder& skeleton);

// Attaches what libbpf does not attach by itself. Call after its own attaching. The links are the skeleton's.
absl::Status AttachChosenPrograms(AttachForm form, recorder& skeleton);

}  // namespace syscarve
