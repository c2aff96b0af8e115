// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/profile_json.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/strict_json.h"
#include "userspace/base/text.h"
#include "userspace/model/action_spelling.h"
#include "userspace/model/capability.h"
#include "userspace/model/profile_fields.h"

namespace syscarve {
namespace {

constexpr size_t kMaxRules = size_t{1} << 16;
constexpr size_t kMaxNames = 4096;     // In one rule; no architecture has a quarter as many calls.
constexpr size_t kMaxConditions = 64;  // In one entry; more than six must repeat an argument.
constexpr size_t kMaxSmallList = 64;   // Architectures and flags.
constexpr size_t kMaxProfileWordBytes = 128;
constexpr size_t kMaxCommentBytes = size_t{64} << 10;
constexpr size_t kOneElementPerLine = 0;

constexpr std::string_view kFlags[] = {
    "SECCOMP_FILTER_FLAG_TSYNC",
    "SECCOMP_FILTER_FLAG_LOG",
    "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
    "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
};

// The actions that have a value; OCI's field for both is errnoRet.
bool CarriesValue(ActionKind kind) {
  return kind == ActionKind::kErrno || kind == ActionKind::kTrace;
}

using Notes = std::vector<ProfileNote>;
using NoteKind = ProfileNoteKind;

void Note(NoteKind kind, const JsonReader& where, std::string message, Notes& notes) {
  notes.push_back({.kind = kind, .path = where.Path(), .place = where.place(), .message = std::move(message)});
}

// The value that a filter applies: libseccomp keeps 16 bits, and the kernel (seccomp_run_filters' caller) returns no
// errno above MAX_ERRNO.
uint16_t FilterValue(ActionKind kind, uint64_t value) {
  const uint16_t kept = static_cast<uint16_t>(value & std::numeric_limits<uint16_t>::max());
  return kind == ActionKind::kErrno ? std::min(kept, kMaxErrno) : kept;
}

void NoteErrno(ActionKind kind, uint64_t value, const JsonReader& where, Notes& notes) {
  if (kind != ActionKind::kErrno) return;
  const uint16_t answered = FilterValue(kind, value);
  if (answered == 0) {
    Note(NoteKind::kErrnoZero, where, "errno 0 does not make the call and tells the program that it succeeded", notes);
  } else if (value >= kMaxErrno) {
    Note(
        NoteKind::kErrnoTooLarge, where,
        Concat("no program knows the errno ", value, answered == value ? "" : Concat("; it is answered as ", answered)),
        notes);
  }
}

JsonValue ToJson(const ArgumentCondition& condition) {
  JsonValue::Object object = {{"index", condition.index}, {"value", condition.value}};
  if (condition.value_two != 0 || condition.op == CompareOp::kMaskedEqual) {
    object.push_back({"valueTwo", condition.value_two});
  }
  object.push_back({"op", ScmpCompareName(condition.op)});
  return object;
}

JsonValue ToJson(const Rule& rule) {
  JsonValue::Object object = {{"names", JsonValue::Array(rule.names.begin(), rule.names.end())},
                              {"action", ScmpActionName(rule.action.kind)}};
  if (CarriesValue(rule.action.kind)) object.push_back({"errnoRet", rule.action.value});
  if (!rule.conditions.empty()) {
    JsonValue::Array conditions;
    for (const ArgumentCondition& condition : rule.conditions) conditions.push_back(ToJson(condition));
    object.push_back({"args", std::move(conditions)});
  }
  if (!rule.comment.empty()) object.push_back({"comment", rule.comment});
  return object;
}

JsonValue ToJson(const Profile& profile) {
  JsonValue::Object object = {{"defaultAction", ScmpActionName(profile.default_action.kind)}};
  if (CarriesValue(profile.default_action.kind)) object.push_back({"defaultErrnoRet", profile.default_action.value});
  JsonValue::Array architectures;
  for (const Abi abi : profile.abis) architectures.emplace_back(ScmpArchName(abi));
  object.push_back({"architectures", std::move(architectures)});
  if (!profile.flags.empty()) {
    object.push_back({"flags", JsonValue::Array(profile.flags.begin(), profile.flags.end())});
  }
  if (!profile.listener_path.empty()) object.push_back({"listenerPath", profile.listener_path});
  if (!profile.listener_metadata.empty()) object.push_back({"listenerMetadata", profile.listener_metadata});
  JsonValue::Array rules;
  for (const Rule& rule : profile.rules) rules.push_back(ToJson(rule));
  object.push_back({"syscalls", std::move(rules)});
  return object;
}

std::string Quoted(std::string_view text) {
  return Concat("\"", EscapeForTerminal(text), "\"");
}

// "ENOSYS", or a number in digits, as in containers-common.
std::optional<uint64_t> ErrnoFromText(std::string_view text) {
  if (const auto number = ParseNumber<uint32_t>(text)) return *number;
  if (text == "EWOULDBLOCK") return EWOULDBLOCK;
  if (text == "EDEADLOCK") return EDEADLOCK;
  if (text == "EOPNOTSUPP" || text == "ENOTSUP") return EOPNOTSUPP;
  for (uint16_t value = 1; value <= EHWPOISON; ++value) {
    if (ErrnoName(value) == text) return value;
  }
  return std::nullopt;
}

// The action in the member `action_key`, with its value from a number, a word, or OCI's default for both.
Action ReadAction(const JsonReader& object, std::string_view action_key, std::string_view number_key,
                  std::string_view word_key, Notes& notes) {
  const JsonReader action = object.Required(action_key);
  const std::string action_name = action.Text(kMaxProfileWordBytes);
  const std::optional<ActionKind> kind = ActionKindFromScmpName(action_name);
  if (!kind.has_value()) {
    action.Fail(Concat("unknown action ", Quoted(action_name)));
    return {};
  }
  const JsonReader number = object.Optional(number_key);
  const JsonReader word = object.Optional(word_key);
  std::optional<uint64_t> value;
  if (number.IsGiven()) value = number.Uint();
  if (word.IsGiven()) {
    const std::string text = word.Text(kMaxProfileWordBytes);
    if (!text.empty()) {
      const std::optional<uint64_t> named = ErrnoFromText(text);
      if (!named.has_value()) word.Fail(Concat("unknown errno ", Quoted(text)));
      if (value.has_value() && value != named) word.Fail(Concat("does not agree with \"", number_key, "\""));
      value = named;
    }
  }
  if (!CarriesValue(*kind)) {
    if (value.has_value()) {
      Note(NoteKind::kErrnoUnused, number.IsGiven() ? number : word, Concat(action_name, " has no errno"), notes);
    }
    return {.kind = *kind, .value = 0};
  }
  if (value.has_value()) NoteErrno(*kind, *value, number.IsGiven() ? number : word, notes);
  return {.kind = *kind, .value = FilterValue(*kind, value.value_or(EPERM))};
}

std::optional<Abi> ReadArch(const JsonReader& reader) {
  const std::string name = reader.Text(kMaxProfileWordBytes);
  const std::optional<Abi> abi = AbiFromScmpArchName(name);
  if (!abi.has_value()) reader.Fail(Concat("unknown architecture ", Quoted(name)));
  return abi;
}

std::vector<Abi> ReadArchitectures(const JsonReader& reader) {
  std::vector<Abi> abis;
  reader.ForEach(kMaxSmallList, [&abis](const JsonReader& element) {
    if (const std::optional<Abi> abi = ReadArch(element)) abis.push_back(*abi);
  });
  return abis;
}

// Moby lists every architecture with its compatible ones and uses the entry of the machine that it runs on.
std::vector<Abi> ReadArchMap(const JsonReader& reader, Abi native) {
  std::vector<Abi> abis;
  reader.ForEach(kMaxSmallList, [&abis, native](const JsonReader& entry) {
    const bool is_ours = ReadArch(entry.Required("architecture")) == native;
    if (is_ours) abis.push_back(native);
    const JsonReader companions = entry.Optional("subArchitectures");
    if (!companions.IsGiven()) return;
    companions.ForEach(kMaxSmallList, [&abis, is_ours](const JsonReader& element) {
      const std::optional<Abi> abi = ReadArch(element);
      if (is_ours && abi.has_value()) abis.push_back(*abi);
    });
  });
  return abis;
}

std::vector<Abi> ReadAbis(const JsonReader& root, Abi native) {
  const JsonReader architectures = root.Optional("architectures");
  const JsonReader arch_map = root.Optional("archMap");
  const auto is_used = [](const JsonReader& list) { return list.IsGiven() && !list.IsEmptyContainer(); };
  if (is_used(architectures) && is_used(arch_map)) {
    root.Fail("both \"architectures\" and \"archMap\" are given, and only one may be");
  }
  std::vector<Abi> abis;
  if (is_used(architectures)) {
    abis = ReadArchitectures(architectures);
  } else if (is_used(arch_map)) {
    abis = ReadArchMap(arch_map, native);
  }
  // A runtime's filter always covers its native architecture, and only that one if the profile lists none.
  if (abis.empty()) abis.push_back(native);
  std::ranges::sort(abis);
  abis.erase(std::unique(abis.begin(), abis.end()), abis.end());
  return abis;
}

std::string ReadSyscallName(const JsonReader& reader) {
  std::string name = reader.Text(kMaxProfileWordBytes);
  const bool is_word = !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (!is_word) reader.Fail(Concat(Quoted(name), " cannot be the name of a system call"));
  return name;
}

std::vector<std::string> ReadNames(const JsonReader& entry) {
  std::vector<std::string> names;
  const JsonReader list = entry.Optional("names");
  const JsonReader single = entry.Optional("name");
  const bool has_list = list.IsGiven() && !list.IsEmptyContainer();
  const bool has_single = single.IsGiven() && !single.IsEmptyText();
  if (has_list && has_single) entry.Fail("both \"names\" and \"name\" are given, and only one may be");
  if (has_list) {
    list.ForEach(kMaxNames, [&names](const JsonReader& element) { names.push_back(ReadSyscallName(element)); });
  } else if (has_single) {
    names.push_back(ReadSyscallName(single));
  }
  return names;
}

// Go reads a missing number as 0.
uint64_t ReadNumber(const JsonReader& condition, std::string_view key, uint64_t largest, Notes& notes) {
  const JsonReader number = condition.Optional(key);
  if (number.IsGiven()) return number.Uint(0, largest);
  Note(number.exists() ? NoteKind::kNull : NoteKind::kMissingField, condition,
       Concat("the condition has no ", key, ", which is read as 0"), notes);
  return 0;
}

ArgumentCondition ReadCondition(const JsonReader& reader, Notes& notes) {
  ArgumentCondition condition;
  condition.index = static_cast<unsigned>(ReadNumber(reader, "index", kLastArgument, notes));
  condition.value = ReadNumber(reader, "value", UINT64_MAX, notes);
  if (const JsonReader value_two = reader.Optional("valueTwo"); value_two.IsGiven())
    condition.value_two = value_two.Uint();
  const JsonReader op = reader.Required("op");
  const std::string op_name = op.Text(kMaxProfileWordBytes);
  const std::optional<CompareOp> known = CompareOpFromScmpName(op_name);
  if (!known.has_value()) op.Fail(Concat("unknown operator ", Quoted(op_name)));
  condition.op = known.value_or(CompareOp::kEqual);
  return condition;
}

// Evaluates Moby's conditions on an entry for a target, and records which members of the target were used.
class Conditions {
 public:
  Conditions(const ProfileTarget& target, ProfileDependencies& used, Notes& notes)
      : target_(target), used_(used), notes_(notes) {}

