#include "userspace/cli/record_containers.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/cli/output.h"
#include "userspace/cli/verbs.h"
#include "userspace/container/cgroup_name.h"
#include "userspace/container/cgroup_scan.h"
#include "userspace/container/engine.h"
#include "userspace/container/engine_watcher.h"
#include "userspace/container/split_recording.h"
#include "userspace/model/recording_json.h"
#include "userspace/trace/cgroup.h"
#include "userspace/trace/container_recorder.h"

namespace syscarve::cli {
namespace {

// How long the engine may take, when all is over, to say who the last containers were.
constexpr std::chrono::seconds kIdentityLimit{10};

absl::Status MakeFolder(const std::string& path) {
  if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return PosixError(Concat("make the folder ", path), errno);
  return CheckWritable(path + "/any.recording.json");
}

// The engine's word on who is who. Without an engine there is none, unless the user asked for what only it can tell.
absl::StatusOr<std::unique_ptr<EngineWatcher>> WatchEngine(const ContainerFlags& flags) {
  absl::StatusOr<std::string> socket =
      flags.engine_socket ? absl::StatusOr<std::string>(*flags.engine_socket) : DefaultEngineSocket();
  absl::Status problem = socket.status();
  if (socket.ok()) {
    auto watcher = EngineWatcher::Start(*socket);
    if (watcher.ok()) return watcher;
    problem = watcher.status();
  }
  const ContainerFilter& filter = flags.filter;
  if (flags.engine_socket || !filter.names.empty() || !filter.labels.empty() || !filter.compose_project.empty()) {
    return WithHint(problem, "Names and labels are the engine's to tell; --engine-socket says where it listens.");
  }
  Warn(Concat("no engine can be asked (", WithoutHint(problem),
              "): containers are called by their ids, and how they were configured is not recorded"));
  return nullptr;
}

bool IsSilent(const Recording& recording, SubjectId id) {
  return std::ranges::all_of(recording.runs, [id](const Run& run) {
    const auto trace = run.subjects.find(id);
    return trace == run.subjects.end() || trace->second == SubjectTrace{};
  });
}

std::string IdOf(const std::string& cgroup) {
  const auto parsed = ParseContainerCgroup(cgroup);
  return parsed ? parsed->id : "";
}

// Asks the engine who the containers of these cgroups were.
std::map<std::string, Container> Identify(EngineWatcher* watcher, const std::set<std::string>& ids) {
  if (watcher == nullptr) return {};
  return watcher->WaitFor(ids, std::chrono::steady_clock::now() + kIdentityLimit);
}

// What each wanted subject is called. Services of different Compose projects that share a name are told apart by their
// project's.
std::map<SubjectId, ChosenSubject> Choose(const std::map<SubjectId, Container>& containers,
                                          const std::set<SubjectId>& unknown, const ContainerFlags& flags) {
  std::map<SubjectId, ChosenSubject> chosen;
  std::map<std::string, std::set<std::string>> projects;
  for (const auto& [id, container] : containers) {
    // Nothing is lost because an engine did not answer.
    if (!unknown.contains(id) && !flags.filter.Matches(container)) continue;
    const std::string name = SubjectName(container, flags.by);
    projects[name].insert(std::string(ComposeProject(container)));
    chosen[id] = {name, container};
  }
  if (flags.by != By::kService) return chosen;
  for (auto& [id, subject] : chosen) {
    const std::string_view project = ComposeProject(subject.container);
    if (projects[subject.name].size() > 1 && !project.empty()) subject.name = Concat(project, "-", subject.name);
  }
  return chosen;
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

// Everything that made a call, and who it was.
struct Census {
  std::map<SubjectId, Container> containers;
  std::set<SubjectId> unknown;               // Only the id is known, because no engine could be asked.
  std::map<std::string, Container> refused;  // By cgroup: there was no room for them.
  std::vector<Container> unseen;             // Started, says the engine, but no cgroup was recognised as theirs.
};

// What only user space knows of the recording's surroundings.
struct Surroundings {
  EngineWatcher* watcher = nullptr;        // nullptr: no engine can be asked.
  std::set<std::string> running_at_start;  // Ids.
};

std::vector<Container> FindUnseen(const ContainersOutcome& outcome, const Surroundings& surroundings) {
  const Recording& all = outcome.recording;
  if (surroundings.watcher == nullptr || all.runs.empty()) return {};
  std::set<std::string> seen = surroundings.running_at_start;
  for (const Subject& subject : all.subjects) seen.insert(IdOf(subject.cgroup));
  for (const std::string& cgroup : outcome.refused) seen.insert(IdOf(cgroup));
  std::vector<Container> unseen;
  for (Container& container : surroundings.watcher->StartedBetween(all.runs.front().start, all.runs.back().end)) {
    if (!seen.contains(container.id)) unseen.push_back(std::move(container));
  }
  return unseen;
}

Census TakeCensus(const ContainersOutcome& outcome, const Surroundings& surroundings) {
  EngineWatcher* const watcher = surroundings.watcher;
  const Recording& all = outcome.recording;
  Census census;
  std::set<std::string> ids;
  for (SubjectId subject = 0; subject < all.subjects.size(); ++subject) {
    if (IsSilent(all, subject)) continue;
    census.containers[subject].id = IdOf(all.subjects[subject].cgroup);
    ids.insert(census.containers[subject].id);
  }
  for (const std::string& cgroup : outcome.refused) {
    census.refused[cgroup].id = IdOf(cgroup);
    ids.insert(census.refused[cgroup].id);
  }
  ids.erase("");
  const std::map<std::string, Container> known = Identify(watcher, ids);
  // An engine that answered all along and does not know a container is not its engine.
  const bool all_told = watcher != nullptr && watcher->problems().empty();
  size_t foreign = 0;
  for (auto it = census.containers.begin(); it != census.containers.end();) {
    auto& [subject, container] = *it;
    const auto found = known.find(container.id);
    if (found == known.end() && all_told && !container.id.empty()) {
      ++foreign;
      it = census.containers.erase(it);
      continue;
    }
    if (found != known.end()) {
      container = found->second;
    } else {
      census.unknown.insert(subject);
      // A cgroup of an engine that names them in its own way.
      if (container.id.empty()) container.name = all.subjects[subject].name;
    }
    ++it;
  }
  for (auto& [cgroup, container] : census.refused) {
    if (const auto found = known.find(container.id); found != known.end()) container = found->second;
    if (container.id.empty()) container.name = cgroup.substr(cgroup.rfind('/') + 1);
  }
  census.unseen = FindUnseen(outcome, surroundings);
  if (foreign != 0) Warn(Concat(foreign, " container(s) of another engine were started, too, and are not recorded"));
  if (watcher != nullptr) {
    for (const std::string& problem : watcher->problems()) Warn(problem);
  }
  if (watcher != nullptr && !census.unknown.empty()) {
    Warn(Concat("the engine could not say who ", census.unknown.size(),
                " container(s) were: they are called by their ids"));
  }
  return census;
}

// One recording for each name, with what was lost of each.
std::map<std::string, Recording> Divide(const ContainersOutcome& outcome, const Census& census,
                                        const ContainerFlags& flags) {
  const std::map<SubjectId, ChosenSubject> chosen = Choose(census.containers, census.unknown, flags);
  std::map<std::string, Recording> parts = SplitByName(outcome.recording, chosen);
  for (const SubjectId subject : outcome.ran_before) {
    const auto found = chosen.find(subject);
    if (found == chosen.end()) continue;
    parts[found->second.name].losses.push_back(
        {.what = "started_before",
         .count = 1,
         .missed_calls = true,
         .detail = Concat("container ", ShortId(found->second.container.id), " ran before it was recorded")});
  }
  const auto add_loss = [&](const Container& container, std::string_view what, std::string_view why) {
    if (!flags.filter.Matches(container)) return;
    const auto [part, added] = parts.try_emplace(SubjectName(container, flags.by));
    if (added) part->second = WithoutSubjects(outcome.recording);
    part->second.losses.push_back({.what = std::string(what),
                                   .count = 1,
                                   .missed_calls = true,
                                   .detail = Concat("container ", ShortId(container.id), " was not recorded: ", why)});
  };
  for (const auto& [cgroup, container] : census.refused) {
    add_loss(container, "containers_full", Concat("there were more than ", flags.max_containers));
  }
  for (const Container& container : census.unseen) {
    add_loss(container, "container_not_seen",
             "it has no cgroup that is named like a container's (--cgroup-parent can say where they are)");
  }
  return parts;
}

absl::Status WriteAll(const ContainersOutcome& outcome, const Surroundings& surroundings, const ContainerFlags& flags) {
  const Census census = TakeCensus(outcome, surroundings);
  const std::map<std::string, Recording> parts = Divide(outcome, census, flags);
  Reporter reporter(flags.quiet);
  std::set<std::string> taken;
  for (const auto& [name, recording] : parts) {
    const std::string path = Concat(flags.output, "/", FileStem(name, taken), ".recording.json");
    SYSCARVE_RETURN_IF_ERROR(WriteFileAtomically(path, FormatRecording(recording)));
    reporter.Written(name, recording, path);
    reporter.Losses(recording);
  }
  if (parts.empty()) {
    Warn(census.containers.empty() ? "no container was started while recording"
                                   : "none of the containers that were started matches --name, --label and "
                                     "--compose-project");
  }
  return absl::OkStatus();
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
  auto watcher = WatchEngine(flags);
  if (!watcher.ok()) return fail(watcher.status());

  ContainerRecordOptions options;
  options.run_name = flags.run;
  options.every_call = flags.every_call;
  options.max_containers = flags.max_containers;
  options.mark_by = flags.mark_by;
  options.duration = flags.duration;
  options.parents = flags.cgroup_parents;
  Surroundings surroundings{.watcher = watcher->get()};
  size_t left_out = 0;
  options.running = [&]() -> std::vector<std::string> {
    const auto mount = FindCgroup2Mount();
    if (!mount.ok()) return {};
    std::vector<std::string> running = FindRunningContainers(*mount);
    for (const std::string& cgroup : running) surroundings.running_at_start.insert(IdOf(cgroup));
    if (flags.running) return running;
    left_out = running.size();
    return {};
  };
  options.on_armed = [&] {
    if (flags.quiet) return;
    if (left_out != 0) Note(Concat(left_out, " container(s) that already run are not recorded; --running adds them"));
    Note(command || flags.duration ? "recording containers" : "recording containers; Ctrl-C ends it");
  };
  options.note = [&](std::string_view text) {
    if (!flags.quiet) Note(text);
  };

  RecordStage stage = RecordStage::kSetUp;
  const absl::StatusOr<ContainersOutcome> outcome = RecordContainers(command, options, *signals, stage);
  if (!outcome.ok()) {
    if (stage != RecordStage::kExec) return fail(outcome.status());
    Fail(outcome.status());
    return ExitCodeForCommandError(outcome.status());
  }
  if (absl::Status written = WriteAll(*outcome, surroundings, flags); !written.ok()) return fail(written);
  return outcome->command_status;
}

}  // namespace syscarve::cli
