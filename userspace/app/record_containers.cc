// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/record_containers.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/output_file.h"
#include "userspace/container/census.h"
#include "userspace/container/cgroup_name.h"
#include "userspace/container/cgroup_scan.h"
#include "userspace/container/engine.h"
#include "userspace/container/engine_watchers.h"
#include "userspace/model/recording_words.h"
#include "userspace/policy/exercise.h"
#include "userspace/process/signals.h"
#include "userspace/trace/container_recorder.h"

namespace syscarve {
namespace {

// How long to wait at the end for the engine's details of the last containers.
constexpr std::chrono::seconds kLastIdentityLimit{10};

absl::Status MakeFolderOfResults(const std::string& path) {
  SYSCARVE_RETURN_IF_ERROR(MakeOutputFolder(path, OwnerOfResults()));
  return CheckWritable(path + "/any.recording.json");
}

bool AsksForNames(const ContainerFilter& filter) {
  return !filter.names.empty() || !filter.labels.empty() || !filter.compose_project.empty();
}

// Watches the engines for the names and settings of containers. It is not an error that there is no engine, unless the
// request needs one.
absl::StatusOr<EngineWatchers> WatchEngines(const RecordContainersRequest& request, Notes& notes) {
  const absl::StatusOr<std::vector<std::string>> sockets =
      request.engine_socket ? absl::StatusOr<std::vector<std::string>>({*request.engine_socket})
                            : DefaultEngineSockets();
  absl::Status problem = sockets.status();
  if (sockets.ok()) {
    auto watchers = EngineWatchers::Start(*sockets);
    if (watchers.ok()) {
      for (const std::string& unreachable : watchers->problems_at_start()) {
        notes.Warn(Concat("an engine cannot be queried: ", unreachable));
      }
      return watchers;
    }
    problem = watchers.status();
  }
  if (request.engine_socket || AsksForNames(request.filter)) {
    return WithHint(problem, "Names and labels come from the engine: give its socket with --engine-socket.");
  }
  notes.Warn(Concat("no engine can be queried (", WithoutHint(problem),
                    "): containers are named by their ids, and how they were configured is not recorded"));
  return EngineWatchers();
}

class Reporter {
 public:
  explicit Reporter(Notes& notes) : notes_(notes) {}

  void Written(const std::string& name, const Recording& recording, const std::string& path) const {
    std::set<SyscallId> calls;
    uint64_t denied = 0;
    for (const Run& run : recording.runs) {
      for (const auto& [id, trace] : run.subjects) {
        for (const auto& [call, observation] : trace.calls) calls.insert(call);
        for (const auto& [call, denials] : trace.denials) {
          for (const Denial& denial : denials) denied += denial.count;
        }
      }
    }
    notes_.Note(Concat(name, ": ", calls.size(), " different system calls of ", recording.subjects.size(),
                       " container(s), in ", path,
                       denied == 0 ? "" : Concat("; ", denied, " call(s) were refused by the filter in force")));
  }

  // Warns of the parts of its containers' lives that were not recorded.
  void Unexercised(const std::string& name, const Recording& recording) const {
    for (const Gap& gap : FindGaps({&recording, 1})) {
      notes_.Warn(Concat(name, " was not exercised: ", GapLine(gap)));
    }
  }

  // Warns of each loss once, although every file contains it.
  void Losses(const Recording& recording) {
    for (const Loss& loss : recording.losses) {
      if (reported_.insert(Concat(loss.what, loss.detail)).second) notes_.Warn(LossWarning(loss));
    }
  }

