// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_format.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/hash.h"
#include "userspace/base/json_parser.h"
#include "userspace/base/strict_json.h"
#include "userspace/base/text.h"
#include "userspace/report/finding.h"
#include "userspace/report/wording.h"

namespace syscarve {
namespace {

constexpr std::string_view kSarifSchema =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

// The names of a level: in SARIF, and in GitHub's code scanning, which shows "error", "warning" or "recommendation" for
// a rule, and ranks a rule about security by a number from 0 to 10.
struct LevelWords {
  std::string_view sarif;
  std::string_view problem_severity;
  std::string_view security_severity;
};

LevelWords WordsOf(FindingLevel level) {
  switch (level) {
    case FindingLevel::kNote:
      return {"note", "recommendation", "2.0"};
    case FindingLevel::kWarning:
      return {"warning", "warning", "5.0"};
    case FindingLevel::kError:
      return {"error", "error", "8.0"};
  }
  return {};
}

// A message string of SARIF (3.11). Braces, which begin placeholders, are doubled, and a blank separates "]" from "(",
// so that untrusted text cannot contain a link, "[text](place)".
std::string MessageText(std::string_view text) {
  std::string result;
  for (const char c : EscapeForTerminal(text)) {
    if (c == '(' && result.ends_with(']')) result += ' ';
    result += c;
    if (c == '{' || c == '}') result += c;
  }
  return result;
}

JsonValue Message(std::string_view text) {
  return JsonValue::Object{{"text", MessageText(text)}};
}

bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::string EncodeForUri(std::string_view segment) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string result;
  for (const char c : segment) {
    if (IsUnreserved(c)) {
      result += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      result += {'%', kDigits[byte >> 4], kDigits[byte & 0xf]};
    }
  }
  return result;
}

// A relative path becomes a reference relative to the root of the source tree, as code scanning expects; an absolute
// one a file URI.
JsonValue ArtifactLocation(const std::string& file) {
  const bool absolute = file.starts_with('/');
  std::string uri = absolute ? "file://" : "";
  for (const std::string_view segment : SplitNonEmpty(file, '/')) {
    if (segment == ".") continue;
    if (absolute || !uri.empty()) uri += '/';
    uri += EncodeForUri(segment);
  }
  JsonValue::Object location = {{"uri", uri.empty() ? "." : uri}};
  if (!absolute) location.push_back({"uriBaseId", "%SRCROOT%"});
  return location;
}

JsonValue Location(const Finding& finding) {
  JsonValue::Object place = {{"artifactLocation", ArtifactLocation(finding.file)}};
  if (finding.line.has_value()) place.push_back({"region", JsonValue::Object{{"startLine", *finding.line}}});
  return JsonValue::Object{{"physicalLocation", std::move(place)}};
}

JsonValue RegionJson(const TextRegion& region) {
  return JsonValue::Object{{"startLine", region.start_line},
                           {"startColumn", region.start_column},
                           {"endLine", region.end_line},
                           {"endColumn", region.end_column}};
}

// A fix of SARIF (3.55): the replacements in one file, to be applied together.
JsonValue FixJson(const Finding& finding) {
  JsonValue::Array replacements;
  for (const FindingFix& change : finding.changes) {
    JsonValue::Object replacement = {{"deletedRegion", RegionJson(change.region)}};
    if (!change.text.empty()) replacement.push_back({"insertedContent", JsonValue::Object{{"text", change.text}}});
    replacements.push_back(std::move(replacement));
  }
  JsonValue::Object file = {{"artifactLocation", ArtifactLocation(finding.file)},
                            {"replacements", std::move(replacements)}};
  JsonValue::Object fix;
  if (!finding.fix.empty()) fix.push_back({"description", Message(finding.fix)});
  fix.push_back({"artifactChanges", JsonValue::Array{std::move(file)}});
  return fix;
}

// Advances the place over a byte of the text.
void Step(char c, size_t& line, size_t& column) {
  if (c == '\n') {
    ++line;
    column = 1;
  } else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) {  // Not a continuation byte of UTF-8.
    ++column;
  }
}

