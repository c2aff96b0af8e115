// SPDX-License-Identifier: Apache-2.0
#include "userspace/review/confidence.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/sentence.h"
#include "userspace/model/syscall_table.h"
#include "userspace/policy/closure.h"

namespace syscarve {
namespace {

using NameId = uint32_t;
using SubjectKey = std::pair<SubjectKind, std::string>;

constexpr size_t kMostSubjectsNamed = 4;

// Assigns a number to each name.
class NameIds {
 public:
  NameId Add(const std::string& name) {
    const auto [place, added] = ids_.try_emplace(name, static_cast<NameId>(names_.size()));
    if (added) names_.push_back(name);
    return place->second;
  }
  std::optional<NameId> Find(const std::string& name) const {
    const auto found = ids_.find(name);
    return found == ids_.end() ? std::nullopt : std::optional(found->second);
  }
  const std::string& operator[](NameId id) const { return names_[id]; }
  size_t size() const { return names_.size(); }

 private:
  std::unordered_map<std::string, NameId> ids_;
  std::vector<std::string> names_;
};

// The names in a shape of a trace, all in ascending order.
struct ShapeNames {
  std::vector<NameId> names;
  std::vector<std::pair<Program, NameId>> by_program;
};

struct UnitNames {
  std::vector<NameId> names;  // Calls made in the run; ascending, each once.
  std::vector<std::pair<Program, NameId>> by_program;
  auto operator<=>(const UnitNames&) const = default;
};

struct Unit {
  std::string id;
  std::string name;
  UnixNanos start = 0;
  bool begins = false;  // The run ends at the first mark of a recording,
  bool ends = false;    // or is the last of a recording with many.
  UnitNames made;
  std::set<SubjectKey> subjects;  // Those that made a call.
};

template <typename T>
void SortOnce(std::vector<T>& all) {
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
}

class Gatherer {
 public:
  explicit Gatherer(Abi native) : native_(native) {}

  void Add(const Recording& recording) {
    shapes_.clear();
    MarkEnds(recording);
    for (size_t i = 0; i < recording.runs.size(); ++i) {
      const Run& head = recording.runs.head(i);
      Unit& unit = units_[{head.start, head.id}];
      unit.id = head.id;
      unit.name = std::max(unit.name, head.name);
      unit.start = head.start;
      unit.begins |= begins_.contains(i);
      unit.ends |= ends_.contains(i);
      recording.runs.ForEachTrace(i, [&](const PackedTrace& trace) {
        const ShapeNames& shape = NamesOf(recording, trace.shape);
        if (shape.names.empty()) return;
        unit.made.names.insert(unit.made.names.end(), shape.names.begin(), shape.names.end());
        unit.made.by_program.insert(unit.made.by_program.end(), shape.by_program.begin(), shape.by_program.end());
        if (trace.subject >= recording.subjects.size()) return;
        const Subject& subject = recording.subjects[trace.subject];
        unit.subjects.insert({subject.kind, subject.name});
      });
    }
  }

  // The runs, in the order in which they were made.
  std::vector<Unit> Units() && {
    std::vector<Unit> units;
    for (auto& [key, unit] : units_) {
      SortOnce(unit.made.names);
      SortOnce(unit.made.by_program);
      units.push_back(std::move(unit));
    }
    return units;
  }

  NameIds& names() { return names_; }

 private:
  // A mark ends a run where it begins the next.
  void MarkEnds(const Recording& recording) {
    begins_.clear();
    ends_.clear();
    std::map<UnixNanos, size_t> by_start;
    std::set<UnixNanos> all_ends;
    for (size_t i = 0; i < recording.runs.size(); ++i) {
      by_start[recording.runs.head(i).start] = i;
      all_ends.insert(recording.runs.head(i).end);
    }
    for (size_t i = 0; i < recording.runs.size(); ++i) {
      if (all_ends.contains(recording.runs.head(i).start)) continue;
      size_t last = i;
      size_t length = 1;
      for (auto next = by_start.find(recording.runs.head(i).end);
           next != by_start.end() && length < recording.runs.size();
           next = by_start.find(recording.runs.head(last).end)) {
        last = next->second;
        ++length;
      }
      if (length == 1) continue;
      begins_.insert(i);
      if (length > kFewestRuns) ends_.insert(last);
    }
  }

