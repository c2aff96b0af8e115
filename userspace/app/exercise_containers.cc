// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/exercise_containers.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/base/enum_names.h"
#include "userspace/container/engine.h"
#include "userspace/container/naming.h"
#include "userspace/policy/exercise.h"
#include "userspace/process/process_state.h"

namespace syscarve {
namespace {

using Clock = std::chrono::steady_clock;

// In the order of the enumerators.
constexpr std::string_view kNames[] = {"health", "exec", "reload", "restart", "stop"};

constexpr std::chrono::seconds kIdentityLimit{10};
constexpr std::chrono::milliseconds kPoll{100};
// The longest time after a restart until a program listens on its ports again, or is healthy.
constexpr std::chrono::seconds kReadyLimit{60};
// Docker's and Podman's default.
constexpr std::chrono::seconds kDefaultStopTime{10};
// Longer than the engine itself takes, not counting its wait for the container.
constexpr std::chrono::seconds kEngineTime{60};
constexpr int kStatusOfSigkill = 128 + 9;
// Exit statuses of a command that cannot be executed, or does not exist.
constexpr int kNotExecutable = 126;
constexpr int kNotThere = 127;

// Typical first commands of an exec session.
const std::vector<std::string>& ShellProbe() {
  static const auto* const kProbe =
      new std::vector<std::string>{"sh", "-c", "id >/dev/null 2>&1; ls / >/dev/null 2>&1; true"};
  return *kProbe;
}

std::string PortNames(const std::set<uint16_t>& ports) {
  std::string names;
  for (const uint16_t port : ports) names += Concat(names.empty() ? "" : ", ", port);
  return names;
}

// One container.
class Driver {
 public:
  Driver(const Engine& engine, const Container& container, std::string name, const Life& life,
         const std::set<Exercise>& wanted, const std::atomic<bool>& stop, Notes& notes)
      : engine_(engine),
        container_(container),
        name_(std::move(name)),
        life_(life),
        wanted_(wanted),
        stop_(stop),
        notes_(notes) {}

  // kUnavailable if the engine is gone, because other containers' exercises would fail as well; any other failure is a
  // warning.
  absl::Status Drive() {
    const auto found = Look();
    if (absl::IsNotFound(found.status())) {
      Note("was removed before it could be exercised");
      return absl::OkStatus();
    }
    SYSCARVE_RETURN_IF_ERROR(found.status());
    if (found->state == "paused") {
      Note("is paused, and not exercised");
      return absl::OkStatus();
    }
    const bool ran = found->pid != 0;
    if (!ran) {
      // A job is finished. A container that was killed or stopped is a service, and can be restarted on its data.
      const bool service = std::ranges::any_of(
          life_.ends, [](const LifeEnd& end) { return end.kind != EndKind::kExited || end.taken != 0; });
      if (!service) {
        Note("has ended by itself, and is not exercised");
        return absl::OkStatus();
      }
      if (!wanted_.contains(Exercise::kRestart)) {
        Note("does not run any more, and is not exercised");
        return absl::OkStatus();
      }
    }
    using Step = absl::Status (Driver::*)(const ContainerDetails&);
    constexpr std::pair<Exercise, Step> kSteps[] = {{Exercise::kHealth, &Driver::RunHealthCheck},
                                                    {Exercise::kExec, &Driver::OpenSession},
                                                    {Exercise::kReload, &Driver::Reload},
                                                    {Exercise::kRestart, &Driver::Restart},
                                                    {Exercise::kStop, &Driver::Stop}};
    if (!ran) SYSCARVE_RETURN_IF_ERROR(Restart(*found));
    for (const auto& [exercise, step] : kSteps) {
      if (stop_ || !wanted_.contains(exercise) || (exercise == Exercise::kRestart && !ran)) continue;
      const auto now = Look();
      SYSCARVE_RETURN_IF_ERROR(now.status());
      if (now->pid == 0) break;
      SYSCARVE_RETURN_IF_ERROR((this->*step)(*now));
    }
    // Restore the state in which it was found.
    if (!ran && !wanted_.contains(Exercise::kStop)) (void)engine_.Stop(container_.id, kEngineTime);
    return absl::OkStatus();
  }

