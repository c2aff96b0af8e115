// SPDX-License-Identifier: Apache-2.0
// Errors of libbpf and of the kernel's BPF system, with what to do about them.
#pragma once

#include <string_view>

#include "userspace/base/status.h"

namespace syscarve {

// `status`, with the hint for where one piece of the kernel side cannot be had.
absl::Status WithBpfHint(const absl::Status& status);

// Of `what`, which failed with this errno. A kernel without BTF, or locked down, is named as the reason: libbpf and the
// verifier do not name it.
absl::Status BpfError(std::string_view what, int error);

}  // namespace syscarve
