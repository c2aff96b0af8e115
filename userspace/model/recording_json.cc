#include "userspace/model/recording_json.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/text.h"
#include "userspace/model/recording_words.h"
#include "userspace/model/strict_json.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

constexpr std::string_view kFirstSchema = "syscarve.recording/1";

// Far beyond any real recording, and low enough that a hostile file cannot ask for much more memory than its own size.
constexpr JsonLimits kLimits = {.bytes = kMaxRecordingBytes, .values = size_t{1} << 23, .depth = 16};
constexpr size_t kMaxElements = size_t{1} << 20;
constexpr size_t kMaxTextBytes = kMaxRecordingTextBytes;
constexpr size_t kMaxWordBytes = 64;
constexpr size_t kRunIdDigits = 32;
constexpr uint64_t kMaxErrno = 4095;     // The kernel's MAX_ERRNO.
constexpr uint64_t kMaxCapability = 63;  // The kernel keeps capability sets in 64 bits.
constexpr size_t kLineWidth = 160;       // Enough for an ordinary call on one line.

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

JsonValue ToJson(const ValueSet& set) {
  JsonValue::Object object = {{"values", ArrayOf(set.values, [](uint64_t value) { return value; })}};
  object.push_back({"truncated", set.truncated});
  return object;
}

JsonValue ToJson(const std::pair<const SyscallId, Observation>& call) {
  const auto& [id, seen] = call;
  JsonValue::Object object;
  AddSyscall(id, object);
  object.push_back({"count", seen.count});
  if (seen.first_seen.has_value()) object.push_back({"first_seen", *seen.first_seen});
  object.push_back({"programs", CountsByProgram(seen.programs)});
  if (!seen.arguments.empty()) {
    JsonValue::Object arguments;
    for (const auto& [index, values] : seen.arguments) arguments.push_back({Concat(index), ToJson(values)});
    object.push_back({"arguments", std::move(arguments)});
  }
  return object;
}

// How an errno of 0 is told apart from being killed.
constexpr std::string_view kTrapped = "trapped";
constexpr std::string_view kAnswered = "answered";

std::string_view OutcomeWord(int errno_value) {
  return errno_value == kDenialTrapped ? kTrapped : kAnswered;
}

JsonValue ToJson(SyscallId id, const Denial& denial) {
  JsonValue::Object object;
  AddSyscall(id, object);
  object.push_back({"errno", std::max(denial.errno_value, 0)});
  if (denial.errno_value < 0) object.push_back({"outcome", OutcomeWord(denial.errno_value)});
  object.push_back({"count", denial.count});
  object.push_back({"programs", CountsByProgram(denial.programs)});
  return object;
}

void AddChecks(const CapabilityChecks& checks, JsonValue::Object& to) {
  to.push_back({"granted", checks.granted});
  to.push_back({"denied", checks.denied});
}

JsonValue ToJson(const std::pair<const int, CapabilityUse>& entry) {
  const auto& [capability, use] = entry;
  JsonValue::Array during;
  for (const auto& [id, checks] : use.during) {
    JsonValue::Object object;
    if (id.has_value()) AddSyscall(*id, object);
    AddChecks(checks, object);
    during.emplace_back(std::move(object));
  }
  JsonValue::Object foreign;
  AddChecks(use.foreign, foreign);
  return JsonValue::Object{{"capability", capability},
                           {"name", CapabilityName(capability)},
                           {"during", std::move(during)},
                           {"foreign", std::move(foreign)}};
}

JsonValue ToJson(const std::pair<const SubjectId, SubjectTrace>& entry) {
  const auto& [subject, trace] = entry;
  const auto call_to_json = [](const auto& call) { return ToJson(call); };
  JsonValue::Array denials;
  for (const auto& [id, by_errno] : trace.denials) {
    for (const Denial& denial : by_errno) denials.push_back(ToJson(id, denial));
  }
  JsonValue::Object object = {
      {"subject", subject},
      {"calls", ArrayOf(trace.calls, call_to_json)},
      {"runtime_calls", ArrayOf(trace.runtime_calls, call_to_json)},
      {"baseline_calls", ArrayOf(trace.baseline_calls, call_to_json)},
      {"denials", std::move(denials)},
      {"capabilities", ArrayOf(trace.capabilities, [](const auto& use) { return ToJson(use); })},
  };
  if (trace.timeline.has_value()) {
    object.push_back(
        {"timeline", JsonValue::Object{{"start", trace.timeline->start},
                                       {"bucket_nanos", trace.timeline->bucket_nanos},
                                       {"counts", ArrayOf(trace.timeline->counts, [](uint64_t n) { return n; })}}});
  }
  return object;
}

