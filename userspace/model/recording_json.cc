// SPDX-License-Identifier: Apache-2.0
// The writer of the format in docs/recording-format.md. The reader is in recording_json_reader.cc.
#include "userspace/model/recording_json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/hardening_json.h"
#include "userspace/model/life_json.h"
#include "userspace/model/proofs_json.h"
#include "userspace/model/recording_json_fields.h"
#include "userspace/model/recording_json_words.h"
#include "userspace/model/recording_words.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

using recording_json::AddNumber;
using recording_json::kAnswered;
using recording_json::kDenied;
using recording_json::kGranted;
using recording_json::kTrapped;
using recording_json::Numbers;

constexpr size_t kLineWidth = 160;  // Enough for an ordinary call on one line.

JsonValue Text(std::string_view bytes) {
  return EncodePercent(bytes);
}

// One member for each element of a sorted container, in its order.
template <typename Container, typename ToJson>
JsonValue::Array ArrayOf(const Container& elements, ToJson to_json) {
  JsonValue::Array array;
  array.reserve(elements.size());
  for (const auto& element : elements) array.emplace_back(to_json(element));
  return array;
}

void AddSyscall(SyscallId id, JsonValue::Object& to) {
  to.push_back({"abi", AbiName(id.abi)});
  to.push_back({"nr", id.nr});
  if (std::optional<std::string> name = SyscallName(id)) to.push_back({"name", *std::move(name)});
}

JsonValue::Object CountsByProgram(const std::map<ProgramId, uint64_t>& programs) {
  JsonValue::Object counts;
  for (const auto& [program, count] : programs) counts.push_back({Concat(program), count});
  return counts;
}

JsonValue::Array ProgramsOf(const std::map<ProgramId, uint64_t>& programs) {
  return ArrayOf(programs, [](const auto& entry) { return entry.first; });
}

void AddArguments(const std::optional<SeenArguments>& seen, JsonValue::Object& to) {
  if (!seen.has_value()) return;
  JsonValue::Object arguments = {{"indexes", ArrayOf(seen->indexes, [](int index) { return index; })}};
  if (seen->pointed_to) arguments.push_back({"pointed_to", true});
  arguments.push_back({"open", seen->open});
  if (seen->dirty) arguments.push_back({"dirty", true});
  arguments.push_back(
      {"values", ArrayOf(seen->values, [&seen](const auto& entry) {
         JsonValue::Object value = {{"are", ArrayOf(entry.first, [](uint64_t one) { return one; })},
                                    {"programs", ArrayOf(entry.second, [](ProgramId program) { return program; })}};
         if (const auto files = seen->files.find(entry.first); files != seen->files.end()) {
           value.push_back({"on", ArrayOf(files->second, [](const std::string& kind) { return kind; })});
         }
         return value;
       })});
  to.push_back({"arguments", std::move(arguments)});
}

JsonValue ToJson(const std::pair<const SyscallId, Observation>& call) {
  const auto& [id, seen] = call;
  JsonValue::Object object;
  AddSyscall(id, object);
  object.push_back({"count", seen.count});
  if (seen.first_seen.has_value()) object.push_back({"first_seen", *seen.first_seen});
  object.push_back({"programs", CountsByProgram(seen.programs)});
  AddArguments(seen.arguments, object);
  return object;
}

JsonValue RowToJson(const Row& row) {
  const auto& [id, seen] = row;
  JsonValue::Object object;
  AddSyscall(id, object);
  object.push_back({"first_seen", seen.first_seen.has_value()});
  object.push_back({"programs", ProgramsOf(seen.programs)});
  AddArguments(seen.arguments, object);
  return object;
}

std::string_view OutcomeWord(int errno_value) {
  return errno_value == kDenialTrapped ? kTrapped : kAnswered;
}

JsonValue ToJson(SyscallId id, const Denial& denial, Numbers numbers) {
  JsonValue::Object object;
  AddSyscall(id, object);
  object.push_back({"errno", std::max(denial.errno_value, 0)});
  if (denial.errno_value < 0) object.push_back({"outcome", OutcomeWord(denial.errno_value)});
  if (numbers == Numbers::kApart) {
    object.push_back({"programs", ProgramsOf(denial.programs)});
    return object;
  }
  object.push_back({"count", denial.count});
  object.push_back({"programs", CountsByProgram(denial.programs)});
  return object;
}