// "UnknownName" for "unknown-name".
std::string PascalCase(std::string_view id) {
  std::string name;
  for (const std::string_view part : SplitNonEmpty(id, '-')) {
    name += part;
    char& first = name[name.size() - part.size()];
    if (first >= 'a' && first <= 'z') first = static_cast<char>(first - 'a' + 'A');
  }
  return name;
}

JsonValue RuleJson(const FindingRule& rule) {
  const LevelWords words = WordsOf(rule.level);
  JsonValue::Object properties = {
      {"tags", JsonValue::Array{"security"}},
      {"problem.severity", words.problem_severity},
      {"security-severity", words.security_severity},
  };
  return JsonValue::Object{
      {"id", rule.id},
      {"name", PascalCase(rule.id)},
      {"shortDescription", Message(rule.summary)},
      {"fullDescription", Message(rule.help)},
      {"help", Message(rule.help)},
      {"defaultConfiguration", JsonValue::Object{{"level", words.sarif}}},
      {"properties", std::move(properties)},
  };
}

// A hash that suffices to distinguish the findings of one run.
std::string Hash(std::initializer_list<std::string_view> parts) {
  uint64_t hash = kFnvBasis;
  for (const std::string_view part : parts) hash = Fnv1a(part, hash) * kFnvPrime;  // As if a NUL stood behind it.
  return absl::StrFormat("%016x", hash);
}

// Fingerprints do not include lines, so a finding keeps its own when lines are inserted above it.
class Fingerprints {
 public:
  std::string Next(const Finding& finding) {
    const size_t count = ++seen_[{finding.rule, finding.file, finding.identity}];
    return Concat(Hash({finding.rule, finding.file, finding.identity}), ":", count);
  }

 private:
  std::map<std::tuple<std::string, std::string, std::string>, size_t> seen_;
};

JsonValue ResultJson(const Finding& finding, std::span<const FindingRule> rules, Fingerprints& fingerprints) {
  JsonValue::Object result = {{"ruleId", finding.rule}};
  if (const auto rule = std::ranges::find(rules, finding.rule, &FindingRule::id); rule != rules.end()) {
    result.push_back({"ruleIndex", static_cast<size_t>(rule - rules.begin())});
  }
  result.push_back({"level", WordsOf(finding.level).sarif});
  result.push_back({"message", Message(finding.fix.empty() ? finding.message : finding.message + " " + finding.fix)});
  result.push_back({"locations", JsonValue::Array{Location(finding)}});
  if (!finding.changes.empty()) result.push_back({"fixes", JsonValue::Array{FixJson(finding)}});
  result.push_back({"partialFingerprints", JsonValue::Object{{"finding/v1", fingerprints.Next(finding)}}});
  return result;
}

}  // namespace

TextRegion RegionOf(std::string_view text, size_t begin, size_t end) {
  TextRegion region;
  size_t line = 1;
  size_t column = 1;
  for (size_t at = text.starts_with(kUtf8Mark) ? kUtf8Mark.size() : 0; at < end; ++at) {
    if (at == begin) {
      region.start_line = line;
      region.start_column = column;
    }
    Step(text[at], line, column);
  }
  if (begin >= end) {
    region.start_line = line;
    region.start_column = column;
  }
  region.end_line = line;
  region.end_column = column;
  return region;
}

std::string FormatSarif(std::span<const FindingRule> rules, std::span<const Finding> findings) {
  JsonValue::Array rule_list;
  for (const FindingRule& rule : rules) rule_list.push_back(RuleJson(rule));
  Fingerprints fingerprints;
  JsonValue::Array results;
  for (const Finding& finding : findings) results.push_back(ResultJson(finding, rules, fingerprints));
  JsonValue::Object driver = {{"name", "syscarve"}, {"version", SYSCARVE_VERSION}, {"rules", std::move(rule_list)}};
  JsonValue::Object run = {{"tool", JsonValue::Object{{"driver", std::move(driver)}}},
                           {"columnKind", "unicodeCodePoints"},
                           {"results", std::move(results)}};
  JsonValue::Object log = {{"$schema", kSarifSchema}, {"version", "2.1.0"}, {"runs", JsonValue::Array{std::move(run)}}};
  return PrintJson(log, kReportJsonWidth);
}

}  // namespace syscarve