JsonValue ToJson(const Run& run) {
  JsonValue::Object object = {{"id", Text(run.id)}, {"name", Text(run.name)}, {"start", run.start}, {"end", run.end}};
  if (run.command.has_value()) {
    object.push_back({"command", JsonValue::Object{{"status", run.command->status},
                                                   {"ended_by_recorder", run.command->ended_by_recorder}}});
  }
  object.push_back({"subjects", ArrayOf(run.subjects, [](const auto& entry) { return ToJson(entry); })});
  return object;
}

JsonValue ToJson(const Loss& loss) {
  return JsonValue::Object{{"what", Text(loss.what)},
                           {"count", loss.count},
                           {"missed_calls", loss.missed_calls},
                           {"detail", Text(loss.detail)}};
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
  return object;
}

JsonValue ToJson(const Recording& recording) {
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
  return JsonValue::Object{
      {"schema", kRecordingSchema},
      {"host", JsonValue::Object{{"kernel", Text(host.kernel)},
                                 {"native_abi", AbiName(host.native_abi)},
                                 {"libseccomp", Text(host.libseccomp)}}},
      {"method", JsonValue::Object{{"backend", Text(method.backend)},
                                   {"events", Text(method.events)},
                                   {"capabilities", Text(method.capabilities)},
                                   {"denials", Text(method.denials)}}},
      {"complete",
       JsonValue::Object{{"complete", recording.complete()},
                         {"losses", ArrayOf(recording.losses, [](const Loss& loss) { return ToJson(loss); })}}},
      {"programs", std::move(programs)},
      {"subjects", std::move(subjects)},
      {"runs", ArrayOf(recording.runs, [](const Run& run) { return ToJson(run); })},
  };
}

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

