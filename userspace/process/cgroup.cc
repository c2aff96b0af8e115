// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/random_hex.h"
#include "userspace/base/text.h"
#include "userspace/process/stale_name.h"
#include "userspace/process/task_status.h"

namespace syscarve {
namespace {

constexpr size_t kMaxProcText = size_t{16} << 20;

void RemoveTree(const std::string& directory) {
  // Only directories can be removed in cgroupfs, children first.
  std::error_code error;
  std::vector<std::string> children;
  for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    if (it->is_directory(error) && !it->is_symlink(error)) children.push_back(it->path().string());
  }
  for (const std::string& child : children) RemoveTree(child);
  rmdir(directory.c_str());
}

// Removes empty leaves of dead recorders, whose pid is in the name.
void RemoveStaleLeaves(const std::string& parent) {
  std::error_code error;
  std::vector<std::string> stale;
  for (std::filesystem::directory_iterator it(parent, error), end; !error && it != end; it.increment(error)) {
    if (IsOfTheDead(it->path().filename().string(), kLeafPrefix)) stale.push_back(it->path().string());
  }
  for (const std::string& directory : stale) RemoveTree(directory);
}

void CollectProcesses(const std::string& directory, std::vector<pid_t>& pids) {
  if (auto text = ReadFile(directory + "/cgroup.procs", kMaxProcText); text.ok()) {
    for (const std::string_view line : SplitNonEmpty(*text, '\n')) {
      if (const auto pid = ParseNumber<pid_t>(line)) pids.push_back(*pid);
    }
  }
  std::error_code error;
  for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    if (it->is_directory(error) && !it->is_symlink(error)) CollectProcesses(it->path().string(), pids);
  }
}

// With a `controller`, only mounts that have it among their super options.
std::vector<std::string> MountsOf(std::string_view type, std::string_view mountinfo, std::string_view controller = {}) {
  std::vector<std::string> mounts;
  for (std::string_view line : SplitNonEmpty(mountinfo, '\n')) {
    // "36 35 98:0 /root /mount/point options [optional fields] - fstype source super-options"
    const std::vector<std::string_view> fields = SplitNonEmpty(line, ' ');
    for (size_t i = 6; i + 1 < fields.size(); ++i) {
      if (fields[i] != "-") continue;
      const bool has_it =
          controller.empty() ||
          (i + 3 < fields.size() && std::ranges::count(SplitNonEmpty(fields[i + 3], ','), controller) != 0);
      if (fields[i + 1] == type && has_it) mounts.push_back(DecodeOctalEscapes(fields[4]));
      break;
    }
  }
  return mounts;
}

absl::Status WriteControl(const std::string& path, std::string_view value) {
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid()) return PosixError(absl::StrCat("open ", path), errno);
  if (write(fd.get(), value.data(), value.size()) < 0) return PosixError(absl::StrCat("write ", path), errno);
  return absl::OkStatus();
}

}  // namespace

std::string DecodeOctalEscapes(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    auto digit = [&](size_t at) {
      return at < text.size() && text[at] >= '0' && text[at] <= '7' ? text[at] - '0' : -1;
    };
    if (text[i] == '\\' && digit(i + 1) >= 0 && digit(i + 2) >= 0 && digit(i + 3) >= 0) {
      decoded += static_cast<char>(digit(i + 1) * 64 + digit(i + 2) * 8 + digit(i + 3));
      i += 3;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

std::optional<std::string> ParseCgroup2Mount(std::string_view mountinfo) {
  const std::vector<std::string> mounts = MountsOf("cgroup2", mountinfo);
  if (mounts.empty()) return std::nullopt;
  return mounts.front();
}

std::vector<std::string> ParseCgroup1Mounts(std::string_view mountinfo) {
  return MountsOf("cgroup", mountinfo);
}

ControllerMounts FindControllerMounts() {
  const absl::StatusOr<std::string> text = ReadFile("/proc/self/mountinfo", kMaxProcText);
  if (!text.ok()) return {};
  const auto with = [&text](std::string_view controller) {
    std::vector<std::string> mounts = MountsOf("cgroup", *text, controller);
    // A controller is in v2 unless a v1 hierarchy has it; cpu.stat always is.
    for (std::string& mount : MountsOf("cgroup2", *text)) mounts.push_back(std::move(mount));
    return mounts;
  };
  return {.memory = with("memory"), .pids = with("pids"), .cpu = with("cpuacct")};
}

absl::StatusOr<std::string> FindCgroup2Mount() {
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, ReadFile("/proc/self/mountinfo", kMaxProcText));
  if (auto mount = ParseCgroup2Mount(text)) return *mount;
  return WithHint(absl::FailedPreconditionError("no cgroup v2 file system is mounted"),
                  "Mount one: mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified");
}

std::optional<std::string> ParseCgroup2Path(std::string_view proc_cgroup) {
  for (std::string_view line : SplitNonEmpty(proc_cgroup, '\n')) {
    if (!line.starts_with("0::")) continue;
    line.remove_prefix(3);
    // The kernel's mark for a cgroup that was removed while in use.
    ConsumeSuffix(line, " (deleted)");
    return std::string(line);
  }
  return std::nullopt;
}

absl::StatusOr<std::string> CgroupOfProcess(pid_t pid) {
  const std::string file = absl::StrCat("/proc/", pid, "/cgroup");
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, ReadFile(file, kMaxProcText));
  if (auto path = ParseCgroup2Path(text)) return *path;
  return absl::FailedPreconditionError(absl::StrCat(file, ": no cgroup v2 line"));
}

