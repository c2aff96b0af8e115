// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/mark_socket.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "userspace/base/concat.h"
#include "userspace/base/fallback_folder.h"
#include "userspace/base/text.h"
#include "userspace/process/stale_name.h"

namespace syscarve {
namespace {

constexpr size_t kMaxConnections = 64;
constexpr int kResponseLimitSeconds = 60;
constexpr std::string_view kDescriptorPrefix = "fd:";
constexpr char kSocketName[] = "/socket";

// Removes the folders of killed recorders, which are recognised by the pid in their name.
void RemoveStaleFolders(const std::string& parent) {
  std::error_code error;
  std::vector<std::string> stale;
  for (std::filesystem::directory_iterator it(parent, error), end; !error && it != end; it.increment(error)) {
    if (IsOfTheDead(it->path().filename().string(), kMarkFolderPrefix)) stale.push_back(it->path().string());
  }
  for (const std::string& folder : stale) RemoveMarkFolder(folder);
}

absl::StatusOr<sockaddr_un> Address(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("not a unix socket's path: ", path));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

void Reply(int fd, const std::string& line) {
  // Never blocks: a client that does not read loses the response.
  (void)!send(fd, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

absl::Status CheckMarkName(std::string_view name) {
  if (name.empty()) return absl::InvalidArgumentError("a run's name is empty");
  if (name.size() > kMaxMarkName) {
    return absl::InvalidArgumentError(absl::StrCat("a run's name has at most ", kMaxMarkName, " bytes"));
  }
  if (name.find('\n') != std::string_view::npos) return absl::InvalidArgumentError("a run's name has a newline");
  return absl::OkStatus();
}

// An error's message must fit into one line of the protocol.
std::string OneLine(const absl::Status& status) {
  std::string line(status.message());
  for (char& c : line) {
    if (c == '\n') c = ' ';
  }
  return line;
}

absl::StatusOr<UniqueFd> Connect(const std::string& where) {
  if (std::string_view(where).starts_with(kDescriptorPrefix)) {
    const auto number = ParseNumber<int>(std::string_view(where).substr(kDescriptorPrefix.size()));
    if (!number || *number < 0) return absl::InvalidArgumentError(absl::StrCat("not a descriptor: ", where));
    UniqueFd fd(fcntl(*number, F_DUPFD_CLOEXEC, 0));
    if (!fd.valid()) return PosixError(absl::StrCat("use ", where), errno);
    return fd;
  }
  SYSCARVE_ASSIGN_OR_RETURN(const sockaddr_un address, Address(where));
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return PosixError("make a unix socket", errno);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return WithHint(absl::FailedPreconditionError(absl::StrCat("connect to ", where, ": ", std::strerror(errno))),
                    "The recorder that set SYSCARVE_MARK has ended, or may not be reached from here.");
  }
  return fd;
}

}  // namespace

void RemoveMarkFolder(const std::string& folder) {
  unlink((folder + kSocketName).c_str());
  rmdir(folder.c_str());
}

absl::StatusOr<MarkSocket> MarkSocket::Listen(std::optional<uid_t> user, std::optional<gid_t> group) {
  MarkSocket mark;
  const std::string runtime = RuntimeFolders().front();
  RemoveStaleFolders(runtime);
  std::string folder = Concat(runtime, "/", kMarkFolderPrefix, getpid(), ".XXXXXX");
  if (mkdtemp(folder.data()) == nullptr) return PosixError(absl::StrCat("make a folder ", folder), errno);
  mark.folder_ = folder;
  mark.path_ = folder + kSocketName;
  SYSCARVE_ASSIGN_OR_RETURN(const sockaddr_un address, Address(mark.path_));
  mark.listening_ = UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!mark.listening_.valid()) return PosixError("make a unix socket", errno);
  if (bind(mark.listening_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      chmod(mark.path_.c_str(), 0600) != 0 || listen(mark.listening_.get(), static_cast<int>(kMaxConnections)) != 0) {
    return PosixError(absl::StrCat("listen at ", mark.path_), errno);
  }
  // The folder last: until then only this user can reach the socket.
  const uid_t owner = user.value_or(static_cast<uid_t>(-1));
  const gid_t owning_group = group.value_or(static_cast<gid_t>(-1));
  if (user && (lchown(mark.path_.c_str(), owner, owning_group) != 0 ||
               lchown(mark.folder_.c_str(), owner, owning_group) != 0)) {
    return PosixError(absl::StrCat("give ", mark.path_, " to the command's user"), errno);
  }
  return mark;
}

absl::StatusOr<MarkSocket> MarkSocket::Connected() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return PosixError("make a pair of sockets", errno);
  MarkSocket mark;
  mark.inherited_ = UniqueFd(ends[1]);
  mark.connections_.push_back({UniqueFd(ends[0]), ""});
  if (fcntl(ends[0], F_SETFD, FD_CLOEXEC) != 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) {
    return PosixError("set up a pair of sockets", errno);
  }
  return mark;
}

MarkSocket::MarkSocket(MarkSocket&& other) noexcept
    : folder_(std::exchange(other.folder_, {})),
      path_(std::exchange(other.path_, {})),
      listening_(std::move(other.listening_)),
      inherited_(std::move(other.inherited_)),
      connections_(std::move(other.connections_)) {}

MarkSocket::~MarkSocket() {
  if (!path_.empty()) unlink(path_.c_str());
  if (!folder_.empty()) rmdir(folder_.c_str());
}

std::string MarkSocket::Environment() const {
  const std::string value = path_.empty() ? absl::StrCat("fd:", inherited_.get()) : path_;
  return std::string(kMarkVariable) + "=" + value;
}

void MarkSocket::AddDescriptors(std::vector<pollfd>& descriptors) const {
  if (listening_.valid()) descriptors.push_back({.fd = listening_.get(), .events = POLLIN});
  for (const Connection& connection : connections_) {
    descriptors.push_back({.fd = connection.fd.get(), .events = POLLIN});
  }
}

bool MarkSocket::AcceptOne() {
  if (!listening_.valid()) return false;
  UniqueFd fd(accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd.valid()) return false;
  // Every request that had arrived was handled before this, so the oldest client is one that is silent. It gives way.
  if (connections_.size() == kMaxConnections) connections_.erase(connections_.begin());
  connections_.push_back({std::move(fd), ""});
  return true;
}

void MarkSocket::HandleRequests(Connection& connection, OnMark on_mark) {
  char bytes[4096];
  const ssize_t size = recv(connection.fd.get(), bytes, sizeof(bytes), MSG_DONTWAIT);
  if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) {
    connection.fd.reset();
    return;
  }
  if (size > 0) connection.pending.append(bytes, static_cast<size_t>(size));
  size_t end = 0;
  while ((end = connection.pending.find('\n')) != std::string::npos) {
    const std::string name = connection.pending.substr(0, end);
    connection.pending.erase(0, end + 1);
    absl::Status status = CheckMarkName(name);
    if (status.ok()) status = on_mark(name);
    Reply(connection.fd.get(), status.ok() ? "ok\n" : absl::StrCat("error: ", OneLine(status), "\n"));
  }
  if (connection.pending.size() > kMaxMarkName) {
    Reply(connection.fd.get(), absl::StrCat("error: ", OneLine(CheckMarkName(connection.pending)), "\n"));
    connection.fd.reset();
  }
}

