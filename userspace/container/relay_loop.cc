// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/relay_loop.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <iterator>
#include <list>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/strict_json.h"
#include "userspace/base/text.h"
#include "userspace/base/unix_socket.h"
#include "userspace/container/engine_json.h"
#include "userspace/container/http_head.h"
#include "userspace/process/host.h"

namespace syscarve {
namespace {

using Clock = std::chrono::steady_clock;

// With two descriptors each: below the usual limit of a process.
constexpr size_t kMaxConnections = 400;
// Reading from one side stops while this much is queued for the other: a side that does not read stalls the other.
constexpr size_t kMaxWaiting = size_t{256} << 10;
constexpr size_t kMaxRelayProblems = 64;
constexpr size_t kMaxReportBytes = size_t{256} << 20;
// After the end, the relay waits until no event of the engine has arrived for this long.
constexpr std::chrono::milliseconds kQuiet{250};
constexpr std::chrono::seconds kLongestDrain{5};

absl::StatusOr<UniqueFd> ConnectTo(const std::string& path) {
  SYSCARVE_ASSIGN_OR_RETURN(const sockaddr_un address, UnixAddress(path));
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return PosixError("make a unix socket", errno);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return PosixError(Concat("connect to ", EscapeForTerminal(path)), errno);
  }
  return fd;
}

std::string Answer(int status, std::string_view reason, std::string_view message) {
  const std::string body = PrintCompactJson(JsonValue::Object{{"message", EscapeForTerminal(message)}}) + "\n";
  return Concat("HTTP/1.1 ", status, " ", reason,
                "\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: ", body.size(), "\r\n\r\n",
                body);
}

enum class Io { kMoved, kWait, kEnd };

// Appends the bytes that can be read.
Io ReadSome(int fd, std::string& to) {
  std::array<char, size_t{64} << 10> buffer;
  const ssize_t got = recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got > 0) {
    to.append(buffer.data(), static_cast<size_t>(got));
    return Io::kMoved;
  }
  return got < 0 && (errno == EAGAIN || errno == EINTR) ? Io::kWait : Io::kEnd;
}

// Removes the bytes that could be written from the front.
Io WriteSome(int fd, std::string& from) {
  while (!from.empty()) {
    const ssize_t put = send(fd, from.data(), from.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put < 0) return errno == EAGAIN || errno == EINTR ? Io::kWait : Io::kEnd;
    from.erase(0, static_cast<size_t>(put));
  }
  return Io::kMoved;
}

class Report {
 public:
  explicit Report(UniqueFd fd) : fd_(std::move(fd)) {}

  void Line(char kind, std::string_view text) {
    if (kind == kReportProblem && ++problems_ > kMaxRelayProblems) return;
    std::string line = Concat(std::string(1, kind), text, "\n");
    if (line.size() > kMaxReportBytes - written_) return;
    written_ += line.size();
    for (std::string_view rest = line; !rest.empty();) {
      const ssize_t put = write(fd_.get(), rest.data(), rest.size());
      if (put <= 0) return;
      rest.remove_prefix(static_cast<size_t>(put));
    }
  }
  void Problem(std::string_view text) { Line(kReportProblem, EscapeForTerminal(text)); }
  void Gone() {
    if (!std::exchange(gone_, true)) Line(kReportGone, "");
  }

 private:
  UniqueFd fd_;
  size_t problems_ = 0;
  size_t written_ = 0;
  bool gone_ = false;
};

// Requests that wait for the caller's release.
class Holder {
 public:
  explicit Holder(UniqueFd ends) : ends_(std::move(ends)) {}

  int fd() const { return ends_.get(); }

  // Reports a request to the caller. Returns its number, or nullopt if it cannot be held.
  std::optional<uint64_t> Hold(std::string_view container) {
    if (!ends_.valid()) return std::nullopt;
    const std::string message = Concat(++last_, " ", container);
    if (message.size() > kMaxHeldEnd || send(ends_.get(), message.data(), message.size(), MSG_NOSIGNAL) < 0) {
      return std::nullopt;
    }
    return last_;
  }

