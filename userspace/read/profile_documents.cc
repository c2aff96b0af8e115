// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/profile_documents.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <utility>
#include <variant>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/text.h"
#include "userspace/base/yaml.h"
#include "userspace/model/profile_json.h"
#include "userspace/model/profile_source.h"
#include "userspace/read/gadget.h"
#include "userspace/read/spo.h"

namespace syscarve {
namespace {

constexpr std::string_view kJsonFormat = "Docker or OCI JSON";
constexpr std::string_view kYamlFormat = "Docker or OCI YAML";
constexpr std::string_view kConfigFormat = "OCI config.json";
constexpr std::string_view kSpoFormat = "SeccompProfile";
constexpr std::string_view kGadgetFormat = "Inspektor Gadget";

// libyaml is slow; etcd stores no object larger than 1.5 MiB, and a list of profiles is rarely longer.
constexpr size_t kMaxYamlBytes = size_t{4} << 20;
// A list of Kubernetes objects, including everything that the cluster adds to them.
constexpr size_t kMaxDepth = 32;
constexpr size_t kMaxProfiles = 4096;
constexpr size_t kMaxShownKinds = 16;
constexpr size_t kMaxShownKindBytes = 256;

JsonLimits Limits(size_t bytes) {
  JsonLimits limits = kProfileLimits;
  limits.bytes = bytes;
  limits.depth = kMaxDepth;
  return limits;
}

std::string Shown(const std::set<std::string>& texts) {
  std::vector<std::string> shown;
  for (const std::string& text : texts) {
    if (shown.size() == kMaxShownKinds) {
      shown.push_back(Concat(texts.size() - kMaxShownKinds, " more"));
      break;
    }
    shown.push_back(text.empty() ? "(no kind)" : EscapeForTerminal(text.substr(0, kMaxShownKindBytes)));
  }
  return absl::StrJoin(shown, ", ");
}

bool IsOciConfig(const JsonValue& root) {
  return !TextAt(root, "ociVersion").empty() && !IsProfileTree(root);
}

FoundProfile FromTree(std::string_view format, JsonValue tree) {
  FoundProfile found{.name = {}, .format = std::string(format), .context = {}, .oci = std::move(tree)};
  return found;
}

// linux.seccomp of a bundle's config.json.
absl::StatusOr<FoundProfile> FromOciConfig(const JsonValue& root) {
  const JsonValue* linux_part = Find(root, "linux");
  const JsonValue* seccomp = linux_part != nullptr ? Find(*linux_part, "seccomp") : nullptr;
  if (seccomp == nullptr || std::holds_alternative<std::nullptr_t>(seccomp->data)) {
    return absl::InvalidArgumentError("it is an OCI config.json without linux.seccomp: the container has no filter");
  }
  FoundProfile found = FromTree(kConfigFormat, *seccomp);
  found.context = "linux.seccomp";
  return found;
}

// The character at a place of a text that is YAML.
char CharacterAt(std::string_view text, const JsonPlace& place) {
  for (uint32_t line = 1; line < place.line && !text.empty(); ++line) TakeLine(text);
  return place.column > 0 && place.column <= text.size() ? text[place.column - 1] : '\0';
}

// Converts places in a text to places in the outer text that contains it as a value.
void MovePlaces(JsonValue& value, const JsonPlace& outer, bool keeps_lines) {
  const auto move = [&](JsonPlace& place) {
    if (place.line == 0) return;
    place = {.line = keeps_lines ? outer.line + place.line : outer.line};
  };
  move(value.place);
  if (auto* array = std::get_if<JsonValue::Array>(&value.data)) {
    for (JsonValue& element : *array) MovePlaces(element, outer, keeps_lines);
  }
  if (auto* object = std::get_if<JsonValue::Object>(&value.data)) {
    for (JsonMember& member : *object) {
      move(member.place);
      MovePlaces(member.value, outer, keeps_lines);
    }
  }
}

bool MayBeProfile(std::string_view text) {
  return text.find("defaultAction") != std::string_view::npos || text.find("\"syscalls\"") != std::string_view::npos;
}

class Collector {
 public:
  Collector(std::string_view text, std::string_view native_arch) : text_(text), native_arch_(native_arch) {}