JsonValue ToJson(const std::map<SyscallId, std::vector<Denial>>& denials, Numbers numbers) {
  JsonValue::Array array;
  for (const auto& [id, by_errno] : denials) {
    for (const Denial& denial : by_errno) array.push_back(ToJson(id, denial, numbers));
  }
  return array;
}

void AddNumbers(const CapabilityChecks& checks, JsonValue::Object& to) {
  to.push_back({"granted", checks.granted});
  to.push_back({"denied", checks.denied});
}

void AddResults(const CapabilityChecks& checks, Numbers numbers, JsonValue::Object& to) {
  if (checks.results.empty()) return;
  to.push_back(
      {"results", ArrayOf(checks.results, [numbers](const auto& entry) {
         const auto& [result, count] = entry;
         JsonValue::Object object = {{"check", result.granted ? kGranted : kDenied}, {"errno", result.errno_value}};
         if (numbers == Numbers::kApart) return object;
         object.push_back({"count", count.count});
         if (count.ended != 0) object.push_back({"ended", count.ended});
         return object;
       })});
}

JsonValue ToJson(const ChecksBySite& sites, Numbers numbers) {
  return ArrayOf(sites, [numbers](const auto& entry) {
    const auto& [site, checks] = entry;
    JsonValue::Object object = {
        {"functions", ArrayOf(site.functions, [](const std::string& function) { return Text(function); })}};
    if (site.in_vain) object.push_back({"in_vain", true});
    if (numbers == Numbers::kInside) AddNumbers(checks, object);
    AddResults(checks, numbers, object);
    return object;
  });
}

JsonValue ToJson(int capability, const CapabilityUse& use, Numbers numbers) {
  JsonValue::Array during;
  for (const auto& [id, checks] : use.during) {
    JsonValue::Object object;
    if (id.has_value()) AddSyscall(*id, object);
    if (numbers == Numbers::kInside) AddNumbers(checks, object);
    AddResults(checks, numbers, object);
    if (const auto sites = use.sites.find(id); sites != use.sites.end()) {
      object.push_back({"sites", ToJson(sites->second, numbers)});
    }
    during.emplace_back(std::move(object));
  }
  JsonValue::Object object = {
      {"capability", capability}, {"name", CapabilityName(capability)}, {"during", std::move(during)}};
  if (numbers == Numbers::kApart) return object;
  JsonValue::Object foreign;
  AddNumbers(use.foreign, foreign);
  object.push_back({"foreign", std::move(foreign)});
  return object;
}

JsonValue ToJson(const std::map<int, CapabilityUse>& capabilities, Numbers numbers) {
  return ArrayOf(capabilities, [numbers](const auto& use) { return ToJson(use.first, use.second, numbers); });
}

JsonValue ToJson(const Timeline& timeline) {
  return JsonValue::Object{{"start", timeline.start},
                           {"bucket_nanos", timeline.bucket_nanos},
                           {"counts", ArrayOf(timeline.counts, [](uint64_t n) { return n; })}};
}

JsonValue ToJson(const std::pair<const SubjectId, SubjectTrace>& entry) {
  const auto& [subject, trace] = entry;
  const auto call_to_json = [](const auto& call) { return ToJson(call); };
  JsonValue::Object object = {
      {"subject", subject},
      {"calls", ArrayOf(trace.calls, call_to_json)},
      {"runtime_calls", ArrayOf(trace.runtime_calls, call_to_json)},
      {"baseline_calls", ArrayOf(trace.baseline_calls, call_to_json)},
      {"denials", ToJson(trace.denials, Numbers::kInside)},
      {"capabilities", ToJson(trace.capabilities, Numbers::kInside)},
  };
  if (trace.timeline.has_value()) object.push_back({"timeline", ToJson(*trace.timeline)});
  return object;
}

// Without its subjects.
JsonValue::Object HeadToJson(const Run& run) {
  JsonValue::Object object = {{"id", Text(run.id)}, {"name", Text(run.name)}, {"start", run.start}, {"end", run.end}};
  if (run.command.has_value()) {
    object.push_back({"command", JsonValue::Object{{"status", run.command->status},
                                                   {"ended_by_recorder", run.command->ended_by_recorder}}});
  }
  return object;
}

JsonValue ToJson(const Run& run) {
  JsonValue::Object object = HeadToJson(run);
  object.push_back({"subjects", ArrayOf(run.subjects, [](const auto& entry) { return ToJson(entry); })});
  return object;
}