 private:
  Notes& notes_;
  std::set<std::string> reported_;
};

ContainerChoice ChoiceOf(const RecordContainersRequest& request) {
  return {.filter = request.filter,
          .by = request.by,
          .known_only = request.engine_socket || AsksForNames(request.filter),
          .max_containers = request.max_containers};
}

// Writes every service's recording. A recording that cannot be written to its path does not prevent the others; the
// result is then false.
absl::StatusOr<bool> WriteServices(const SeenContainers& seen, EngineWatchers& engines,
                                   const RecordContainersRequest& request, RecordingOutput& output, Notes& notes) {
  const ContainerChoice choice = ChoiceOf(request);
  const Census census = TakeCensus(seen, engines, choice, std::chrono::steady_clock::now() + kLastIdentityLimit);
  for (const std::string& warning : census.warnings) notes.Warn(warning);
  const std::map<std::string, Recording> parts = DivideByName(seen, census, choice);
  if (parts.empty() && request.expect_containers) return NothingRecorded(seen, census);
  Reporter reporter(notes);
  std::set<std::string> taken;
  bool all_written = true;
  for (const auto& [name, recording] : parts) {
    const std::string path = Concat(request.output, "/", FileStem(name, taken), ".recording.json");
    if (const absl::Status written = output.Write(path, recording); written.ok()) {
      reporter.Written(name, recording, path);
      if (request.warn_of_gaps) reporter.Unexercised(name, recording);
    } else {
      notes.Error(written);
      all_written = false;
    }
    reporter.Losses(recording);
  }
  return all_written;
}

// Writes a checkpoint for each service, with the containers' details that the engines have reported so far.
void WriteCheckpoints(const Recording& recording, EngineWatchers& engines, const RecordContainersRequest& request,
                      CheckpointFiles& files) {
  const SeenContainers seen = {.recording = &recording};
  const ContainerChoice choice = ChoiceOf(request);
  const Census census = TakeCensus(seen, engines, choice, std::chrono::steady_clock::now());
  std::set<std::string> taken;
  std::vector<std::string> paths;
  for (const auto& [name, part] : DivideByName(seen, census, choice)) {
    paths.push_back(files.PathFor(Concat(request.output, "/", FileStem(name, taken), ".recording.json")));
    files.Write(paths.back(), part);
  }
  files.KeepOnly(paths);
}

// How many of the already running containers match the filter.
size_t CountWanted(const std::set<std::string>& ids, EngineWatchers& engines, const ContainerFilter& filter) {
  const auto known = engines.WaitFor(ids, std::chrono::steady_clock::now() + kLastIdentityLimit);
  return static_cast<size_t>(std::ranges::count_if(ids, [&](const std::string& id) {
    const auto found = known.find(id);
    return found == known.end() ? !AsksForNames(filter) : filter.Matches(found->second);
  }));
}

}  // namespace

absl::StatusOr<RecordedContainers> RecordContainersToFolder(const RecordContainersRequest& request,
                                                            const std::optional<Command>& command, RecordStage& stage,
                                                            Notes& notes) {
  stage = RecordStage::kSetUp;
  SYSCARVE_RETURN_IF_ERROR(MakeFolderOfResults(request.output));
  // Created before any thread, so that no thread receives the signals; lives until everything is written.
  SYSCARVE_ASSIGN_OR_RETURN(SignalForwarder signals, SignalForwarder::Create());
  SYSCARVE_ASSIGN_OR_RETURN(EngineWatchers engines, WatchEngines(request, notes));

  ContainerRecordOptions options;
  options.record = request.record;
  options.record.track_denials = true;
  options.max_containers = request.max_containers;
  options.parents = request.cgroup_parents;
  CheckpointFiles checkpoints(OwnerOfResults(), notes);
  options.record.safety.give_up_privileges = request.give_up_privileges;
  options.record.safety.checkpoint = [&](const Recording& recording) {
    WriteCheckpoints(recording, engines, request, checkpoints);
  };
  SeenContainers seen;
  options.running = [&]() -> std::vector<std::string> {
    const auto mount = request.record.host.cgroup_mount();
    if (!mount.ok()) return {};
    std::vector<std::string> running = FindRunningContainers(*mount);
    for (const std::string& cgroup : running) {
      if (const auto parsed = ParseContainerCgroup(cgroup)) seen.running_at_start.insert(parsed->id);
    }
    return request.running ? running : std::vector<std::string>();
  };
  options.on_armed = [&] {
    if (request.quiet) return;
    if (const size_t left_out = request.running ? 0 : CountWanted(seen.running_at_start, engines, request.filter)) {
      notes.Note(Concat(left_out, " container(s) that already run are not recorded; --running adds them"));
    }
    notes.Note(command || request.record.duration ? "recording containers" : "recording containers; Ctrl-C ends it");
  };
  options.record.note = [&](std::string_view text) {
    if (!request.quiet) notes.Note(text);
  };

  if (!request.exercise.empty()) {
    options.exercise = [&](const Recording& so_far, const std::vector<SubjectId>& ran_before,
                           const std::atomic<bool>& stop) {
      SeenContainers now = seen;
      now.recording = &so_far;
      now.ran_before = ran_before;
      ExerciseContainers(now, engines, ChoiceOf(request), request.exercise, stop, notes);
    };
  }

  const absl::StatusOr<ContainersOutcome> outcome = RecordContainers(command, options, signals, stage);
  if (!outcome.ok()) {
    EndCheckpoints(checkpoints, /*lost=*/true, notes);
    return outcome.status();
  }
  seen.recording = &outcome->recording;
  seen.refused = outcome->refused;
  seen.ran_before = outcome->ran_before;
  RecordingOutput output(signals);
  const absl::StatusOr<bool> all_written = WriteServices(seen, engines, request, output, notes);
  EndCheckpoints(checkpoints, output.lost_any(), notes);
  SYSCARVE_RETURN_IF_ERROR(all_written.status());
  return RecordedContainers{.all_written = *all_written, .command_status = outcome->command_status};
}

}  // namespace syscarve
