// SPDX-License-Identifier: Apache-2.0
// The common parser of the embedded files of profiles/: strict, and run once per file. For the parsers of these files
// only.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "profiles/embedded.h"
#include "userspace/base/concat.h"
#include "userspace/base/status.h"
#include "userspace/base/strict_json.h"
#include "userspace/shipped/risk.h"

namespace syscarve::shipped {

inline constexpr JsonLimits kLimits = {.bytes = size_t{1} << 20, .values = 65536, .depth = 16};
inline constexpr size_t kMaxElements = 4096;
inline constexpr size_t kMaxText = 1024;

// A list of distinct names, at least one.
inline std::set<std::string> Names(const JsonReader& list) {
  std::set<std::string> names;
  list.ForEach(kMaxElements, [&](const JsonReader& element) {
    const std::string name = element.Text(kMaxText);
    if (name.empty() || !names.insert(name).second) element.Fail("expected a name that is not in the list yet");
  });
  if (names.empty()) list.Fail("expected at least one name");
  return names;
}

inline std::vector<std::string> NameList(const JsonReader& list) {
  const std::set<std::string> names = Names(list);
  return {names.begin(), names.end()};
}

inline RiskLevel ReadRiskLevel(const JsonReader& field) {
  const std::optional<RiskLevel> level = RiskLevelFromName(field.Text(kMaxText));
  if (!level.has_value()) field.Fail("expected \"low\", \"medium\" or \"high\"");
  return level.value_or(RiskLevel::kLow);
}

// Parses `text`, whose "schema" must be `schema`, and calls `read` to fill the result.
template <typename T, typename Read>
absl::StatusOr<T> Parse(std::string_view text, std::string_view schema, Read read, const JsonLimits& limits = kLimits) {
  SYSCARVE_ASSIGN_OR_RETURN(const JsonValue document, ParseStrictJson(text, limits));
  std::string error;
  const JsonReader root(document, &error);
  const JsonReader stated = root.Required("schema");
  if (stated.Text(kMaxText) != schema && root.ok()) stated.Fail(Concat("must be \"", schema, "\""));
  T result;
  if (error.empty()) read(root, result);
  if (!error.empty()) return absl::InvalidArgumentError(error);
  return result;
}

// Parses the embedded `file` with `parse` and keeps the result for the life of the process.
template <typename T>
absl::StatusOr<const T*> Shipped(std::string_view file, absl::StatusOr<T> (*parse)(std::string_view)) {
  static const auto* const parsed = new absl::StatusOr<T>(parse(EmbeddedFile(file)));
  if (!parsed->ok()) {
    return absl::InternalError(Concat("profiles/", file, " of this build: ", parsed->status().message()));
  }
  return &**parsed;
}

}  // namespace syscarve::shipped
