// SPDX-License-Identifier: Apache-2.0
// Errors of libbpf and of the kernel's BPF system, with a hint what to do.
#pragma once

#include <string_view>

#include "userspace/base/status.h"

namespace syscarve {

// `status`, with the hint for a missing piece of the kernel side.
absl::Status WithBpfHint(const absl::Status& status);

// The error of `what`, which failed with this errno. Names a kernel without BTF, or locked down, as the reason: libbpf
// and the verifier do not.
absl::Status BpfError(std::string_view what, int error);

}  // namespace syscarve
