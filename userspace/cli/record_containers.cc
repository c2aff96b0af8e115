#include "userspace/cli/record_containers.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/output_file.h"
#include "userspace/cli/output.h"
#include "userspace/cli/recording_output.h"
#include "userspace/cli/verbs.h"
#include "userspace/container/census.h"
#include "userspace/container/cgroup_name.h"
#include "userspace/container/cgroup_scan.h"
#include "userspace/container/engine.h"
#include "userspace/container/engine_watchers.h"
#include "userspace/process/cgroup.h"
#include "userspace/trace/container_recorder.h"

namespace syscarve::cli {
namespace {

// How long the engine may take, when all is over, to say who the last containers were.
constexpr std::chrono::seconds kIdentityLimit{10};

absl::Status MakeFolder(const std::string& path) {
  SYSCARVE_RETURN_IF_ERROR(MakeOutputFolder(path, OwnerOfResults()));
  return CheckWritable(path + "/any.recording.json");
}

bool AsksForNames(const ContainerFilter& filter) {
  return !filter.names.empty() || !filter.labels.empty() || !filter.compose_project.empty();
}

// The engines' word on who is who. Without any there is none, unless the user asked for what only they can tell.
absl::StatusOr<EngineWatchers> WatchEngines(const ContainerFlags& flags) {
  const absl::StatusOr<std::vector<std::string>> sockets =
      flags.engine_socket ? absl::StatusOr<std::vector<std::string>>({*flags.engine_socket}) : DefaultEngineSockets();
  absl::Status problem = sockets.status();
  if (sockets.ok()) {
    auto watchers = EngineWatchers::Start(*sockets);
    if (watchers.ok()) {
      for (const std::string& unreachable : watchers->problems_at_start()) {
        Warn(Concat("an engine cannot be asked: ", unreachable));
      }
      return watchers;
    }
    problem = watchers.status();
  }
  if (flags.engine_socket || AsksForNames(flags.filter)) {
    return WithHint(problem, "Names and labels are the engine's to tell; --engine-socket says where it listens.");
  }
  Warn(Concat("no engine can be asked (", WithoutHint(problem),
              "): containers are called by their ids, and how they were configured is not recorded"));
  return EngineWatchers();
}

class Reporter {
 public:
  explicit Reporter(bool quiet) : quiet_(quiet) {}

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
    if (quiet_) return;
    Note(Concat(name, ": ", calls.size(), " different system calls of ", recording.subjects.size(),
                " container(s), in ", path,
                denied == 0 ? "" : Concat("; ", denied, " call(s) were refused by the filter in force")));
  }

  // Each once, although every file has it.
  void Losses(const Recording& recording) {
    for (const Loss& loss : recording.losses) {
      if (!told_.insert(Concat(loss.what, loss.detail)).second) continue;
      Warn(Concat(loss.missed_calls ? "INCOMPLETE: " : "detail lost: ", loss.what, " (", loss.count,
                  "): ", loss.detail));
    }
  }

 private:
  bool quiet_;
  std::set<std::string> told_;
};

ContainerChoice ChoiceOf(const ContainerFlags& flags) {
  return {.filter = flags.filter,
          .by = flags.by,
          .known_only = flags.engine_socket || AsksForNames(flags.filter),
          .max_containers = flags.max_containers};
}

// Writes every service's recording. Those that cannot be written where they should be do not cost the others: false.
absl::StatusOr<bool> WriteAll(const SeenContainers& seen, EngineWatchers& engines, const ContainerFlags& flags,
                              RecordingOutput& output) {
  const ContainerChoice choice = ChoiceOf(flags);
  const Census census = TakeCensus(seen, engines, choice, std::chrono::steady_clock::now() + kIdentityLimit);
  for (const std::string& warning : census.warnings) Warn(warning);
  const std::map<std::string, Recording> parts = DivideByName(seen, census, choice);
  if (parts.empty()) return NothingRecorded(seen, census);
  Reporter reporter(flags.quiet);
  std::set<std::string> taken;
  bool all_written = true;
  for (const auto& [name, recording] : parts) {
    const std::string path = Concat(flags.output, "/", FileStem(name, taken), ".recording.json");
    if (const absl::Status written = output.Write(path, recording); written.ok()) {
      reporter.Written(name, recording, path);
    } else {
      Fail(written);
      all_written = false;
    }
    reporter.Losses(recording);
  }
  return all_written;
}

// A checkpoint for each service, as far as the engines have said by now who is who.
void WriteCheckpoints(const Recording& recording, EngineWatchers& engines, const ContainerFlags& flags,
                      CheckpointFiles& files) {
  const SeenContainers seen = {.recording = &recording};
  const ContainerChoice choice = ChoiceOf(flags);
  const Census census = TakeCensus(seen, engines, choice, std::chrono::steady_clock::now());
  std::set<std::string> taken;
  std::vector<std::string> paths;
  for (const auto& [name, part] : DivideByName(seen, census, choice)) {
    paths.push_back(files.PathFor(Concat(flags.output, "/", FileStem(name, taken), ".recording.json")));
    files.Write(paths.back(), part);
  }
  files.KeepOnly(paths);
}

// How many of the containers that run already the user would have wanted.
size_t CountWanted(const std::set<std::string>& ids, EngineWatchers& engines, const ContainerFilter& filter) {
  const auto known = engines.WaitFor(ids, std::chrono::steady_clock::now() + kIdentityLimit);
  return static_cast<size_t>(std::ranges::count_if(ids, [&](const std::string& id) {
    const auto found = known.find(id);
    return found == known.end() ? !AsksForNames(filter) : filter.Matches(found->second);
  }));
}

}  // namespace

