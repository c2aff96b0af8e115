// SPDX-License-Identifier: Apache-2.0
// What is read: docs/recording-format.md. What is written is in recording_json.cc.
#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <optional>
#include <unordered_set>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/strict_json.h"
#include "userspace/base/text.h"
#include "userspace/model/life_json.h"
#include "userspace/model/profile.h"
#include "userspace/model/recording_json.h"
#include "userspace/model/recording_json_words.h"
#include "userspace/model/recording_words.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

using recording_json::kAnswered;
using recording_json::kTrapped;
using recording_json::Numbers;

constexpr std::string_view kFirstSchema = "syscarve.recording/1";
constexpr std::string_view kSecondSchema = "syscarve.recording/2";
constexpr std::string_view kThirdSchema = "syscarve.recording/3";

constexpr size_t kMaxDepth = 16;
constexpr size_t kMaxElements = SIZE_MAX;  // Of one list: RecordingLimits::values is what limits them.
constexpr size_t kMaxTextBytes = kMaxRecordingTextBytes;
constexpr size_t kMaxWordBytes = 64;
constexpr size_t kRunIdDigits = 32;
constexpr uint64_t kMaxCapability = 63;  // The kernel keeps capability sets in 64 bits.

std::string ReadText(const JsonReader& reader, size_t max_bytes = kMaxTextBytes) {
  std::optional<std::string> bytes = DecodePercent(reader.Text(max_bytes));
  if (!bytes.has_value()) {
    reader.Fail("not percent-encoded: \"%\" must stand before two upper-case hex digits of a byte that needs it");
    return {};
  }
  return *std::move(bytes);
}

// The number that an object's key spells in plain decimal, without sign or leading zeros.
std::optional<uint64_t> NumberFromKey(std::string_view key) {
  const auto number = ParseNumber<uint64_t>(key);
  return number.has_value() && Concat(*number) == key ? number : std::nullopt;
}

Abi ReadAbi(const JsonReader& reader) {
  const std::string name = reader.Text(kMaxWordBytes);
  const std::optional<Abi> abi = AbiFromName(name);
  if (!abi.has_value()) reader.Fail(Concat("unknown ABI \"", EscapeForTerminal(name), "\""));
  return abi.value_or(Abi::kX86_64);
}

// A name is information for people beside the number that counts. It may be newer than our tables, but where they know
// the number or the name, the two must belong together: else somebody would read one call and get another.
void CheckSyscallName(const JsonReader& reader, SyscallId id) {
  if (!reader.exists()) return;
  const std::string name = reader.Text(kMaxWordBytes);
  const std::optional<std::string> ours = SyscallName(id);
  if (ours.has_value() && *ours != name) {
    return reader.Fail(Concat(AbiName(id.abi), " ", id.nr, " is ", *ours, ", not \"", EscapeForTerminal(name), "\""));
  }
  if (ours.has_value()) return;
  if (const std::optional<SyscallId> other = FindSyscall(id.abi, name)) {
    return reader.Fail(Concat(name, " is ", AbiName(id.abi), " ", other->nr, ", not ", id.nr));
  }
  const bool is_word = !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (!is_word) reader.Fail("not a system call's name");
}

SyscallId ReadSyscall(const JsonReader& entry) {
  const Abi abi = ReadAbi(entry.Required("abi"));
  // A program may ask for any number that is not negative; where bit 30 tells two ABIs apart it is not part of the
  // number.
  const bool shares_its_arch = AuditArch(abi) == AuditArch(Abi::kX32);
  const uint64_t largest = shares_its_arch ? kX32Bit - 1 : std::numeric_limits<int>::max();
  const SyscallId id = {abi, static_cast<int>(entry.Required("nr").Uint(0, largest))};
  CheckSyscallName(entry.Optional("name"), id);
  return id;
}