JsonValue ToJson(const Loss& loss) {
  return JsonValue::Object{{"what", Text(loss.what)},
                           {"count", loss.count},
                           {"missed_calls", loss.missed_calls},
                           {"detail", Text(loss.detail)}};
}

JsonValue ToJson(const ContainerLimits& limits) {
  JsonValue::Object object;
  AddNumber(object, "memory_bytes", limits.memory_bytes);
  AddNumber(object, "cpu_milli", limits.cpu_milli);
  AddNumber(object, "pids", limits.pids);
  AddNumber(object, "open_files", limits.open_files);
  AddNumber(object, "open_files_hard", limits.open_files_hard);
  return object;
}

JsonValue ToJson(const Container& container) {
  JsonValue::Object labels;
  for (const auto& [key, value] : container.labels) labels.push_back({EncodePercent(key), Text(value)});
  const auto text = [](const std::string& bytes) { return Text(bytes); };
  JsonValue::Object object = {{"id", Text(container.id)},
                              {"name", Text(container.name)},
                              {"image", Text(container.image)},
                              {"image_digest", Text(container.image_digest)},
                              {"runtime", JsonValue::Object{{"name", Text(container.runtime.name)},
                                                            {"version", Text(container.runtime.version)}}},
                              {"labels", std::move(labels)}};
  if (container.privileged.has_value()) object.push_back({"privileged", *container.privileged});
  if (container.no_new_privs.has_value()) object.push_back({"no_new_privs", *container.no_new_privs});
  if (container.read_only_root.has_value()) object.push_back({"read_only_root", *container.read_only_root});
  object.push_back({"user", Text(container.user)});
  object.push_back({"seccomp", Text(container.seccomp)});
  object.push_back({"cap_add", ArrayOf(container.cap_add, text)});
  object.push_back({"cap_drop", ArrayOf(container.cap_drop, text)});
  object.push_back({"stop_signal", Text(container.stop_signal)});
  if (container.health_check.has_value()) object.push_back({"health_check", *container.health_check});
  if (container.shares.has_value()) object.push_back({"shares", ArrayOf(*container.shares, text)});
  if (container.publishes.has_value()) object.push_back({"publishes", ArrayOf(*container.publishes, text)});
  if (container.limits.has_value()) object.push_back({"limits", ToJson(*container.limits)});
  return object;
}

JsonValue ToJson(const Subject& subject, SubjectId id) {
  JsonValue::Object object = {{"id", id},
                              {"kind", SubjectKindName(subject.kind)},
                              {"name", Text(subject.name)},
                              {"cgroup", Text(subject.cgroup)}};
  if (subject.container.has_value()) object.push_back({"container", ToJson(*subject.container)});
  if (subject.start.has_value()) {
    object.push_back({"start", JsonValue::Object{{"filtered", subject.start->filtered},
                                                 {"no_new_privs", subject.start->no_new_privs}}});
  }
  if (subject.life.has_value()) object.push_back({"life", LifeToJson(*subject.life)});
  if (subject.hardening.has_value()) object.push_back({"hardening", HardeningToJson(*subject.hardening)});
  return object;
}

// Everything except the rows, the shapes and the runs.
JsonValue::Object FrontToJson(const Recording& recording, const std::vector<Loss>& losses) {
  JsonValue::Array programs;
  for (const Program& program : recording.programs) {
    programs.emplace_back(JsonValue::Object{
        {"id", programs.size()}, {"path", Text(program.path)}, {"device", program.device}, {"inode", program.inode}});
  }
  JsonValue::Array subjects;
  for (const Subject& subject : recording.subjects) {
    subjects.push_back(ToJson(subject, static_cast<SubjectId>(subjects.size())));
  }
  const Host& host = recording.host;
  const Method& method = recording.method;
  JsonValue::Object how = {{"backend", Text(method.backend)},
                           {"events", Text(method.events)},
                           {"capabilities", Text(method.capabilities)},
                           {"denials", Text(method.denials)}};
  if (!method.attach.empty()) how.push_back({"attach", Text(method.attach)});
  JsonValue::Object front = {
      {"schema", kRecordingSchema},
      {"host", JsonValue::Object{{"kernel", Text(host.kernel)},
                                 {"native_abi", AbiName(host.native_abi)},
                                 {"libseccomp", Text(host.libseccomp)}}},
      {"method", std::move(how)},
      {"complete", JsonValue::Object{{"complete", std::ranges::none_of(losses, &Loss::missed_calls)},
                                     {"losses", ArrayOf(losses, [](const Loss& loss) { return ToJson(loss); })}}},
      {"programs", std::move(programs)},
      {"subjects", std::move(subjects)},
  };
  if (!recording.proofs.empty()) front.push_back({"proofs", recording_json::ProofsToJson(recording.proofs)});
  return front;
}

