// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/engine_relay.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/privileges.h"
#include "userspace/base/text.h"
#include "userspace/base/unix_socket.h"
#include "userspace/container/relay_loop.h"

namespace syscarve {
namespace {

constexpr int kBacklog = 256;
constexpr int kStartMillis = 15'000;
// More than the relay's own limit for the last events.
constexpr int kEndMillis = 10'000;

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

struct SocketPair {
  UniqueFd ours;
  UniqueFd theirs;
};

absl::StatusOr<SocketPair> MakeSocketPair() {
  std::array<int, 2> ends;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
    return PosixError("make a pair of sockets", errno);
  }
  return SocketPair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

absl::StatusOr<Pipe> MakePipe() {
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return PosixError("make a pipe", errno);
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// Whether the descriptor becomes readable in time.
bool Readable(int fd, int millis) {
  pollfd descriptor = {.fd = fd, .events = POLLIN};
  int ready = 0;
  do {
    ready = poll(&descriptor, 1, millis);
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

std::string ReadAll(int fd) {
  std::string text;
  std::array<char, 4096> buffer;
  ssize_t got = 0;
  while ((got = read(fd, buffer.data(), buffer.size())) > 0) text.append(buffer.data(), static_cast<size_t>(got));
  return text;
}

// Runs in the relay's process before it reads any input: it only needs its sockets.
absl::Status GiveUpRights(const Command& who) {
  if (const int error = ExecImage(who).AssumeIdentity(); error != 0) {
    return PosixError("become the command's user", error);
  }
  return KeepOnlyCapabilities({});
}

RelayReport ParseReport(std::string_view text) {
  RelayReport report;
  for (const std::string_view line : SplitNonEmpty(text, '\n')) {
    switch (line.front()) {
      case kReportEvent: {
        absl::StatusOr<std::optional<EngineEvent>> event = ParseEngineEvent(line.substr(1));
        // Malformed events are reported by the recorder's own engine watcher.
        if (event.ok() && event->has_value()) report.events.push_back(**std::move(event));
        break;
      }
      case kReportProblem:
        report.problems.emplace_back(line.substr(1));
        break;
      default:
        report.engine_gone = true;
    }
  }
  return report;
}

}  // namespace

absl::StatusOr<UniqueFd> EngineRelay::Listen(const std::optional<Identity>& identity) const {
  SYSCARVE_ASSIGN_OR_RETURN(const sockaddr_un address, UnixAddress(path_));
  UniqueFd listening(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listening.valid()) return PosixError("make a unix socket", errno);
  // No client can connect before listen(), and by then the socket has its owner.
  if (bind(listening.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      chmod(path_.c_str(), 0600) != 0 ||
      (identity.has_value() && lchown(path_.c_str(), identity->uid, identity->gid) != 0) ||
      listen(listening.get(), kBacklog) != 0) {
    return PosixError(Concat("listen at ", EscapeForTerminal(path_)), errno);
  }
  return listening;
}

absl::StatusOr<EngineRelay> EngineRelay::Start(const RelayOptions& options) {
  EngineRelay relay;
  relay.path_ = options.folder + "/docker.sock";
  SYSCARVE_ASSIGN_OR_RETURN(UniqueFd listening, relay.Listen(options.identity));
  SYSCARVE_ASSIGN_OR_RETURN(Pipe control, MakePipe());
  SYSCARVE_ASSIGN_OR_RETURN(Pipe ready, MakePipe());
  SocketPair held;
  if (options.hold_ends) {
    SYSCARVE_ASSIGN_OR_RETURN(held, MakeSocketPair());
  }
  relay.report_ = UniqueFd(memfd_create("syscarve-relay", MFD_CLOEXEC));
  if (!relay.report_.valid()) return PosixError("make a file in memory", errno);

  const Command who = {.path = "", .argv = {}, .environment = {}, .identity = options.identity};
  const pid_t parent = getpid();
  relay.pid_ = fork();
  if (relay.pid_ < 0) {
    relay.pid_ = 0;
    return PosixError("fork", errno);
  }
  if (relay.pid_ == 0) {
    control.write.reset();
    ready.read.reset();
    held.ours.reset();
    // A terminal's signals are for the command; this process ends when the other end of `control` is closed, also by
    // the parent's death.
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
    const absl::Status rights = GiveUpRights(who);
    if (!rights.ok()) {
      (void)!write(ready.write.get(), rights.message().data(), rights.message().size());
      _exit(1);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    RunRelay(options, std::move(listening), std::move(control.read), std::move(ready.write), std::move(relay.report_),
             std::move(held.theirs));
    _exit(0);
  }
  relay.control_ = std::move(control.write);
  relay.ends_ = std::move(held.ours);
  ready.write.reset();
  if (!Readable(ready.read.get(), kStartMillis)) {
    return absl::DeadlineExceededError(Concat("the container engine at ", EscapeForTerminal(options.engine_socket),
                                              " refuses a subscription to its events"));
  }
  if (const std::string word = ReadAll(ready.read.get()); word != "1") {
    return absl::FailedPreconditionError(word.empty() ? "the relay to the engine ended at once" : word);
  }
  return relay;
}

EngineRelay::EngineRelay(EngineRelay&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      control_(std::move(other.control_)),
      report_(std::move(other.report_)),
      ends_(std::move(other.ends_)),
      path_(std::exchange(other.path_, {})) {}

EngineRelay::~EngineRelay() {
  control_.reset();
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (!path_.empty()) unlink(path_.c_str());
}

std::optional<HeldEnd> EngineRelay::TakeEnd() {
  std::array<char, kMaxHeldEnd> message;
  const ssize_t size = recv(ends_.get(), message.data(), message.size(), MSG_DONTWAIT);
  const std::string_view text(message.data(), static_cast<size_t>(std::max<ssize_t>(size, 0)));
  const size_t blank = text.find(' ');
  const std::optional<uint64_t> number = ParseNumber<uint64_t>(text.substr(0, blank));
  if (blank == std::string_view::npos || !number.has_value()) return std::nullopt;
  return HeldEnd{.number = *number, .container = std::string(text.substr(blank + 1))};
}

void EngineRelay::LetPass(const HeldEnd& end) {
  const std::string number = std::to_string(end.number);
  (void)!send(ends_.get(), number.data(), number.size(), MSG_NOSIGNAL);
}

absl::StatusOr<RelayReport> EngineRelay::Finish() {
  control_.reset();
  const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  if (!process.valid()) return PosixError("look at the relay to the engine", errno);
  if (!Readable(process.get(), kEndMillis)) {
    return absl::DeadlineExceededError("the relay to the engine does not end");
  }
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = 0;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return absl::InternalError(Concat("the relay to the engine broke off with status ", ShellStatus(status)));
  }
  if (lseek(report_.get(), 0, SEEK_SET) != 0) return PosixError("read what the relay reports", errno);
  return ParseReport(ReadAll(report_.get()));
}

}  // namespace syscarve