// `place` must be new among the keys of `map`: the caller's object or array says the same thing twice otherwise.
template <typename Map, typename Key>
typename Map::mapped_type& AddUnique(const JsonReader& place, Map& map, const Key& key) {
  const auto [entry, added] = map.try_emplace(key);
  if (!added) place.Fail("repeats an earlier entry");
  return entry->second;
}

void ReadCounts(const JsonReader& entry, size_t program_count, uint64_t& count,
                std::map<ProgramId, uint64_t>& programs) {
  count = entry.Required("count").Uint(1);
  const JsonReader by_program = entry.Required("programs");
  uint64_t sum = 0;
  bool overflow = false;
  by_program.ForEachMember(kMaxElements, [&](std::string_view key, const JsonReader& value) {
    const std::optional<uint64_t> program = NumberFromKey(key);
    if (!program.has_value() || *program >= program_count) return value.Fail("no program has this id");
    const uint64_t of_program = value.Uint(1);
    overflow |= __builtin_add_overflow(sum, of_program, &sum);
    programs[static_cast<ProgramId>(*program)] = of_program;
  });
  if (overflow || sum != count) by_program.Fail("the counts do not add up to \"count\"");
}

std::map<ProgramId, uint64_t> ReadPrograms(const JsonReader& reader, size_t program_count) {
  std::map<ProgramId, uint64_t> programs;
  reader.ForEach(kMaxElements, [&](const JsonReader& element) {
    const uint64_t program = element.Uint();
    if (program >= program_count) return element.Fail("no program has this id");
    AddUnique(element, programs, static_cast<ProgramId>(program));
  });
  return programs;
}

ValueSet ReadValueSet(const JsonReader& reader) {
  reader.AllowOnly({"values", "truncated"});
  ValueSet set;
  reader.Required("values").ForEach(kMaxElements, [&set](const JsonReader& element) {
    const uint64_t value = element.Uint();
    if (!set.values.empty() && value <= set.values.back()) element.Fail("the values are not ascending");
    set.values.push_back(value);
  });
  set.truncated = reader.Required("truncated").Bool();
  return set;
}

std::map<int, ValueSet> ReadArguments(const JsonReader& reader) {
  std::map<int, ValueSet> arguments;
  if (!reader.exists()) return arguments;
  reader.ForEachMember(kMaxElements, [&arguments](std::string_view key, const JsonReader& values) {
    constexpr uint64_t kLastArgument = 5;
    const std::optional<uint64_t> index = NumberFromKey(key);
    if (!index.has_value() || *index > kLastArgument) return values.Fail("an argument's index is 0 to 5");
    arguments[static_cast<int>(*index)] = ReadValueSet(values);
  });
  return arguments;
}

std::map<SyscallId, Observation> ReadCalls(const JsonReader& reader, size_t program_count) {
  std::map<SyscallId, Observation> calls;
  reader.ForEach(kMaxElements, [&](const JsonReader& entry) {
    entry.AllowOnly({"abi", "nr", "name", "count", "first_seen", "programs", "arguments"});
    Observation& seen = AddUnique(entry, calls, ReadSyscall(entry));
    ReadCounts(entry, program_count, seen.count, seen.programs);
    if (const JsonReader first_seen = entry.Optional("first_seen"); first_seen.exists()) {
      seen.first_seen = first_seen.Uint();
    }
    seen.arguments = ReadArguments(entry.Optional("arguments"));
  });
  return calls;
}

Row ReadRow(const JsonReader& entry, size_t program_count) {
  entry.AllowOnly({"abi", "nr", "name", "first_seen", "programs", "arguments"});
  Row row = {ReadSyscall(entry), {}};
  if (entry.Required("first_seen").Bool()) row.second.first_seen = 0;
  const JsonReader programs = entry.Required("programs");
  row.second.programs = ReadPrograms(programs, program_count);
  if (row.second.programs.empty()) programs.Fail("no program makes a call");
  row.second.arguments = ReadArguments(entry.Optional("arguments"));
  return row;
}

