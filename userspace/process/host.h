// SPDX-License-Identifier: Apache-2.0
// Facts about this host and the present time for a Recording.
#pragma once

#include <string>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"

namespace syscarve {

Host DescribeHost();

// Whether the kernel's type information (BTF) can be read at /sys/kernel/btf/vmlinux, where libbpf looks for it.
bool HasTypeInformation();

// Whether the kernel is locked down for confidentiality, so that BPF programs may not read its memory. False if
// /sys/kernel/security is not mounted and the state is unknown.
bool IsLockedDown();

// 32 random hex digits, for Run::id.
absl::StatusOr<std::string> NewRunId();

UnixNanos UnixNow();

}  // namespace syscarve
