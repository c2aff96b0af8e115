// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/engine_watcher.h"

#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <cassert>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/privileges.h"
#include "userspace/container/cgroup_name.h"
#include "userspace/container/http.h"
#include "userspace/container/naming.h"
#include "userspace/process/host.h"

namespace syscarve {
namespace {

using Clock = std::chrono::steady_clock;

// Queries at the same time: an engine that is starting many containers responds slowly to each.
constexpr size_t kMaxQuestions = 8;
// Beyond this number, data about removed containers are dropped, the longest removed first.
constexpr size_t kMaxKnownContainers = size_t{1} << 15;
constexpr size_t kMaxEngineProblems = 64;
// How often per connection a malformed event triggers a query of the running containers.
constexpr int kMaxRereads = 16;
// Events are requested from slightly earlier than necessary: the clock may be set, and repeated events are harmless.
constexpr UnixNanos kOverlap = 1'000'000'000;

enum class Answer { kNotAsked, kPending, kHere, kUnknown, kFailed };

struct Known {
  Container container;
  bool reported = false;       // `container` has data.
  bool name_is_final = false;  // It was started, or seen running.
  bool start_seen = false;
  UnixNanos started = 0;  // The latest start, or 0.
  Answer answer = Answer::kNotAsked;
  int attempts = 0;            // Queries that failed with a broken connection while the engine was there.
  Clock::time_point answered;  // When it became kUnknown.
};

}  // namespace

class EngineWatcher::Impl {
 public:
  Impl(std::string socket, const EngineWatcherOptions& options)
      : socket_(std::move(socket)), options_(options), pause_(options.first_pause), since_(UnixNow() - kOverlap) {}
  ~Impl() { Stop(); }

  absl::Status Start();
  EngineInfo Info() const;
  std::optional<Container> Find(const std::string& id) const;
  std::map<std::string, Container> WaitFor(const std::set<std::string>& ids, Clock::time_point deadline);
  std::vector<Container> StartedBetween(UnixNanos from, UnixNanos until) const;
  std::vector<std::string> Problems() const;

 private:
  enum class Phase { kAway, kConnecting, kSubscribing, kSubscribed };

  void Stop();

  // On the watcher's thread.
  void Run();
  bool Step();
  void Connect();
  void Subscribe();
  void Subscribed();
  void Disconnect(const absl::Status& why);
  void Reread();
  void QueueRetries();
  void AskAboutQueued();
  void OnAnswer(const std::string& id, const absl::StatusOr<HttpAnswer>& answer);
  void OnEventBytes(std::string_view bytes);
  void OnEventLine(std::string_view line);
  void OnUnreadableEvent(std::string_view why);
  std::chrono::milliseconds LongestWait() const;
  // Requests `path`; returns nullptr, and disconnects, if the request cannot be made.
  HttpTransfer* Get(std::string path, std::chrono::milliseconds timeout, HttpTransfer::Sink sink,
                    HttpTransfers::Done done);

  // With mutex_ held.
  void Apply(const EngineEvent& event);
  void Merge(const ContainerDetails& details, Known& known);
  Known* Entry(const std::string& id);
  void Queue(const std::string& id, Known& known);
  void AddProblem(std::string problem);
  // When the data about `id` are final unless something happens before; nullopt while a response is pending.
  std::optional<Clock::time_point> SettledAt(const std::string& id) const;

  const std::string socket_;
  const EngineWatcherOptions options_;
  HttpTransfers transfers_;  // Of the thread only, except Wake.
  std::thread thread_;