  const ShapeNames& NamesOf(const Recording& recording, ShapeId id) {
    const auto [place, added] = shapes_.try_emplace(id);
    ShapeNames& shape = place->second;
    if (!added) return shape;
    for (const RowId row_id : recording.runs.shape(id).calls) {
      const auto& [call, observation] = recording.runs.row(row_id);
      const std::optional<std::string> name = SyscallName(call);
      if (!name.has_value() || IsExemptFromSeccomp(call)) continue;
      const NameId name_id = names_.Add(*name);
      shape.names.push_back(name_id);
      if (call.abi != native_) shape.names.push_back(names_.Add(Concat("architecture ", AbiName(call.abi))));
      for (const auto& [program, count] : observation.programs) {
        if (program < recording.programs.size()) shape.by_program.emplace_back(recording.programs[program], name_id);
      }
    }
    return shape;
  }

  Abi native_;
  NameIds names_;
  std::map<std::pair<UnixNanos, std::string>, Unit> units_;
  // About the recording that is being added.
  std::unordered_map<ShapeId, ShapeNames> shapes_;
  std::set<size_t> begins_;
  std::set<size_t> ends_;
};

// The names that a profile made from one run allows, restricted to names that some run made.
class Coverer {
 public:
  Coverer(const NameIds& names, const GeneratedProfile& made, ClosureMode mode, const std::vector<ClosureRule>& rules)
      : names_(names), mode_(mode), rules_(rules) {
    for (const AllowedCall& call : made.calls) {
      if (!call.baseline.empty()) baseline_.insert(call.name);
    }
  }

  const std::vector<NameId>& Of(const UnitNames& made) {
    const auto [place, added] = known_.try_emplace(made);
    std::vector<NameId>& covered = place->second;
    if (!added) return covered;
    covered = made.names;
    SeenCalls seen = {.names = baseline_, .by_runtime = baseline_};
    for (const NameId name : made.names) {
      seen.names.insert(names_[name]);
      seen.by_runtime.erase(names_[name]);
    }
    for (size_t i = 0; i < made.by_program.size(); ++i) {
      if (i == 0 || made.by_program[i].first != made.by_program[i - 1].first) seen.programs.emplace_back();
      seen.programs.back().insert(names_[made.by_program[i].second]);
    }
    for (const auto& [name, reasons] : Close(rules_, mode_, seen)) {
      // A call that is added only for some arguments does not count.
      if (std::ranges::none_of(reasons, [](const ClosureReason& reason) { return reason.conditions.empty(); }))
        continue;
      if (const std::optional<NameId> id = names_.Find(name)) covered.push_back(*id);
    }
    SortOnce(covered);
    return covered;
  }