  // The number of a released request; nullopt if there is none to read.
  std::optional<uint64_t> Released() {
    std::array<char, 32> message;
    const ssize_t size = recv(ends_.get(), message.data(), message.size(), MSG_DONTWAIT);
    if (size > 0) return ParseNumber<uint64_t>(std::string_view(message.data(), static_cast<size_t>(size)));
    if (size == 0) ends_.reset();
    return std::nullopt;
  }

 private:
  UniqueFd ends_;
  uint64_t last_ = 0;
};

// A client's connection and the corresponding one to the engine.
class Connection {
 public:
  Connection(UniqueFd client, const RelayOptions& options, Report& report, Holder& holder)
      : client_(std::move(client)), options_(options), report_(report), holder_(holder) {}

  // Releases the request that is held under this number.
  void Release(uint64_t number) {
    if (at_ != At::kHeld || held_ != number) return;
    Pass("");
    ProcessClientBytes();
  }

  // The descriptors to poll. The client's is always first.
  void AddDescriptors(std::vector<pollfd>& descriptors) const {
    descriptors.push_back({.fd = client_.get(), .events = ClientEvents()});
    if (!engine_.valid()) return;
    // Not even its end is polled for while there is no room for the bytes before it.
    const short events = EngineEvents();
    descriptors.push_back({.fd = events != 0 ? engine_.get() : -1, .events = events});
  }
  size_t descriptors() const { return engine_.valid() ? 2 : 1; }

  // Makes the progress that is possible; false if the connection is over.
  bool Advance(short client_events, short engine_events) {
    if ((client_events & (POLLERR | POLLNVAL)) != 0) return false;
    // Closed in both directions, not only half-closed: no reader is left for the engine's response.
    if ((client_events & POLLHUP) != 0 && (client_events & POLLIN) == 0) return false;
    if ((client_events & POLLIN) != 0 && !TakeFromClient()) return false;
    if ((engine_events & (POLLIN | POLLHUP | POLLERR)) != 0) TakeFromEngine();
    return Flush();
  }

 private:
  enum class At { kRequestHead, kCreateBody, kHeld, kPassing, kRefusing };

  bool WantsClient() const { return !client_done_ && at_ != At::kHeld && to_engine_.size() < kMaxWaiting; }
  short ClientEvents() const {
    return static_cast<short>((WantsClient() ? POLLIN : 0) | (to_client_.empty() ? 0 : POLLOUT));
  }
  short EngineEvents() const {
    return static_cast<short>((!engine_done_ && to_client_.size() < kMaxWaiting ? POLLIN : 0) |
                              (to_engine_.empty() ? 0 : POLLOUT));
  }

  // Sends a response of the relay's own; further bytes of the client are not read.
  void Refuse(int status, std::string_view reason, const absl::Status& why) {
    to_client_ += Answer(status, reason, Concat("syscarve: ", why.message()));
    at_ = At::kRefusing;
    client_done_ = engine_done_ = true;
    engine_.reset();
    report_.Problem(Concat("a request was not passed on: ", why.message()));
  }
  void RefuseBad(const absl::Status& why) {
    absl::IsResourceExhausted(why) ? Refuse(413, "Content Too Large", why) : Refuse(400, "Bad Request", why);
  }

  bool TakeFromClient() {
    if (!WantsClient()) return true;
    const Io read = ReadSome(client_.get(), from_client_);
    if (read == Io::kWait) return true;
    if (read == Io::kEnd) {
      client_done_ = true;
      // An incomplete request is dropped.
      if (at_ != At::kPassing) return at_ == At::kRefusing;
    }
    ProcessClientBytes();
    return true;
  }

  void ProcessClientBytes() {
    if (at_ == At::kRequestHead) OnRequestHead();
    if (at_ == At::kCreateBody) OnCreateBody();
    if (at_ != At::kPassing) return;
    // Bytes after the body would be another request, but a connection carries only one.
    if (one_only_) from_client_.clear();
    to_engine_ += std::exchange(from_client_, {});
  }

