// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/bpf_error.h"

#include "userspace/base/concat.h"
#include "userspace/process/host.h"

namespace syscarve {

absl::Status WithBpfHint(const absl::Status& status) {
  return WithHint(
      status,
      absl::IsPermissionDenied(status)
          ? "Recording with BPF needs root, or CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN; --backend notify needs neither."
          : "`syscarve doctor` lists what this host lacks; --backend notify works without BPF.");
}

absl::Status BpfError(std::string_view what, int error) {
  const absl::Status status = PosixError(what, error);
  // Without it, libbpf reports only "No such process".
  if (!absl::IsPermissionDenied(status) && !HasTypeInformation()) {
    return WithHint(absl::FailedPreconditionError(
                        Concat(what, ": this kernel has no type information (BTF, /sys/kernel/btf/vmlinux)")),
                    "Kernels of Debian and Ubuntu have it; --backend notify works without.");
  }
  // The verifier reports only an unknown helper.
  if (!absl::IsPermissionDenied(status) && IsLockedDown()) {
    return WithHint(absl::FailedPreconditionError(
                        Concat(what,
                               ": this kernel is locked down for confidentiality (/sys/kernel/security/lockdown), "
                               "and BPF programs may not read its memory")),
                    "lockdown=integrity on the kernel's command line lets them; --backend notify works without.");
  }
  return WithBpfHint(status);
}

}  // namespace syscarve