  // Whether the entry applies to the target. Fails if that depends on an unknown member of the target.
  bool Hold(const JsonReader& entry) const {
    const JsonReader includes = entry.Optional("includes");
    const JsonReader excludes = entry.Optional("excludes");
    const std::optional<bool> architecture = And(Included(includes, &Conditions::ArchitectureMatches),
                                                 NotExcluded(excludes, &Conditions::ArchitectureMatches));
    const std::optional<bool> kernel =
        And(Included(includes, &Conditions::KernelMatches), NotExcluded(excludes, &Conditions::KernelMatches));
    const std::optional<bool> capabilities =
        And(Included(includes, &Conditions::HasAll), NotExcluded(excludes, &Conditions::HasAny));
    const std::optional<bool> holds = And(architecture, And(kernel, capabilities));
    if (!holds.has_value()) {
      entry.Fail(Concat("the entry depends on a container's ", capabilities.has_value() ? "kernel" : "capabilities",
                        ", which a file alone does not say"));
    }
    return holds.value_or(false);
  }

 private:
  // nullopt: unknown in the target. An absent or empty list never matches and uses no member of the target.
  using Question = std::optional<bool> (Conditions::*)(const JsonReader& filter, bool& is_given) const;

  static std::optional<bool> And(std::optional<bool> a, std::optional<bool> b) {
    if (a == false || b == false) return false;
    return a.has_value() ? b : a;
  }

