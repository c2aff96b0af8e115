// SPDX-License-Identifier: Apache-2.0
#include "userspace/review/reader_rules.h"

#include <algorithm>
#include <set>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/sentence.h"
#include "userspace/shipped/shipped_file.h"

namespace syscarve {
namespace {

using shipped::kMaxText;

constexpr JsonLimits kLimits = {.bytes = size_t{1} << 18, .values = 8192, .depth = 16};
constexpr size_t kMaxElements = 256;

// Kinds without a word are also visible in the profile itself, and reported by other rules of `lint`.
constexpr std::pair<std::string_view, ProfileNoteKind> kNotes[] = {
    {"byte-order-mark", ProfileNoteKind::kByteOrderMark},
    {"dropped-field", ProfileNoteKind::kDroppedField},
    {"errno-unused", ProfileNoteKind::kErrnoUnused},
    {"kernel-zero", ProfileNoteKind::kKernelZero},
    {"letter-case", ProfileNoteKind::kLetterCase},
    {"missing-field", ProfileNoteKind::kMissingField},
    {"notify-without-listener", ProfileNoteKind::kNotifyWithoutListener},
    {"null", ProfileNoteKind::kNull},
    {"older-api-group", ProfileNoteKind::kOlderApiGroup},
    {"repeated-key", ProfileNoteKind::kRepeatedKey},
    {"unknown-capability", ProfileNoteKind::kUnknownCapability},
    {"unknown-field", ProfileNoteKind::kUnknownField},
    {"unknown-flag", ProfileNoteKind::kUnknownFlag},
    {"unknown-state", ProfileNoteKind::kUnknownState},
};

ProfileNoteKind ReadNote(const JsonReader& field) {
  const std::string word = field.Text(kMaxText);
  const auto* const found = std::ranges::find(kNotes, word, [](const auto& note) { return note.first; });
  if (found != std::end(kNotes)) return found->second;
  field.Fail("expected the word of a note");
  return {};
}

LintLevel ReadLevel(const JsonReader& field) {
  const std::string word = field.Text(kMaxText);
  for (const LintLevel level : {LintLevel::kNote, LintLevel::kWarning, LintLevel::kError}) {
    if (LintLevelName(level) == word) return level;
  }
  field.Fail("expected \"note\", \"warning\" or \"error\"");
  return {};
}

std::string ReadRule(const JsonReader& field) {
  std::string id = field.Text(kMaxText);
  if (std::ranges::find(LintRules(), id, &LintRule::id) == LintRules().end()) field.Fail("expected a rule of lint");
  return id;
}

std::set<std::string> ReadReaders(const JsonReader& list) {
  std::set<std::string> names;
  list.ForEach(kMaxElements, [&](const JsonReader& value) {
    value.AllowOnly({"name", "version", "source"});
    const JsonReader name = value.Required("name");
    if (!names.insert(name.Text(kMaxText)).second) name.Fail("is there already");
    for (const std::string_view key : {"version", "source"}) {
      if (value.Required(key).Text(kMaxText).empty()) value.Required(key).Fail("is empty");
    }
  });
  return names;
}

// "Docker, Podman and CRI-O".
std::string Together(const JsonReader& list, const std::set<std::string>& known) {
  std::vector<std::string> names;
  list.ForEach(kMaxElements, [&](const JsonReader& element) {
    names.push_back(element.Text(kMaxText));
    if (!known.contains(names.back())) element.Fail("is none of the readers");
  });
  if (names.empty()) list.Fail("is empty");
  return Enumerated(names);
}

std::string ReadWho(const JsonReader& list, const std::set<std::string>& known) {
  std::string words;
  list.ForEach(kMaxElements, [&](const JsonReader& value) {
    value.AllowOnly({"readers", "do"});
    words += Concat(words.empty() ? "" : ", ", Together(value.Required("readers"), known), " ",
                    value.Required("do").Text(kMaxText));
  });
  return words;
}

}  // namespace

absl::StatusOr<std::vector<ReaderRule>> ParseReaderRules(std::string_view text) {
  const auto read = [](const JsonReader& root, std::vector<ReaderRule>& rules) {
    root.AllowOnly({"schema", "readers", "rules"});
    const std::set<std::string> readers = ReadReaders(root.Required("readers"));
    root.Required("rules").ForEach(kMaxElements, [&](const JsonReader& value) {
      value.AllowOnly({"note", "rule", "level", "who", "fix"});
      const JsonReader note = value.Required("note");
      const ProfileNoteKind kind = ReadNote(note);
      if (std::ranges::find(rules, kind, &ReaderRule::note) != rules.end()) note.Fail("is there already");
      rules.push_back({.note = kind,
                       .rule = ReadRule(value.Required("rule")),
                       .level = ReadLevel(value.Required("level")),
                       .who = ReadWho(value.Required("who"), readers),
                       .fix = value.Required("fix").Text(kMaxText)});
    });
  };
  return shipped::Parse<std::vector<ReaderRule>>(text, "syscarve.readers/1", read, kLimits);
}

absl::StatusOr<const std::vector<ReaderRule>*> ShippedReaderRules() {
  return shipped::Shipped<std::vector<ReaderRule>>("rules/readers.json", ParseReaderRules);
}

}  // namespace syscarve