// Writes a Recording, run by run.
class Writer {
 public:
  Writer(const Recording& recording, const RecordingLimits& limits)
      : recording_(recording), runs_(recording.runs), limits_(limits) {}

  // The text with the first `runs` runs. If a reader would reject it: the next number of runs to try, which is smaller;
  // nullopt if there is none.
  struct Written {
    std::string text;
    size_t runs = 0;
  };
  std::optional<Written> Write(size_t runs, const std::vector<Loss>& losses) {
    text_ = "{";
    const JsonValue::Object front = FrontToJson(recording_, losses);
    if (CountValues(front) + kValuesOfLists > limits_.values) return std::nullopt;
    for (const JsonMember& member : front) {
      text_ += Concat(text_.size() == 1 ? "\n  " : ",\n  ", QuoteForJson(member.key), ": ");
      text_ += PrintJsonPart(member.value, kLineWidth, 1, member.key.size() + 6);
    }
    dense_ = runs_.numbers() > limits_.full_numbers;
    size_t fitting = dense_ ? WriteShapes(runs) : runs;
    if (fitting == runs) fitting = WriteRuns(runs);
    if (fitting < runs) return Written{.runs = fitting};
    text_ += "\n}\n";
    if (text_.size() > limits_.bytes) return std::nullopt;
    return Written{.text = std::move(text_), .runs = runs};
  }

 private:
  static constexpr size_t kValuesOfLists = 3;  // The lists of rows, shapes and runs.
  static constexpr size_t kValuesOfTrace = 8;  // Including its lists and its timeline's.
  static constexpr std::string_view kEnd = "\n  ]\n}\n";

  void BeginList(std::string_view key) { text_ += Concat(",\n  \"", key, "\": ["); }
  void EndList(size_t elements) { text_ += elements == 0 ? "]" : "\n  ]"; }
  void BeginElement(size_t index) { text_ += index == 0 ? "\n    " : ",\n    "; }

  // Numbers the rows and shapes of the runs in order of first appearance, and writes them. Returns the number of runs
  // for which there is room.
  size_t WriteShapes(size_t runs) {
    shape_places_.assign(runs_.shape_count(), kNoPlace);
    row_places_.assign(runs_.row_count(), kNoPlace);
    rows_.clear();
    shapes_.clear();
    size_t bytes = text_.size();
    row_count_ = shape_count_ = 0;
    row_fits_ = true;
    for (size_t i = 0; i < runs; ++i) {
      bool fits = true;
      runs_.ForEachTrace(i, [&](const PackedTrace& trace) {
        if (!runs_.irregular(trace.shape) && shape_places_[trace.shape] == kNoPlace)
          fits = fits && AddShape(trace.shape);
        bytes += 2 * trace.numbers.size();  // At least a digit and a comma.
      });
      if (!fits || bytes + rows_.size() + shapes_.size() > limits_.bytes) return i;
    }
    BeginList("rows");
    text_ += rows_;
    EndList(row_count_);
    BeginList("shapes");
    text_ += shapes_;
    EndList(shape_count_);
    return runs;
  }

  bool AddShape(ShapeId id) {
    const TraceShape shape = runs_.shape(id);
    const auto rows = [this](const std::vector<RowId>& ids) {
      return ArrayOf(ids, [this](RowId row) { return PlaceOf(row); });
    };
    const JsonValue json = JsonValue::Object{{"calls", rows(shape.calls)},
                                             {"runtime_calls", rows(shape.runtime_calls)},
                                             {"baseline_calls", rows(shape.baseline_calls)},
                                             {"denials", ToJson(shape.denials, Numbers::kApart)},
                                             {"capabilities", ToJson(shape.capabilities, Numbers::kApart)}};
    shapes_ += Concat(shape_count_ == 0 ? "\n    " : ",\n    ", PrintCompactJson(json));
    shape_places_[id] = shape_count_++;
    return row_fits_ && CountValues(json) <= limits_.values;
  }