  void OnRequestHead() {
    const std::optional<size_t> size = HeadSize(from_client_);
    if (!size.has_value()) {
      if (from_client_.size() > kMaxHeadBytes) {
        RefuseBad(absl::ResourceExhaustedError(Concat("a head of more than ", kMaxHeadBytes, " bytes")));
      }
      return;
    }
    absl::StatusOr<RequestHead> head = ParseRequestHead(std::string_view(from_client_).substr(0, *size));
    if (!head.ok()) return RefuseBad(head.status());
    const absl::StatusOr<BodyFraming> framing = FramingOf(head->headers);
    if (!framing.ok()) return RefuseBad(framing.status());
    from_client_.erase(0, *size);
    head_ = *std::move(head);
    upgrade_ = !HeaderValue(head_.headers, "Upgrade").empty();
    if (!upgrade_) {
      RemoveHeader(head_.headers, "Connection");
      RemoveHeader(head_.headers, "Keep-Alive");
      head_.headers.push_back({"Connection", "close"});
    }
    switch (CreateTargetOf(head_.method, head_.target)) {
      case CreateTarget::kDocker:
        if (HeaderHasToken(head_.headers, "Expect", "100-continue")) {
          to_client_ += "HTTP/1.1 100 Continue\r\n\r\n";
          RemoveHeader(head_.headers, "Expect");
        }
        body_.emplace(*framing, kMaxCreateBytes);
        at_ = At::kCreateBody;
        return;
      case CreateTarget::kLibpod:
        report_.Problem("a container was created through Podman's own API, of which requests are not understood");
        break;
      case CreateTarget::kOther:
        if (const std::optional<std::string> container = EndedContainer(head_.method, head_.target);
            container.has_value()) {
          if (const std::optional<uint64_t> number = holder_.Hold(*container); number.has_value()) {
            held_ = *number;
            at_ = At::kHeld;
            return;
          }
        }
        break;
    }
    Pass("");
  }

  void OnCreateBody() {
    if (const absl::Status taken = body_->Take(from_client_); !taken.ok()) return RefuseBad(taken);
    if (!body_->done()) return;
    const absl::StatusOr<CreateRequest> request = ReadCreateRequest(head_.target, body_->body());
    if (!request.ok()) return RefuseBad(request.status());
    std::string body = body_->body();
    if (const std::optional<Confinement> confinement = options_.confine(*request)) {
      if (request->privileged) {
        report_.Problem(
            Concat(request->container.name.empty() ? "a container" : EscapeForTerminal(request->container.name),
                   " is privileged: engines give such a container neither a profile nor fewer capabilities"));
      } else {
        absl::StatusOr<std::string> confined = Confine(body, *confinement);
        if (!confined.ok()) return RefuseBad(confined.status());
        body = *std::move(confined);
      }
    }
    RemoveHeader(head_.headers, "Transfer-Encoding");
    RemoveHeader(head_.headers, "Trailer");
    RemoveHeader(head_.headers, "Content-Length");
    head_.headers.push_back({"Content-Length", std::to_string(body.size())});
    Pass(body);
    one_only_ = true;
  }

  void Pass(std::string_view body) {
    absl::StatusOr<UniqueFd> engine = ConnectTo(options_.engine_socket);
    if (!engine.ok()) {
      report_.Gone();
      return Refuse(503, "Service Unavailable", engine.status());
    }
    engine_ = *std::move(engine);
    to_engine_ = head_.Print() + std::string(body);
    at_ = At::kPassing;
    head_ = {};
    body_.reset();
  }

  void TakeFromEngine() {
    if (engine_done_ || to_client_.size() >= kMaxWaiting) return;
    std::string& into = upgrade_ ? from_engine_ : to_client_;
    const Io read = ReadSome(engine_.get(), into);
    if (read == Io::kEnd) engine_done_ = true;
    if (upgrade_) OnUpgradeAnswer();
    // If the head never became complete, its bytes are forwarded unchanged.
    if (!engine_done_) return;
    to_client_ += std::exchange(from_engine_, {});
    engine_.reset();
    to_engine_.clear();
    client_done_ = true;
  }