  std::optional<bool> Included(const JsonReader& filter, Question question) const {
    bool is_given = false;
    const std::optional<bool> matches = Ask(filter, question, is_given);
    return is_given ? matches : true;
  }

  std::optional<bool> NotExcluded(const JsonReader& filter, Question question) const {
    bool is_given = false;
    const std::optional<bool> matches = Ask(filter, question, is_given);
    if (!is_given) return true;
    return matches.has_value() ? std::optional<bool>(!*matches) : std::nullopt;
  }

  std::optional<bool> Ask(const JsonReader& filter, Question question, bool& is_given) const {
    if (!filter.IsGiven()) return true;
    return (this->*question)(filter, is_given);
  }

  std::optional<bool> ArchitectureMatches(const JsonReader& filter, bool& is_given) const {
    bool matches = false;
    const JsonReader list = filter.Optional("arches");
    if (!list.IsGiven()) return matches;
    list.ForEach(kMaxSmallList, [&](const JsonReader& element) {
      is_given = true;
      matches |= element.Text(kMaxProfileWordBytes) == EngineArchName(target_.native);
    });
    return matches;
  }

  std::optional<bool> KernelMatches(const JsonReader& filter, bool& is_given) const {
    const JsonReader min_kernel = filter.Optional("minKernel");
    const std::string text = min_kernel.IsGiven() ? min_kernel.Text(kMaxProfileWordBytes) : std::string();
    is_given = !text.empty();
    if (!is_given) return true;
    used_.kernel = true;
    const std::optional<KernelVersion> least = KernelVersionFromText(text);
    if (!least.has_value()) min_kernel.Fail(Concat(Quoted(text), " is no kernel version, such as \"4.8\""));
    if (least == KernelVersion()) {
      Note(NoteKind::kKernelZero, min_kernel, Concat(Quoted(text), " is no kernel version to Docker"), notes_);
    }
    if (!target_.kernel.has_value() || !least.has_value()) return std::nullopt;
    return *target_.kernel >= *least;
  }

