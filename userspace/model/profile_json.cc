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
#include "userspace/base/text.h"
#include "userspace/model/capability.h"
#include "userspace/model/strict_json.h"

namespace syscarve {
namespace {

constexpr size_t kMaxRules = size_t{1} << 16;
constexpr size_t kMaxNames = 4096;     // In one rule; no architecture has a quarter as many calls.
constexpr size_t kMaxConditions = 64;  // In one entry; more than six must repeat an argument.
constexpr size_t kMaxSmallList = 64;   // Architectures and flags.
constexpr size_t kMaxWordBytes = 128;
constexpr size_t kMaxCommentBytes = size_t{64} << 10;
constexpr uint16_t kMaxErrno = 4095;  // The kernel's MAX_ERRNO.
constexpr uint64_t kLastArgument = 5;
constexpr size_t kOneElementPerLine = 0;

constexpr std::string_view kFlags[] = {
    "SECCOMP_FILTER_FLAG_TSYNC",
    "SECCOMP_FILTER_FLAG_LOG",
    "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
    "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
};

// The actions that carry a value; OCI calls it errnoRet for both.
bool CarriesValue(ActionKind kind) {
  return kind == ActionKind::kErrno || kind == ActionKind::kTrace;
}

uint16_t LargestValue(ActionKind kind) {
  return kind == ActionKind::kErrno ? kMaxErrno : std::numeric_limits<uint16_t>::max();
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

// A member that may be absent; null says the same, as Go's encoder writes it for an empty list.
bool IsGiven(const JsonReader& reader) {
  return reader.exists() && !reader.IsNull();
}

std::string Quoted(std::string_view text) {
  return Concat("\"", EscapeForTerminal(text), "\"");
}

// "ENOSYS", or a number in digits, as containers-common has it.
std::optional<uint16_t> ErrnoFromText(std::string_view text) {
  if (const auto number = ParseNumber<uint16_t>(text)) return *number <= kMaxErrno ? number : std::nullopt;
  if (text == "EWOULDBLOCK") return EWOULDBLOCK;
  if (text == "EDEADLOCK") return EDEADLOCK;
  if (text == "EOPNOTSUPP" || text == "ENOTSUP") return EOPNOTSUPP;
  for (uint16_t value = 1; value <= EHWPOISON; ++value) {
    const char* name = strerrorname_np(value);
    if (name != nullptr && text == name) return value;
  }
  return std::nullopt;
}

// The action in the member `action_key`, with its value from a number, a word, or OCI's default for both.
Action ReadAction(const JsonReader& object, std::string_view action_key, std::string_view number_key,
                  std::string_view word_key) {
  const JsonReader action = object.Required(action_key);
  const std::string action_name = action.Text(kMaxWordBytes);
  const std::optional<ActionKind> kind = ActionKindFromScmpName(action_name);
  if (!kind.has_value()) {
    action.Fail(Concat("unknown action ", Quoted(action_name)));
    return {};
  }
  const JsonReader number = object.Optional(number_key);
  const JsonReader word = object.Optional(word_key);
  std::optional<uint16_t> value;
  if (IsGiven(number)) value = static_cast<uint16_t>(number.Uint(0, LargestValue(*kind)));
  if (IsGiven(word)) {
    const std::string text = word.Text(kMaxWordBytes);
    if (!text.empty()) {
      const std::optional<uint16_t> named = ErrnoFromText(text);
      if (!named.has_value()) word.Fail(Concat("unknown errno ", Quoted(text)));
      if (value.has_value() && value != named) word.Fail(Concat("does not agree with \"", number_key, "\""));
      value = named;
    }
  }
  if (!CarriesValue(*kind)) {
    if (value.has_value()) action.Fail(Concat(action_name, " takes no errno"));
    return {.kind = *kind, .value = 0};
  }
  return {.kind = *kind, .value = value.value_or(EPERM)};
}

std::optional<Abi> ReadArch(const JsonReader& reader) {
  const std::string name = reader.Text(kMaxWordBytes);
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

// Moby lists every architecture with its companions and uses the entry of the machine it runs on.
std::vector<Abi> ReadArchMap(const JsonReader& reader, Abi native) {
  std::vector<Abi> abis;
  reader.ForEach(kMaxSmallList, [&abis, native](const JsonReader& entry) {
    entry.AllowOnly({"architecture", "subArchitectures"});
    const bool is_ours = ReadArch(entry.Required("architecture")) == native;
    if (is_ours) abis.push_back(native);
    const JsonReader companions = entry.Optional("subArchitectures");
    if (!IsGiven(companions)) return;
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
  const auto is_used = [](const JsonReader& list) { return IsGiven(list) && !list.IsEmptyContainer(); };
  if (is_used(architectures) && is_used(arch_map)) {
    root.Fail("both \"architectures\" and \"archMap\" are given, and only one may be");
  }
  std::vector<Abi> abis;
  if (is_used(architectures)) {
    abis = ReadArchitectures(architectures);
  } else if (is_used(arch_map)) {
    abis = ReadArchMap(arch_map, native);
  }
  // A runtime's filter always speaks of its own machine, and of that only when the profile names none.
  if (abis.empty()) abis.push_back(native);
  std::ranges::sort(abis);
  abis.erase(std::unique(abis.begin(), abis.end()), abis.end());
  return abis;
}

std::string ReadSyscallName(const JsonReader& reader) {
  std::string name = reader.Text(kMaxWordBytes);
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
  const bool has_list = IsGiven(list) && !list.IsEmptyContainer();
  const bool has_single = IsGiven(single);
  if (has_list == has_single) {
    entry.Fail(has_list ? "both \"names\" and \"name\" are given, and only one may be"
                        : "neither \"names\" nor \"name\" names a system call");
  }
  if (has_list) {
    list.ForEach(kMaxNames, [&names](const JsonReader& element) { names.push_back(ReadSyscallName(element)); });
  } else if (has_single) {
    names.push_back(ReadSyscallName(single));
  }
  return names;
}

ArgumentCondition ReadCondition(const JsonReader& reader) {
  reader.AllowOnly({"index", "value", "valueTwo", "op"});
  ArgumentCondition condition;
  condition.index = static_cast<unsigned>(reader.Required("index").Uint(0, kLastArgument));
  condition.value = reader.Required("value").Uint();
  if (const JsonReader value_two = reader.Optional("valueTwo"); IsGiven(value_two))
    condition.value_two = value_two.Uint();
  const JsonReader op = reader.Required("op");
  const std::string op_name = op.Text(kMaxWordBytes);
  const std::optional<CompareOp> known = CompareOpFromScmpName(op_name);
  if (!known.has_value()) op.Fail(Concat("unknown operator ", Quoted(op_name)));
  condition.op = known.value_or(CompareOp::kEqual);
  return condition;
}

// Decides Moby's conditions on an entry against a target, and remembers what of the target was asked for.
class Conditions {
 public:
  Conditions(const ProfileTarget& target, ProfileDependencies& used) : target_(target), used_(used) {}

  // Whether the entry is for the target. Fails where that depends on what the target does not say.
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
  // nullopt: the target does not say. A list that is absent or empty matches nothing and asks for nothing.
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
    if (!IsGiven(filter)) return true;
    filter.AllowOnly({"arches", "caps", "minKernel"});
    return (this->*question)(filter, is_given);
  }

  std::optional<bool> ArchitectureMatches(const JsonReader& filter, bool& is_given) const {
    bool matches = false;
    const JsonReader list = filter.Optional("arches");
    if (!IsGiven(list)) return matches;
    list.ForEach(kMaxSmallList, [&](const JsonReader& element) {
      is_given = true;
      matches |= element.Text(kMaxWordBytes) == EngineArchName(target_.native);
    });
    return matches;
  }

  std::optional<bool> KernelMatches(const JsonReader& filter, bool& is_given) const {
    const JsonReader min_kernel = filter.Optional("minKernel");
    const std::string text = IsGiven(min_kernel) ? min_kernel.Text(kMaxWordBytes) : std::string();
    is_given = !text.empty();
    if (!is_given) return true;
    used_.kernel = true;
    const std::optional<KernelVersion> least = KernelVersionFromText(text);
    if (!least.has_value()) min_kernel.Fail(Concat(Quoted(text), " is no kernel version, such as \"4.8\""));
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
    if (const JsonReader list = filter.Optional("caps"); IsGiven(list)) {
      list.ForEach(kMaxSmallList, [&](const JsonReader& element) {
        const std::string name = element.Text(kMaxWordBytes);
        const std::optional<int> capability = CapabilityFromName(name);
        // An engine compares texts, so another spelling is no capability to it.
        if (!capability.has_value() || CapabilityName(*capability) != name) {
          return element.Fail(Concat("unknown capability ", Quoted(name)));
        }
        ++listed;
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
};

bool RepeatsAnIndex(const std::vector<ArgumentCondition>& conditions) {
  std::array<bool, kLastArgument + 1> used = {};
  return std::ranges::any_of(
      conditions, [&used](const ArgumentCondition& condition) { return std::exchange(used[condition.index], true); });
}

void ReadRules(const JsonReader& entry, const Conditions& conditions, std::vector<Rule>& rules) {
  entry.AllowOnly({"names", "name", "action", "errnoRet", "errno", "args", "comment", "includes", "excludes"});
  Rule rule;
  rule.names = ReadNames(entry);
  rule.action = ReadAction(entry, "action", "errnoRet", "errno");
  if (const JsonReader args = entry.Optional("args"); IsGiven(args)) {
    args.ForEach(kMaxConditions, [&rule](const JsonReader& element) {
      if (!element.IsNull()) rule.conditions.push_back(ReadCondition(element));
    });
  }
  if (const JsonReader comment = entry.Optional("comment"); IsGiven(comment))
    rule.comment = comment.Text(kMaxCommentBytes);
  if (!conditions.Hold(entry)) return;
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
  return IsGiven(listener) ? listener.Text(kMaxCommentBytes) : std::string();
}

// Moby takes this for "no filter at all", which is the same as one that lets everything through.
bool IsEmptyProfile(const JsonReader& root) {
  const JsonReader action = root.Optional("defaultAction");
  const JsonReader syscalls = root.Optional("syscalls");
  return (!IsGiven(action) || action.IsEmptyText()) && (!IsGiven(syscalls) || syscalls.IsEmptyContainer());
}

Profile ReadProfile(const JsonReader& root, const ProfileTarget& target, ProfileDependencies& used) {
  root.AllowOnly({"defaultAction", "defaultErrnoRet", "defaultErrno", "architectures", "archMap", "flags",
                  "listenerPath", "listenerMetadata", "syscalls"});
  Profile profile;
  profile.abis = ReadAbis(root, target.native);
  if (IsEmptyProfile(root)) {
    const std::span<const Abi> served = AbisServedBeside(target.native);
    return {.default_action = {.kind = ActionKind::kAllow}, .abis = {served.begin(), served.end()}};
  }
  profile.default_action = ReadAction(root, "defaultAction", "defaultErrnoRet", "defaultErrno");
  if (const JsonReader flags = root.Optional("flags"); IsGiven(flags)) {
    flags.ForEach(kMaxSmallList, [&profile](const JsonReader& element) {
      std::string flag = element.Text(kMaxWordBytes);
      if (std::ranges::find(kFlags, flag) == std::end(kFlags)) {
        return element.Fail(Concat("unknown filter flag ", Quoted(flag)));
      }
      profile.flags.push_back(std::move(flag));
    });
  }
  profile.listener_path = ReadListener(root, "listenerPath");
  profile.listener_metadata = ReadListener(root, "listenerMetadata");
  if (const JsonReader syscalls = root.Optional("syscalls"); IsGiven(syscalls)) {
    const Conditions conditions(target, used);
    syscalls.ForEach(kMaxRules, [&](const JsonReader& entry) { ReadRules(entry, conditions, profile.rules); });
  }
  return profile;
}

}  // namespace

std::string FormatProfile(const Profile& profile) {
  return PrintJson(ToJson(profile), kOneElementPerLine);
}

absl::StatusOr<Profile> ParseProfile(std::string_view text, const ProfileTarget& target, ProfileDependencies* used) {
  absl::StatusOr<JsonValue> value = ParseStrictJson(text, kProfileLimits);
  if (!value.ok()) return Annotate(value.status(), "not a seccomp profile");
  return ProfileFromJson(*value, target, used);
}

absl::StatusOr<Profile> ProfileFromJson(const JsonValue& value, const ProfileTarget& target,
                                        ProfileDependencies* used) {
  std::string error;
  ProfileDependencies dependencies;
  Profile profile = ReadProfile(JsonReader(value, &error), target, dependencies);
  if (used != nullptr) *used = dependencies;
  if (!error.empty()) return absl::InvalidArgumentError(Concat("not a valid seccomp profile: ", error));
  return profile;
}

}  // namespace syscarve
