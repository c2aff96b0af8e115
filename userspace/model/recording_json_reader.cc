// SPDX-License-Identifier: Apache-2.0
// The reader of the format in docs/recording-format.md, with parts in recording_json_front.cc and
// recording_json_trace.cc. The writer is in recording_json.cc.
#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <unordered_set>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/enum_names.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/proofs_json.h"
#include "userspace/model/recording_json.h"
#include "userspace/model/recording_json_fields.h"
#include "userspace/model/recording_json_front.h"
#include "userspace/model/recording_json_trace.h"
#include "userspace/model/recording_json_words.h"

namespace syscarve {
namespace recording_json {
namespace {

constexpr size_t kMaxDepth = 16;
constexpr size_t kRunIdDigits = 32;

std::string ReadRunId(const JsonReader& reader) {
  std::string id = reader.Text(kMaxTextBytes);
  const bool is_hex = std::ranges::all_of(id, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (id.size() != kRunIdDigits || !is_hex) reader.Fail("a run's id is 32 lower-case hex digits");
  return id;
}

// Without its subjects.
Run ReadRunHead(const JsonReader& entry) {
  entry.AllowOnly({"id", "name", "start", "end", "command", "subjects"});
  Run run;
  run.id = ReadRunId(entry.Required("id"));
  run.name = ReadText(entry.Required("name"));
  run.start = entry.Required("start").Uint();
  run.end = entry.Required("end").Uint();
  if (const JsonReader command = entry.Optional("command"); command.exists()) {
    command.AllowOnly({"status", "ended_by_recorder"});
    constexpr uint64_t kMaxStatus = 255;
    run.command = CommandEnd{.status = static_cast<int>(command.Required("status").Uint(0, kMaxStatus)),
                             .ended_by_recorder = command.Required("ended_by_recorder").Uint()};
  }
  return run;
}

absl::Status NotJson(const absl::Status& status) {
  return Annotate(status, "not a recording");
}

// The lists that are read element by element, so that the whole text is never in memory as a tree.
enum class List { kRows, kShapes, kRuns };
constexpr std::string_view kListKeys[] = {"rows", "shapes", "runs"};

std::optional<List> ListOf(std::string_view key) {
  return EnumFromName<List>(kListKeys, key);
}

// Builds a Recording from the events of a text.
class Loader {
 public:
  explicit Loader(const RecordingLimits& limits) : root_(TreeLimits(limits)), element_(TreeLimits(limits)) {}

  // `depth` is the parser's after the event.
  absl::Status Take(JsonEvent& event, size_t depth) {
    if (list_.has_value()) return TakeInList(event, depth);
    const bool begins_list = event.kind == JsonEventKind::kArrayStart && depth == 2;
    if (event.kind == JsonEventKind::kKey && depth == 1) key_ = event.text;
    SYSCARVE_RETURN_IF_ERROR(NotJson(root_.Take(event)));
    return begins_list ? BeginList() : absl::OkStatus();
  }

  absl::StatusOr<Recording> Finish() && {
    const JsonReader root(root_.root(), &error_);
    if (!front_read_) ReadFrontOf(root);
    AllowFields(root, schema_);
    for (const List list : {List::kRows, List::kShapes, List::kRuns}) {
      const std::string_view key = kListKeys[static_cast<size_t>(list)];
      const JsonReader elements = list == List::kRuns ? root.Required(key) : root.Optional(key);
      if (!elements.exists() || streamed_[static_cast<size_t>(list)]) continue;
      elements.ForEach(kMaxElements, [&](const JsonReader& element) { TakeElement(list, element); });
    }
    if (const JsonReader proofs = root.Optional("proofs"); proofs.exists()) {
      recording_.proofs = ReadProofs(proofs, recording_);
    }
    SYSCARVE_RETURN_IF_ERROR(Checked());
    return std::move(recording_);
  }

 private:
  static JsonLimits TreeLimits(const RecordingLimits& limits) {
    return {.bytes = limits.bytes, .values = limits.values, .depth = kMaxDepth};
  }

  absl::Status Checked() const {
    if (error_.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(Concat("not a valid recording: ", error_));
  }

  void ReadFrontOf(const JsonReader& root) {
    front_read_ = true;
    schema_ = ReadFront(root, recording_);
  }

  // A list is read element by element if everything that its elements refer to precedes it. Otherwise the list first
  // becomes part of the tree.
  absl::Status BeginList() {
    const std::optional<List> list = ListOf(key_);
    if (!list.has_value()) return absl::OkStatus();
    const JsonReader root(root_.root(), &error_);
    if (!front_read_) {
      for (const std::string_view key : {"schema", "host", "method", "complete", "programs", "subjects"}) {
        if (!root.Optional(key).exists()) return absl::OkStatus();
      }
      ReadFrontOf(root);
      SYSCARVE_RETURN_IF_ERROR(Checked());
    }
    if (list == List::kShapes && !streamed_[static_cast<size_t>(List::kRows)]) return absl::OkStatus();
    list_ = list;
    index_ = 0;
    streamed_[static_cast<size_t>(*list)] = true;
    return absl::OkStatus();
  }

  absl::Status TakeInList(JsonEvent& event, size_t depth) {
    if (event.kind == JsonEventKind::kArrayEnd && depth == 1) {
      list_.reset();
      return NotJson(root_.Take(event));
    }
    SYSCARVE_RETURN_IF_ERROR(NotJson(element_.Take(event)));
    if (!element_.done()) return absl::OkStatus();
    const JsonValue value = element_.TakeRoot();
    const JsonReader root(root_.root(), &error_);
    const JsonReader list = root.Required(key_);
    TakeElement(*list_, JsonReader::OfElement(value, list, index_++));
    return Checked();
  }

  void TakeElement(List list, const JsonReader& entry) {
    switch (list) {
      case List::kRows: {
        const Row row = ReadRow(entry, schema_, recording_.programs.size());
        rows_.emplace_back(row.first, recording_.runs.Intern(row));
        break;
      }
      case List::kShapes:
        shapes_.push_back(recording_.runs.Intern(ReadShape(entry)));
        break;
      case List::kRuns:
        TakeRun(entry);
        break;
    }
  }

  TraceShape ReadShape(const JsonReader& entry) const {
    entry.AllowOnly({"calls", "runtime_calls", "baseline_calls", "denials", "capabilities"});
    return {.calls = ReadRowIds(entry.Required("calls")),
            .runtime_calls = ReadRowIds(entry.Required("runtime_calls")),
            .baseline_calls = ReadRowIds(entry.Required("baseline_calls")),
            .denials = ReadDenials(entry.Required("denials"), Numbers::kApart, recording_.programs.size()),
            .capabilities = ReadCapabilities(entry.Required("capabilities"), Numbers::kApart)};
  }

  std::vector<RowId> ReadRowIds(const JsonReader& reader) const {
    std::vector<std::pair<SyscallId, RowId>> rows;
    reader.ForEach(kMaxElements, [&](const JsonReader& element) {
      const uint64_t place = element.Uint();
      if (place >= rows_.size()) return element.Fail("no row has this place");
      // The file's numbers are in the order of the list, those in memory in the order of the calls.
      if (!rows.empty() && rows_[place].first <= rows.back().first) return element.Fail("the calls are not ascending");
      rows.push_back(rows_[place]);
    });
    std::vector<RowId> ids;
    ids.reserve(rows.size());
    for (const auto& [call, id] : rows) ids.push_back(id);
    return ids;
  }

  void TakeRun(const JsonReader& entry) {
    Run run = ReadRunHead(entry);
    std::map<SubjectId, PackedTrace> packed;
    entry.Required("subjects").ForEach(kMaxElements, [&](const JsonReader& traced) {
      const JsonReader subject = traced.Required("subject");
      const uint64_t id = subject.Uint();
      if (id >= recording_.subjects.size()) return subject.Fail("no subject has this id");
      if (run.subjects.contains(static_cast<SubjectId>(id))) traced.Fail("repeats an earlier entry");
      if (schema_ >= Schema::kThird && traced.Optional("shape").exists()) {
        PackedTrace& trace = AddUnique(traced, packed, static_cast<SubjectId>(id));
        trace = ReadPackedTrace(traced);
        trace.subject = static_cast<SubjectId>(id);
        return;
      }
      if (packed.contains(static_cast<SubjectId>(id))) traced.Fail("repeats an earlier entry");
      if (schema_ == Schema::kFirst) {
        traced.AllowOnly({"subject", "calls", "runtime_calls", "denials", "capabilities", "timeline"});
      } else {
        traced.AllowOnly(
            {"subject", "calls", "runtime_calls", "baseline_calls", "denials", "capabilities", "timeline"});
      }
      run.subjects[static_cast<SubjectId>(id)] = ReadTrace(traced, schema_, recording_.programs.size());
    });
    if (!run_ids_.insert(run.id).second) entry.Fail("another run has the same id");
    if (!entry.ok()) return;
    AddRun(std::move(run), packed);
  }

  PackedTrace ReadPackedTrace(const JsonReader& entry) const {
    entry.AllowOnly({"subject", "shape", "numbers", "timeline"});
    PackedTrace trace;
    const JsonReader shape = entry.Required("shape");
    const uint64_t place = shape.Uint();
    if (place >= shapes_.size()) {
      shape.Fail("no shape before it has this place");
      return trace;
    }
    trace.shape = shapes_[place];
    const size_t wanted = recording_.runs.numbers_of(trace.shape);
    trace.numbers.reserve(wanted);
    const JsonReader numbers = entry.Required("numbers");
    numbers.ForEach(kMaxElements, [&trace](const JsonReader& number) { trace.numbers.push_back(number.Uint()); });
    if (trace.numbers.size() != wanted) {
      numbers.Fail(Concat(trace.numbers.size(), " numbers, and the shape has ", wanted));
    } else if (const std::string_view objection = recording_.runs.Objection(trace.shape, trace.numbers);
               !objection.empty()) {
      numbers.Fail(objection);
    }
    if (const JsonReader timeline = entry.Optional("timeline"); timeline.exists()) {
      trace.timeline = ReadTimeline(timeline);
    }
    return trace;
  }

  // `run` contains the subjects with traces in full, `packed` the others.
  void AddRun(Run run, const std::map<SubjectId, PackedTrace>& packed) {
    if (run.subjects.empty()) {
      std::vector<PackedTrace> traces;
      for (const auto& [subject, trace] : packed) traces.push_back(trace);
      recording_.runs.Append(std::move(run), traces);
      return;
    }
    for (const auto& [subject, trace] : packed) run.subjects[subject] = recording_.runs.Unpack(trace, run.start);
    recording_.runs.push_back(run);
  }

  std::string error_;
  JsonTreeBuilder root_;      // The text without the elements of the streamed lists.
  JsonTreeBuilder element_;   // The element that is being read.
  std::string key_;           // The last one of the root.
  std::optional<List> list_;  // The list that is being streamed.
  size_t index_ = 0;
  std::array<bool, std::size(kListKeys)> streamed_ = {};
  bool front_read_ = false;
  Schema schema_ = Schema::kFifth;
  Recording recording_;
  std::vector<std::pair<SyscallId, RowId>> rows_;  // By their places in the text.
  std::vector<ShapeId> shapes_;
  std::unordered_set<std::string> run_ids_;
};

}  // namespace
}  // namespace recording_json

absl::StatusOr<Recording> ParseRecording(std::string_view text, const RecordingLimits& limits) {
  if (text.size() > limits.bytes) {
    return recording_json::NotJson(
        absl::InvalidArgumentError(Concat("larger than ", limits.bytes, " bytes, the most that is read")));
  }
  JsonParser parser(text, {.depth = recording_json::kMaxDepth, .text_bytes = limits.bytes});
  recording_json::Loader loader(limits);
  JsonEvent event;
  do {
    if (const absl::Status next = parser.Next(event); !next.ok()) return recording_json::NotJson(next);
    SYSCARVE_RETURN_IF_ERROR(loader.Take(event, parser.depth()));
  } while (event.kind != JsonEventKind::kEnd);
  return std::move(loader).Finish();
}

absl::StatusOr<Recording> LoadRecording(const std::string& path) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxRecordingBytes));
  absl::StatusOr<Recording> recording = ParseRecording(text);
  if (!recording.ok()) {
    return Annotate(recording.status(), path == "-" ? "standard input" : EscapeForTerminal(path));
  }
  return recording;
}

}  // namespace syscarve
