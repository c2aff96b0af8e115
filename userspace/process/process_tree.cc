// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/process_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "userspace/base/unique_fd.h"
#include "userspace/process/task_status.h"

namespace syscarve {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { closedir(dir); }
};

// The fields of /proc/PID/stat after the name, which may itself contain spaces, parentheses and newlines (proc(5)); the
// first is field 3, the state.
std::vector<std::string_view> FieldsAfterName(std::string_view stat) {
  std::vector<std::string_view> fields;
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return fields;
  std::string_view rest = stat.substr(name_end + 1);
  while (!rest.empty()) {
    const size_t begin = rest.find_first_not_of(" \n");
    if (begin == std::string_view::npos) break;
    rest.remove_prefix(begin);
    const size_t end = std::min(rest.find_first_of(" \n"), rest.size());
    fields.push_back(rest.substr(0, end));
    rest.remove_prefix(end);
  }
  return fields;
}

template <typename T>
T Number(std::string_view text) {
  T value{};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

bool ProcIsOurs() {
  char link[32];
  const ssize_t length = readlink("/proc/self", link, sizeof(link));
  if (length <= 0 || Number<pid_t>({link, static_cast<size_t>(length)}) != getpid()) return false;
  // The pids from the namespace of /proc down to this process's own: a single one if they are the same (proc(5)). A
  // process can have the same number in both.
  const std::optional<TaskStatus> status = TaskStatus::Of("self");
  // A kernel without pid namespaces has no such field.
  return status.has_value() && status->Words("NSpid").size() <= 1;
}

std::optional<ProcessInfo> ReadProcess(pid_t pid) {
  char path[32];
  std::snprintf(path, sizeof(path), "/proc/%d/stat", pid);
  const UniqueFd fd(open(path, O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return std::nullopt;
  char text[1024];
  const ssize_t length = read(fd.get(), text, sizeof(text));
  if (length <= 0) return std::nullopt;
  const std::vector<std::string_view> fields = FieldsAfterName({text, static_cast<size_t>(length)});
  constexpr size_t kState = 0, kParent = 1, kThreads = 17, kStartTime = 19;
  if (fields.size() <= kStartTime) return std::nullopt;
  const char state = fields[kState].front();
  // A leader that has exited is a zombie even while its other threads still run.
  const bool dead = (state == 'Z' || state == 'X') && Number<int>(fields[kThreads]) <= 1;
  return ProcessInfo{.pid = pid,
                     .parent = Number<pid_t>(fields[kParent]),
                     .start_time = Number<uint64_t>(fields[kStartTime]),
                     .dead = dead};
}

void KillProcess(const ProcessInfo& process) {
  const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0)));
  if (!pidfd.valid()) return;
  const std::optional<ProcessInfo> now = ReadProcess(process.pid);
  if (!now.has_value() || now->start_time != process.start_time) return;
  syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
}

bool IsDescendant(pid_t pid, pid_t ancestor) {
  // A chain that changes while it is followed could be endless; no real one is this long.
  for (int steps = 0; pid > 1 && steps < 10'000; ++steps) {
    const std::optional<ProcessInfo> process = ReadProcess(pid);
    if (!process.has_value()) return false;
    if (process->parent == ancestor) return true;
    pid = process->parent;
  }
  return false;
}

std::vector<ProcessInfo> FindDescendants(pid_t ancestor) {
  if (!ProcIsOurs()) return {};
  std::multimap<pid_t, ProcessInfo> by_parent;
  const std::unique_ptr<DIR, CloseDir> proc(opendir("/proc"));
  if (proc == nullptr) return {};
  while (const dirent* entry = readdir(proc.get())) {
    const std::string_view name = entry->d_name;
    if (name.find_first_not_of("0123456789") != std::string_view::npos) continue;
    if (const auto process = ReadProcess(Number<pid_t>(name)); process.has_value()) {
      by_parent.emplace(process->parent, *process);
    }
  }
  std::vector<ProcessInfo> found;
  const auto add_children_of = [&](pid_t parent) {
    const auto [begin, end] = by_parent.equal_range(parent);
    for (auto child = begin; child != end; ++child) found.push_back(child->second);
    by_parent.erase(begin, end);
  };
  add_children_of(ancestor);
  for (size_t i = 0; i < found.size(); ++i) add_children_of(found[i].pid);
  return found;
}

SubreaperScope::SubreaperScope() {
  prctl(PR_GET_CHILD_SUBREAPER, &previous_, 0, 0, 0);
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

SubreaperScope::~SubreaperScope() {
  prctl(PR_SET_CHILD_SUBREAPER, previous_, 0, 0, 0);
}

size_t DescendantKiller::Sweep() {
  size_t alive = 0;
  for (const ProcessInfo& process : FindDescendants(getpid())) {
    if (process.dead) continue;
    ++alive;
    ended_.emplace(process.pid, process.start_time);
    KillProcess(process);
  }
  return alive;
}

KillResult EndDescendants(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  DescendantKiller ender;
  while (true) {
    const size_t alive = ender.Sweep();
    pid_t reaped = 0;
    do {
      reaped = waitpid(-1, nullptr, __WALL | WNOHANG);
    } while (reaped > 0 || (reaped < 0 && errno == EINTR));
    const bool no_children = reaped < 0;
    if (no_children) return {.ended = ender.ended(), .left = 0};
    if (std::chrono::steady_clock::now() >= deadline) return {.ended = ender.ended(), .left = alive};
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace syscarve