int ReadErrno(const JsonReader& entry) {
  const int errno_value = static_cast<int>(entry.Required("errno").Uint(0, kMaxErrno));
  const JsonReader outcome = entry.Optional("outcome");
  if (!outcome.exists()) return errno_value;
  const std::string word = outcome.Text(kMaxWordBytes);
  if (errno_value != 0 || (word != kTrapped && word != kAnswered)) {
    outcome.Fail("only an errno of 0 has one, \"trapped\" or \"answered\"");
  }
  return word == kTrapped ? kDenialTrapped : kDenialAnswered;
}

std::map<SyscallId, std::vector<Denial>> ReadDenials(const JsonReader& reader, Numbers numbers, size_t program_count) {
  std::map<SyscallId, std::map<int, Denial>> sorted;
  reader.ForEach(kMaxElements, [&](const JsonReader& entry) {
    if (numbers == Numbers::kInside) {
      entry.AllowOnly({"abi", "nr", "name", "errno", "outcome", "count", "programs"});
    } else {
      entry.AllowOnly({"abi", "nr", "name", "errno", "outcome", "programs"});
    }
    const SyscallId id = ReadSyscall(entry);
    const int errno_value = ReadErrno(entry);
    Denial& denial = AddUnique(entry, sorted[id], errno_value);
    denial.errno_value = errno_value;
    if (numbers == Numbers::kInside) {
      ReadCounts(entry, program_count, denial.count, denial.programs);
      return;
    }
    const JsonReader programs = entry.Required("programs");
    denial.programs = ReadPrograms(programs, program_count);
    if (denial.programs.empty()) programs.Fail("no program makes a call");
  });
  std::map<SyscallId, std::vector<Denial>> denials;
  for (auto& [id, by_errno] : sorted) {
    for (auto& [errno_value, denial] : by_errno) denials[id].push_back(std::move(denial));
  }
  return denials;
}

CapabilityChecks ReadChecks(const JsonReader& reader) {
  return {.granted = reader.Required("granted").Uint(), .denied = reader.Required("denied").Uint()};
}

std::map<int, CapabilityUse> ReadCapabilities(const JsonReader& reader, Numbers numbers) {
  std::map<int, CapabilityUse> capabilities;
  const bool inside = numbers == Numbers::kInside;
  reader.ForEach(kMaxElements, [&](const JsonReader& entry) {
    if (inside) {
      entry.AllowOnly({"capability", "name", "during", "foreign"});
    } else {
      entry.AllowOnly({"capability", "name", "during"});
    }
    const int capability = static_cast<int>(entry.Required("capability").Uint(0, kMaxCapability));
    if (const JsonReader name = entry.Optional("name"); name.exists()) {
      const std::string text = name.Text(kMaxWordBytes);
      const std::optional<int> named = CapabilityFromName(text);
      if (named.value_or(capability) != capability || (capability < kCapabilityCount && !named.has_value())) {
        name.Fail(Concat("capability ", capability, " is ", CapabilityName(capability), ", not \"",
                         EscapeForTerminal(text), "\""));
      }
    }
    CapabilityUse& use = AddUnique(entry, capabilities, capability);
    entry.Required("during").ForEach(kMaxElements, [&use, inside](const JsonReader& checks) {
      if (inside) {
        checks.AllowOnly({"abi", "nr", "name", "granted", "denied"});
      } else {
        checks.AllowOnly({"abi", "nr", "name"});
      }
      // Without a call, the check was made outside any.
      const bool in_call =
          checks.Optional("abi").exists() || checks.Optional("nr").exists() || checks.Optional("name").exists();
      const auto id = in_call ? std::optional(ReadSyscall(checks)) : std::nullopt;
      CapabilityChecks& kept = AddUnique(checks, use.during, id);
      if (inside) kept = ReadChecks(checks);
    });
    if (!inside) return;
    const JsonReader foreign = entry.Required("foreign");
    foreign.AllowOnly({"granted", "denied"});
    use.foreign = ReadChecks(foreign);
  });
  return capabilities;
}

