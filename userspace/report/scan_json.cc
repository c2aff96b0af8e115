// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "userspace/base/escape.h"
#include "userspace/base/strict_json.h"
#include "userspace/report/scan.h"
#include "userspace/report/scan_words.h"
#include "userspace/report/wording.h"

namespace syscarve {
namespace {

constexpr std::string_view kScanSchema = "syscarve.scan/1";

JsonValue EncodedTexts(const std::vector<std::string>& texts) {
  JsonValue::Array array;
  for (const std::string& text : texts) array.emplace_back(EncodePercent(text));
  return array;
}

JsonValue LayerJson(const ScannedLayer& layer) {
  const LayerContents& contents = layer.contents;
  JsonValue::Object object = {{"name", EncodePercent(layer.name)}};
  if (!contents.digest.empty()) object.push_back({"digest", contents.digest});
  if (!contents.diff_id.empty()) object.push_back({"diff_id", contents.diff_id});
  if (layer.verified.has_value()) object.push_back({"verified", *layer.verified});
  object.push_back({"files", contents.files});
  object.push_back({"bytes", contents.bytes});
  object.push_back({"scanned", contents.status.ok()});
  return object;
}

JsonValue ImageJson(const ScanResult& result) {
  const ScannedImage& image = result.image;
  JsonValue::Object object = {{"name", EncodePercent(result.name)}, {"kind", image.kind}};
  if (!image.id.empty()) object.push_back({"id", image.id});
  object.push_back({"references", EncodedTexts(image.references)});
  if (image.config.has_value()) {
    object.push_back({"architecture", EncodePercent(image.config->architecture)});
    object.push_back({"user", EncodePercent(image.config->user)});
  }
  JsonValue::Array layers;
  for (const ScannedLayer& layer : image.layers) layers.push_back(LayerJson(layer));
  object.push_back({"layers", std::move(layers)});
  return object;
}

JsonValue FindingJson(const ImageFinding& finding) {
  JsonValue::Object object = {{"rule", finding.rule}, {"severity", SeverityName(finding.severity)}};
  if (!finding.path.empty()) object.push_back({"path", EncodePercent("/" + finding.path)});
  if (finding.line.has_value()) object.push_back({"line", *finding.line});
  if (finding.layer.has_value()) object.push_back({"layer", *finding.layer});
  if (finding.deleted) object.push_back({"deleted", true});
  if (finding.executed.has_value()) object.push_back({"executed", *finding.executed});
  object.push_back({"message", EscapeForTerminal(finding.message)});
  return object;
}

JsonValue RecordingJson(const ScanResult& result) {
  JsonValue::Array programs;
  for (const ExecutedProgram& program : result.programs->programs) {
    JsonValue::Object object = {
        {"path", EncodePercent(program.path)}, {"calls", program.calls}, {"in_image", program.in_image}};
    if (!program.package.empty()) object.push_back({"package", EncodePercent(program.package)});
    programs.push_back(std::move(object));
  }
  JsonValue::Object object = {{"programs", std::move(programs)},
                              {"all_known", result.programs->all_known},
                              {"files_known", result.programs->files_known},
                              {"set_id_never_executed", EncodedTexts(result.unused_set_id)},
                              {"packages_never_used", EncodedTexts(result.unused_packages)}};
  if (const std::string line = RemoveSetIdLine(result); !line.empty()) {
    object.push_back({"remove_set_id", EncodePercent(line)});
  }
  return object;
}

JsonValue VulnerabilityJson(const JoinedVulnerability& joined) {
  const ReportedVulnerability& reported = joined.reported;
  JsonValue::Object object = {{"id", EncodePercent(reported.id)}, {"tool", EncodePercent(joined.tool)}};
  object.push_back({"severity", SeverityName(reported.severity)});
  if (!reported.package.empty()) object.push_back({"package", EncodePercent(reported.package)});
  if (!reported.version.empty()) object.push_back({"version", EncodePercent(reported.version)});
  if (!reported.fixed.empty()) object.push_back({"fixed", EncodePercent(reported.fixed)});
  object.push_back({"use", PackageUseName(joined.use)});
  object.push_back({"why", EscapeForTerminal(joined.why)});
  return object;
}

}  // namespace

std::string ScanJson(const ScanResult& result) {
  JsonValue::Array findings;
  for (const ImageFinding& finding : result.image.findings) findings.push_back(FindingJson(finding));
  JsonValue::Object counts;
  const std::array<size_t, 5> numbers = CountBySeverity(result);
  for (size_t i = numbers.size(); i-- > 0;) counts.push_back({std::string(kSeverityNames[i]), numbers[i]});
  JsonValue::Object root = {{"schema", kScanSchema},
                            {"image", ImageJson(result)},
                            {"complete", result.image.complete},
                            {"findings", std::move(findings)},
                            {"counts", std::move(counts)}};
  if (result.programs.has_value()) root.push_back({"recording", RecordingJson(result)});
  if (!result.vulnerabilities.empty()) {
    JsonValue::Array vulnerabilities;
    for (const JoinedVulnerability& joined : result.vulnerabilities)
      vulnerabilities.push_back(VulnerabilityJson(joined));
    root.push_back({"vulnerabilities", std::move(vulnerabilities)});
  }
  root.push_back({"not_known", EncodedTexts(NotKnown(result))});
  return PrintJson(root, kReportJsonWidth);
}

}  // namespace syscarve