  // Of the thread only.
  Phase phase_ = Phase::kAway;
  Clock::time_point next_try_;
  std::chrono::milliseconds pause_;
  Clock::time_point subscribe_by_;
  const HttpTransfer* subscription_ = nullptr;  // In kSubscribing.
  UnixNanos since_;
  std::string partial_event_;
  bool skipping_event_ = false;
  bool reread_wanted_ = false;
  bool rereading_ = false;
  int rereads_ = 0;
  size_t questions_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;
  bool connected_ = false;
  std::optional<absl::Status> first_try_;
  EngineInfo info_;
  std::map<std::string, Known> known_;
  std::deque<std::string> queue_;  // To be queried: kPending, but without a request.
  // Likewise, but not before that time; ascending.
  std::deque<std::pair<Clock::time_point, std::string>> retries_;
  std::deque<std::string> removed_;  // May be dropped, from the front on.
  std::vector<std::pair<std::string, int>> problems_;
};

absl::Status EngineWatcher::Impl::Start() {
  // Signals are for the owner's threads.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] {
    // The thread parses data that containers influence, and needs only a socket, perhaps a user's.
    (void)KeepOnlyCapabilities({CAP_DAC_OVERRIDE});
    Run();
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return first_try_.has_value(); });
  return *first_try_;
}

void EngineWatcher::Impl::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  transfers_.Wake();
  if (thread_.joinable()) thread_.join();
}

EngineInfo EngineWatcher::Impl::Info() const {
  const std::lock_guard lock(mutex_);
  return info_;
}

std::optional<Container> EngineWatcher::Impl::Find(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto known = known_.find(id);
  if (known == known_.end() || !known->second.reported) return std::nullopt;
  return known->second.container;
}

std::map<std::string, Container> EngineWatcher::Impl::WaitFor(const std::set<std::string>& ids,
                                                              Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  for (const std::string& id : ids) {
    // Anything that is not an id would be spliced into the URL path.
    if (!IsContainerId(id)) continue;
    Known* known = Entry(id);
    if (known != nullptr && (known->answer == Answer::kNotAsked || known->answer == Answer::kFailed)) Queue(id, *known);
  }
  transfers_.Wake();
  while (true) {
    Clock::time_point settled = Clock::time_point::min();
    for (const std::string& id : ids) settled = std::max(settled, SettledAt(id).value_or(deadline));
    settled = std::min(settled, deadline);
    if (Clock::now() >= settled) break;
    changed_.wait_until(lock, settled);
  }
  std::map<std::string, Container> found;
  for (const std::string& id : ids) {
    const auto known = known_.find(id);
    if (known != known_.end() && known->second.reported) found.emplace(id, known->second.container);
  }
  return found;
}

std::optional<Clock::time_point> EngineWatcher::Impl::SettledAt(const std::string& id) const {
  const auto found = known_.find(id);
  if (found == known_.end()) return Clock::time_point::min();
  const Known& known = found->second;
  switch (known.answer) {
    case Answer::kHere:
      return Clock::time_point::min();
    case Answer::kUnknown:
      return known.reported ? Clock::time_point::min() : known.answered + options_.straggler;
    case Answer::kFailed:
      // It is queried again when the engine is back.
      return connected_ ? std::optional(Clock::time_point::min()) : std::nullopt;
    case Answer::kNotAsked:
    case Answer::kPending:
      break;
  }
  return std::nullopt;
}

std::vector<Container> EngineWatcher::Impl::StartedBetween(UnixNanos from, UnixNanos until) const {
  const std::lock_guard lock(mutex_);
  std::vector<Container> started;
  for (const auto& [id, known] : known_) {
    if (known.started != 0 && known.started >= from && known.started <= until) started.push_back(known.container);
  }
  return started;
}

std::vector<std::string> EngineWatcher::Impl::Problems() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> sentences;
  for (const auto& [sentence, times] : problems_) {
    sentences.push_back(times == 1 ? sentence : Concat(sentence, " (", times, " times)"));
  }
  return sentences;
}

void EngineWatcher::Impl::AddProblem(std::string problem) {
  const auto same = std::ranges::find(problems_, problem, &std::pair<std::string, int>::first);
  if (same != problems_.end()) {
    ++same->second;
  } else if (problems_.size() + 1 < kMaxEngineProblems) {
    problems_.emplace_back(std::move(problem), 1);
  } else if (problems_.size() < kMaxEngineProblems) {
    problems_.emplace_back("more problems with the container engine are not listed", 1);
  }
}

void EngineWatcher::Impl::Run() {
  while (Step()) transfers_.Wait(LongestWait());
  transfers_.Clear();
}

