// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/host.h"

#include <fcntl.h>
#include <linux/btf.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "userspace/base/file.h"
#include "userspace/base/random_hex.h"
#include "userspace/base/unique_fd.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {

Host DescribeHost() {
  utsname name = {};
  uname(&name);
  return {.kernel = name.release, .native_abi = NativeAbi(), .libseccomp = LibseccompVersion()};
}

bool HasTypeInformation() {
  const UniqueFd file(open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC));
  __u16 magic = 0;
  return file.valid() && read(file.get(), &magic, sizeof(magic)) == sizeof(magic) && magic == BTF_MAGIC;
}

bool IsLockedDown() {
  // All levels, with the one in force in brackets.
  const auto levels = ReadFile("/sys/kernel/security/lockdown", /*limit=*/256);
  return levels.ok() && levels->find("[confidentiality]") != std::string::npos;
}

absl::StatusOr<std::string> NewRunId() {
  return RandomHex(16);
}

UnixNanos UnixNow() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<UnixNanos>(now.tv_sec) * 1'000'000'000 + static_cast<UnixNanos>(now.tv_nsec);
}

}  // namespace syscarve
