// SPDX-License-Identifier: Apache-2.0
#include "userspace/image/scanner_reports.h"

#include <map>
#include <set>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/strict_json.h"
#include "userspace/base/text.h"

namespace syscarve {
namespace {

constexpr JsonLimits kReportLimits = {.bytes = kMaxScannerReportBytes, .values = 4'000'000, .depth = 64};
constexpr size_t kMost = 200'000;
constexpr size_t kMaxReportText = size_t{1} << 20;
constexpr uint64_t kMostLines = UINT32_MAX;

std::string TextAt(const JsonReader& object, std::string_view key) {
  if (!object.IsGiven() || !object.IsObject()) return "";
  const JsonReader field = object.Optional(key);
  return field.IsGiven() && field.IsText() ? field.Text(kMaxReportText) : std::string();
}

// Calls `visit` for each element of a list that may be missing or null.
template <typename Visit>
void ForEachAt(const JsonReader& object, std::string_view key, Visit visit) {
  const JsonReader list = object.Optional(key);
  if (list.IsGiven()) list.ForEach(kMost, visit);
}

std::optional<size_t> LineAt(const JsonReader& object, std::string_view key) {
  const JsonReader field = object.Optional(key);
  if (!field.IsGiven()) return std::nullopt;
  const uint64_t line = field.Uint(0, kMostLines);
  return line > 0 ? std::optional<size_t>(line) : std::nullopt;
}

// The words of all scanners: CRITICAL, Critical, Negligible, UNKNOWN.
Severity SeverityOfWord(std::string_view word) {
  for (const Severity severity : {Severity::kCritical, Severity::kHigh, Severity::kMedium, Severity::kLow}) {
    if (EqualsIgnoringCase(word, SeverityName(severity))) return severity;
  }
  if (EqualsIgnoringCase(word, "moderate")) return Severity::kMedium;
  if (EqualsIgnoringCase(word, "important")) return Severity::kHigh;
  return Severity::kNote;
}

ScannerReport ReadTrivy(const JsonReader& root) {
  ScannerReport report{.tool = "Trivy"};
  ForEachAt(root, "Results", [&](const JsonReader& result) {
    const std::string type = TextAt(result, "Type");
    const std::string target = TextAt(result, "Target");
    ForEachAt(result, "Vulnerabilities", [&](const JsonReader& element) {
      ReportedVulnerability found;
      found.id = TextAt(element, "VulnerabilityID");
      found.package = TextAt(element, "PkgName");
      found.version = TextAt(element, "InstalledVersion");
      found.fixed = TextAt(element, "FixedVersion");
      found.severity = SeverityOfWord(TextAt(element, "Severity"));
      found.type = type;
      const std::string path = TextAt(element, "PkgPath");
      if (!path.empty()) found.paths.push_back(path);
      // The target of a program's modules is the program.
      if (path.empty() && (type == "gobinary" || type == "rustbinary")) found.paths.push_back(target);
      report.vulnerabilities.push_back(std::move(found));
    });
    ForEachAt(result, "Secrets", [&](const JsonReader& element) {
      report.secrets.push_back({TextAt(element, "RuleID"), target, LineAt(element, "StartLine")});
    });
    ForEachAt(result, "Misconfigurations", [&](const JsonReader&) { ++report.passed_over; });
  });
  return report;
}

ScannerReport ReadGrype(const JsonReader& root) {
  ScannerReport report{.tool = "Grype"};
  ForEachAt(root, "matches", [&](const JsonReader& match) {
    const JsonReader vulnerability = match.Required("vulnerability");
    const JsonReader artifact = match.Required("artifact");
    ReportedVulnerability found;
    found.id = TextAt(vulnerability, "id");
    found.severity = SeverityOfWord(TextAt(vulnerability, "severity"));
    found.package = TextAt(artifact, "name");
    found.version = TextAt(artifact, "version");
    found.type = TextAt(artifact, "type");
    const JsonReader fix = vulnerability.Optional("fix");
    if (fix.IsGiven()) {
      ForEachAt(fix, "versions", [&](const JsonReader& version) {
        if (found.fixed.empty()) found.fixed = version.Text(kMaxReportText);
      });
    }
    ForEachAt(artifact, "locations",
              [&](const JsonReader& location) { found.paths.push_back(TextAt(location, "path")); });
    report.vulnerabilities.push_back(std::move(found));
  });
  return report;
}

ScannerReport ReadGitleaks(const JsonReader& root) {
  ScannerReport report{.tool = "gitleaks"};
  root.ForEach(kMost, [&](const JsonReader& element) {
    report.secrets.push_back({TextAt(element, "RuleID"), TextAt(element, "File"), LineAt(element, "StartLine")});
  });
  return report;
}

// The text after "Package: " in a message of several lines; "" if absent.
std::string LineBehind(std::string_view text, std::string_view word) {
  while (!text.empty()) {
    std::string_view line = TakeLine(text);
    while (line.starts_with(' ')) line.remove_prefix(1);
    if (!line.starts_with(word)) continue;
    line.remove_prefix(word.size());
    while (line.starts_with(' ')) line.remove_prefix(1);
    if (!line.starts_with(':')) continue;
    line.remove_prefix(1);
    while (line.starts_with(' ')) line.remove_prefix(1);
    while (line.ends_with(' ')) line.remove_suffix(1);
    return std::string(line);
  }
  return "";
}

// "pkg:deb/debian/openssl@3.0.11-1?os_distro=bookworm" is the package openssl, of type deb.
void TakePackageUrl(std::string_view url, ReportedVulnerability& found) {
  constexpr std::string_view kScheme = "pkg:";
  if (!url.starts_with(kScheme)) return;
  url = url.substr(kScheme.size(), url.find_first_of("?#") - kScheme.size());
  found.type = url.substr(0, url.find('/'));
  const size_t at = url.rfind('@');
  if (at != std::string_view::npos && found.version.empty()) found.version = url.substr(at + 1);
  const std::string_view path = url.substr(0, at);
  found.package = path.substr(path.rfind('/') + 1);
}

// Trivy writes "Package: libc6", Docker Scout "Package : pkg:deb/debian/…", Grype "The path P reports libc6 at version
// V".
void TakeMessage(std::string_view text, ReportedVulnerability& found) {
  found.package = LineBehind(text, "Package");
  found.version = LineBehind(text, "Installed Version");
  found.fixed = LineBehind(text, "Fixed Version");
  if (found.fixed.empty()) found.fixed = LineBehind(text, "Fixed version");
  if (found.package.starts_with("pkg:")) TakePackageUrl(std::string(found.package), found);
  if (!found.package.empty()) return;
  const size_t reports = text.find(" reports ");
  const size_t version = text.find(" at version ", reports == std::string_view::npos ? 0 : reports);
  if (!text.starts_with("The path ") || reports == std::string_view::npos || version == std::string_view::npos) return;
  constexpr size_t kReports = 9;
  constexpr size_t kVersion = 12;
  found.package = text.substr(reports + kReports, version - reports - kReports);
  const std::string_view rest = text.substr(version + kVersion);
  found.version = rest.substr(0, rest.find(' '));
}

struct SarifRule {
  Severity severity = Severity::kMedium;
  std::string package_url;
};

// From GitHub's number between 0 and 10, which the scanners write as a text.
std::optional<Severity> SeverityOfScore(std::string_view score) {
  const std::optional<unsigned> whole = ParseNumber<unsigned>(score.substr(0, score.find('.')));
  if (!whole.has_value()) return std::nullopt;
  if (*whole >= 9) return Severity::kCritical;
  if (*whole >= 7) return Severity::kHigh;
  return *whole >= 4 ? Severity::kMedium : Severity::kLow;
}

Severity SeverityOfLevel(std::string_view level) {
  if (level == "error") return Severity::kHigh;
  return level == "note" || level == "none" ? Severity::kLow : Severity::kMedium;
}

SarifRule ReadSarifRule(const JsonReader& rule) {
  SarifRule read;
  const JsonReader properties = rule.Optional("properties");
  if (!properties.IsGiven()) return read;
  read.severity = SeverityOfScore(TextAt(properties, "security-severity")).value_or(Severity::kMedium);
  ForEachAt(properties, "purls", [&](const JsonReader& url) {
    if (read.package_url.empty()) read.package_url = url.Text(kMaxReportText);
  });
  return read;
}

void ReadSarifResult(const JsonReader& result, const std::map<std::string, SarifRule>& rules, bool secrets_only,
                     ScannerReport& report) {
  const std::string id = TextAt(result, "ruleId");
  ReportedVulnerability found;
  found.id = id;
  const JsonReader message = result.Optional("message");
  if (message.IsGiven()) TakeMessage(TextAt(message, "text"), found);
  std::optional<size_t> line;
  ForEachAt(result, "locations", [&](const JsonReader& location) {
    const JsonReader place = location.Optional("physicalLocation");
    if (!place.IsGiven()) return;
    const std::string uri = TextAt(place.Optional("artifactLocation"), "uri");
    if (!uri.empty()) found.paths.push_back(uri);
    const JsonReader region = place.Optional("region");
    if (region.IsGiven()) line = LineAt(region, "startLine");
  });
  if (secrets_only) {
    report.secrets.push_back({id, found.paths.empty() ? std::string() : found.paths.front(), line});
    return;
  }
  const auto rule = rules.find(id);
  found.severity = rule != rules.end() ? rule->second.severity : SeverityOfLevel(TextAt(result, "level"));
  if (rule != rules.end() && found.package.empty()) TakePackageUrl(rule->second.package_url, found);
  const bool vulnerability = !found.package.empty() || id.starts_with("CVE-") || id.starts_with("GHSA-");
  if (!vulnerability) {
    ++report.passed_over;
    return;
  }
  // Grype names the package in the rule, too.
  if (!found.package.empty() && found.id.ends_with("-" + found.package)) {
    found.id.resize(found.id.size() - found.package.size() - 1);
  }
  report.vulnerabilities.push_back(std::move(found));
}

ScannerReport ReadSarif(const JsonReader& root) {
  ScannerReport report;
  ForEachAt(root, "runs", [&](const JsonReader& run) {
    const JsonReader maker = run.Required("tool");
    const JsonReader driver = maker.Required("driver");
    const std::string tool = TextAt(driver, "name");
    if (report.tool.empty()) report.tool = tool;
    std::map<std::string, SarifRule> rules;
    ForEachAt(driver, "rules", [&](const JsonReader& rule) { rules.emplace(TextAt(rule, "id"), ReadSarifRule(rule)); });
    ForEachAt(run, "results", [&](const JsonReader& result) {
      ReadSarifResult(result, rules, EqualsIgnoringCase(tool, "gitleaks"), report);
    });
  });
  if (report.tool.empty()) report.tool = "SARIF";
  return report;
}

}  // namespace

absl::StatusOr<ScannerReport> ParseScannerReport(std::string_view text) {
  SYSCARVE_ASSIGN_OR_RETURN(const JsonValue document, ParseStrictJson(text, kReportLimits, {.byte_order_mark = true}));
  std::string error;
  const JsonReader root(document, &error);
  ScannerReport report;
  if (!root.IsObject()) {
    bool ours = true;
    std::string unused;
    const JsonReader list(document, &unused);
    list.ForEach(kMost, [&](const JsonReader& element) {
      ours = ours && element.IsObject() && element.Optional("RuleID").exists();
    });
    if (!unused.empty() || !ours)
      return absl::InvalidArgumentError("it is no report of Trivy, Grype or gitleaks, and no SARIF");
    report = ReadGitleaks(root);
  } else if (root.Optional("runs").exists() && TextAt(root, "version").starts_with("2.")) {
    report = ReadSarif(root);
  } else if (root.Optional("matches").exists()) {
    report = ReadGrype(root);
  } else if (root.Optional("ArtifactName").exists() || root.Optional("Results").exists()) {
    report = ReadTrivy(root);
  } else {
    return absl::InvalidArgumentError("it is no report of Trivy, Grype or gitleaks, and no SARIF");
  }
  if (!error.empty()) return absl::InvalidArgumentError(error);
  return report;
}

}  // namespace syscarve
