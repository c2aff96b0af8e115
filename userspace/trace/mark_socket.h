// SPDX-License-Identifier: Apache-2.0
// The door through which a test suite tells the recorder where one test ends and the next begins. The environment
// variable SYSCARVE_MARK says where it is: the path of a unix socket, or "fd:N" for an open descriptor that is one end
// of a connected socket.
//
// The protocol is one line a mark: NAME\n, answered with ok\n when the next run has begun, or with error: TEXT\n. A
// shell without syscarve at hand can speak it.
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
// Of the folder's name; the pid of its recorder follows.
inline constexpr std::string_view kMarkFolderPrefix = "syscarve-mark.";

// Removes the folder of a mark socket and the socket in it.
void RemoveMarkFolder(const std::string& folder);

// How a command reaches the recorder.
enum class MarkBy { kSocket, kDescriptor };

class MarkSocket {
 public:
  // A listening socket in a folder of its own, both removed with their owner. Only `user` (nullopt: ourselves) and root
  // may connect.
  static absl::StatusOr<MarkSocket> Listen(std::optional<uid_t> user, std::optional<gid_t> group);
  // One connection, whose other end the command inherits: for a command that cannot reach the path.
  static absl::StatusOr<MarkSocket> Connected();

  MarkSocket(MarkSocket&&) noexcept;
  MarkSocket& operator=(MarkSocket&&) = delete;
  ~MarkSocket();

  // The folder that the socket is in; "" when there is none.
  const std::string& folder() const { return folder_; }
  // "SYSCARVE_MARK=…", for the command's environment.
  std::string Environment() const;
  // The command has been started: our copy of the end that it inherits is closed.
  void CloseInherited() { inherited_.reset(); }

  // What to poll for before Serve() is worth calling.
  void AddDescriptors(std::vector<pollfd>& descriptors) const;
  using OnMark = absl::FunctionRef<absl::Status(const std::string& name)>;
  // Answers what has arrived; never blocks. `on_mark` begins the next run, or says why it cannot. Who connects and says
  // nothing keeps nobody out: when there is no room left, whoever has been silent longest is disconnected.
  void Serve(OnMark on_mark);

 private:
  struct Connection {
    UniqueFd fd;
    std::string pending;  // What has arrived of the next line.
  };

  MarkSocket() = default;
  bool AcceptOne();
  static void Answer(Connection& connection, OnMark on_mark);

  std::string folder_;
  std::string path_;
  UniqueFd listening_;
  UniqueFd inherited_;
  std::vector<Connection> connections_;  // The longest known first.
};

// Marks the beginning of `name` at the place that SYSCARVE_MARK's value `where` names, and waits for the answer.
// kInvalidArgument for a name that is empty, longer than kMaxMarkName or has a newline; kFailedPrecondition when nobody
// answers there.
absl::Status SendMark(const std::string& where, std::string_view name);

}  // namespace syscarve
