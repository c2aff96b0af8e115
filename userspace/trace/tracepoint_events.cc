// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/tracepoint_events.h"

#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>

#include "absl/strings/str_cat.h"

namespace syscarve {
namespace {

// From include/uapi/linux/mount.h, which conflicts with the headers of glibc before 2.36.
constexpr unsigned kCloseOnExec = 1;                        // FSOPEN_CLOEXEC, FSMOUNT_CLOEXEC
constexpr unsigned kCreateCommand = 6;                      // FSCONFIG_CMD_CREATE
constexpr unsigned kReadOnlyMount = 0x1 | 0x2 | 0x4 | 0x8;  // MOUNT_ATTR_RDONLY, _NOSUID, _NODEV, _NOEXEC

// Opens the folder if tracefs is mounted there: an empty mount point has no events.
UniqueFd OpenMounted(const char* path) {
  UniqueFd folder(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (folder.valid() && faccessat(folder.get(), "events", F_OK, 0) != 0) folder.reset();
  return folder;
}

absl::StatusOr<UniqueFd> MountOurOwn() {
  const UniqueFd configuration(static_cast<int>(syscall(SYS_fsopen, "tracefs", kCloseOnExec)));
  if (!configuration.valid()) return PosixError("open the filesystem tracefs", errno);
  if (syscall(SYS_fsconfig, configuration.get(), kCreateCommand, nullptr, nullptr, 0) != 0) {
    return PosixError("make a tracefs", errno);
  }
  UniqueFd mount(static_cast<int>(syscall(SYS_fsmount, configuration.get(), kCloseOnExec, kReadOnlyMount)));
  if (!mount.valid()) return PosixError("mount a tracefs", errno);
  return mount;
}

}  // namespace

absl::StatusOr<TracepointEvents> TracepointEvents::Find() {
  for (const char* const path : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}) {
    if (UniqueFd folder = OpenMounted(path); folder.valid()) return TracepointEvents(std::move(folder));
  }
  SYSCARVE_ASSIGN_OR_RETURN(UniqueFd own, MountOurOwn());
  return TracepointEvents(std::move(own));
}

absl::StatusOr<UniqueFd> TracepointEvents::Open(const std::string& event) const {
  const std::string path = absl::StrCat("events/", event, "/id");
  const UniqueFd file(openat(root_.get(), path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return PosixError(absl::StrCat("open the tracepoint event ", event), errno);
  std::array<char, 32> text;
  const ssize_t size = read(file.get(), text.data(), text.size());
  if (size < 0) return PosixError(absl::StrCat("read the id of the tracepoint event ", event), errno);
  uint64_t id = 0;
  if (std::from_chars(text.data(), text.data() + size, id).ec != std::errc()) {
    return absl::InternalError(absl::StrCat("the tracepoint event ", event, " has no id"));
  }
  perf_event_attr attributes = {};
  attributes.type = PERF_TYPE_TRACEPOINT;
  attributes.size = sizeof(attributes);
  attributes.config = id;
  UniqueFd opened(static_cast<int>(syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC)));
  if (!opened.valid()) return PosixError(absl::StrCat("open a perf event for ", event), errno);
  return opened;
}

}  // namespace syscarve
