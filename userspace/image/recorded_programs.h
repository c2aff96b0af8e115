// SPDX-License-Identifier: Apache-2.0
// Joins an image with a recording of its containers: which of its programs were executed and, with hardening evidence,
// which of its other files were opened. Without that evidence the use of libraries, modules and data is unknown, and
// reported as such.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/image/packages.h"
#include "userspace/image/scan.h"
#include "userspace/image/scanner_reports.h"
#include "userspace/model/recording.h"

namespace syscarve {

struct ExecutedProgram {
  std::string path;    // As recorded; untrusted.
  uint64_t calls = 0;  // Made by it; saturates.
  bool in_image = false;
  std::string package;  // Its owner, or "".
};

struct RecordedPrograms {
  std::vector<ExecutedProgram> programs;  // By path.
  std::set<std::string> executed;         // Programs of the image, by paths as returned by Overlay::Resolve.
  // Programs not in `executed` were not executed, as far as the recording goes; if false, `why_not` has the reason.
  bool all_known = true;
  std::string why_not;
  // With hardening evidence: files that were executed, opened or mapped, and folders of which further files were,
  // without a list of which. Paths as returned by Overlay::Resolve.
  std::set<std::string> opened;
  std::set<std::string> opened_within;
  bool files_known = false;        // Files in neither were not opened, as far as the recording goes.
  std::string why_files_not;       // The reason if not: a sentence.
  std::vector<std::string> notes;  // Sentences.

  // Whether the program at `resolved` was executed; nullopt if unknown.
  std::optional<bool> Executed(const std::string& resolved) const;
  // Whether the file at `resolved` was opened, mapped or executed; nullopt if unknown.
  std::optional<bool> Opened(const std::string& resolved) const;
};

// The programs of this image's containers, matched by id or name; if the recording has none of them, of everything that
// was recorded, with a note.
RecordedPrograms ProgramsOf(const Recording& recording, const ScannedImage& image, const PackageFiles& packages);

// Sets ImageFinding::executed of the image's set-id files and those with capabilities. Returns the set-id files that
// are known never to have been executed, by path with a leading slash.
std::vector<std::string> JoinPrograms(const RecordedPrograms& programs, ScannedImage& image);

// Packages with programs, libraries or modules, none of which was used according to the recording. Empty if that is
// unknown.
std::vector<std::string> UnusedPackages(const RecordedPrograms& programs, const ScannedImage& image,
                                        const PackageFiles& packages);

// Whether the vulnerable files were executed or, for libraries and modules, opened.
enum class PackageUse { kRan, kNotKnown, kNeverRan };
std::string_view PackageUseName(PackageUse use);  // "ran", "not known", "present, never ran"

struct JoinedVulnerability {
  ReportedVulnerability reported;
  std::string tool;
  PackageUse use = PackageUse::kNotKnown;
  std::string why;  // A sentence: which program ran, or why it is unknown.
};

// The vulnerabilities in the reports, with their use; those that ran first, and the most severe of them first. Without
// `programs` their use is unknown.
std::vector<JoinedVulnerability> JoinVulnerabilities(const std::vector<ScannerReport>& reports,
                                                     const ScannedImage& image, const PackageFiles& packages,
                                                     const RecordedPrograms* programs);

// Adds one finding for each, with severity low at most if it never ran; and the secrets in the reports.
void AddJoinedFindings(const std::vector<JoinedVulnerability>& vulnerabilities,
                       const std::vector<ScannerReport>& reports, ScannedImage& image);

}  // namespace syscarve