// Makes the progress that is possible without waiting; false when it is time to end.
bool EngineWatcher::Impl::Step() {
  transfers_.Perform();
  if (phase_ == Phase::kAway && Clock::now() >= next_try_) Connect();
  if (phase_ == Phase::kSubscribing) {
    if (subscription_->succeeding()) {
      Subscribed();
    } else if (Clock::now() >= subscribe_by_) {
      Disconnect(absl::DeadlineExceededError(
          Concat("the container engine at ", EscapeForTerminal(socket_), " refuses a subscription to its events")));
    }
  }
  if (phase_ == Phase::kSubscribed) {
    if (reread_wanted_ && !rereading_) Reread();
    QueueRetries();
    AskAboutQueued();
  }
  const std::lock_guard lock(mutex_);
  return !stop_;
}

// The time until Step has something to do; everything else, including a new transfer, wakes the thread.
std::chrono::milliseconds EngineWatcher::Impl::LongestWait() const {
  const auto until = [](Clock::time_point time) {
    return std::chrono::ceil<std::chrono::milliseconds>(std::max(time - Clock::now(), Clock::duration::zero()));
  };
  if (phase_ == Phase::kAway) return until(next_try_);
  if (phase_ == Phase::kSubscribing) return until(subscribe_by_);
  const std::lock_guard lock(mutex_);
  if (!retries_.empty()) return until(retries_.front().first);
  return std::chrono::minutes(1);
}

HttpTransfer* EngineWatcher::Impl::Get(std::string path, std::chrono::milliseconds timeout, HttpTransfer::Sink sink,
                                       HttpTransfers::Done done) {
  absl::StatusOr<std::unique_ptr<HttpTransfer>> transfer = HttpTransfer::Create(
      socket_, {.path = std::move(path), .timeout = timeout, .max_answer_bytes = kMaxEngineAnswerBytes},
      std::move(sink));
  if (!transfer.ok()) {
    Disconnect(transfer.status());
    return nullptr;
  }
  HttpTransfer* const started = transfer->get();
  transfers_.Add(*std::move(transfer), std::move(done));
  return started;
}

void EngineWatcher::Impl::Connect() {
  phase_ = Phase::kConnecting;
  Get("/version", options_.patience, {}, [this](const absl::StatusOr<HttpAnswer>& version) {
    if (!version.ok()) return Disconnect(version.status());
    Get("/info", options_.patience, {}, [this, text = version->body](const absl::StatusOr<HttpAnswer>& info) {
      if (!info.ok()) return Disconnect(info.status());
      absl::StatusOr<EngineInfo> parsed = ParseEngineInfo(info->body, text);
      if (!parsed.ok()) return Disconnect(Annotate(parsed.status(), EscapeForTerminal(socket_)));
      {
        const std::lock_guard lock(mutex_);
        info_ = *std::move(parsed);
      }
      Subscribe();
    });
  });
}

void EngineWatcher::Impl::Subscribe() {
  phase_ = Phase::kSubscribing;
  subscribe_by_ = Clock::now() + options_.patience;
  partial_event_.clear();
  skipping_event_ = false;
  const auto on_bytes = [this](std::string_view bytes) {
    OnEventBytes(bytes);
    return true;
  };
  subscription_ =
      Get(EventsPath(since_), std::chrono::milliseconds(0), on_bytes, [this](const absl::StatusOr<HttpAnswer>& end) {
        Disconnect(end.ok() ? absl::UnavailableError(Concat("the container engine at ", EscapeForTerminal(socket_),
                                                            " ended its stream of events"))
                            : end.status());
      });
}

void EngineWatcher::Impl::Subscribed() {
  phase_ = Phase::kSubscribed;
  subscription_ = nullptr;
  pause_ = options_.first_pause;
  rereads_ = 0;
  // Running containers, and those started while there was no connection.
  reread_wanted_ = true;
  const std::lock_guard lock(mutex_);
  connected_ = true;
  first_try_ = absl::OkStatus();
  changed_.notify_all();
}