  // Of a document, or an item of a list.
  void Collect(const JsonValue& value, bool is_item) {
    const std::string kind = TextAt(value, "kind");
    const JsonValue* items = Find(value, "items");
    const auto* list = items != nullptr ? std::get_if<JsonValue::Array>(&items->data) : nullptr;
    if (!is_item && kind.ends_with("List") && list != nullptr) {
      for (const JsonValue& item : *list) Collect(item, /*is_item=*/true);
    } else if (IsSpoProfile(value)) {
      AddSpo(value);
    } else if (kind == "ConfigMap") {
      AddConfigMap(value);
    } else if (!IsKubernetesObject(value) && IsProfileTree(value)) {
      FoundProfile found = FromTree(kYamlFormat, value);
      found.name = Concat("document-", found_.size() + 1);
      found_.push_back(std::move(found));
    } else {
      other_kinds_.insert(kind == kSpoFormat ? Concat(kind, " of ", TextAt(value, "apiVersion")) : kind);
    }
  }

  absl::StatusOr<std::vector<FoundProfile>> Finish() && {
    if (found_.size() > kMaxProfiles) {
      return absl::InvalidArgumentError(Concat("more than ", kMaxProfiles, " profiles in one text"));
    }
    if (found_.empty()) {
      return absl::InvalidArgumentError(Concat("there is no SeccompProfile of the Security Profiles Operator in it",
                                               other_kinds_.empty() ? "" : Concat(", only ", Shown(other_kinds_))));
    }
    if (!other_kinds_.empty()) {
      found_.front().warnings.push_back(Concat("other objects are not looked at: ", Shown(other_kinds_)));
    }
    MakeNamesUnique();
    return std::move(found_);
  }

 private:
  void AddSpo(const JsonValue& object) {
    FoundProfile found{.name = ObjectName(object), .format = std::string(kSpoFormat), .context = {}, .oci = nullptr};
    found.context = Concat(kSpoFormat, " ", EscapeForTerminal(found.name));
    absl::StatusOr<SpoProfile> read = ReadSpoProfile(object, native_arch_);
    if (read.ok()) {
      found.oci = std::move(read->oci);
      found.warnings = std::move(read->warnings);
      found.notes = std::move(read->notes);
    } else {
      found.oci = read.status();
    }
    found_.push_back(std::move(found));
  }

  void AddConfigMap(const JsonValue& object) {
    const JsonValue* data = Find(object, "data");
    const auto* members = data != nullptr ? std::get_if<JsonValue::Object>(&data->data) : nullptr;
    bool has_profile = false;
    for (size_t i = 0; members != nullptr && i < members->size(); ++i) {
      const JsonMember& member = (*members)[i];
      const auto* text = std::get_if<std::string>(&member.value.data);
      if (text == nullptr || !MayBeProfile(*text)) continue;
      has_profile = true;
      AddInner(Concat(ObjectName(object), "/", member.key), *text, member.value.place);
    }
    if (!has_profile) other_kinds_.insert("ConfigMap");
  }

  void AddInner(const std::string& name, std::string_view text, const JsonPlace& place) {
    const std::string context = Concat("ConfigMap ", EscapeForTerminal(name));
    if (found_.size() > kMaxProfiles) return;
    const bool is_json = IsJsonObject(text);
    std::vector<JsonValue> documents;
    absl::Status status;
    if (is_json) {
      absl::StatusOr<JsonValue> tree = ParseProfileJson(text, kProfileLimits);
      status = tree.status();
      if (tree.ok()) documents.push_back(*std::move(tree));
    } else {
      absl::StatusOr<std::vector<JsonValue>> trees = ParseYaml(text, Limits(kMaxYamlBytes));
      status = trees.status();
      if (trees.ok()) documents = *std::move(trees);
    }
    const std::string format = Concat(is_json ? kJsonFormat : kYamlFormat, " in a ConfigMap");
    if (!status.ok()) {
      found_.push_back({.name = name, .format = format, .context = context, .oci = status});
      return;
    }
    // After "|" the lines of the inner text are those of the outer one.
    const bool keeps_lines = CharacterAt(text_, place) == '|';
    for (JsonValue& document : documents) {
      MovePlaces(document, place, keeps_lines);
      FoundProfile found{.name = name, .format = format, .context = context, .oci = nullptr};
      if (documents.size() > 1) found.name += Concat("/document-", &document - documents.data() + 1);
      NoteByteOrderMark(text, found.notes);
      found.oci = std::move(document);
      found_.push_back(std::move(found));
    }
  }

