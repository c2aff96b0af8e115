// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/census.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/container/cgroup_name.h"
#include "userspace/container/split_recording.h"

namespace syscarve {
namespace {

// The most names in a sentence for people.
constexpr size_t kNamesInSentence = 5;

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

std::string NamesOf(const std::vector<Container>& containers) {
  std::string text;
  for (size_t i = 0; i < containers.size() && i < kNamesInSentence; ++i) {
    text += Concat(i == 0 ? "" : ", ", EscapeForTerminal(SubjectName(containers[i], By::kContainer)));
  }
  if (containers.size() > kNamesInSentence) text += Concat(" and ", containers.size() - kNamesInSentence, " more");
  return text;
}

std::string JoinNames(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += Concat(text.empty() ? "" : ", ", name);
  return text;
}

std::vector<Container> FindUnseen(const SeenContainers& seen, const EngineWatchers& engines) {
  const Recording& all = *seen.recording;
  if (all.runs.empty()) return {};
  std::set<std::string> ids = seen.running_at_start;
  for (const Subject& subject : all.subjects) ids.insert(IdOf(subject.cgroup));
  for (const std::string& cgroup : seen.refused) ids.insert(IdOf(cgroup));
  std::vector<Container> unseen =
      engines.StartedBetween(all.runs.head(0).start, all.runs.head(all.runs.size() - 1).end);
  std::erase_if(unseen, [&](const Container& container) { return ids.contains(container.id); });
  return unseen;
}

class Taker {
 public:
  Taker(const SeenContainers& seen, EngineWatchers& engines, const ContainerChoice& choice)
      : seen_(seen), engines_(engines), choice_(choice) {}

  Census Take(std::chrono::steady_clock::time_point deadline) {
    const std::set<std::string> ids = Ids();
    known_ = engines_.WaitFor(ids, deadline);
    for (SubjectId subject = 0; subject < seen_.recording->subjects.size(); ++subject) Place(subject);
    for (const std::string& cgroup : seen_.refused) {
      const std::string id = IdOf(cgroup);
      const auto found = known_.find(id);
      Container& container = census_.refused[cgroup];
      if (found != known_.end()) container = found->second;
      container.id = id;
      if (id.empty()) container.name = cgroup.substr(cgroup.rfind('/') + 1);
    }
    census_.unseen = FindUnseen(seen_, engines_);
    AddWarnings();
    return std::move(census_);
  }

 private:
  std::set<std::string> Ids() const {
    std::set<std::string> ids;
    for (const Subject& subject : seen_.recording->subjects) ids.insert(IdOf(subject.cgroup));
    for (const std::string& cgroup : seen_.refused) ids.insert(IdOf(cgroup));
    ids.erase("");
    return ids;
  }

  void Place(SubjectId subject) {
    const Subject& described = seen_.recording->subjects[subject];
    const bool silent = IsSilent(*seen_.recording, subject);
    Container container;
    container.id = IdOf(described.cgroup);
    const auto found = known_.find(container.id);
    if (found != known_.end()) container = found->second;
    // The cgroup of an engine with names of its own.
    if (container.id.empty()) container.name = described.name;
    if (silent) {
      if (seen_.running_at_start.contains(container.id) && choice_.filter.Matches(container)) {
        census_.idle.push_back(std::move(container));
      }
      return;
    }
    if (found == known_.end()) {
      // If all engines responded throughout and none has the container, it belongs to another one.
      const bool all_told = !engines_.empty() && engines_.problems().empty() && !container.id.empty();
      if (all_told) {
        ++nobodys_;
        if (choice_.known_only) {
          ++census_.foreign;
          return;
        }
      }
      census_.unknown.insert(subject);
    }
    census_.containers.emplace(subject, std::move(container));
  }

  void AddWarnings() {
    if (engines_.empty()) return;
    for (const std::string& problem : engines_.problems()) census_.warnings.push_back(problem);
    if (nobodys_ != 0) {
      census_.warnings.push_back(
          Concat(nobodys_, " container(s) belong to no engine that answers (", JoinNames(engines_.Names()), ") and ",
                 choice_.known_only ? "are not recorded" : "are named by their ids",
                 ": Podman is asked where `podman system service --time=0` listens at /run/podman/podman.sock, any "
                 "engine where --engine-socket says"));
    }
    if (const size_t untold = census_.unknown.size() - (choice_.known_only ? 0 : nobodys_); untold != 0) {
      census_.warnings.push_back(
          Concat("the engine had no name for ", untold, " container(s): their ids stand for their names"));
    }
  }