void EngineWatcher::Impl::Disconnect(const absl::Status& why) {
  transfers_.Clear();
  subscription_ = nullptr;
  rereading_ = false;
  questions_ = 0;
  const bool was_subscribed = phase_ == Phase::kSubscribed;
  phase_ = Phase::kAway;
  next_try_ = Clock::now() + pause_;
  pause_ = std::min(pause_ * 2, options_.longest_pause);

  const std::lock_guard lock(mutex_);
  connected_ = false;
  if (!first_try_.has_value()) {
    first_try_ = why;
    stop_ = true;
  } else if (was_subscribed) {
    AddProblem(
        Concat("the container engine went away, and a container that lived only until it was back may have no name: ",
               WithoutHint(why)));
  }
  // Pending queries are repeated after the next connection.
  queue_.clear();
  retries_.clear();
  for (auto& [id, known] : known_) {
    if (known.answer == Answer::kFailed) known.answer = Answer::kPending;
    if (known.answer != Answer::kPending) continue;
    known.attempts = 0;
    queue_.push_back(id);
  }
  changed_.notify_all();
}

void EngineWatcher::Impl::Reread() {
  reread_wanted_ = false;
  rereading_ = true;
  Get("/containers/json", options_.patience, {}, [this](const absl::StatusOr<HttpAnswer>& answer) {
    rereading_ = false;
    const auto ids = answer.ok() ? ParseContainerList(answer->body) : answer.status();
    const std::lock_guard lock(mutex_);
    if (!ids.ok()) return AddProblem(Concat("the running containers are not known: ", WithoutHint(ids.status())));
    for (const std::string& id : *ids) {
      Known* known = Entry(id);
      const bool ask = known != nullptr && known->answer != Answer::kHere && known->answer != Answer::kPending;
      if (ask) Queue(id, *known);
    }
  });
}

void EngineWatcher::Impl::QueueRetries() {
  const std::lock_guard lock(mutex_);
  for (; !retries_.empty() && retries_.front().first <= Clock::now(); retries_.pop_front()) {
    queue_.push_back(std::move(retries_.front().second));
  }
}

void EngineWatcher::Impl::AskAboutQueued() {
  while (phase_ == Phase::kSubscribed && questions_ < kMaxQuestions) {
    std::string path;
    std::string id;
    {
      const std::lock_guard lock(mutex_);
      if (queue_.empty()) return;
      id = std::move(queue_.front());
      queue_.pop_front();
      path = InspectionPath(info_, id);
    }
    ++questions_;
    Get(std::move(path), options_.patience, {}, [this, id](const absl::StatusOr<HttpAnswer>& answer) {
      --questions_;
      OnAnswer(id, answer);
    });
  }
}

void EngineWatcher::Impl::OnAnswer(const std::string& id, const absl::StatusOr<HttpAnswer>& answer) {
  constexpr int kMaxAttempts = 3;
  absl::StatusOr<ContainerDetails> details =
      answer.ok() ? ParseInspection(answer->body, info_) : absl::StatusOr<ContainerDetails>(answer.status());
  if (details.ok() && details->container.id != id) {
    details = absl::InvalidArgumentError("the engine's description is of another container");
  }
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
  const auto found = known_.find(id);
  if (found == known_.end()) return;
  Known& known = found->second;
  if (details.ok()) {
    Merge(*details, known);
  } else if (absl::IsNotFound(details.status())) {
    known.answer = Answer::kUnknown;
    known.answered = Clock::now();
  } else if (absl::IsUnavailable(details.status()) && ++known.attempts < kMaxAttempts) {
    // A dying engine's connections do not all break at the same time: its end needs a moment to be noticed.
    retries_.emplace_back(Clock::now() + options_.first_pause, id);
  } else {
    known.answer = Answer::kFailed;
    AddProblem(Concat("container ", ShortId(id), " is not fully known: ", WithoutHint(details.status())));
  }
}

void EngineWatcher::Impl::Merge(const ContainerDetails& details, Known& known) {
  std::string name = details.container.name;
  if (known.name_is_final) name = std::move(known.container.name);
  known.container = details.container;
  known.container.name = std::move(name);
  known.reported = true;
  known.answer = Answer::kHere;
  known.name_is_final = known.name_is_final || details.pid != 0;
}