  // Objects of two namespaces may have one name.
  void MakeNamesUnique() {
    std::map<std::string, size_t> seen;
    for (FoundProfile& found : found_) {
      const size_t count = ++seen[found.name];
      if (count > 1) found.name += Concat(":", count);
    }
  }

  const std::string_view text_;
  const std::string_view native_arch_;
  std::vector<FoundProfile> found_;
  std::set<std::string> other_kinds_;
};

absl::StatusOr<std::vector<FoundProfile>> FromDocuments(std::string_view text, std::span<const JsonValue> documents,
                                                        std::string_view native_arch) {
  Collector collector(text, native_arch);
  for (const JsonValue& document : documents) collector.Collect(document, /*is_item=*/false);
  return std::move(collector).Finish();
}

absl::StatusOr<std::vector<FoundProfile>> FromJsonText(std::string_view text, std::string_view native_arch) {
  SYSCARVE_ASSIGN_OR_RETURN(JsonValue tree, ParseProfileJson(text, Limits(kMaxProfileBytes)));
  if (IsKubernetesObject(tree)) return FromDocuments(text, {&tree, 1}, native_arch);
  std::vector<FoundProfile> all;
  if (IsOciConfig(tree)) {
    SYSCARVE_ASSIGN_OR_RETURN(FoundProfile found, FromOciConfig(tree));
    all.push_back(std::move(found));
  } else {
    all.push_back(FromTree(kJsonFormat, std::move(tree)));
    all.front().is_whole_text = true;
  }
  NoteByteOrderMark(text, all.front().notes);
  return all;
}

absl::StatusOr<std::vector<FoundProfile>> FromYamlText(std::string_view text, std::string_view native_arch) {
  absl::StatusOr<std::vector<JsonValue>> documents = ParseYaml(text, Limits(kMaxYamlBytes));
  if (!documents.ok()) return Annotate(documents.status(), "not a seccomp profile");
  if (documents->empty()) return absl::InvalidArgumentError("not a seccomp profile: there is nothing in it");
  if (documents->size() > 1 || IsKubernetesObject(documents->front())) {
    return FromDocuments(text, *documents, native_arch);
  }
  std::vector<FoundProfile> all;
  all.push_back(FromTree(kYamlFormat, std::move(documents->front())));
  return all;
}

absl::StatusOr<std::vector<FoundProfile>> FromGadgetText(std::string_view text) {
  absl::StatusOr<GadgetProfile> found = ReadGadgetOutput(text, kProfileLimits);
  if (!found.ok()) return Annotate(found.status(), "not a seccomp profile");
  std::vector<FoundProfile> all;
  all.push_back(FromTree(kGadgetFormat, std::move(found->oci)));
  all.front().warnings = std::move(found->warnings);
  return all;
}

}  // namespace

bool IsJsonObject(std::string_view text) {
  if (text.starts_with(kUtf8Mark)) text.remove_prefix(kUtf8Mark.size());
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

absl::StatusOr<std::vector<FoundProfile>> FindProfiles(std::string_view text, std::string_view native_arch) {
  if (IsJsonObject(text)) return FromJsonText(text, native_arch);
  if (LooksLikeGadgetOutput(text)) return FromGadgetText(text);
  return FromYamlText(text, native_arch);
}

}  // namespace syscarve