 private:
  void Note(std::string_view words) const { notes_.Note(Concat("exercise: ", name_, " ", words)); }
  void Warn(std::string_view words) const { notes_.Warn(Concat("exercise: ", name_, " ", words)); }

  // Turns a failure into a warning, except kUnavailable.
  absl::Status Outcome(const absl::Status& status, std::string_view words) const {
    if (status.ok() || absl::IsUnavailable(status)) return status;
    Warn(Concat(words, ": ", WithoutHint(status)));
    return absl::OkStatus();
  }

  absl::StatusOr<ContainerDetails> Look() const { return engine_.Inspect(container_.id); }

  // Whether `condition` became true within `limit`.
  bool WaitUntil(std::chrono::milliseconds limit, const std::function<bool()>& condition) const {
    const Clock::time_point deadline = Clock::now() + limit;
    while (!condition()) {
      if (stop_ || Clock::now() >= deadline) return false;
      std::this_thread::sleep_for(kPoll);
    }
    return true;
  }

  bool IsHealthy(const ContainerDetails& now) const {
    return now.health == "healthy" || engine_.Exec(container_.id, now.health_command).value_or(1) == 0;
  }

  absl::Status RunHealthCheck(const ContainerDetails& now) {
    if (now.health_command.empty()) {
      Note("has no health check");
      return absl::OkStatus();
    }
    const auto status = engine_.Exec(container_.id, now.health_command);
    if (!status.ok()) return Outcome(status.status(), "has no readable health");
    Note(*status == 0 ? "ran its health check" : Concat("ran its health check, which ended with status ", *status));
    return absl::OkStatus();
  }

  absl::Status OpenSession(const ContainerDetails& now) {
    // `joined` also counts health checks, so it shows an exec session only if there are none.
    if (life_.joined > 0 && now.health_command.empty()) return absl::OkStatus();
    const auto status = engine_.Exec(container_.id, ShellProbe());
    if (absl::IsUnavailable(status.status())) return status.status();
    const bool none = !status.ok() || *status == kNotExecutable || *status == kNotThere;
    Note(none ? "has no shell: no exec session could be opened" : "had an exec session: sh");
    return absl::OkStatus();
  }

  absl::Status Reload(const ContainerDetails&) {
    const int stop_signal = StopSignalOf(container_);
    const SignalSet known = ReloadSignalsOf(life_, stop_signal, /*unsent_only=*/false);
    const SignalSet unsent = ReloadSignalsOf(life_, stop_signal, /*unsent_only=*/true);
    if (known == 0) Note("has no handler on purpose for SIGHUP, SIGUSR1 or SIGUSR2: nothing to reload");
    for (const ConventionalSignal& reload : ReloadSignals()) {
      if (stop_ || !HasSignal(unsent, reload.signal)) continue;
      const std::string signal = SignalName(reload.signal);
      const absl::Status sent = engine_.Signal(container_.id, signal);
      if (!sent.ok()) return Outcome(sent, Concat("could not be sent ", signal));
      const bool ended = WaitUntil(kReloadTime, [this] {
        const auto now = Look();
        return now.ok() && now->pid == 0;
      });
      if (!ended) {
        Note(Concat("was sent ", signal, " (", reload.meaning, ")"));
        continue;
      }
      Warn(Concat("ended when it was sent ", signal, "; it is started again"));
      const absl::Status started = engine_.Start(container_.id);
      if (!started.ok()) return Outcome(started, "could not be started again");
    }
    return absl::OkStatus();
  }