void EngineWatcher::Impl::OnEventBytes(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    if (skipping_event_) {
      // The rest of an event that was too long.
    } else if (partial_event_.size() + part.size() > kMaxEngineEventBytes) {
      skipping_event_ = true;
      partial_event_.clear();
      OnUnreadableEvent(Concat("it is larger than ", kMaxEngineEventBytes, " bytes"));
    } else {
      partial_event_ += part;
    }
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
    if (!skipping_event_) OnEventLine(partial_event_);
    skipping_event_ = false;
    partial_event_.clear();
  }
}

void EngineWatcher::Impl::OnEventLine(std::string_view line) {
  if (line.find_first_not_of(" \r") == std::string_view::npos) return;
  const absl::StatusOr<std::optional<EngineEvent>> event = ParseEngineEvent(line);
  if (!event.ok()) return OnUnreadableEvent(std::string(event.status().message()));
  if (!event->has_value()) return;
  const UnixNanos time = (*event)->time;
  // A time in the future would exclude earlier events.
  if (time > kOverlap && time < UnixNow() + kOverlap) since_ = std::max(since_, time - kOverlap);
  const std::lock_guard lock(mutex_);
  Apply(**event);
  changed_.notify_all();
}

void EngineWatcher::Impl::OnUnreadableEvent(std::string_view why) {
  if (++rereads_ <= kMaxRereads) reread_wanted_ = true;
  const std::lock_guard lock(mutex_);
  AddProblem(Concat(
      "an event of the container engine cannot be read, and a container that lived only briefly may have no name: ",
      why));
}

void EngineWatcher::Impl::Apply(const EngineEvent& event) {
  Known* known = Entry(event.id);
  if (known == nullptr) return;
  const bool first_start = event.kind == EngineEventKind::kStart && !known->start_seen;
  if (!event.name.empty() && (first_start || !known->name_is_final)) known->container.name = event.name;
  if (event.kind == EngineEventKind::kStart) {
    known->start_seen = known->name_is_final = true;
    known->started = std::max(known->started, event.time);
  }
  if (known->answer != Answer::kHere) {
    known->container.id = event.id;
    known->container.image = event.image;
    known->container.labels = event.labels;
  }
  known->reported = true;
  if (event.kind == EngineEventKind::kDestroy) {
    removed_.push_back(event.id);
    if (known->answer == Answer::kNotAsked) known->answer = Answer::kUnknown;
  } else if (known->answer == Answer::kNotAsked || known->answer == Answer::kFailed) {
    Queue(event.id, *known);
  }
}

Known* EngineWatcher::Impl::Entry(const std::string& id) {
  if (const auto known = known_.find(id); known != known_.end()) return &known->second;
  while (known_.size() >= kMaxKnownContainers && !removed_.empty()) {
    known_.erase(removed_.front());
    removed_.pop_front();
  }
  if (known_.size() >= kMaxKnownContainers) {
    AddProblem(Concat("there are more than ", kMaxKnownContainers, " containers, and not all are known"));
    return nullptr;
  }
  return &known_[id];
}

void EngineWatcher::Impl::Queue(const std::string& id, Known& known) {
  known.answer = Answer::kPending;
  queue_.push_back(id);
}

EngineWatcher::EngineWatcher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

EngineWatcher::~EngineWatcher() = default;

absl::StatusOr<std::unique_ptr<EngineWatcher>> EngineWatcher::Start(const std::string& socket,
                                                                    const EngineWatcherOptions& options) {
  auto impl = std::make_unique<Impl>(socket, options);
  SYSCARVE_RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<EngineWatcher>(new EngineWatcher(std::move(impl)));
}

EngineInfo EngineWatcher::Info() const {
  return impl_->Info();
}

std::optional<Container> EngineWatcher::Find(const std::string& id) const {
  return impl_->Find(id);
}

std::map<std::string, Container> EngineWatcher::WaitFor(const std::set<std::string>& ids,
                                                        std::chrono::steady_clock::time_point deadline) {
  return impl_->WaitFor(ids, deadline);
}

std::vector<Container> EngineWatcher::StartedBetween(UnixNanos from, UnixNanos until) const {
  return impl_->StartedBetween(from, until);
}

std::vector<std::string> EngineWatcher::problems() const {
  return impl_->Problems();
}

}  // namespace syscarve