absl::StatusOr<std::string> CgroupSetApart(pid_t pid) {
  SYSCARVE_ASSIGN_OR_RETURN(std::string cgroup, CgroupOfProcess(pid));
  SYSCARVE_ASSIGN_OR_RETURN(const std::string own, CgroupOfProcess(getpid()));
  if (cgroup != "/" && cgroup != own && !own.starts_with(cgroup + "/")) return cgroup;
  return WithHint(absl::FailedPreconditionError(
                      Concat("process ", pid, " is in no cgroup of its own, but in ", EscapeForTerminal(cgroup))),
                  "Let the engine make a cgroup for the container; Podman's --cgroups=disabled does not.");
}

absl::StatusOr<uint64_t> CgroupId(const std::string& directory) {
  // The id is what the file handle of a cgroup directory consists of (kernfs_encode_fh, fs/kernfs/mount.c).
  struct {
    file_handle header;
    char bytes[MAX_HANDLE_SZ];
  } handle;
  handle.header.handle_bytes = MAX_HANDLE_SZ;
  int mount_id = 0;
  if (name_to_handle_at(AT_FDCWD, directory.c_str(), &handle.header, &mount_id, 0) != 0) {
    return PosixError(absl::StrCat("read the cgroup id of ", directory), errno);
  }
  uint64_t id = 0;
  if (handle.header.handle_bytes != sizeof(id)) {
    return absl::InvalidArgumentError(absl::StrCat(directory, " is not a cgroup v2 directory"));
  }
  std::memcpy(&id, handle.header.f_handle, sizeof(id));
  return id;
}

std::vector<pid_t> ProcessesInCgroup(const std::string& directory) {
  std::vector<pid_t> pids;
  CollectProcesses(directory, pids);
  return pids;
}

pid_t FirstProcessOfContainer(const std::string& directory) {
  pid_t first = 0;
  size_t least = SIZE_MAX;
  for (const pid_t pid : ProcessesInCgroup(directory)) {
    const std::optional<TaskStatus> status = TaskStatus::Of(pid);
    if (!status.has_value()) continue;
    // Its pid in each of its pid namespaces, the reader's first.
    const std::vector<std::string_view> numbers = status->Words("NSpid");
    // Containers within the container have first processes, too.
    if (numbers.size() < 2 || numbers.back() != "1" || numbers.size() >= least) continue;
    first = pid;
    least = numbers.size();
  }
  return first;
}

absl::StatusOr<bool> IsPopulated(int events_fd) {
  char text[256];
  const ssize_t size = pread(events_fd, text, sizeof(text), 0);
  if (size < 0) return PosixError("read cgroup.events", errno);
  return std::string_view(text, static_cast<size_t>(size)).find("populated 1") != std::string_view::npos;
}

absl::StatusOr<CgroupLeaf> CgroupLeaf::Create() {
  SYSCARVE_ASSIGN_OR_RETURN(const std::string mount, FindCgroup2Mount());
  SYSCARVE_ASSIGN_OR_RETURN(std::string own, CgroupOfProcess(getpid()));
  // Outside the cgroup namespace's root the path begins with "/..": then only the mount's root can be used.
  if (own == "/" || own.starts_with("/..")) own.clear();
  const std::string parent = mount + own;
  RemoveStaleLeaves(parent);

  SYSCARVE_ASSIGN_OR_RETURN(const std::string random, RandomHex(8));
  const std::string path = Concat(own, "/", kLeafPrefix, getpid(), ".", random);
  const std::string directory = mount + path;
  if (mkdir(directory.c_str(), 0755) != 0) {
    return WithHint(PosixError(absl::StrCat("make the cgroup ", directory), errno),
                    "Recording with BPF needs root; --backend notify needs no cgroup.");
  }
  absl::StatusOr<CgroupLeaf> leaf = At(directory, path);
  if (!leaf.ok()) rmdir(directory.c_str());
  return leaf;
}

absl::StatusOr<CgroupLeaf> CgroupLeaf::At(std::string directory, std::string path) {
  UniqueFd events(open((directory + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
  if (!events.valid()) return PosixError(absl::StrCat("open ", directory, "/cgroup.events"), errno);
  return CgroupLeaf(std::move(directory), std::move(path), std::move(events));
}

CgroupLeaf::CgroupLeaf(CgroupLeaf&& other) noexcept
    : directory_(std::exchange(other.directory_, {})),
      path_(std::move(other.path_)),
      events_(std::move(other.events_)) {}

CgroupLeaf::~CgroupLeaf() {
  Remove();
}

void CgroupLeaf::Remove() {
  if (!directory_.empty()) RemoveTree(std::exchange(directory_, {}));
}

absl::Status CgroupLeaf::Add(pid_t pid) {
  return WriteControl(directory_ + "/cgroup.procs", absl::StrCat(pid));
}

absl::Status CgroupLeaf::Kill() {
  // cgroup.kill exists since Linux 5.14. Without it, kill the listed processes until there are none: a fork can happen
  // between listing and killing.
  if (WriteControl(directory_ + "/cgroup.kill", "1").ok()) return absl::OkStatus();
  constexpr int kRounds = 1000;
  for (int round = 0; round < kRounds; ++round) {
    SYSCARVE_ASSIGN_OR_RETURN(const bool populated, Populated());
    if (!populated) return absl::OkStatus();
    for (const pid_t pid : Processes()) kill(pid, SIGKILL);
    usleep(1000);
  }
  return absl::FailedPreconditionError(absl::StrCat("tasks in ", directory_, " do not die"));
}

}  // namespace syscarve
