// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/process_state.h"

#include <dirent.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/file.h"
#include "userspace/base/text.h"

namespace syscarve {
namespace {

constexpr size_t kMaxStatusBytes = size_t{1} << 16;  // Longer ones are of who is in thousands of groups.
constexpr size_t kMaxTableBytes = size_t{16} << 20;
constexpr std::string_view kListen = "0A";  // TCP_LISTEN (include/net/tcp_states.h), as /proc/net/tcp has it.

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  size_t begin = 0;
  while ((begin = text.find_first_not_of(" \t", begin)) != std::string_view::npos) {
    const size_t end = std::min(text.find_first_of(" \t", begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

bool ReadIds(std::string_view text, std::array<uint32_t, 4>& ids) {
  const std::vector<std::string_view> words = Words(text);
  if (words.size() != ids.size()) return false;
  for (size_t i = 0; i < ids.size(); ++i) {
    const std::optional<uint32_t> id = ParseNumber<uint32_t>(words[i]);
    if (!id.has_value()) return false;
    ids[i] = *id;
  }
  return true;
}

// A capability set in hexadecimal.
std::optional<uint64_t> ReadSet(std::string_view text) {
  constexpr int kHexadecimal = 16;
  const std::vector<std::string_view> words = Words(text);
  return words.size() == 1 ? ParseNumber<uint64_t>(words.front(), kHexadecimal) : std::nullopt;
}

std::map<std::string_view, std::string_view> StatusFields(std::string_view status) {
  std::map<std::string_view, std::string_view> fields;
  for (const std::string_view line : SplitNonEmpty(status, '\n')) {
    if (const size_t colon = line.find(':'); colon != std::string_view::npos) {
      fields.emplace(line.substr(0, colon), line.substr(colon + 1));
    }
  }
  return fields;
}

std::string LinkTarget(const std::string& path) {
  char target[PATH_MAX];
  const ssize_t length = readlink(path.c_str(), target, sizeof(target));
  return {target, length > 0 ? static_cast<size_t>(length) : 0};
}

// The inodes of the sockets that `task` has open.
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

// The first port that the kernel chooses by itself (ip_local_port_range, ip(7)).
uint16_t FirstChosenPort() {
  const absl::StatusOr<std::string> range = ReadFile("/proc/sys/net/ipv4/ip_local_port_range", 64);
  const std::vector<std::string_view> words = range.ok() ? Words(*range) : std::vector<std::string_view>();
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

std::optional<ProcessState> ParseStatus(std::string_view status) {
  std::map<std::string_view, std::string_view> fields = StatusFields(status);
  ProcessState state;
  if (!ReadIds(fields["Uid"], state.users) || !ReadIds(fields["Gid"], state.groups)) return std::nullopt;
  for (const std::string_view word : Words(fields["Groups"])) {
    if (const std::optional<uint32_t> group = ParseNumber<uint32_t>(word); group.has_value()) {
      state.more_groups.push_back(*group);
    }
  }
  const std::optional<uint64_t> permitted = ReadSet(fields["CapPrm"]);
  const std::optional<uint64_t> effective = ReadSet(fields["CapEff"]);
  if (!permitted.has_value() || !effective.has_value()) return std::nullopt;
  state.permitted = *permitted;
  state.effective = *effective;
  // Since Linux 4.10.
  const std::vector<std::string_view> no_new_privs = Words(fields["NoNewPrivs"]);
  state.no_new_privs = no_new_privs.size() == 1 && no_new_privs.front() == "1";
  return state;
}

std::vector<std::pair<uint64_t, uint16_t>> ParseListening(std::string_view table) {
  std::vector<std::pair<uint64_t, uint16_t>> listening;
  for (const std::string_view line : SplitNonEmpty(table, '\n')) {
    // sl, local_address, rem_address, st, queues, timer, retransmits, uid, timeout, inode, …
    const std::vector<std::string_view> words = Words(line);
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
  const absl::StatusOr<std::string> status = ReadFile(Concat("/proc/", task, "/status"), kMaxStatusBytes);
  if (!status.ok()) return std::nullopt;
  return ReadSet(StatusFields(*status)["CapBnd"]);
}

std::optional<unsigned> SeccompModeOf(pid_t task) {
  const absl::StatusOr<std::string> status = ReadFile(Concat("/proc/", task, "/status"), kMaxStatusBytes);
  if (!status.ok()) return std::nullopt;
  const std::vector<std::string_view> words = Words(StatusFields(*status)["Seccomp"]);
  return words.size() == 1 ? ParseNumber<unsigned>(words.front()) : std::nullopt;
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
  const absl::StatusOr<std::string> status = ReadFile(Concat("/proc/", task, "/status"), kMaxStatusBytes);
  if (!status.ok()) return std::nullopt;
  std::optional<ProcessState> state = ParseStatus(*status);
  if (!state.has_value()) return std::nullopt;
  state->root = LinkTarget(Concat("/proc/", task, "/root"));
  state->listens = OwnListeningPorts(task);
  return state;
}

}  // namespace syscarve
