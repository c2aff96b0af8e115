// SPDX-License-Identifier: Apache-2.0
// The socket through which a test suite marks the end of one test and the beginning of the next. The environment
// variable SYSCARVE_MARK has its address: the path of a unix socket, or "fd:N" for an open descriptor that is one end
// of a connected socket.
//
// The protocol is one line per mark: the request NAME\n, and the response ok\n once the next run has begun, or error:
// TEXT\n. A shell can use it without syscarve.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "userspace/base/status.h"
#include "userspace/base/unique_fd.h"

namespace syscarve {

inline constexpr std::string_view kMarkVariable = "SYSCARVE_MARK";
inline constexpr size_t kMaxMarkName = 256;
// Prefix of the folder's name; the pid of its recorder follows.
inline constexpr std::string_view kMarkFolderPrefix = "syscarve-mark.";

// Removes the folder of a mark socket with the socket in it.
void RemoveMarkFolder(const std::string& folder);

// How a command connects to the recorder.
enum class MarkBy { kSocket, kDescriptor };

class MarkSocket {
 public:
  // A listening socket in a folder of its own; both are removed with the MarkSocket. Only `user` (nullopt: the current
  // user) and root may connect.
  static absl::StatusOr<MarkSocket> Listen(std::optional<uid_t> user, std::optional<gid_t> group);
  // One connection, with the other end inherited by the command: for a command that cannot reach the path.
  static absl::StatusOr<MarkSocket> Connected();

  MarkSocket(MarkSocket&&) noexcept;
  MarkSocket& operator=(MarkSocket&&) = delete;
  ~MarkSocket();

  // The folder that contains the socket; "" without one.
  const std::string& folder() const { return folder_; }
  // "SYSCARVE_MARK=…", for the command's environment.
  std::string Environment() const;
  // Call once the command has been started: closes this process's copy of the inherited end.
  void CloseInherited() { inherited_.reset(); }

  // Adds the descriptors to poll for before Serve().
  void AddDescriptors(std::vector<pollfd>& descriptors) const;
  using OnMark = absl::FunctionRef<absl::Status(const std::string& name)>;
  // Handles the marks that have arrived; never blocks. `on_mark` begins the next run, or returns why it cannot. A
  // silent client does not lock out others: when all places are taken, the one that has been silent longest is
  // disconnected.
  void Serve(OnMark on_mark);

 private:
  struct Connection {
    UniqueFd fd;
    std::string pending;  // The incomplete next line.
  };

  MarkSocket() = default;
  bool AcceptOne();
  static void HandleRequests(Connection& connection, OnMark on_mark);

  std::string folder_;
  std::string path_;
  UniqueFd listening_;
  UniqueFd inherited_;
  std::vector<Connection> connections_;  // Oldest first.
};

// Marks the beginning of `name` at the address `where`, a value of SYSCARVE_MARK, and waits for the response.
// kInvalidArgument if the name is empty, longer than kMaxMarkName or contains a newline; kFailedPrecondition if there
// is no response.
absl::Status SendMark(const std::string& where, std::string_view name);

}  // namespace syscarve
