#include "userspace/read/profile_reader.h"

#include <span>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/model/strict_json.h"
#include "userspace/read/gadget.h"
#include "userspace/read/spo.h"
#include "userspace/read/yaml.h"

namespace syscarve {
namespace {

constexpr std::string_view kJsonFormat = "Docker or OCI JSON";
constexpr std::string_view kYamlFormat = "Docker or OCI YAML";
constexpr std::string_view kSpoFormat = "SeccompProfile";
constexpr std::string_view kGadgetFormat = "Inspektor Gadget";

// YAML takes libyaml a while; etcd has nothing larger than 1.5 MiB, and a list of profiles is rarely longer.
constexpr size_t kMaxYamlBytes = size_t{4} << 20;
// A list of Kubernetes objects, with everything that the cluster says of them.
constexpr size_t kMaxDepth = 32;

bool IsJson(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

absl::StatusOr<ProfileReading> FromOci(std::string_view format, const JsonValue& value, const ProfileTarget& target,
                                       std::vector<std::string> warnings) {
  ProfileReading reading = {.profile = {}, .format = std::string(format), .warnings = std::move(warnings), .used = {}};
  SYSCARVE_ASSIGN_OR_RETURN(reading.profile, ProfileFromJson(value, target, &reading.used));
  if (reading.profile.rules.empty() && reading.profile.default_action.kind == ActionKind::kAllow) {
    reading.warnings.push_back("it allows every call");
  }
  return reading;
}

absl::StatusOr<ProfileReading> FromDocuments(std::span<const JsonValue> documents, const ProfileTarget& target) {
  SYSCARVE_ASSIGN_OR_RETURN(SpoProfile found, FindSpoProfile(documents, ScmpArchName(target.native)));
  absl::StatusOr<ProfileReading> reading = FromOci(kSpoFormat, found.oci, target, std::move(found.warnings));
  if (!reading.ok()) return Annotate(reading.status(), Concat("SeccompProfile ", EscapeForTerminal(found.name)));
  return reading;
}

absl::StatusOr<ProfileReading> FromJsonText(std::string_view text, const ProfileTarget& target) {
  JsonLimits limits = kProfileLimits;
  limits.depth = kMaxDepth;
  absl::StatusOr<JsonValue> value = ParseStrictJson(text, limits);
  if (!value.ok()) return Annotate(value.status(), "not a seccomp profile");
  if (IsKubernetesObject(*value)) return FromDocuments({&*value, 1}, target);
  return FromOci(kJsonFormat, *value, target, {});
}

absl::StatusOr<ProfileReading> FromYamlText(std::string_view text, const ProfileTarget& target) {
  JsonLimits limits = kProfileLimits;
  limits.bytes = kMaxYamlBytes;
  limits.depth = kMaxDepth;
  absl::StatusOr<std::vector<JsonValue>> documents = ParseYaml(text, limits);
  if (!documents.ok()) return Annotate(documents.status(), "not a seccomp profile");
  if (documents->empty()) return absl::InvalidArgumentError("not a seccomp profile: there is nothing in it");
  if (documents->size() == 1 && !IsKubernetesObject(documents->front())) {
    return FromOci(kYamlFormat, documents->front(), target, {});
  }
  return FromDocuments(*documents, target);
}

absl::StatusOr<ProfileReading> FromGadgetText(std::string_view text, const ProfileTarget& target) {
  absl::StatusOr<GadgetProfile> found = ReadGadgetOutput(text, kProfileLimits);
  if (!found.ok()) return Annotate(found.status(), "not a seccomp profile");
  return FromOci(kGadgetFormat, found->oci, target, std::move(found->warnings));
}

}  // namespace

absl::StatusOr<ProfileReading> ReadProfileText(std::string_view text, const ProfileTarget& target) {
  if (IsJson(text)) return FromJsonText(text, target);
  if (LooksLikeGadgetOutput(text)) return FromGadgetText(text, target);
  return FromYamlText(text, target);
}

bool LooksLikeProfile(std::string_view text) {
  // Inside a JSON string the quotes would be escaped.
  if (IsJson(text)) {
    return text.find("\"defaultAction\"") != std::string_view::npos ||
           text.find("\"SeccompProfile\"") != std::string_view::npos;
  }
  return LooksLikeGadgetOutput(text) || text.find("\ndefaultAction:") != std::string_view::npos ||
         text.starts_with("defaultAction:") || text.find("kind: SeccompProfile") != std::string_view::npos;
}

}  // namespace syscarve
