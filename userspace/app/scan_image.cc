// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/scan_image.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "userspace/app/recording_inputs.h"
#include "userspace/app/standard_input.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/unique_fd.h"
#include "userspace/container/engine.h"
#include "userspace/container/image_stream.h"
#include "userspace/image/findings.h"
#include "userspace/image/packages.h"
#include "userspace/policy/merge.h"

namespace syscarve {
namespace {

bool IsThere(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0;
}

// Whether `word` can only be a path, so that a misspelt one is not looked up in an engine.
bool LooksLikePath(const std::string& word) {
  return word.starts_with("/") || word.starts_with("./") || word.starts_with("../") || word.ends_with(".tar") ||
         word.ends_with(".gz") || word.ends_with(".tgz") || word.ends_with(".zst");
}

absl::StatusOr<ScannedImage> ScanFile(const std::string& path, const ScanOptions& options) {
  UniqueFd fd(path == "-" ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return PosixError("open the image", errno);
  return ScanImageArchive(FileSource(std::move(fd), path), options);
}

absl::StatusOr<ScannedImage> ScanFromEngine(const ScanRequest& request, const ScanOptions& options) {
  absl::StatusOr<std::string> socket = EngineSocket(request.engine_socket);
  if (!socket.ok()) {
    return WithHint(Annotate(socket.status(), "there is no file or folder of this name, and no container engine"),
                    "Name a file that `docker save` has written, an OCI layout, or a root folder.");
  }
  SYSCARVE_ASSIGN_OR_RETURN(const std::unique_ptr<ImageStream> stream, ImageStream::Open(*socket, request.image));
  return ScanImageArchive([&] { return stream->Next(); }, options);
}

absl::StatusOr<ScannedImage> ScanAny(const ScanRequest& request, const ScanOptions& options) {
  const std::string& image = request.image;
  if (image == "-") return ScanFile(image, options);
  if (IsFolder(image)) {
    const bool is_layout = IsThere(image + "/index.json") && IsThere(image + "/blobs");
    return is_layout ? ScanImageLayout(image, options) : ScanRootFolder(image, options);
  }
  if (IsThere(image) || LooksLikePath(image)) return ScanFile(image, options);
  return ScanFromEngine(request, options);
}

absl::StatusOr<std::vector<ScannerReport>> ReadReports(const ScanRequest& request, size_t& passed_over) {
  std::vector<ScannerReport> reports;
  for (const std::string& path : request.reports) {
    SYSCARVE_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxScannerReportBytes));
    absl::StatusOr<ScannerReport> report = ParseScannerReport(text);
    if (!report.ok()) return Annotate(report.status(), EscapeForTerminal(path));
    passed_over += report->passed_over;
    reports.push_back(*std::move(report));
  }
  return reports;
}

}  // namespace

absl::Status CheckRuleNames(const std::vector<std::string>& rules) {
  if (rules.empty()) return absl::OkStatus();
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<ScanRule> known, AllScanRules());
  for (const std::string& rule : rules) {
    if (std::ranges::find(known, rule, &ScanRule::id) != known.end()) continue;
    return WithHint(absl::InvalidArgumentError(Concat("there is no rule \"", EscapeForTerminal(rule), "\"")),
                    "docs/scan.md has all rules.");
  }
  return absl::OkStatus();
}

absl::StatusOr<ScanResult> ScanImage(const ScanRequest& request) {
  std::vector<std::string> words = request.recordings;
  words.push_back(request.image);
  words.insert(words.end(), request.reports.begin(), request.reports.end());
  SYSCARVE_RETURN_IF_ERROR(CheckStandardInput(words));
  SYSCARVE_RETURN_IF_ERROR(CheckRuleNames(request.disabled));

  // The small files first, so that an error in them is reported before a large image is read.
  ScanResult result;
  result.name = request.image;
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<ScannerReport> reports, ReadReports(request, result.passed_over));
  std::optional<Recording> recording;
  if (!request.recordings.empty()) {
    RecordingMerger merger;
    SYSCARVE_RETURN_IF_ERROR(AddRecordings(request.recordings, merger).status());
    SYSCARVE_ASSIGN_OR_RETURN(recording, merger.Result());
  }

  ScanOptions options;
  options.reference = request.reference;
  options.keep_packages = recording.has_value() || !reports.empty();
  absl::StatusOr<ScannedImage> image = ScanAny(request, options);
  if (!image.ok()) return Annotate(image.status(), EscapeForTerminal(request.image));
  result.image = *std::move(image);
  const PackageFiles packages(result.image);
  if (recording.has_value()) {
    result.programs = ProgramsOf(*recording, result.image, packages);
    result.unused_set_id = JoinPrograms(*result.programs, result.image);
    result.unused_packages = UnusedPackages(*result.programs, result.image, packages);
  }
  result.vulnerabilities =
      JoinVulnerabilities(reports, result.image, packages, result.programs.has_value() ? &*result.programs : nullptr);
  AddJoinedFindings(result.vulnerabilities, reports, result.image);
  std::erase_if(result.image.findings, [&](const ImageFinding& finding) {
    return std::ranges::find(request.disabled, finding.rule) != request.disabled.end();
  });
  return result;
}

}  // namespace syscarve