void MarkSocket::Serve(OnMark on_mark) {
  for (Connection& connection : connections_) HandleRequests(connection, on_mark);
  const auto closed = [](const Connection& connection) { return !connection.fd.valid(); };
  std::erase_if(connections_, closed);
  // Bounded, so that a flood of clients does not stop the recording.
  for (size_t accepted = 0; accepted < kMaxConnections && AcceptOne(); ++accepted) {
    HandleRequests(connections_.back(), on_mark);
    if (closed(connections_.back())) connections_.pop_back();
  }
}

absl::Status SendMark(const std::string& where, std::string_view name) {
  SYSCARVE_RETURN_IF_ERROR(CheckMarkName(name));
  SYSCARVE_ASSIGN_OR_RETURN(const UniqueFd fd, Connect(where));
  const std::string line = std::string(name) + "\n";
  if (send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size())) {
    return WithHint(PosixError(absl::StrCat("send to the recorder at ", where), errno), "The recorder has ended.");
  }
  const timeval limit = {.tv_sec = kResponseLimitSeconds, .tv_usec = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  std::string response;
  // Byte by byte: on a shared descriptor the bytes after the line are the response to another client.
  for (char c = 0; c != '\n';) {
    const ssize_t size = recv(fd.get(), &c, 1, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) {
      const std::string why = size == 0 ? "the recorder closed the connection" : std::strerror(errno);
      return WithHint(absl::FailedPreconditionError(absl::StrCat("no reply from the recorder at ", where, ": ", why)),
                      "Whether the run was begun is not known.");
    }
    response += c;
  }
  response.pop_back();
  if (response == "ok") return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("the recorder reports: ", response));
}

}  // namespace syscarve
