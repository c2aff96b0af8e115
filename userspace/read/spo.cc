#include "userspace/read/spo.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"

namespace syscarve {
namespace {

constexpr std::string_view kGroup = "security-profiles-operator.x-k8s.io/";
constexpr std::string_view kVersions[] = {"v1", "v1beta1", "v1alpha1"};
constexpr std::string_view kKind = "SeccompProfile";
constexpr size_t kMaxItems = size_t{1} << 16;
constexpr size_t kMaxShown = 16;
constexpr size_t kMaxTextBytes = 4096;

const JsonValue* Find(const JsonValue& value, std::string_view key) {
  const auto* object = std::get_if<JsonValue::Object>(&value.data);
  if (object == nullptr) return nullptr;
  const auto found = std::ranges::find(*object, key, &JsonMember::key);
  return found == object->end() ? nullptr : &found->value;
}

std::string TextAt(const JsonValue& value, std::string_view key) {
  const JsonValue* member = Find(value, key);
  const auto* text = member != nullptr ? std::get_if<std::string>(&member->data) : nullptr;
  return text != nullptr ? *text : std::string();
}

bool IsZero(const JsonValue& value) {
  const auto* number = std::get_if<uint64_t>(&value.data);
  return number != nullptr && *number == 0;
}

// Kubernetes has no unsigned integers of 64 bits, so large values are written as negative ones.
JsonValue Unsigned(JsonValue value) {
  const auto* negative = std::get_if<int64_t>(&value.data);
  return negative != nullptr ? JsonValue(static_cast<uint64_t>(*negative)) : std::move(value);
}

// An argument in OCI's terms. A zero may be left out here.
JsonValue OciArgument(const JsonValue& argument) {
  const auto* object = std::get_if<JsonValue::Object>(&argument.data);
  if (object == nullptr) return argument;
  JsonValue::Object oci;
  for (const JsonMember& member : *object) {
    const bool is_value = member.key == "value" || member.key == "valueTwo";
    oci.push_back({member.key, is_value ? Unsigned(member.value) : member.value});
  }
  for (const std::string_view key : {"index", "value"}) {
    if (Find(argument, key) == nullptr) oci.push_back({std::string(key), 0});
  }
  return oci;
}

JsonValue OciEntry(const JsonValue& entry) {
  const auto* object = std::get_if<JsonValue::Object>(&entry.data);
  if (object == nullptr) return entry;
  JsonValue::Object oci;
  for (const JsonMember& member : *object) {
    // Zero is the same as nothing here, and nothing is EPERM.
    if (member.key == "errnoRet" && IsZero(member.value)) continue;
    const auto* arguments = std::get_if<JsonValue::Array>(&member.value.data);
    if (member.key != "args" || arguments == nullptr) {
      oci.push_back(member);
      continue;
    }
    JsonValue::Array converted;
    for (const JsonValue& argument : *arguments) converted.push_back(OciArgument(argument));
    oci.push_back({member.key, std::move(converted)});
  }
  return oci;
}

JsonValue OciList(const JsonValue& list, JsonValue (*convert)(const JsonValue&)) {
  const auto* array = std::get_if<JsonValue::Array>(&list.data);
  if (array == nullptr) return list;
  JsonValue::Array converted;
  for (const JsonValue& element : *array) converted.push_back(convert(element));
  return converted;
}

JsonValue OciArchitectures(const JsonValue& list, std::string_view native_arch) {
  JsonValue named = list;
  if (auto* array = std::get_if<JsonValue::Array>(&named.data)) {
    for (JsonValue& element : *array) {
      if (const auto* text = std::get_if<std::string>(&element.data); text != nullptr && *text == "SCMP_ARCH_NATIVE") {
        element = native_arch;
      }
    }
  }
  return named;
}

// The operator's own fields; others it would not take, or not heed.
std::string CheckFields(const JsonValue& object) {
  std::string error;
  const JsonReader root(object, &error);
  const JsonReader spec = root.Required("spec");
  spec.AllowOnly({"baseProfileName", "defaultAction", "architectures", "listenerPath", "listenerMetadata", "syscalls",
                  "flags", "disabled", "state"});
  spec.Required("defaultAction");
  if (const JsonReader base = spec.Optional("baseProfileName"); base.exists() && !base.IsNull()) {
    base.Text(kMaxTextBytes);
  }
  if (const JsonReader syscalls = spec.Optional("syscalls"); syscalls.exists() && !syscalls.IsNull()) {
    syscalls.ForEach(kMaxItems, [](const JsonReader& entry) {
      entry.AllowOnly({"names", "action", "errnoRet", "args"});
    });
  }
  return error;
}

bool IsProfile(const JsonValue& object) {
  return TextAt(object, "kind") == kKind && TextAt(object, "apiVersion").starts_with(kGroup);
}

std::string NameOf(const JsonValue& object) {
  const JsonValue* metadata = Find(object, "metadata");
  const std::string name = metadata != nullptr ? TextAt(*metadata, "name") : std::string();
  return name.empty() ? "(no name)" : name.substr(0, kMaxTextBytes);
}

absl::StatusOr<SpoProfile> Convert(const JsonValue& object, std::string_view native_arch) {
  const std::string version = TextAt(object, "apiVersion").substr(kGroup.size());
  if (std::ranges::find(kVersions, version) == std::end(kVersions)) {
    return absl::InvalidArgumentError(Concat("the version \"", EscapeForTerminal(version), "\" is not known"));
  }
  if (const std::string error = CheckFields(object); !error.empty()) return absl::InvalidArgumentError(error);
  const JsonValue& spec = *Find(object, "spec");
  SpoProfile profile = {.name = NameOf(object), .oci = nullptr, .warnings = {}};
  JsonValue::Object oci;
  for (const JsonMember& member : std::get<JsonValue::Object>(spec.data)) {
    if (member.key == "syscalls") {
      oci.push_back({member.key, OciList(member.value, OciEntry)});
    } else if (member.key == "architectures") {
      oci.push_back({member.key, OciArchitectures(member.value, native_arch)});
    } else if (member.key != "baseProfileName" && member.key != "disabled" && member.key != "state") {
      oci.push_back(member);
    }
  }
  profile.oci = std::move(oci);
  if (const std::string base = TextAt(spec, "baseProfileName"); !base.empty()) {
    profile.warnings.push_back(Concat("it adds to the base profile ", EscapeForTerminal(base),
                                      ", which is not here: that one's calls are missing"));
  }
  const JsonValue* disabled = Find(spec, "disabled");
  if (TextAt(spec, "state") == "Disabled" ||
      (disabled != nullptr && std::get_if<bool>(&disabled->data) != nullptr && std::get<bool>(disabled->data))) {
    profile.warnings.push_back("it is disabled: the operator does not install it");
  }
  return profile;
}

struct Found {
  std::vector<const JsonValue*> profiles;
  std::set<std::string> other_kinds;
};

void Collect(const JsonValue& object, Found& found) {
  const std::string kind = TextAt(object, "kind");
  const JsonValue* items = Find(object, "items");
  if (kind.ends_with("List") && items != nullptr) {
    if (const auto* array = std::get_if<JsonValue::Array>(&items->data)) {
      for (const JsonValue& item : *array) {
        // A list is not in a list.
        if (IsProfile(item)) {
          found.profiles.push_back(&item);
        } else {
          found.other_kinds.insert(TextAt(item, "kind"));
        }
      }
      return;
    }
  }
  if (IsProfile(object)) {
    found.profiles.push_back(&object);
  } else {
    found.other_kinds.insert(kind);
  }
}

template <typename Texts>
std::string Shown(const Texts& texts) {
  std::vector<std::string> shown;
  for (const std::string& text : texts) {
    if (shown.size() == kMaxShown) {
      shown.push_back(Concat(texts.size() - kMaxShown, " more"));
      break;
    }
    shown.push_back(text.empty() ? "(no kind)" : EscapeForTerminal(text.substr(0, kMaxTextBytes)));
  }
  return absl::StrJoin(shown, ", ");
}

}  // namespace

bool IsKubernetesObject(const JsonValue& value) {
  return !TextAt(value, "apiVersion").empty() && !TextAt(value, "kind").empty();
}

absl::StatusOr<SpoProfile> FindSpoProfile(std::span<const JsonValue> documents, std::string_view native_arch) {
  Found found;
  for (const JsonValue& document : documents) Collect(document, found);
  if (found.profiles.empty()) {
    return absl::InvalidArgumentError(
        Concat("there is no ", kKind, " of the Security Profiles Operator in it",
               found.other_kinds.empty() ? "" : Concat(", only ", Shown(found.other_kinds))));
  }
  if (found.profiles.size() > 1) {
    std::vector<std::string> names;
    for (const JsonValue* object : found.profiles) names.push_back(NameOf(*object));
    return WithHint(absl::InvalidArgumentError(Concat("there are several profiles: ", Shown(names))),
                    "Keep one of them: `kubectl get seccompprofile NAME -o yaml`.");
  }
  absl::StatusOr<SpoProfile> profile = Convert(*found.profiles.front(), native_arch);
  if (!profile.ok())
    return Annotate(profile.status(), Concat(kKind, " ", EscapeForTerminal(NameOf(*found.profiles.front()))));
  if (!found.other_kinds.empty()) {
    profile->warnings.push_back(Concat("other objects are not looked at: ", Shown(found.other_kinds)));
  }
  return profile;
}

}  // namespace syscarve
