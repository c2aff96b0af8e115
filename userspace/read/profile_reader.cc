// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/profile_reader.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/json_parser.h"
#include "userspace/model/profile_fields.h"
#include "userspace/read/gadget.h"
#include "userspace/read/profile_documents.h"

namespace syscarve {
namespace {

constexpr size_t kMaxShownProfiles = 16;
constexpr size_t kMaxShownProfileBytes = 256;

absl::StatusOr<ProfileReading> Read(FoundProfile found, const ProfileTarget& target) {
  if (!found.oci.ok()) {
    return found.context.empty() ? found.oci.status() : Annotate(found.oci.status(), found.context);
  }
  ProfileReading reading;
  absl::StatusOr<ProfileSource> source = ProfileSourceFromJson(*std::move(found.oci), target, &reading.used);
  if (!source.ok()) return found.context.empty() ? source.status() : Annotate(source.status(), found.context);
  reading.source = *std::move(source);
  reading.source.notes.insert(reading.source.notes.begin(), std::make_move_iterator(found.notes.begin()),
                              std::make_move_iterator(found.notes.end()));
  reading.format = std::move(found.format);
  reading.warnings = std::move(found.warnings);
  reading.is_whole_text = found.is_whole_text;
  const Profile& profile = reading.source.profile;
  if (profile.rules.empty() && profile.default_action.kind == ActionKind::kAllow) {
    reading.warnings.push_back("it allows every call");
  }
  return reading;
}

std::string ShownNames(const std::vector<FoundProfile>& all) {
  std::vector<std::string> names;
  for (size_t i = 0; i < all.size() && i < kMaxShownProfiles; ++i) {
    names.push_back(EscapeForTerminal(all[i].name.substr(0, kMaxShownProfileBytes)));
  }
  if (all.size() > kMaxShownProfiles) names.push_back(Concat(all.size() - kMaxShownProfiles, " more"));
  return absl::StrJoin(names, ", ");
}

// The first key that identifies a JSON text, in any letter case; empty if there is none, or the text is not JSON.
std::string_view TellingKey(std::string_view text) {
  constexpr std::string_view kTelling[] = {"schema",  "defaultAction", "syscalls", "architectures",
                                           "archMap", "apiVersion",    "kind",     "ociVersion"};
  JsonParser parser(text, {.allow_byte_order_mark = true});
  JsonEvent event;
  while (parser.Next(event).ok() && parser.depth() > 0) {
    if (event.kind != JsonEventKind::kKey || parser.depth() != 1) continue;
    const auto* const found = std::ranges::find_if(
        kTelling, [folded = FoldedKey(event.text)](std::string_view key) { return FoldedKey(key) == folded; });
    if (found != std::end(kTelling)) return *found;
  }
  return {};
}

}  // namespace

absl::StatusOr<ProfileReading> ReadProfileText(std::string_view text, const ProfileTarget& target,
                                               std::string_view name) {
  SYSCARVE_ASSIGN_OR_RETURN(std::vector<FoundProfile> all, FindProfiles(text, ScmpArchName(target.native)));
  if (name.empty() && all.size() == 1) return Read(std::move(all.front()), target);
  if (name.empty()) {
    return WithHint(absl::InvalidArgumentError(Concat("there are several profiles: ", ShownNames(all))),
                    Concat("Choose one by its name behind the file's, as in FILE#",
                           EscapeForTerminal(all.front().name.substr(0, kMaxShownProfileBytes)), "."));
  }
  const auto found = std::ranges::find(all, name, &FoundProfile::name);
  if (found != all.end()) return Read(std::move(*found), target);
  return absl::InvalidArgumentError(
      Concat("there is no profile \"", EscapeForTerminal(name), "\" in it",
             all.front().name.empty() ? ": it is one profile without a name" : Concat(", only ", ShownNames(all))));
}

absl::StatusOr<std::vector<NamedProfile>> ReadProfiles(std::string_view text, const ProfileTarget& target) {
  SYSCARVE_ASSIGN_OR_RETURN(std::vector<FoundProfile> all, FindProfiles(text, ScmpArchName(target.native)));
  std::vector<NamedProfile> profiles;
  profiles.reserve(all.size());
  for (FoundProfile& found : all) {
    std::string name = found.name;
    profiles.push_back({std::move(name), Read(std::move(found), target)});
  }
  return profiles;
}

bool LooksLikeProfile(std::string_view text) {
  if (IsJsonObject(text)) {
    const std::string_view key = TellingKey(text);
    // Invalid JSON may be a profile with a mistake. Inside a JSON string the quotes would be escaped.
    if (key.empty()) return text.find("\"defaultAction\"") != std::string_view::npos;
    return key != "schema";
  }
  return LooksLikeGadgetOutput(text) || text.find("\ndefaultAction:") != std::string_view::npos ||
         text.starts_with("defaultAction:") || text.find("kind: SeccompProfile") != std::string_view::npos ||
         (text.find("kind: ConfigMap") != std::string_view::npos &&
          text.find("defaultAction") != std::string_view::npos);
}

}  // namespace syscarve