Timeline ReadTimeline(const JsonReader& reader) {
  reader.AllowOnly({"start", "bucket_nanos", "counts"});
  Timeline timeline;
  timeline.start = reader.Required("start").Uint();
  timeline.bucket_nanos = reader.Required("bucket_nanos").Uint(1);
  reader.Required("counts").ForEach(kMaxElements,
                                    [&timeline](const JsonReader& count) { timeline.counts.push_back(count.Uint()); });
  return timeline;
}

// The schemas that a reader takes.
enum class Schema { kFirst, kSecond, kThird, kFourth };

SubjectTrace ReadTrace(const JsonReader& entry, Schema schema, size_t program_count) {
  SubjectTrace trace;
  trace.calls = ReadCalls(entry.Required("calls"), program_count);
  trace.runtime_calls = ReadCalls(entry.Required("runtime_calls"), program_count);
  if (schema != Schema::kFirst) trace.baseline_calls = ReadCalls(entry.Required("baseline_calls"), program_count);
  trace.denials = ReadDenials(entry.Required("denials"), Numbers::kInside, program_count);
  trace.capabilities = ReadCapabilities(entry.Required("capabilities"), Numbers::kInside);
  if (const JsonReader timeline = entry.Optional("timeline"); timeline.exists())
    trace.timeline = ReadTimeline(timeline);
  return trace;
}

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

std::vector<std::string> ReadTextSet(const JsonReader& reader) {
  std::vector<std::string> texts;
  reader.ForEach(kMaxElements, [&texts](const JsonReader& element) {
    std::string text = ReadText(element);
    if (!texts.empty() && text <= texts.back()) element.Fail("the texts are not ascending");
    texts.push_back(std::move(text));
  });
  return texts;
}

std::optional<bool> ReadOptionalBool(const JsonReader& reader) {
  return reader.exists() ? std::optional(reader.Bool()) : std::nullopt;
}

Container ReadContainer(const JsonReader& reader, Schema schema) {
  Container container;
  if (schema == Schema::kFourth) {
    reader.AllowOnly({"id", "name", "image", "image_digest", "runtime", "labels", "privileged", "no_new_privs",
                      "read_only_root", "user", "seccomp", "cap_add", "cap_drop", "stop_signal", "health_check"});
    container.stop_signal = ReadText(reader.Required("stop_signal"), kMaxWordBytes);
    container.health_check = ReadOptionalBool(reader.Optional("health_check"));
  } else {
    reader.AllowOnly({"id", "name", "image", "image_digest", "runtime", "labels", "privileged", "no_new_privs",
                      "read_only_root", "user", "seccomp", "cap_add", "cap_drop"});
  }
  container.id = ReadText(reader.Required("id"));
  container.name = ReadText(reader.Required("name"));
  container.image = ReadText(reader.Required("image"));
  container.image_digest = ReadText(reader.Required("image_digest"));
  const JsonReader runtime = reader.Required("runtime");
  runtime.AllowOnly({"name", "version"});
  container.runtime = {.name = ReadText(runtime.Required("name")), .version = ReadText(runtime.Required("version"))};
  reader.Required("labels").ForEachMember(kMaxElements, [&](std::string_view key, const JsonReader& value) {
    std::optional<std::string> name = DecodePercent(key);
    if (!name.has_value() || key.size() > kMaxTextBytes)
      return value.Fail("the label's name is not percent-encoded text");
    container.labels[*std::move(name)] = ReadText(value);
  });
  container.privileged = ReadOptionalBool(reader.Optional("privileged"));
  container.no_new_privs = ReadOptionalBool(reader.Optional("no_new_privs"));
  container.read_only_root = ReadOptionalBool(reader.Optional("read_only_root"));
  container.user = ReadText(reader.Required("user"));
  container.seccomp = ReadText(reader.Required("seccomp"), kMaxWordBytes);
  container.cap_add = ReadTextSet(reader.Required("cap_add"));
  container.cap_drop = ReadTextSet(reader.Required("cap_drop"));
  return container;
}

