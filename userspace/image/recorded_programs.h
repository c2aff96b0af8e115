// SPDX-License-Identifier: Apache-2.0
// An image beside a recording of its containers: which of its programs were executed and, with hardening evidence,
// which of its other files were opened. Without that evidence libraries, modules and data are not known, and said to be
// so.
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
  std::string path;    // As recorded, an adversary's bytes.
  uint64_t calls = 0;  // That it made; the most that fits.
  bool in_image = false;
  std::string package;  // That it belongs to, or "".
};

struct RecordedPrograms {
  std::vector<ExecutedProgram> programs;  // By path.
  std::set<std::string> executed;         // Of the image, as Overlay::Resolve has them.
  // What was not seen executed was not executed, as far as the recording goes; otherwise `why_not` says why not.
  bool all_known = true;
  std::string why_not;
  // With hardening evidence: files that were executed, opened or mapped, and folders of which some files were that are
  // not told one by one. Of the image, as Overlay::Resolve has them.
  std::set<std::string> opened;
  std::set<std::string> opened_within;
  bool files_known = false;        // What is in neither was not opened, as far as the recording goes.
  std::string why_files_not;       // Otherwise: a sentence.
  std::vector<std::string> notes;  // Sentences.

  // Whether the program at `resolved` was executed; nullopt when that is not known.
  std::optional<bool> Executed(const std::string& resolved) const;
  // Whether the file at `resolved` was opened, mapped or executed; nullopt when that is not known.
  std::optional<bool> Opened(const std::string& resolved) const;
};

// Of the containers of this image, by its id or name, where the recording has any; of all that was recorded otherwise,
// which is noted.
RecordedPrograms ProgramsOf(const Recording& recording, const ScannedImage& image, const PackageFiles& packages);

// Fills ImageFinding::executed of the image's set-id files and those with capabilities, and returns the set-id files of
// which it is known that they were never executed, by path with a slash in front.
std::vector<std::string> JoinPrograms(const RecordedPrograms& programs, ScannedImage& image);

// Packages that have programs, libraries or modules, of which it is known that none was used. Empty where that cannot
// be known.
std::vector<std::string> UnusedPackages(const RecordedPrograms& programs, const ScannedImage& image,
                                        const PackageFiles& packages);

// Whether what is vulnerable was executed, or, of libraries and modules, opened.
enum class PackageUse { kRan, kNotKnown, kNeverRan };
std::string_view PackageUseName(PackageUse use);  // "ran", "not known", "present, never ran"

struct JoinedVulnerability {
  ReportedVulnerability reported;
  std::string tool;
  PackageUse use = PackageUse::kNotKnown;
  std::string why;  // A sentence: which program ran, or why it is not known.
};

// What the reports say, with whether it ran; the gravest of those that ran first. Without `programs` nothing is known
// of that.
std::vector<JoinedVulnerability> JoinVulnerabilities(const std::vector<ScannerReport>& reports,
                                                     const ScannedImage& image, const PackageFiles& packages,
                                                     const RecordedPrograms* programs);

// The same as findings, one for each: of what never ran, low at most. And the secrets that the reports have.
void AddJoinedFindings(const std::vector<JoinedVulnerability>& vulnerabilities,
                       const std::vector<ScannerReport>& reports, ScannedImage& image);

}  // namespace syscarve