  // Determines whether the engine hands over the connection. If it does not, this was an ordinary request.
  void OnUpgradeAnswer() {
    const std::optional<size_t> size = HeadSize(from_engine_);
    if (!size.has_value()) {
      if (from_engine_.size() > kMaxHeadBytes) engine_done_ = true;
      return;
    }
    absl::StatusOr<ResponseHead> head = ParseResponseHead(std::string_view(from_engine_).substr(0, *size));
    if (!head.ok()) {
      engine_done_ = true;
      return;
    }
    constexpr int kContinue = 100;
    constexpr int kSwitching = 101;
    constexpr int kOk = 200;
    const std::string_view type = HeaderValue(head->headers, "Content-Type");
    const bool raw = type == "application/vnd.docker.raw-stream" || type == "application/vnd.docker.multiplexed-stream";
    if (head->status == kContinue) {
      to_client_ += from_engine_.substr(0, *size);
      from_engine_.erase(0, *size);
      return OnUpgradeAnswer();
    }
    upgrade_ = false;
    if (head->status == kSwitching || (head->status == kOk && raw)) {
      to_client_ += std::exchange(from_engine_, {});
      return;
    }
    RemoveHeader(head->headers, "Connection");
    RemoveHeader(head->headers, "Keep-Alive");
    head->headers.push_back({"Connection", "close"});
    to_client_ += head->Print() + from_engine_.substr(*size);
    from_engine_.clear();
    // The engine would accept another request here.
    client_done_ = true;
    to_engine_.clear();
    ShutDownEngine();
  }

  void ShutDownEngine() {
    if (engine_.valid() && !std::exchange(engine_shut_, true)) shutdown(engine_.get(), SHUT_WR);
  }

  bool Flush() {
    if (engine_.valid() && !to_engine_.empty() && WriteSome(engine_.get(), to_engine_) == Io::kEnd) {
      // The engine may have responded before it closed.
      to_engine_.clear();
      client_done_ = true;
    }
    if (at_ == At::kPassing && client_done_ && to_engine_.empty()) ShutDownEngine();
    if (!to_client_.empty() && WriteSome(client_.get(), to_client_) == Io::kEnd) return false;
    return !(engine_done_ && to_client_.empty());
  }

  UniqueFd client_;
  UniqueFd engine_;
  const RelayOptions& options_;
  Report& report_;
  Holder& holder_;
  uint64_t held_ = 0;
  At at_ = At::kRequestHead;
  RequestHead head_;
  std::optional<BodyCollector> body_;
  bool upgrade_ = false;   // Requested, without a response yet.
  bool one_only_ = false;  // The request was read completely.
  std::string from_client_;
  std::string from_engine_;
  std::string to_engine_;
  std::string to_client_;
  bool client_done_ = false;  // Nothing more is read from it.
  bool engine_done_ = false;
  bool engine_shut_ = false;
};

// The engine's events. With HTTP/1.0 they are not chunked and continue until the connection ends.
class Events {
 public:
  Events(Report& report, UniqueFd ready) : report_(report), ready_(std::move(ready)) {}

  absl::Status Connect(const std::string& socket) {
    SYSCARVE_ASSIGN_OR_RETURN(engine_, ConnectTo(socket));
    to_engine_ = Concat("GET ", EventsPath(UnixNow()), " HTTP/1.0\r\nHost: engine\r\n\r\n");
    return absl::OkStatus();
  }

  bool open() const { return engine_.valid(); }
  pollfd Descriptor() const {
    return {.fd = engine_.get(), .events = static_cast<short>(POLLIN | (to_engine_.empty() ? 0 : POLLOUT))};
  }
  void Tell(std::string_view text) {
    if (!ready_.valid()) return;
    (void)!write(ready_.get(), text.data(), text.size());
    ready_.reset();
  }

  void Advance(short events) {
    if (events == 0) return;
    if (!to_engine_.empty() && WriteSome(engine_.get(), to_engine_) == Io::kEnd) return Lost();
    if ((events & (POLLIN | POLLHUP | POLLERR)) == 0) return;
    const Io read = ReadSome(engine_.get(), buffer_);
    if (!head_done_) OnHead();
    if (head_done_) OnLines();
    if (read == Io::kEnd) Lost();
  }

 private:
  void Lost() {
    Tell("the engine broke off when it was asked for its events");
    engine_.reset();
    report_.Gone();
  }

