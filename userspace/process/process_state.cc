// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/process_state.h"

#include <dirent.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/file.h"
#include "userspace/base/text.h"
#include "userspace/process/task_status.h"

namespace syscarve {
namespace {

constexpr size_t kMaxTableBytes = size_t{16} << 20;
constexpr std::string_view kListen = "0A";  // TCP_LISTEN (include/net/tcp_states.h), as in /proc/net/tcp.

bool ReadIds(const std::vector<std::string_view>& words, std::array<uint32_t, 4>& ids) {
  if (words.size() != ids.size()) return false;
  for (size_t i = 0; i < ids.size(); ++i) {
    const std::optional<uint32_t> id = ParseNumber<uint32_t>(words[i]);
    if (!id.has_value()) return false;
    ids[i] = *id;
  }
  return true;
}

std::string LinkTarget(const std::string& path) {
  char target[PATH_MAX];
  const ssize_t length = readlink(path.c_str(), target, sizeof(target));
  return {target, length > 0 ? static_cast<size_t>(length) : 0};
}

// The inodes of the open sockets of `task`.
std::set<uint64_t> SocketsOf(pid_t task) {
  std::set<uint64_t> inodes;
  const std::string folder = Concat("/proc/", task, "/fd");
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(opendir(folder.c_str()), closedir);
  if (entries == nullptr) return inodes;
  while (const dirent* const entry = readdir(entries.get())) {
    const std::string target = LinkTarget(Concat(folder, "/", entry->d_name));
    std::string_view text = target;
    constexpr std::string_view kSocket = "socket:[";
    if (!text.starts_with(kSocket) || !text.ends_with(']')) continue;
    text = text.substr(kSocket.size(), text.size() - kSocket.size() - 1);
    if (const std::optional<uint64_t> inode = ParseNumber<uint64_t>(text); inode.has_value()) inodes.insert(*inode);
  }
  return inodes;
}

// The first port of the range that the kernel chooses from (ip_local_port_range, ip(7)).
uint16_t FirstChosenPort() {
  const absl::StatusOr<std::string> range = ReadFile("/proc/sys/net/ipv4/ip_local_port_range", 64);
  const std::vector<std::string_view> words = range.ok() ? SplitAtBlanks(*range) : std::vector<std::string_view>();
  constexpr uint16_t kUsual = 32768;
  return words.empty() ? kUsual : ParseNumber<uint16_t>(words.front()).value_or(kUsual);
}

// The listening sockets in the network namespace of `task`: inode and port.
std::vector<std::pair<uint64_t, uint16_t>> ListeningSockets(pid_t task) {
  std::vector<std::pair<uint64_t, uint16_t>> sockets;
  for (const char* const table : {"tcp", "tcp6"}) {
    const absl::StatusOr<std::string> text = ReadFile(Concat("/proc/", task, "/net/", table), kMaxTableBytes);
    if (!text.ok()) continue;
    const std::vector<std::pair<uint64_t, uint16_t>> listening = ParseListening(*text);
    sockets.insert(sockets.end(), listening.begin(), listening.end());
  }
  return sockets;
}

std::set<uint16_t> OwnListeningPorts(pid_t task) {
  std::set<uint16_t> ports;
  const std::set<uint64_t> sockets = SocketsOf(task);
  if (sockets.empty()) return ports;
  const uint16_t chosen = FirstChosenPort();
  for (const auto& [inode, port] : ListeningSockets(task)) {
    if (sockets.contains(inode)) ports.insert(port < chosen ? port : 0);
  }
  return ports;
}

}  // namespace

std::optional<ProcessState> StateFrom(const TaskStatus& status) {
  ProcessState state;
  if (!ReadIds(status.Words("Uid"), state.users) || !ReadIds(status.Words("Gid"), state.groups)) return std::nullopt;
  for (const std::string_view word : status.Words("Groups")) {
    if (const std::optional<uint32_t> group = ParseNumber<uint32_t>(word); group.has_value()) {
      state.more_groups.push_back(*group);
    }
  }
  const std::optional<uint64_t> permitted = status.Set("CapPrm");
  const std::optional<uint64_t> effective = status.Set("CapEff");
  if (!permitted.has_value() || !effective.has_value()) return std::nullopt;
  state.permitted = *permitted;
  state.effective = *effective;
  state.no_new_privs = status.Number("NoNewPrivs") == 1;  // Since Linux 4.10.
  return state;
}

std::vector<std::pair<uint64_t, uint16_t>> ParseListening(std::string_view table) {
  std::vector<std::pair<uint64_t, uint16_t>> listening;
  for (const std::string_view line : SplitNonEmpty(table, '\n')) {
    // sl, local_address, rem_address, st, queues, timer, retransmits, uid, timeout, inode, …
    const std::vector<std::string_view> words = SplitAtBlanks(line);
    if (words.size() < 10 || words[3] != kListen) continue;
    const size_t colon = words[1].rfind(':');
    if (colon == std::string_view::npos) continue;
    const std::optional<uint16_t> port = ParseNumber<uint16_t>(words[1].substr(colon + 1), 16);
    const std::optional<uint64_t> inode = ParseNumber<uint64_t>(words[9]);
    if (port.has_value() && inode.has_value()) listening.emplace_back(*inode, *port);
  }
  return listening;
}

std::optional<uint64_t> BoundingSetOf(pid_t task) {
  const std::optional<TaskStatus> status = TaskStatus::Of(task);
  return status.has_value() ? status->Set("CapBnd") : std::nullopt;
}

std::optional<unsigned> SeccompModeOf(pid_t task) {
  const std::optional<TaskStatus> status = TaskStatus::Of(task);
  return status.has_value() ? status->Number("Seccomp") : std::nullopt;
}

std::set<uint16_t> ListeningPortsBeside(pid_t process) {
  std::set<uint16_t> ports;
  for (const auto& [inode, port] : ListeningSockets(process)) ports.insert(port);
  return ports;
}

std::string ExecutableOf(pid_t task) {
  return LinkTarget(Concat("/proc/", task, "/exe"));
}

std::optional<ProcessState> ReadProcessState(pid_t task) {
  const std::optional<TaskStatus> status = TaskStatus::Of(task);
  if (!status.has_value()) return std::nullopt;
  std::optional<ProcessState> state = StateFrom(*status);
  if (!state.has_value()) return std::nullopt;
  state->root = LinkTarget(Concat("/proc/", task, "/root"));
  state->listens = OwnListeningPorts(task);
  return state;
}

}  // namespace syscarve
