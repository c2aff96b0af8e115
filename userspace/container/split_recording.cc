// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/split_recording.h"

#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace syscarve {
namespace {

// Assigns each program that is encountered its index in a new recording.
class ProgramMap {
 public:
  ProgramMap(const Recording& from, Recording& to) : from_(from), to_(to) {}

  // For counts, and for sets of signals.
  std::set<ProgramId> Move(const std::set<ProgramId>& programs) {
    std::map<ProgramId, uint64_t> as_counts;
    for (const ProgramId program : programs) as_counts[program] = 0;
    std::set<ProgramId> moved;
    for (const auto& [program, nothing] : Move(as_counts)) moved.insert(program);
    return moved;
  }

  std::map<ProgramId, uint64_t> Move(const std::map<ProgramId, uint64_t>& of_programs) {
    std::map<ProgramId, uint64_t> moved;
    for (const auto& [program, value] : of_programs) {
      const auto [entry, added] = ids_.try_emplace(program, static_cast<ProgramId>(to_.programs.size()));
      if (added) to_.programs.push_back(from_.programs.at(program));
      moved[entry->second] = value;
    }
    return moved;
  }

  HardeningEvidence Move(const HardeningEvidence& hardening) {
    std::vector<ProgramId> places(from_.programs.size());
    for (const ProgramId program : ProgramsOf(hardening)) places.at(program) = *Move(std::set{program}).begin();
    return Renumbered(hardening, places);
  }

  void Move(std::map<SyscallId, Observation>& calls) {
    for (auto& [id, observation] : calls) {
      observation.programs = Move(observation.programs);
      if (!observation.arguments.has_value()) continue;
      for (auto& [values, programs] : observation.arguments->values) programs = Move(programs);
    }
  }

 private:
  const Recording& from_;
  Recording& to_;
  std::map<ProgramId, ProgramId> ids_;
};

bool IsSilent(const SubjectTrace& trace) {
  return trace == SubjectTrace{};
}

Recording Extract(const Recording& all, const std::map<SubjectId, const ChosenSubject*>& subjects) {
  Recording part{.host = all.host, .method = all.method, .losses = all.losses};
  std::map<SubjectId, SubjectId> new_ids;
  for (const auto& [id, chosen] : subjects) {
    new_ids[id] = static_cast<SubjectId>(part.subjects.size());
    Subject subject = all.subjects.at(id);
    subject.name = chosen->name;
    subject.container = chosen->container;
    part.subjects.push_back(std::move(subject));
  }
  ProgramMap programs(all, part);
  for (Subject& subject : part.subjects) {
    if (subject.life.has_value()) subject.life->catches = programs.Move(subject.life->catches);
    if (subject.hardening.has_value()) subject.hardening = programs.Move(*subject.hardening);
  }
  for (const Run& run : all.runs) {
    Run copy{.id = run.id, .name = run.name, .start = run.start, .end = run.end, .command = run.command};
    for (const auto& [id, trace] : run.subjects) {
      const auto new_id = new_ids.find(id);
      if (new_id == new_ids.end() || IsSilent(trace)) continue;
      SubjectTrace moved = trace;
      programs.Move(moved.calls);
      programs.Move(moved.runtime_calls);
      programs.Move(moved.baseline_calls);
      for (auto& [call, denials] : moved.denials) {
        for (Denial& denial : denials) denial.programs = programs.Move(denial.programs);
      }
      copy.subjects[new_id->second] = std::move(moved);
    }
    part.runs.push_back(copy);
  }
  return part;
}

}  // namespace

std::map<std::string, Recording> SplitByName(const Recording& all, const std::map<SubjectId, ChosenSubject>& chosen) {
  std::map<std::string, std::map<SubjectId, const ChosenSubject*>> by_name;
  for (const auto& [id, subject] : chosen) by_name[subject.name][id] = &subject;
  std::map<std::string, Recording> parts;
  for (const auto& [name, subjects] : by_name) parts[name] = Extract(all, subjects);
  return parts;
}

Recording WithoutSubjects(const Recording& all) {
  return Extract(all, {});
}

}  // namespace syscarve
