// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/merge.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "absl/strings/str_format.h"
#include "userspace/base/concat.h"
#include "userspace/base/hash.h"
#include "userspace/model/recording_json.h"
#include "userspace/model/recording_words.h"

namespace syscarve {
namespace {

constexpr size_t kMaxThings = size_t{1} << 20;  // Programs, subjects: far below a file's capacity.

// Orders versions by their numbers, 6.2 before 6.18; different texts never compare as equal.
bool IsOlder(const std::string& a, const std::string& b) {
  const int order = strverscmp(a.c_str(), b.c_str());
  return order != 0 ? order < 0 : a < b;
}

void KeepOlder(const std::string& more, std::string& kept, bool& differ) {
  if (more == kept) return;
  differ = true;
  if (IsOlder(more, kept)) kept = more;
}

// The larger of two words other than `ignored`.
std::string LargerWord(const std::string& a, const std::string& b, std::string_view ignored) {
  if (a == ignored) return b;
  if (b == ignored) return a;
  return std::max(a, b);
}

// A 64-bit hash in which every bit depends on every bit of `text` (FNV-1a, then the last steps of splitmix64).
uint64_t Mix(std::string_view text, uint64_t seed) {
  uint64_t hash = Fnv1a(text, kFnvBasis ^ seed);
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
  return hash ^ (hash >> 31);
}

// Removes what differs from one start of the same program to the next. Cut paths do not identify a program.
Program Squashed(const Program& program) {
  return PathIsCut(program) ? program : Program{.path = program.path};
}

Subject Squashed(const Subject& subject) {
  Subject squashed = WithoutEvidence(subject);
  squashed.cgroup.clear();
  if (squashed.container.has_value()) {
    squashed.container->id.clear();
    squashed.container->name.clear();
    std::erase_if(squashed.container->labels, [](const auto& label) {
      return label.first != kComposeProjectLabel && label.first != kComposeServiceLabel;
    });
  }
  return squashed;
}

// Counts, or sets of signals.
std::map<ProgramId, uint64_t> Renumbered(const std::map<ProgramId, uint64_t>& of_programs,
                                         const std::vector<ProgramId>& programs) {
  std::map<ProgramId, uint64_t> renumbered;
  for (const auto& [program, value] : of_programs) renumbered[programs[program]] = value;
  return renumbered;
}

void Renumber(const std::vector<ProgramId>& programs, SubjectTrace& trace) {
  for (auto* const calls : {&trace.calls, &trace.runtime_calls, &trace.baseline_calls}) {
    for (auto& [id, observation] : *calls) {
      observation.programs = Renumbered(observation.programs, programs);
      if (observation.arguments.has_value()) {
        observation.arguments = Renumbered(*std::move(observation.arguments), programs);
      }
    }
  }
  for (auto& [id, denials] : trace.denials) {
    for (Denial& denial : denials) denial.programs = Renumbered(denial.programs, programs);
  }
}

absl::StatusOr<Run> Finished(const Run& run, const JoinedIds& ids) {
  Run finished = {.id = run.id, .name = run.name, .start = run.start, .end = run.end, .command = run.command};
  for (const auto& [subject, trace] : run.subjects) {
    SubjectTrace& renumbered = finished.subjects[ids.subjects[subject]] = trace;
    Renumber(ids.programs, renumbered);
  }
  SYSCARVE_RETURN_IF_ERROR(SumCounts(finished));
  return finished;
}

}  // namespace

void RecordingMerger::AddHostAndMethod(const Recording& recording) {
  Method method = recording.method;
  if (options_.squash.has_value()) method.events = "first";  // Without timelines it is only this.
  if (!host_.has_value()) {
    host_ = recording.host;
    method_ = std::move(method);
    return;
  }
  KeepOlder(recording.host.kernel, host_->kernel, kernels_differ_);
  KeepOlder(recording.host.libseccomp, host_->libseccomp, libseccomps_differ_);
  if (method != method_) methods_differ_ = true;
  method_.backend = std::max(method_.backend, method.backend);
  method_.events = std::max(method_.events, method.events);
  // This word decides whether there are verdicts on capabilities: there are if any recording has checks.
  method_.capabilities = LargerWord(method_.capabilities, method.capabilities, "none");
  method_.denials = std::min(method_.denials, method.denials);
  method_.attach = LargerWord(method_.attach, method.attach, "");
}

void RecordingMerger::AddLoss(const Loss& loss) {
  if (!options_.squash.has_value()) {
    losses_.insert(loss);
    return;
  }
  Loss sum = loss;
  sum.detail = "Summed over the recordings that were squashed into one run.";
  const auto same = std::ranges::find_if(
      losses_, [&](const Loss& other) { return other.what == loss.what && other.missed_calls == loss.missed_calls; });
  if (same != losses_.end()) {
    JoinCount(how(), same->count, sum.count);
    losses_.erase(same);
  }
  losses_.insert(std::move(sum));
}

CountJoin RecordingMerger::how() const {
  return options_.squash.has_value() ? CountJoin::kSum : CountJoin::kLarger;
}

void RecordingMerger::AddRun(const Run& run, const JoinedIds& ids) {
  const Run fresh = {.id = run.id, .start = run.start};
  if (options_.squash.has_value()) {
    if (!squashed_.has_value()) squashed_ = fresh;
    squashed_->name = *options_.squash;
    squashed_id_[0] += Mix(run.id, 0);
    squashed_id_[1] += Mix(run.id, 0x9e3779b97f4a7c15);
    return JoinRun(run, ids, how(), *squashed_);
  }
  const auto [place, added] = places_.try_emplace(run.id, runs_.size());
  if (!added) {
    return runs_.Update(place->second, [&](Run& kept) { JoinRun(run, ids, how(), kept); });
  }
  Run kept = fresh;
  JoinRun(run, ids, how(), kept);
  runs_.push_back(kept);
}

absl::Status RecordingMerger::Add(const Recording& recording) {
  if (host_.has_value() && host_->native_abi != recording.host.native_abi) {
    return absl::InvalidArgumentError(Concat("the recordings are of different architectures (",
                                             AbiName(host_->native_abi), " and ", AbiName(recording.host.native_abi),
                                             ")"));
  }
  AddHostAndMethod(recording);
  const bool squash = options_.squash.has_value();
  JoinedIds ids;
  for (const Program& program : recording.programs) {
    ids.programs.push_back(programs_.Id(squash ? Squashed(program) : program));
  }
  for (const Subject& subject : recording.subjects) {
    const SubjectId id = subjects_.Id(squash ? Squashed(subject) : WithoutEvidence(subject));
    ids.subjects.push_back(id);
    if (subject.life.has_value()) JoinLife(*subject.life, ids, how(), lives_[id]);
    if (subject.hardening.has_value()) {
      JoinHardening(*subject.hardening, ids, hardening_[id]);
    } else {
      without_hardening_.insert(id);
    }
  }
  for (const Loss& loss : recording.losses) AddLoss(loss);
  JoinProofs(recording.proofs, proofs_);
  for (const Run& run : recording.runs) AddRun(run, ids);
  const bool fits =
      runs_.text_bytes() <= options_.max_bytes && programs_.size() <= kMaxThings && subjects_.size() <= kMaxThings;
  if (fits) return absl::OkStatus();
  const absl::Status too_much =
      absl::ResourceExhaustedError("the recordings together are more than one recording file can hold");
  return squash ? too_much : WithHint(too_much, "Make one run of all with --squash NAME.");
}

absl::StatusOr<Recording> RecordingMerger::Result() const {
  if (!host_.has_value()) return absl::InvalidArgumentError("there is no recording to merge");
  Recording result;
  result.host = *host_;
  result.method = method_;
  Interner<Program>::Sorted programs = programs_.InOrder();
  Interner<Subject>::Sorted subjects = subjects_.InOrder();
  result.programs = std::move(programs.things);
  result.subjects = std::move(subjects.things);
  const JoinedIds ids = {std::move(programs.place_of), std::move(subjects.place_of)};
  for (const auto& [subject, life] : lives_) {
    std::optional<Life>& joined = result.subjects[ids.subjects[subject]].life;
    joined = life;
    joined->catches = Renumbered(life.catches, ids.programs);
  }
  for (const auto& [subject, hardening] : hardening_) {
    std::optional<HardeningEvidence>& joined = result.subjects[ids.subjects[subject]].hardening;
    joined = Renumbered(hardening, ids.programs);
    if (without_hardening_.contains(subject)) joined->missing.emplace(kMissingRecordings);
  }
  result.losses.assign(losses_.begin(), losses_.end());
  result.proofs = proofs_;
  const auto add = [&](const Run& run) -> absl::Status {
    SYSCARVE_ASSIGN_OR_RETURN(const Run finished, Finished(run, ids));
    result.runs.push_back(finished);
    return absl::OkStatus();
  };
  if (squashed_.has_value()) {
    Run run = *squashed_;
    run.id = absl::StrFormat("%016x%016x", squashed_id_[0], squashed_id_[1]);
    SYSCARVE_RETURN_IF_ERROR(add(run));
  }
  for (const size_t i : runs_.InOrder()) SYSCARVE_RETURN_IF_ERROR(add(runs_[i]));
  return result;
}

std::vector<std::string> RecordingMerger::warnings() const {
  std::vector<std::string> warnings;
  if (kernels_differ_) {
    warnings.push_back(Concat("the recordings are of different kernels: the result names the oldest, ", host_->kernel));
  }
  if (libseccomps_differ_) {
    warnings.push_back(Concat("the recordings are of different versions of libseccomp: the result names the oldest, ",
                              host_->libseccomp));
  }
  if (methods_differ_) {
    warnings.emplace_back("the recordings were made by different methods: the result names the one that records least");
  }
  return warnings;
}

absl::StatusOr<Recording> Merge(const Recording& a, const Recording& b) {
  RecordingMerger merger;
  SYSCARVE_RETURN_IF_ERROR(merger.Add(a));
  SYSCARVE_RETURN_IF_ERROR(merger.Add(b));
  return merger.Result();
}

}  // namespace syscarve