Subject ReadSubject(const JsonReader& entry, Schema schema, size_t program_count) {
  const JsonReader kind = entry.Required("kind");
  const std::optional<SubjectKind> known = SubjectKindFromName(kind.Text(kMaxWordBytes));
  if (!known.has_value()) kind.Fail("unknown kind of subject");
  Subject subject = {.kind = known.value_or(SubjectKind::kCommand),
                     .name = ReadText(entry.Required("name")),
                     .cgroup = ReadText(entry.Required("cgroup"))};
  if (schema == Schema::kFirst) {
    entry.AllowOnly({"id", "kind", "name", "cgroup"});
    return subject;
  }
  if (schema == Schema::kFourth) {
    entry.AllowOnly({"id", "kind", "name", "cgroup", "container", "start", "life"});
    if (const JsonReader life = entry.Optional("life"); life.exists()) subject.life = ReadLife(life, program_count);
  } else {
    entry.AllowOnly({"id", "kind", "name", "cgroup", "container", "start"});
  }
  const JsonReader container = entry.Optional("container");
  const JsonReader start = entry.Optional("start");
  if (container.exists()) subject.container = ReadContainer(container, schema);
  if (start.exists()) {
    start.AllowOnly({"filtered", "no_new_privs"});
    subject.start = {.filtered = start.Required("filtered").Bool(),
                     .no_new_privs = start.Required("no_new_privs").Bool()};
  }
  for (const JsonReader& of_container : {container, start}) {
    if (of_container.exists() && subject.kind != SubjectKind::kContainer) {
      of_container.Fail("only a container has it");
    }
  }
  return subject;
}

// Programs and subjects say their own index, for people and for jq.
void CheckId(const JsonReader& entry, size_t index) {
  const JsonReader id = entry.Required("id");
  if (id.Uint() != index) id.Fail(Concat("expected ", index, ", its place in the list"));
}

void ReadLosses(const JsonReader& block, Recording& recording) {
  block.AllowOnly({"complete", "losses"});
  const JsonReader complete = block.Required("complete");
  const bool says_complete = complete.Bool();
  block.Required("losses").ForEach(kMaxElements, [&](const JsonReader& entry) {
    entry.AllowOnly({"what", "count", "missed_calls", "detail"});
    recording.losses.push_back({.what = ReadText(entry.Required("what")),
                                .count = entry.Required("count").Uint(),
                                .missed_calls = entry.Required("missed_calls").Bool(),
                                .detail = ReadText(entry.Required("detail"))});
  });
  if (says_complete != recording.complete()) complete.Fail("does not agree with \"losses\"");
}

void AllowFields(const JsonReader& root, Schema schema) {
  if (schema >= Schema::kThird) {
    root.AllowOnly({"schema", "host", "method", "complete", "programs", "subjects", "rows", "shapes", "runs"});
  } else {
    root.AllowOnly({"schema", "host", "method", "complete", "programs", "subjects", "runs"});
  }
}