  std::optional<bool> HasAll(const JsonReader& filter, bool& is_given) const {
    return CountHeld(filter, is_given, [](size_t held, size_t listed) { return held == listed; });
  }

  std::optional<bool> HasAny(const JsonReader& filter, bool& is_given) const {
    return CountHeld(filter, is_given, [](size_t held, size_t) { return held > 0; });
  }

  std::optional<bool> CountHeld(const JsonReader& filter, bool& is_given,
                                absl::FunctionRef<bool(size_t held, size_t listed)> matches) const {
    size_t held = 0;
    size_t listed = 0;
    if (const JsonReader list = filter.Optional("caps"); list.IsGiven()) {
      list.ForEach(kMaxSmallList, [&](const JsonReader& element) {
        const std::string name = element.Text(kMaxProfileWordBytes);
        const std::optional<int> capability = CapabilityFromName(name);
        // Engines compare texts, so to them another spelling is not a capability.
        ++listed;
        if (!capability.has_value() || CapabilityName(*capability) != name) {
          return Note(NoteKind::kUnknownCapability, element, Concat("there is no capability ", Quoted(name)), notes_);
        }
        if (target_.capabilities.has_value()) held += target_.capabilities->count(*capability);
      });
    }
    is_given = listed > 0;
    if (!is_given) return true;
    used_.capabilities = true;
    if (!target_.capabilities.has_value()) return std::nullopt;
    return matches(held, listed);
  }