  absl::Status Restart(const ContainerDetails& before) {
    if (life_.restarts > 0) return absl::OkStatus();
    const std::set<uint16_t> ports = before.pid == 0 ? std::set<uint16_t>() : ListeningPortsBeside(before.pid);
    const absl::Status restarted =
        engine_.Restart(container_.id, before.stop_time.value_or(kDefaultStopTime) + kEngineTime);
    if (!restarted.ok()) return Outcome(restarted, "cannot be restarted");
    std::string lacks;
    const bool ready = WaitUntil(kReadyLimit, [&] {
      const auto now = Look();
      if (!now.ok() || (now->pid == 0 && now->state != "restarting")) return true;
      lacks = "become healthy";
      // The engine runs the health check only at intervals.
      if (!now->health_command.empty()) return IsHealthy(*now);
      std::set<uint16_t> missing;
      const std::set<uint16_t> open = ListeningPortsBeside(now->pid);
      std::ranges::set_difference(ports, open, std::inserter(missing, missing.end()));
      lacks = Concat("listen on port ", PortNames(missing));
      return missing.empty();
    });
    const auto after = Look();
    SYSCARVE_RETURN_IF_ERROR(after.status());
    if (after->pid == 0) {
      Warn(Concat("was restarted, and ended with status ", after->exit_status));
    } else if (!ready && !stop_) {
      Warn(Concat("was restarted, and did not ", lacks, " within ", kReadyLimit.count(), " s"));
    } else {
      Note("was restarted on its data");
    }
    return absl::OkStatus();
  }

  absl::Status Stop(const ContainerDetails& before) {
    const std::string signal = SignalName(StopSignalOf(container_));
    const std::chrono::seconds time = before.stop_time.value_or(kDefaultStopTime);
    const absl::Status stopped = engine_.Stop(container_.id, time + kEngineTime);
    if (!stopped.ok()) return Outcome(stopped, Concat("could not be stopped by ", signal));
    const auto after = Look();
    // A container that is removed at its end has ended.
    if (absl::IsNotFound(after.status())) {
      Note(Concat("was stopped by ", signal));
      return absl::OkStatus();
    }
    SYSCARVE_RETURN_IF_ERROR(after.status());
    if (after->exit_status == kStatusOfSigkill) {
      Warn(Concat("did not end by ", signal, " in ", time.count(),
                  " s, and was killed: it ignores that signal, or takes longer"));
    } else {
      Note(Concat("was stopped by ", signal, ", and ended with status ", after->exit_status));
    }
    return absl::OkStatus();
  }

  const Engine& engine_;
  const Container& container_;
  const std::string name_;
  const Life& life_;
  const std::set<Exercise>& wanted_;
  const std::atomic<bool>& stop_;
  Notes& notes_;
};

}  // namespace

std::optional<Exercise> ExerciseFromName(std::string_view name) {
  return EnumFromName<Exercise>(kNames, name);
}

void ExerciseContainers(const SeenContainers& seen, EngineWatchers& engines, const ContainerChoice& choice,
                        const std::set<Exercise>& wanted, const std::atomic<bool>& stop, Notes& notes) {
  const Census census = TakeCensus(seen, engines, choice, Clock::now() + kIdentityLimit);
  std::set<std::string> gone;  // Sockets.
  size_t driven = 0;
  for (const auto& [subject, container] : census.containers) {
    if (stop) {
      notes.Warn("exercise: the recording ended before all was exercised");
      return;
    }
    if (census.unknown.contains(subject) || !choice.filter.Matches(container)) continue;
    const std::optional<std::string> socket = engines.SocketOf(container.id);
    if (!socket.has_value() || gone.contains(*socket)) continue;
    ++driven;
    const auto engine = Engine::Connect(*socket);
    const std::string name = container.name.empty() ? container.id : container.name;
    const Life life = seen.recording->subjects[subject].life.value_or(Life());
    const absl::Status done =
        engine.ok() ? Driver(*engine, container, name, life, wanted, stop, notes).Drive() : engine.status();
    if (done.ok()) continue;
    notes.Warn(Concat("exercise: ", name, " could not be exercised to the end: ", WithoutHint(done)));
    if (absl::IsUnavailable(done)) gone.insert(*socket);
  }
  if (driven == 0) notes.Note("exercise: there is no container to exercise");
}

}  // namespace syscarve