  uint32_t PlaceOf(RowId id) {
    uint32_t& place = row_places_[id];
    if (place != kNoPlace) return place;
    const JsonValue json = RowToJson(runs_.row(id));
    row_fits_ = row_fits_ && CountValues(json) <= limits_.values;
    rows_ += Concat(row_count_ == 0 ? "\n    " : ",\n    ", PrintCompactJson(json));
    return place = row_count_++;
  }

  // Returns the number for which there is room.
  size_t WriteRuns(size_t runs) {
    BeginList("runs");
    for (size_t i = 0; i < runs; ++i) {
      BeginElement(i);
      const size_t values = dense_ ? WriteDense(i) : WriteFull(i);
      if (values > limits_.values || text_.size() + kEnd.size() > limits_.bytes) return i;
    }
    EndList(runs);
    return runs;
  }

  // Both return the number of JSON values of the run.
  size_t WriteFull(size_t i) {
    const JsonValue json = ToJson(runs_[i]);
    text_ += PrintJsonPart(json, kLineWidth, 2, 4);
    return CountValues(json);
  }

  size_t WriteDense(size_t i) {
    const JsonValue head = HeadToJson(runs_.head(i));
    size_t values = CountValues(head) + 1;
    text_ += PrintCompactJson(head);
    text_.back() = ',';
    text_ += "\"subjects\":[";
    bool first = true;
    runs_.ForEachTrace(i, [&](const PackedTrace& trace) {
      if (!std::exchange(first, false)) text_ += ',';
      values += WriteTrace(trace, runs_.head(i).start);
    });
    text_ += "]}";
    return values;
  }

  size_t WriteTrace(const PackedTrace& trace, UnixNanos start) {
    if (runs_.irregular(trace.shape)) {
      const JsonValue json =
          ToJson(std::pair<const SubjectId, SubjectTrace>(trace.subject, runs_.Unpack(trace, start)));
      text_ += PrintCompactJson(json);
      return CountValues(json);
    }
    text_ += Concat("{\"subject\":", trace.subject, ",\"shape\":", shape_places_[trace.shape], ",\"numbers\":[");
    for (const uint64_t number : trace.numbers) {
      std::array<char, 20> digits;
      text_.append(digits.data(), std::to_chars(digits.begin(), digits.end(), number).ptr);
      text_ += ',';
    }
    if (trace.numbers.empty()) {
      text_ += ']';
    } else {
      text_.back() = ']';
    }
    if (trace.timeline.has_value()) text_ += Concat(",\"timeline\":", PrintCompactJson(ToJson(*trace.timeline)));
    text_ += '}';
    return kValuesOfTrace + trace.numbers.size() + (trace.timeline.has_value() ? trace.timeline->counts.size() : 0);
  }

  static constexpr uint32_t kNoPlace = UINT32_MAX;

  const Recording& recording_;
  const RunList& runs_;
  const RecordingLimits limits_;
  std::string text_;
  bool dense_ = false;
  std::string rows_;  // The elements of the lists, written.
  std::string shapes_;
  uint32_t row_count_ = 0;
  uint32_t shape_count_ = 0;
  bool row_fits_ = true;
  std::vector<uint32_t> row_places_;  // In the file, by RowId and ShapeId.
  std::vector<uint32_t> shape_places_;
};

}  // namespace

Loss RunsFullLoss(uint64_t count) {
  return {.what = "runs_full",
          .count = count,
          .missed_calls = true,
          .detail = "There were more runs than one file can hold; the last ones are not in it."};
}

std::string FormatRecording(const Recording& recording, const RecordingLimits& limits) {
  Writer writer(recording, limits);
  std::vector<Loss> losses = recording.losses;
  size_t runs = recording.runs.size();
  std::optional<Writer::Written> written = writer.Write(runs, losses);
  while (written.has_value() && written->runs < runs) {
    runs = written->runs;
    losses = recording.losses;
    losses.push_back(RunsFullLoss(recording.runs.size() - runs));
    written = writer.Write(runs, losses);
  }
  return written.has_value() ? std::move(written->text) : std::string();
}

absl::StatusOr<std::string> FormatWholeRecording(const Recording& recording, const RecordingLimits& limits) {
  std::optional<Writer::Written> written = Writer(recording, limits).Write(recording.runs.size(), recording.losses);
  if (written.has_value() && written->runs == recording.runs.size()) return std::move(written->text);
  return absl::ResourceExhaustedError("it is more than one recording file can hold");
}

}  // namespace syscarve