  void OnHead() {
    const std::optional<size_t> size = HeadSize(buffer_);
    if (!size.has_value()) {
      if (buffer_.size() > kMaxHeadBytes) Lost();
      return;
    }
    const absl::StatusOr<ResponseHead> head = ParseResponseHead(std::string_view(buffer_).substr(0, *size));
    constexpr int kOk = 200;
    if (!head.ok() || head->status != kOk || HeaderHasToken(head->headers, "Transfer-Encoding", "chunked")) {
      Tell("the engine refuses a subscription to its events");
      return Lost();
    }
    buffer_.erase(0, *size);
    head_done_ = true;
    Tell("1");
  }

  void OnLines() {
    for (;;) {
      const size_t end = buffer_.find('\n');
      if (end == std::string_view::npos) break;
      report_.Line(kReportEvent, std::string_view(buffer_).substr(0, end));
      buffer_.erase(0, end + 1);
    }
    if (buffer_.size() > kMaxEngineEventBytes) {
      report_.Problem("an event of the engine is too long");
      Lost();
    }
  }

  Report& report_;
  UniqueFd ready_;
  UniqueFd engine_;
  std::string to_engine_;
  std::string buffer_;
  bool head_done_ = false;
};

class Loop {
 public:
  Loop(const RelayOptions& options, UniqueFd listening, UniqueFd control, UniqueFd ready, UniqueFd report,
       UniqueFd ends)
      : options_(options),
        listening_(std::move(listening)),
        control_(std::move(control)),
        report_(std::move(report)),
        holder_(std::move(ends)),
        events_(report_, std::move(ready)) {}

  void Run() {
    if (const absl::Status connected = events_.Connect(options_.engine_socket); !connected.ok()) {
      return events_.Tell(std::string(connected.message()));
    }
    while (!over_) Step(-1);
    const Clock::time_point end = Clock::now() + kLongestDrain;
    while (events_.open() && Clock::now() < end && Step(static_cast<int>(kQuiet.count()))) {
    }
  }

 private:
  // Returns whether anything happened.
  bool Step(int patience) {
    std::vector<pollfd> descriptors;
    const bool accepting = !over_ && connections_.size() < kMaxConnections;
    descriptors.push_back({.fd = over_ ? -1 : control_.get(), .events = POLLIN});
    descriptors.push_back({.fd = accepting ? listening_.get() : -1, .events = POLLIN});
    descriptors.push_back(events_.open() ? events_.Descriptor() : pollfd{.fd = -1});
    descriptors.push_back({.fd = holder_.fd(), .events = POLLIN});
    for (const Connection& connection : connections_) connection.AddDescriptors(descriptors);
    const int ready = poll(descriptors.data(), descriptors.size(), patience);
    if (ready <= 0) return false;
    if (descriptors[0].revents != 0) over_ = true;
    if (events_.open()) events_.Advance(descriptors[2].revents);
    size_t at = 4;
    for (auto it = connections_.begin(); it != connections_.end();) {
      const size_t count = it->descriptors();
      const short engine = count > 1 ? descriptors[at + 1].revents : short{0};
      const bool goes_on = it->Advance(descriptors[at].revents, engine);
      at += count;
      it = goes_on ? std::next(it) : connections_.erase(it);
    }
    if (descriptors[1].revents != 0) Accept();
    // Last, because it changes the number of a connection's descriptors.
    if (descriptors[3].revents != 0) {
      while (const std::optional<uint64_t> number = holder_.Released()) {
        for (Connection& connection : connections_) connection.Release(*number);
      }
    }
    return true;
  }

  void Accept() {
    UniqueFd client(accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (client.valid()) connections_.emplace_back(std::move(client), options_, report_, holder_);
  }

  const RelayOptions& options_;
  UniqueFd listening_;
  UniqueFd control_;
  Report report_;
  Holder holder_;
  Events events_;
  std::list<Connection> connections_;
  bool over_ = false;
};

}  // namespace

void RunRelay(const RelayOptions& options, UniqueFd listening, UniqueFd control, UniqueFd ready, UniqueFd report,
              UniqueFd ends) {
  Loop(options, std::move(listening), std::move(control), std::move(ready), std::move(report), std::move(ends)).Run();
}

}  // namespace syscarve