 private:
  const NameIds& names_;
  ClosureMode mode_;
  const std::vector<ClosureRule>& rules_;
  std::set<std::string> baseline_;
  std::map<UnitNames, std::vector<NameId>> known_;
};

// Subjects that made calls in the same run belong together. "" if all subjects belong together, otherwise the objection
// that names those that do not.
std::string MixedSubjects(const std::vector<Unit>& units) {
  std::map<SubjectKey, SubjectKey> leader;  // A forest, by union and find.
  const auto find = [&leader](SubjectKey key) {
    while (leader.at(key) != key) key = leader.at(key);
    return key;
  };
  for (const Unit& unit : units) {
    for (const SubjectKey& key : unit.subjects) {
      leader.try_emplace(key, key);
      leader[find(key)] = find(*unit.subjects.begin());
    }
  }
  std::map<SubjectKey, size_t> runs;
  for (const Unit& unit : units) {
    if (!unit.subjects.empty()) ++runs[find(*unit.subjects.begin())];
  }
  if (runs.size() <= 1) return "";
  std::vector<std::string> parts;
  for (const auto& [key, count] : runs) {
    if (parts.size() == kMostSubjectsNamed) {
      parts.push_back(Concat(runs.size() - kMostSubjectsNamed, " more"));
      break;
    }
    parts.push_back(Concat(key.second, " (", count, ")"));
  }
  return Concat("the runs are of different subjects, ", Enumerated(parts), ", and do not predict one another");
}

std::string LossSentence(std::span<const Recording> recordings) {
  std::set<std::string> lost;
  for (const Recording& recording : recordings) {
    for (const Loss& loss : recording.losses) {
      if (loss.missed_calls) lost.insert(loss.what);
    }
  }
  return lost.empty() ? "" : Concat("calls may be missing from a recording: ", absl::StrJoin(lost, ", "));
}

std::string JoinedSentence(const Joined& joined) {
  return Concat("neighbouring runs are not like runs in any order: joined by ", joined.by, ", ", joined.novel, " of ",
                joined.groups, " have ", joined.once, " calls of their own, and ",
                absl::StrFormat("%.1f have %.1f", joined.novel_usual, joined.once_usual), " when shuffled first");
}

// The runs that count, and in which of them each name occurs, for the names that depend on runs.
struct Matrix {
  std::vector<const Unit*> units;
  std::vector<NameId> names;
  std::vector<std::vector<uint32_t>> in;  // By index in `names`.
  size_t always = 0;                      // Seen names that are in every profile for other reasons.
};

Matrix MatrixOf(const std::vector<Unit>& units, const NameIds& names, const GeneratedProfile& made, Coverer& coverer) {
  std::vector<char> allowed(names.size(), 0);
  std::vector<char> always(names.size(), 0);
  for (const AllowedCall& call : made.calls) {
    const std::optional<NameId> id = names.Find(call.name);
    if (!id.has_value()) continue;
    allowed[*id] = 1;
    if (!call.baseline.empty() || !call.companion.empty() || call.requested) always[*id] = 1;
  }
  for (const Abi abi : made.profile.abis) {
    if (const std::optional<NameId> id = names.Find(Concat("architecture ", AbiName(abi)))) allowed[*id] = 1;
  }
  Matrix matrix;
  std::vector<std::vector<uint32_t>> in(names.size());
  std::vector<char> seen_before_the_end(names.size(), 0);
  for (const Unit& unit : units) {
    if (unit.made.names.empty()) continue;
    const std::vector<NameId>& covered = coverer.Of(unit.made);
    if (unit.begins) {
      for (const NameId name : covered) always[name] = 1;
      continue;
    }
    for (const NameId name : covered) {
      in[name].push_back(static_cast<uint32_t>(matrix.units.size()));
      if (!unit.ends) seen_before_the_end[name] = 1;
    }
    matrix.units.push_back(&unit);
  }
  for (NameId name = 0; name < names.size(); ++name) {
    if (allowed[name] == 0) continue;
    if (always[name] != 0 || seen_before_the_end[name] == 0) {
      ++matrix.always;
      continue;
    }
    matrix.names.push_back(name);
    matrix.in.push_back(std::move(in[name]));
  }
  return matrix;
}

std::vector<NovelRun> NovelRuns(const Matrix& matrix, const NameIds& names) {
  std::map<uint32_t, NovelRun> runs;
  for (size_t i = 0; i < matrix.names.size(); ++i) {
    if (matrix.in[i].size() != 1) continue;
    const uint32_t place = matrix.in[i].front();
    NovelRun& run = runs[place];
    run.id = matrix.units[place]->id;
    run.name = matrix.units[place]->name;
    run.names.push_back(names[matrix.names[i]]);
  }
  std::vector<NovelRun> result;
  for (auto& [place, run] : runs) {
    std::ranges::sort(run.names);
    result.push_back(std::move(run));
  }
  return result;
}

}  // namespace

absl::StatusOr<Confidence> JudgeConfidence(std::span<const Recording> recordings, const GeneratedProfile& made,
                                           ClosureMode closure) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<ClosureRule>* const rules, ShippedClosureRules());
  Gatherer gatherer(made.native_abi);
  for (const Recording& recording : recordings) gatherer.Add(recording);
  NameIds& names = gatherer.names();
  const std::vector<Unit> units = std::move(gatherer).Units();
  Coverer coverer(names, made, closure, *rules);
  const Matrix matrix = MatrixOf(units, names, made, coverer);

  Confidence result = {.runs = matrix.units.size()};
  for (const Unit& unit : units) {
    if (unit.made.names.empty()) {
      ++result.empty;
    } else if (unit.begins) {
      ++result.starts;
    }
  }
  if (std::string mixed = MixedSubjects(units); !mixed.empty()) {
    result.objections.push_back(std::move(mixed));
    return result;
  }
  if (std::string lost = LossSentence(recordings); !lost.empty()) result.objections.push_back(std::move(lost));
  if (result.runs < kFewestRuns) {
    result.objections.push_back(
        Concat(result.runs, result.runs == 1 ? " run is" : " runs are", " too few: ", kFewestRuns, " are needed"));
  }

  // Ordered by name, so that the numbers do not depend on the order of recordings.
  std::vector<size_t> order(matrix.names.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {}, [&](size_t i) { return std::string_view(names[matrix.names[i]]); });
  Incidence incidence(result.runs);
  for (const size_t i : order) incidence.AddName(matrix.in[i]);
  result.curve = DiscoveryCurve(incidence);
  for (CurvePoint& point : result.curve) point.names += static_cast<double>(matrix.always);
  if (result.runs >= kFewestRuns) {
    for (const size_t by : {2, 4}) {
      result.joined.push_back(JoinRuns(incidence, by));
      if (!result.joined.back().agrees) result.objections.push_back(JoinedSentence(result.joined.back()));
    }
  }
  result.novel_runs = result.runs < 2 ? std::vector<NovelRun>() : NovelRuns(matrix, names);
  if (!result.objections.empty()) return result;
  result.novelty = LeaveOneRunOut(incidence);
  result.missing = Chao2(incidence);
  return result;
}

}  // namespace syscarve
