// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/gadget.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/text.h"

namespace syscarve {
namespace {

constexpr std::string_view kComment = "//";
constexpr std::string_view kBlank = " \t\r\n";
constexpr size_t kMaxShownNames = 8;

std::string_view Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

struct Part {
  std::string_view name;
  bool is_empty = true;
};

struct Parts {
  std::vector<Part> parts;
  std::string text;  // Comments are replaced by blanks, so that every other byte keeps its place.
};

// A line break cannot be inside a JSON string, so a line that begins like a comment is one.
Parts SplitAtComments(std::string_view text) {
  Parts split;
  split.text = std::string(text);
  std::string_view rest = text;
  while (!rest.empty()) {
    const size_t begin = text.size() - rest.size();
    const std::string_view line = TakeLine(rest);
    const std::string_view trimmed = Trimmed(line);
    if (trimmed.starts_with(kComment)) {
      split.parts.push_back({.name = Trimmed(trimmed.substr(kComment.size()))});
      split.text.replace(begin, line.size(), line.size(), ' ');
    } else if (!split.parts.empty() && !trimmed.empty()) {
      split.parts.back().is_empty = false;
    }
  }
  // An empty comment contains no name.
  std::erase_if(split.parts, [](const Part& part) { return part.is_empty; });
  return split;
}

// "syscall_1f4", "unknown" and the like.
bool IsMadeUp(const JsonValue& name) {
  const auto* text = std::get_if<std::string>(&name.data);
  if (text == nullptr) return false;
  if (text->starts_with("unknown")) return true;
  constexpr std::string_view kNumbered = "syscall_";
  return text->starts_with(kNumbered) && text->size() > kNumbered.size() &&
         text->find_first_not_of("0123456789abcdefABCDEFx", kNumbered.size()) == std::string::npos;
}

template <typename T>
T* MemberOf(JsonValue& value, std::string_view key) {
  auto* object = std::get_if<JsonValue::Object>(&value.data);
  if (object == nullptr) return nullptr;
  for (JsonMember& member : *object) {
    if (member.key == key) return std::get_if<T>(&member.value.data);
  }
  return nullptr;
}

// Removes invented names from all entries, and entries without any other names.
std::vector<std::string> TakeOutMadeUpNames(JsonValue& profile) {
  std::vector<std::string> taken;
  auto* entries = MemberOf<JsonValue::Array>(profile, "syscalls");
  if (entries == nullptr) return taken;
  std::erase_if(*entries, [&taken](JsonValue& entry) {
    auto* names = MemberOf<JsonValue::Array>(entry, "names");
    if (names == nullptr || names->empty()) return false;
    for (const JsonValue& name : *names) {
      if (IsMadeUp(name)) taken.push_back(std::get<std::string>(name.data));
    }
    std::erase_if(*names, IsMadeUp);
    return names->empty();
  });
  return taken;
}

std::string Shown(std::vector<std::string> names) {
  const size_t all = names.size();
  names.resize(std::min(all, kMaxShownNames));
  for (std::string& name : names) name = EscapeForTerminal(name);
  return Concat(absl::StrJoin(names, ", "), all > kMaxShownNames ? Concat(" and ", all - kMaxShownNames, " more") : "");
}

}  // namespace

bool LooksLikeGadgetOutput(std::string_view text) {
  return Trimmed(text).starts_with(kComment);
}

absl::StatusOr<GadgetProfile> ReadGadgetOutput(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes) {
    return absl::InvalidArgumentError(Concat("larger than ", limits.bytes, " bytes, the most that is read"));
  }
  const Parts split = SplitAtComments(text);
  const std::vector<Part>& parts = split.parts;
  if (parts.empty()) return absl::InvalidArgumentError("there is no profile below the container's name");
  if (parts.size() > 1) {
    std::vector<std::string> names;
    for (const Part& part : parts) names.emplace_back(part.name);
    return WithHint(absl::InvalidArgumentError(Concat("there are several profiles: ", Shown(std::move(names)))),
                    "Keep one of them, from its // line on.");
  }
  SYSCARVE_ASSIGN_OR_RETURN(JsonValue profile, ParseStrictJson(split.text, limits));
  GadgetProfile result = {.oci = std::move(profile), .warnings = {}};
  std::vector<std::string> taken = TakeOutMadeUpNames(result.oci);
  if (!taken.empty()) {
    result.warnings.push_back(
        Concat("names that stand for numbers without a name are left out: ", Shown(std::move(taken))));
  }
  return result;
}

}  // namespace syscarve
