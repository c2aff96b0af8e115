// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/scan_words.h"

#include "userspace/base/concat.h"

namespace syscarve {

std::string LayerCount(const ScannedImage& image) {
  return Concat(image.layers.size(), image.layers.size() == 1 ? " layer" : " layers");
}

std::string FindingRemarks(const ImageFinding& finding) {
  std::string words;
  const auto say = [&](const std::string& sentence) { words += Concat(words.empty() ? "" : " ", sentence); };
  if (finding.line.has_value()) say(Concat("Line ", *finding.line, "."));
  if (finding.deleted) {
    say(finding.layer.has_value()
            ? Concat("It is in layer ", *finding.layer, " and deleted later: it is still in the image.")
            : std::string("It is in a part that no layer uses: it is still in the archive."));
  }
  if (finding.executed.has_value()) say(*finding.executed ? "It was executed." : "It was never executed.");
  return words;
}

std::vector<std::string> NotKnown(const ScanResult& result) {
  std::vector<std::string> unknown = result.image.not_known;
  for (size_t i = 0; i < result.image.layers.size(); ++i) {
    const ScannedLayer& layer = result.image.layers[i];
    if (result.image.kind != "root-folder" && layer.contents.status.ok() && !layer.verified.has_value()) {
      unknown.push_back(Concat("Layer ", i + 1, " is named by no digest, so that its bytes could not be checked."));
    }
  }
  if (result.programs.has_value()) {
    const RecordedPrograms& programs = *result.programs;
    unknown.insert(unknown.end(), programs.notes.begin(), programs.notes.end());
    if (!programs.all_known) unknown.push_back(Concat("Which programs were never executed. ", programs.why_not));
    if (!programs.files_known) {
      unknown.push_back(Concat("Which libraries, modules and other files were opened. ", programs.why_files_not));
    }
  }
  if (result.passed_over > 0) {
    const bool one = result.passed_over == 1;
    unknown.push_back(Concat(result.passed_over,
                             one ? " result of the joined reports is" : " results of the joined reports are",
                             " of another kind than vulnerabilities and secrets, and passed over."));
  }
  return unknown;
}

}  // namespace syscarve