int RecordContainersVerb(const ContainerFlags& flags, const std::optional<Command>& command) {
  const auto fail = [&](const absl::Status& status) {
    const int code = Fail(status);
    return command ? kExitSyscarveFailed : code;
  };
  if (absl::Status folder = MakeFolder(flags.output); !folder.ok()) return fail(folder);
  // Before any thread is made, so that none of them takes our signals. Lives until everything is written.
  auto signals = SignalForwarder::Create();
  if (!signals.ok()) return fail(signals.status());
  auto engines = WatchEngines(flags);
  if (!engines.ok()) return fail(engines.status());

  ContainerRecordOptions options;
  options.run_name = flags.run;
  options.every_call = flags.every_call;
  options.max_containers = flags.max_containers;
  options.mark_by = flags.mark_by;
  options.duration = flags.duration;
  options.parents = flags.cgroup_parents;
  CheckpointFiles checkpoints(OwnerOfResults());
  options.safety.give_up_privileges = GiveUpPrivileges;
  options.safety.checkpoint = [&](const Recording& recording) {
    WriteCheckpoints(recording, *engines, flags, checkpoints);
  };
  SeenContainers seen;
  options.running = [&]() -> std::vector<std::string> {
    const auto mount = FindCgroup2Mount();
    if (!mount.ok()) return {};
    std::vector<std::string> running = FindRunningContainers(*mount);
    for (const std::string& cgroup : running) {
      if (const auto parsed = ParseContainerCgroup(cgroup)) seen.running_at_start.insert(parsed->id);
    }
    return flags.running ? running : std::vector<std::string>();
  };
  options.on_armed = [&] {
    if (flags.quiet) return;
    if (const size_t left_out = flags.running ? 0 : CountWanted(seen.running_at_start, *engines, flags.filter)) {
      Note(Concat(left_out, " container(s) that already run are not recorded; --running adds them"));
    }
    Note(command || flags.duration ? "recording containers" : "recording containers; Ctrl-C ends it");
  };
  options.note = [&](std::string_view text) {
    if (!flags.quiet) Note(text);
  };

  RecordStage stage = RecordStage::kSetUp;
  const absl::StatusOr<ContainersOutcome> outcome = RecordContainers(command, options, *signals, stage);
  if (!outcome.ok()) {
    EndCheckpoints(checkpoints, /*lost=*/true);
    if (stage != RecordStage::kExec) return fail(outcome.status());
    Fail(outcome.status());
    return ExitCodeForCommandError(outcome.status());
  }
  seen.recording = &outcome->recording;
  seen.refused = outcome->refused;
  seen.ran_before = outcome->ran_before;
  RecordingOutput output(*signals);
  const absl::StatusOr<bool> all_written = WriteAll(seen, *engines, flags, output);
  EndCheckpoints(checkpoints, output.lost_any());
  if (!all_written.ok()) return fail(all_written.status());
  return *all_written ? outcome->command_status : kExitSyscarveFailed;
}

}  // namespace syscarve::cli