std::map<SyscallId, Observation> ReadCalls(const JsonReader& reader, size_t program_count) {
  std::map<SyscallId, Observation> calls;
  reader.ForEach(kMaxElements, [&](const JsonReader& entry) {
    entry.AllowOnly({"abi", "nr", "name", "count", "first_seen", "programs", "arguments"});
    Observation& seen = AddUnique(entry, calls, ReadSyscall(entry));
    ReadCounts(entry, program_count, seen.count, seen.programs);
    if (const JsonReader first_seen = entry.Optional("first_seen"); first_seen.exists()) {
      seen.first_seen = first_seen.Uint();
    }
    entry.Optional("arguments").ForEachMember(kMaxElements, [&seen](std::string_view key, const JsonReader& values) {
      constexpr uint64_t kLastArgument = 5;
      const std::optional<uint64_t> index = NumberFromKey(key);
      if (!index.has_value() || *index > kLastArgument) return values.Fail("an argument's index is 0 to 5");
      seen.arguments[static_cast<int>(*index)] = ReadValueSet(values);
    });
  });
  return calls;
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

std::map<SyscallId, std::vector<Denial>> ReadDenials(const JsonReader& reader, size_t program_count) {
  std::map<SyscallId, std::map<int, Denial>> sorted;
  reader.ForEach(kMaxElements, [&](const JsonReader& entry) {
    entry.AllowOnly({"abi", "nr", "name", "errno", "outcome", "count", "programs"});
    const SyscallId id = ReadSyscall(entry);
    const int errno_value = ReadErrno(entry);
    Denial& denial = AddUnique(entry, sorted[id], errno_value);
    denial.errno_value = errno_value;
    ReadCounts(entry, program_count, denial.count, denial.programs);
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

std::map<int, CapabilityUse> ReadCapabilities(const JsonReader& reader) {
  std::map<int, CapabilityUse> capabilities;
  reader.ForEach(kMaxElements, [&](const JsonReader& entry) {
    entry.AllowOnly({"capability", "name", "during", "foreign"});
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
    entry.Required("during").ForEach(kMaxElements, [&use](const JsonReader& checks) {
      checks.AllowOnly({"abi", "nr", "name", "granted", "denied"});
      // Without a call, the check was made outside any.
      const bool in_call =
          checks.Optional("abi").exists() || checks.Optional("nr").exists() || checks.Optional("name").exists();
      const auto id = in_call ? std::optional(ReadSyscall(checks)) : std::nullopt;
      AddUnique(checks, use.during, id) = ReadChecks(checks);
    });
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
enum class Schema { kFirst, kSecond };

SubjectTrace ReadTrace(const JsonReader& entry, Schema schema, size_t program_count) {
  SubjectTrace trace;
  trace.calls = ReadCalls(entry.Required("calls"), program_count);
  trace.runtime_calls = ReadCalls(entry.Required("runtime_calls"), program_count);
  if (schema != Schema::kFirst) trace.baseline_calls = ReadCalls(entry.Required("baseline_calls"), program_count);
  trace.denials = ReadDenials(entry.Required("denials"), program_count);
  trace.capabilities = ReadCapabilities(entry.Required("capabilities"));
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

Run ReadRun(const JsonReader& entry, Schema schema, const Recording& recording) {
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
  entry.Required("subjects").ForEach(kMaxElements, [&](const JsonReader& traced) {
    if (schema == Schema::kFirst) {
      traced.AllowOnly({"subject", "calls", "runtime_calls", "denials", "capabilities", "timeline"});
    } else {
      traced.AllowOnly({"subject", "calls", "runtime_calls", "baseline_calls", "denials", "capabilities", "timeline"});
    }
    const JsonReader subject = traced.Required("subject");
    const uint64_t id = subject.Uint();
    if (id >= recording.subjects.size()) return subject.Fail("no subject has this id");
    AddUnique(traced, run.subjects, static_cast<SubjectId>(id)) = ReadTrace(traced, schema, recording.programs.size());
  });
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

Container ReadContainer(const JsonReader& reader) {
  reader.AllowOnly({"id", "name", "image", "image_digest", "runtime", "labels", "privileged", "no_new_privs",
                    "read_only_root", "user", "seccomp", "cap_add", "cap_drop"});
  Container container;
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

Subject ReadSubject(const JsonReader& entry, Schema schema) {
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
  entry.AllowOnly({"id", "kind", "name", "cgroup", "container", "start"});
  const JsonReader container = entry.Optional("container");
  const JsonReader start = entry.Optional("start");
  if (container.exists()) subject.container = ReadContainer(container);
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

Recording ReadRecording(const JsonReader& root) {
  Recording recording;
  // The schema goes first: a file of another kind or version should be told so, not that a field is unknown.
  const JsonReader stated = root.Required("schema");
  const std::string text = stated.Text(kMaxTextBytes);
  if (text != kRecordingSchema && text != kFirstSchema) {
    stated.Fail(Concat("this build reads \"", kRecordingSchema, "\" and \"", kFirstSchema, "\", and the file is \"",
                       EscapeForTerminal(text.substr(0, kMaxWordBytes)), "\""));
  }
  const Schema schema = text == kFirstSchema ? Schema::kFirst : Schema::kSecond;
  root.AllowOnly({"schema", "host", "method", "complete", "programs", "subjects", "runs"});

  const JsonReader host = root.Required("host");
  host.AllowOnly({"kernel", "native_abi", "libseccomp"});
  recording.host = {.kernel = ReadText(host.Required("kernel")),
                    .native_abi = ReadAbi(host.Required("native_abi")),
                    .libseccomp = ReadText(host.Required("libseccomp"))};

  const JsonReader method = root.Required("method");
  method.AllowOnly({"backend", "events", "capabilities", "denials"});
  recording.method = {.backend = ReadText(method.Required("backend"), kMaxWordBytes),
                      .events = ReadText(method.Required("events"), kMaxWordBytes),
                      .capabilities = ReadText(method.Required("capabilities"), kMaxWordBytes),
                      .denials = ReadText(method.Required("denials"), kMaxWordBytes)};

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
    recording.subjects.push_back(ReadSubject(entry, schema));
  });
  std::set<std::string> run_ids;
  root.Required("runs").ForEach(kMaxElements, [&](const JsonReader& entry) {
    recording.runs.push_back(ReadRun(entry, schema, recording));
    if (!run_ids.insert(recording.runs.back().id).second) entry.Fail("another run has the same id");
  });
  return recording;
}

}  // namespace

std::string FormatRecording(const Recording& recording) {
  return PrintJson(ToJson(recording), kLineWidth);
}

absl::StatusOr<Recording> ParseRecording(std::string_view text) {
  absl::StatusOr<JsonValue> value = ParseStrictJson(text, kLimits);
  if (!value.ok()) return Annotate(value.status(), "not a recording");
  std::string error;
  Recording recording = ReadRecording(JsonReader(*value, &error));
  if (!error.empty()) return absl::InvalidArgumentError(Concat("not a valid recording: ", error));
  return recording;
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