// All but the rows, the shapes and the runs.
Schema ReadFront(const JsonReader& root, Recording& recording) {
  // The schema goes first: a file of another kind or version should be told so, not that a field is unknown.
  const JsonReader stated = root.Required("schema");
  const std::string text = stated.Text(kMaxTextBytes);
  constexpr std::string_view kSchemas[] = {kFirstSchema, kSecondSchema, kThirdSchema, kRecordingSchema};
  const auto* const known = std::ranges::find(kSchemas, text);
  if (known == std::end(kSchemas)) {
    stated.Fail(Concat("this build reads \"", kRecordingSchema, "\" and those before it from \"", kFirstSchema,
                       "\" on, and the file is \"", EscapeForTerminal(text.substr(0, kMaxWordBytes)), "\""));
  }
  const Schema schema = known == std::end(kSchemas) ? Schema::kFourth : static_cast<Schema>(known - kSchemas);
  AllowFields(root, schema);

  const JsonReader host = root.Required("host");
  host.AllowOnly({"kernel", "native_abi", "libseccomp"});
  recording.host = {.kernel = ReadText(host.Required("kernel")),
                    .native_abi = ReadAbi(host.Required("native_abi")),
                    .libseccomp = ReadText(host.Required("libseccomp"))};

  const JsonReader method = root.Required("method");
  method.AllowOnly({"backend", "events", "capabilities", "denials", "attach"});
  recording.method = {.backend = ReadText(method.Required("backend"), kMaxWordBytes),
                      .events = ReadText(method.Required("events"), kMaxWordBytes),
                      .capabilities = ReadText(method.Required("capabilities"), kMaxWordBytes),
                      .denials = ReadText(method.Required("denials"), kMaxWordBytes),
                      .attach = ""};
  if (const JsonReader attach = method.Optional("attach"); attach.exists()) {
    recording.method.attach = ReadText(attach, kMaxWordBytes);
  }

  ReadLosses(root.Required("complete"), recording);

  root.Required("programs").ForEach(kMaxElements, [&](const JsonReader& entry) {
    entry.AllowOnly({"id", "path", "device", "inode"});
    CheckId(entry, recording.programs.size());
    recording.programs.push_back({.path = ReadText(entry.Required("path")),
                                  .device = entry.Required("device").Uint(),
                                  .inode = entry.Required("inode").Uint()});
  });
  root.Required("subjects").ForEach(kMaxElements, [&](const JsonReader& entry) {
    CheckId(entry, recording.subjects.size());
    recording.subjects.push_back(ReadSubject(entry, schema, recording.programs.size()));
  });
  return schema;
}

absl::Status NotJson(const absl::Status& status) {
  return Annotate(status, "not a recording");
}

// The lists that are read element by element, so that the text's tree is never there as a whole.
enum class List { kRows, kShapes, kRuns };
constexpr std::string_view kListKeys[] = {"rows", "shapes", "runs"};

std::optional<List> ListOf(std::string_view key) {
  const auto* const found = std::ranges::find(kListKeys, key);
  if (found == std::end(kListKeys)) return std::nullopt;
  return static_cast<List>(found - std::begin(kListKeys));
}

// Makes a Recording of the events of a text.
class Loader {
 public:
  explicit Loader(const RecordingLimits& limits) : root_(TreeLimits(limits)), element_(TreeLimits(limits)) {}

  // `depth` is that of the parser behind the event.
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

  // A list that begins, behind everything that its elements refer to, is read element by element. Where that comes
  // later, the list becomes part of the tree first.
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
        const Row row = ReadRow(entry, recording_.programs.size());
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
      // The numbers stand in the order of the list, and ours in that of the calls.
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

  // `run` has the subjects whose traces are written in full, `packed` the others.
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
  JsonTreeBuilder root_;      // The text but for the elements of the lists that are streamed.
  JsonTreeBuilder element_;   // The element that is being read.
  std::string key_;           // The last one of the root.
  std::optional<List> list_;  // That is being streamed.
  size_t index_ = 0;
  std::array<bool, std::size(kListKeys)> streamed_ = {};
  bool front_read_ = false;
  Schema schema_ = Schema::kFourth;
  Recording recording_;
  std::vector<std::pair<SyscallId, RowId>> rows_;  // By their places in the text.
  std::vector<ShapeId> shapes_;
  std::unordered_set<std::string> run_ids_;
};

}  // namespace

absl::StatusOr<Recording> ParseRecording(std::string_view text, const RecordingLimits& limits) {
  if (text.size() > limits.bytes) {
    return NotJson(absl::InvalidArgumentError(Concat("larger than ", limits.bytes, " bytes, the most that is read")));
  }
  JsonParser parser(text, {.depth = kMaxDepth, .text_bytes = limits.bytes});
  Loader loader(limits);
  JsonEvent event;
  do {
    if (const absl::Status next = parser.Next(event); !next.ok()) return NotJson(next);
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