  const SeenContainers& seen_;
  EngineWatchers& engines_;
  const ContainerChoice& choice_;
  std::map<std::string, Container> known_;
  size_t nobodys_ = 0;  // Unknown to every engine, although all responded.
  Census census_;
};

// The name of each wanted subject. Services of different Compose projects that share a name get the project's name as a
// prefix.
std::map<SubjectId, ChosenSubject> Choose(const Census& census, const ContainerChoice& choice) {
  std::map<SubjectId, ChosenSubject> chosen;
  std::map<std::string, std::set<std::string>> projects;
  for (const auto& [id, container] : census.containers) {
    // Kept if its engine did not respond.
    if (!census.unknown.contains(id) && !choice.filter.Matches(container)) continue;
    const std::string name = SubjectName(container, choice.by);
    projects[name].insert(std::string(ComposeProject(container)));
    chosen[id] = {name, container};
  }
  if (choice.by != By::kService) return chosen;
  for (auto& [id, subject] : chosen) {
    const std::string_view project = ComposeProject(subject.container);
    if (projects[subject.name].size() > 1 && !project.empty()) subject.name = Concat(project, "-", subject.name);
  }
  return chosen;
}

}  // namespace

Census TakeCensus(const SeenContainers& seen, EngineWatchers& engines, const ContainerChoice& choice,
                  std::chrono::steady_clock::time_point deadline) {
  return Taker(seen, engines, choice).Take(deadline);
}

std::map<std::string, Recording> DivideByName(const SeenContainers& seen, const Census& census,
                                              const ContainerChoice& choice) {
  const std::map<SubjectId, ChosenSubject> chosen = Choose(census, choice);
  std::map<std::string, Recording> parts = SplitByName(*seen.recording, chosen);
  for (const SubjectId subject : seen.ran_before) {
    const auto found = chosen.find(subject);
    if (found == chosen.end()) continue;
    parts[found->second.name].losses.push_back(
        {.what = "started_before",
         .count = 1,
         .missed_calls = true,
         .detail = Concat("container ", ShortId(found->second.container.id), " ran before it was recorded")});
  }
  const auto add_loss = [&](const Container& container, std::string_view what, std::string_view why) {
    if (!choice.filter.Matches(container)) return;
    const auto [part, added] = parts.try_emplace(SubjectName(container, choice.by));
    if (added) part->second = WithoutSubjects(*seen.recording);
    part->second.losses.push_back({.what = std::string(what),
                                   .count = 1,
                                   .missed_calls = true,
                                   .detail = Concat("container ", ShortId(container.id), " was not recorded: ", why)});
  };
  for (const auto& [cgroup, container] : census.refused) {
    add_loss(container, "containers_full", Concat("there were more than ", choice.max_containers));
  }
  for (const Container& container : census.unseen) {
    add_loss(container, "container_not_seen",
             "it has no cgroup that is named like a container's (--cgroup-parent names the cgroup that has them)");
  }
  return parts;
}

absl::Status NothingRecorded(const SeenContainers& seen, const Census& census) {
  if (!census.idle.empty()) {
    return WithHint(absl::FailedPreconditionError(
                        Concat("nothing was recorded: no system call was made by ", NamesOf(census.idle))),
                    "Exercise the containers while they are recorded.");
  }
  if (!census.containers.empty()) {
    std::vector<Container> others;
    for (const auto& [subject, container] : census.containers) others.push_back(container);
    return WithHint(absl::FailedPreconditionError(
                        Concat("nothing was recorded: --name, --label and --compose-project match none of the ",
                               others.size(), " container(s) that made calls: ", NamesOf(others))),
                    "A pattern of --name must match the whole name: web-*.");
  }
  if (census.foreign != 0) {
    return WithHint(absl::FailedPreconditionError(Concat("nothing was recorded: none of the ", census.foreign,
                                                         " container(s) that made calls is known to the engine")),
                    "Name the socket of their engine with --engine-socket.");
  }
  return WithHint(
      absl::FailedPreconditionError("nothing was recorded: no container was started while the recorder ran"),
      seen.running_at_start.empty()
          ? "Start the containers while the recorder runs, or from the command after --."
          : Concat(seen.running_at_start.size(), " container(s) ran already: --running records them."));
}

}  // namespace syscarve
