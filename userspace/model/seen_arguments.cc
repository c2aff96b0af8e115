// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/seen_arguments.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace syscarve {
namespace {

// Kinds of file of a value; kUnknownFile alone if unknown. One form for one meaning, so that the order of additions
// does not matter.
FileKinds KindsOf(const SeenArguments& seen, const std::vector<uint64_t>& values) {
  const auto known = seen.files.find(values);
  return known == seen.files.end() ? FileKinds{std::string(kUnknownFile)} : known->second;
}

void JoinFiles(const SeenArguments& more, SeenArguments& kept) {
  for (const auto& [values, programs] : more.values) {
    FileKinds kinds = KindsOf(more, values);
    if (kept.values.contains(values)) kinds.merge(KindsOf(kept, values));
    // Beyond the bound, kinds become unknown; the first ones by name are kept, in any order of arrival.
    const bool some_unknown = kinds.erase(std::string(kUnknownFile)) > 0 || kinds.size() > kMaxFileKinds;
    while (kinds.size() > kMaxFileKinds) kinds.erase(std::prev(kinds.end()));
    if (!kinds.empty()) {
      if (some_unknown) kinds.emplace(kUnknownFile);
      kept.files[values] = std::move(kinds);
    }
  }
}

}  // namespace

bool IsFileKind(std::string_view word) {
  constexpr size_t kLongest = 64;
  return !word.empty() && word.size() <= kLongest &&
         std::ranges::all_of(word, [](char c) { return c >= ' ' && c <= '~'; });
}

void JoinArguments(const std::optional<SeenArguments>& more, bool first, std::optional<SeenArguments>& kept) {
  if (first) {
    kept = more;
    return;
  }
  if (!more.has_value() && !kept.has_value()) return;
  if (!more.has_value() || !kept.has_value() || more->indexes != kept->indexes ||
      more->pointed_to != kept->pointed_to) {
    if (!kept.has_value() || (more.has_value() && *more < *kept)) kept = more;
    kept->open = true;
    kept->dirty = true;
    return;
  }
  kept->open |= more->open;
  kept->dirty |= more->dirty;
  JoinFiles(*more, *kept);
  for (const auto& [values, programs] : more->values) kept->values[values].insert(programs.begin(), programs.end());
}

SeenArguments Renumbered(SeenArguments seen, const std::vector<ProgramId>& places) {
  for (auto& [values, programs] : seen.values) {
    std::set<ProgramId> renumbered;
    for (const ProgramId program : programs) {
      if (program < places.size()) renumbered.insert(places[program]);
    }
    programs = std::move(renumbered);
  }
  return seen;
}

}  // namespace syscarve
