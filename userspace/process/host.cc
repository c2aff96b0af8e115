#include "userspace/process/host.h"

#include <fcntl.h>
#include <linux/btf.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_format.h"
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

absl::StatusOr<std::string> NewRunId() {
  uint64_t random[2];
  if (getrandom(random, sizeof(random), 0) != sizeof(random)) return PosixError("getrandom", errno);
  return absl::StrFormat("%016x%016x", random[0], random[1]);
}

UnixNanos UnixNow() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<UnixNanos>(now.tv_sec) * 1'000'000'000 + static_cast<UnixNanos>(now.tv_nsec);
}

}  // namespace syscarve