  const ProfileTarget& target_;
  ProfileDependencies& used_;
  Notes& notes_;
};

bool RepeatsAnIndex(const std::vector<ArgumentCondition>& conditions) {
  std::array<bool, kLastArgument + 1> used = {};
  return std::ranges::any_of(
      conditions, [&used](const ArgumentCondition& condition) { return std::exchange(used[condition.index], true); });
}

std::vector<ArgumentCondition> ReadConditions(const JsonReader& args, Notes& notes) {
  std::vector<ArgumentCondition> conditions;
  args.ForEach(kMaxConditions, [&](const JsonReader& element) {
    if (element.IsNull()) return Note(NoteKind::kNull, element, "a condition that is null is passed over", notes);
    conditions.push_back(ReadCondition(element, notes));
  });
  if (conditions.size() > kLastArgument + 1) {
    Note(NoteKind::kManyConditions, args,
         Concat(conditions.size(), " conditions in one entry, and a call has six arguments"), notes);
  }
  return conditions;
}

// runc rejects these (libcontainer/seccomp, InitSeccomp): the agent could not be reached, or could not reply.
void NoteNotify(const JsonReader& entry, const Rule& rule, bool has_listener, Notes& notes) {
  if (rule.action.kind != ActionKind::kNotify) return;
  if (std::ranges::find(rule.names, "write") != rule.names.end()) {
    Note(NoteKind::kNotifyWrite, entry, "runc refuses to leave write to an agent, because it writes itself", notes);
  }
  if (!has_listener) {
    Note(NoteKind::kNotifyWithoutListener, entry, "calls are left to an agent, and no listenerPath says to which",
         notes);
  }
}

struct EntryReader {
  const Conditions& conditions;
  bool has_listener;
  Notes& notes;
};

void ReadRules(const JsonReader& entry, const EntryReader& reader, std::vector<Rule>& rules) {
  Rule rule;
  rule.names = ReadNames(entry);
  rule.action = ReadAction(entry, "action", "errnoRet", "errno", reader.notes);
  if (const JsonReader args = entry.Optional("args"); args.IsGiven()) {
    rule.conditions = ReadConditions(args, reader.notes);
  }
  if (const JsonReader comment = entry.Optional("comment"); comment.IsGiven())
    rule.comment = comment.Text(kMaxCommentBytes);
  NoteNotify(entry, rule, reader.has_listener, reader.notes);
  // An entry without names has no effect.
  if (!reader.conditions.Hold(entry) || rule.names.empty()) return;
  if (!RepeatsAnIndex(rule.conditions)) {
    rules.push_back(std::move(rule));
    return;
  }
  for (const ArgumentCondition& condition : rule.conditions) {
    rules.push_back({.names = rule.names, .action = rule.action, .conditions = {condition}, .comment = rule.comment});
  }
}

std::string ReadListener(const JsonReader& root, std::string_view key) {
  const JsonReader listener = root.Optional(key);
  return listener.IsGiven() ? listener.Text(kMaxCommentBytes) : std::string();
}

// Moby treats this as no filter at all, which is the same as one that lets everything through.
bool IsEmptyProfile(const JsonReader& root) {
  const JsonReader action = root.Optional("defaultAction");
  const JsonReader syscalls = root.Optional("syscalls");
  return (!action.IsGiven() || action.IsEmptyText()) && (!syscalls.IsGiven() || syscalls.IsEmptyContainer());
}

std::vector<std::string> ReadFlags(const JsonReader& list, Notes& notes) {
  std::vector<std::string> flags;
  list.ForEach(kMaxSmallList, [&](const JsonReader& element) {
    std::string flag = element.Text(kMaxProfileWordBytes);
    if (std::ranges::find(kFlags, flag) == std::end(kFlags)) {
      Note(NoteKind::kUnknownFlag, element, Concat("runtimes know no filter flag ", Quoted(flag)), notes);
    }
    flags.push_back(std::move(flag));
  });
  return flags;
}

Profile ReadProfile(const JsonReader& root, const ProfileTarget& target, ProfileDependencies& used, Notes& notes) {
  Profile profile;
  profile.abis = ReadAbis(root, target.native);
  if (IsEmptyProfile(root)) {
    const std::span<const Abi> served = AbisServedBeside(target.native);
    return {.default_action = {.kind = ActionKind::kAllow}, .abis = {served.begin(), served.end()}};
  }
  profile.default_action = ReadAction(root, "defaultAction", "defaultErrnoRet", "defaultErrno", notes);
  if (profile.default_action.kind == ActionKind::kNotify) {
    Note(NoteKind::kNotifyAsDefault, root.Optional("defaultAction"), "runc refuses to leave every call to an agent",
         notes);
  }
  if (const JsonReader flags = root.Optional("flags"); flags.IsGiven()) profile.flags = ReadFlags(flags, notes);
  profile.listener_path = ReadListener(root, "listenerPath");
  profile.listener_metadata = ReadListener(root, "listenerMetadata");
  if (const JsonReader syscalls = root.Optional("syscalls"); syscalls.IsGiven()) {
    const Conditions conditions(target, used, notes);
    const EntryReader reader{conditions, !profile.listener_path.empty(), notes};
    syscalls.ForEach(kMaxRules, [&](const JsonReader& entry) { ReadRules(entry, reader, profile.rules); });
  }
  return profile;
}

}  // namespace

std::string FormatProfile(const Profile& profile) {
  return PrintJson(ToJson(profile), kOneElementPerLine);
}

absl::StatusOr<JsonValue> ParseProfileJson(std::string_view text, const JsonLimits& limits) {
  absl::StatusOr<JsonValue> value = ParseStrictJson(text, limits, {.byte_order_mark = true, .repeated_keys = true});
  if (!value.ok()) return Annotate(value.status(), "not a seccomp profile");
  return value;
}

absl::StatusOr<Profile> ParseProfile(std::string_view text, const ProfileTarget& target, ProfileDependencies* used) {
  SYSCARVE_ASSIGN_OR_RETURN(JsonValue value, ParseProfileJson(text, kProfileLimits));
  return ProfileFromJson(std::move(value), target, used);
}

absl::StatusOr<Profile> ProfileFromJson(JsonValue value, const ProfileTarget& target, ProfileDependencies* used) {
  std::vector<ProfileNote> notes;
  const JsonValue known = WithKnownFields(std::move(value), UnknownFields::kDrop, notes);
  return ProfileFromKnownFields(known, target, used, notes);
}

absl::StatusOr<Profile> ProfileFromKnownFields(const JsonValue& value, const ProfileTarget& target,
                                               ProfileDependencies* used, std::vector<ProfileNote>& notes) {
  std::string error;
  ProfileDependencies dependencies;
  const auto* const members = std::get_if<JsonValue::Object>(&value.data);
  if (members != nullptr && members->empty() && !notes.empty()) {
    return absl::InvalidArgumentError("not a seccomp profile: it has none of the fields of one");
  }
  Profile profile = ReadProfile(JsonReader(value, &error), target, dependencies, notes);
  if (used != nullptr) *used = dependencies;
  if (!error.empty()) return absl::InvalidArgumentError(Concat("not a valid seccomp profile: ", error));
  return profile;
}

}  // namespace syscarve
