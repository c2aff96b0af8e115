// SPDX-License-Identifier: Apache-2.0
#include "userspace/image/recorded_programs.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/saturating.h"

namespace syscarve {
namespace {

// Losses that do not affect which programs were executed (docs/recording-format.md). After any other loss that is
// unknown.
constexpr std::string_view kHarmlessLosses[] = {
    "ring_full",       "argument_table_full", "denial_table_full",   "signal_table_full", "capability_table_full",
    "file_table_full", "file_name_unread",    "endpoint_table_full", "id_table_full",     "address_unread"};

std::string Slashed(std::string_view path) {
  return Concat("/", path);
}

// The subjects to evaluate. An engine's id for an image is that of the configuration, or, if containerd stores the
// images, a different one.
std::set<SubjectId> SubjectsOf(const Recording& recording, const ScannedImage& image, RecordedPrograms& result) {
  std::set<SubjectId> all;
  std::set<SubjectId> by_id;
  std::set<SubjectId> by_name;
  for (SubjectId id = 0; id < recording.subjects.size(); ++id) {
    all.insert(id);
    const std::optional<Container>& container = recording.subjects[id].container;
    if (!container.has_value()) continue;
    if (!image.id.empty() && container->image_digest == image.id) by_id.insert(id);
    const bool same_name = std::ranges::find(image.references, container->image) != image.references.end();
    if (same_name && !container->image.empty()) by_name.insert(id);
  }
  if (!by_id.empty()) return by_id;
  if (!by_name.empty()) {
    result.notes.emplace_back(
        "Whether the recorded containers, which are of an image of this name, are of this very image.");
    return by_name;
  }
  result.notes.emplace_back(
      "Whether the recording is of this image: none of its containers names it, and all that was recorded is compared, by path.");
  return all;
}

std::map<ProgramId, uint64_t> CallsOf(const Recording& recording, const std::set<SubjectId>& subjects) {
  std::map<ProgramId, uint64_t> calls;
  for (const Run& run : recording.runs) {
    for (const auto& [subject, trace] : run.subjects) {
      if (!subjects.contains(subject)) continue;
      for (const auto& [call, observation] : trace.calls) {
        for (const auto& [program, count] : observation.programs) AddSaturating(count, calls[program]);
      }
    }
  }
  return calls;
}

void LookForGaps(const Recording& recording, RecordedPrograms& result) {
  const auto gap = [&](std::string why) {
    if (!result.all_known) return;
    result.all_known = false;
    result.why_not = std::move(why);
  };
  if (!recording.complete()) gap("The recording is incomplete: programs may be missing.");
  for (const Loss& loss : recording.losses) {
    const bool harmless = std::ranges::find(kHarmlessLosses, loss.what) != std::end(kHarmlessLosses);
    if (!harmless) gap(Concat("The recording has a loss (", loss.what, "): a program may be missing."));
  }
  for (const ExecutedProgram& program : result.programs) {
    if (program.path.empty()) gap("The recording does not know the path of every program.");
    const std::string_view name = std::string_view(program.path).substr(program.path.rfind('/') + 1);
    if (name.starts_with("ld-") || name.starts_with("ld.")) {
      gap("The dynamic loader was executed as a program, and what it then loaded is not in the recording.");
    }
  }
  if (result.programs.empty()) gap("The recording has no programs.");
}

// Why the evidence does not determine which files were opened; "" if it does.
std::string WhyFilesNotKnown(const Recording& recording, const std::set<SubjectId>& subjects) {
  for (const SubjectId subject : subjects) {
    const std::optional<HardeningEvidence>& evidence = recording.subjects[subject].hardening;
    if (!evidence.has_value()) {
      return "The recording has the programs alone, without hardening evidence (record --hardening).";
    }
    for (const std::string& part : evidence->missing) {
      if (part == kMissingIds || part == kMissingEndpoints || part == kMissingMessages || part == kMissingPeaks ||
          part == kMissingResults)
        continue;
      return Concat("Not all of the recording's hardening evidence of files is there (", part, ").");
    }
  }
  return subjects.empty() ? "The recording has no subject." : "";
}

void TakeFiles(const Recording& recording, const std::set<SubjectId>& subjects, const Overlay& view,
               RecordedPrograms& result) {
  result.why_files_not = WhyFilesNotKnown(recording, subjects);
  result.files_known = result.why_files_not.empty();
  for (const SubjectId subject : subjects) {
    if (!recording.subjects[subject].hardening.has_value()) continue;
    for (const auto& [used, file] : recording.subjects[subject].hardening->files) {
      const bool opened = std::ranges::any_of(file.uses, [](const auto& uses) {
        return uses.second.has(FileUse::kRead) || uses.second.has(FileUse::kMapped) ||
               uses.second.has(FileUse::kExecuted);
      });
      if (!opened) continue;
      const std::optional<std::string> path = view.Resolve(used.path);
      if (!used.others && path.has_value()) result.opened.insert(*path);
      // A layer need not contain the folders of its files. A path that was opened has no links in it.
      if (used.others) result.opened_within.insert(path.value_or(used.path.substr(1)));
    }
  }
}

// Files of a package that may be used without being executed.
bool IsLoaded(std::string_view path) {
  constexpr std::string_view kEndings[] = {".so",  ".py",  ".pyc",   ".pl",  ".pm",  ".rb",  ".js", ".mjs",  ".cjs",
                                           ".jar", ".war", ".class", ".php", ".lua", ".tcl", ".sh", ".node", ".ko"};
  if (path.find(".so.") != std::string_view::npos) return true;
  return std::ranges::any_of(kEndings, [&](std::string_view ending) { return path.ends_with(ending); });
}

// The recorded use of a package's files.
struct PackageEvidence {
  std::vector<std::string> ran;
  std::vector<std::string> opened;  // Libraries, modules and scripts.
  bool unknown = false;             // For at least one file it is unknown whether it was opened.
  size_t programs = 0;              // ELF.
  size_t scripts = 0;               // The recording has only their interpreter.
  size_t loaded = 0;
  bool any = false;
};

template <typename Paths>
PackageEvidence EvidenceOf(const Paths& paths, const Overlay& view, const RecordedPrograms& programs) {
  PackageEvidence evidence;
  std::set<std::string> seen;
  for (const auto& path : paths) {
    std::optional<std::string> resolved = view.Resolve(path);
    if (!resolved.has_value()) continue;
    const uint8_t bits = view.Find(*resolved);
    if ((bits & kAnythingThere & ~kFolderThere) == 0 || !seen.insert(*resolved).second) continue;
    evidence.any = true;
    if (programs.executed.contains(*resolved)) evidence.ran.push_back(*resolved);
    bool runs = true;
    if ((bits & kProgramThere) != 0) {
      ++evidence.programs;
    } else if ((bits & kScriptThere) != 0) {
      ++evidence.scripts;
    } else if (IsLoaded(*resolved)) {
      ++evidence.loaded;
    } else {
      runs = false;
    }
    const std::optional<bool> opened = programs.Opened(*resolved);
    if (runs && opened == std::optional<bool>(true)) evidence.opened.push_back(*resolved);
    if (!opened.has_value()) evidence.unknown = true;
  }
  return evidence;
}

void Judge(const PackageEvidence& evidence, const RecordedPrograms& programs, JoinedVulnerability& joined) {
  if (!evidence.ran.empty()) {
    joined.use = PackageUse::kRan;
    joined.why = Concat(Slashed(evidence.ran.front()), " was executed.");
  } else if (!evidence.opened.empty()) {
    joined.use = PackageUse::kRan;
    joined.why = Concat(Slashed(evidence.opened.front()), " was opened.");
  } else if (!evidence.any) {
    joined.why = "None of its files is in the image.";
  } else if (programs.files_known && programs.all_known && !evidence.unknown) {
    joined.use = PackageUse::kNeverRan;
    joined.why = evidence.programs + evidence.scripts + evidence.loaded == 0
                     ? "It has nothing that can be executed or loaded."
                     : "None of its programs was executed, and nothing of it was opened to be run.";
  } else if (evidence.loaded > 0) {
    joined.why = "It has libraries or modules, and the recording does not have which of these were opened.";
  } else if (evidence.scripts > 0) {
    joined.why = "It has scripts, and the recording has only the programs that read them.";
  } else if (evidence.programs == 0) {
    joined.why = "It has no programs, and the recording does not have which other files were opened.";
  } else if (!programs.all_known) {
    joined.why = programs.why_not;
  } else {
    joined.use = PackageUse::kNeverRan;
    joined.why = "None of its programs was executed, and it has nothing that others load.";
  }
}

JoinedVulnerability Join(const ReportedVulnerability& reported, const std::string& tool, const Overlay& view,
                         const PackageFiles& packages, const RecordedPrograms* programs) {
  JoinedVulnerability joined{.reported = reported, .tool = tool, .use = PackageUse::kNotKnown, .why = {}};
  if (programs == nullptr) {
    joined.why = "There is no recording to look into.";
    return joined;
  }
  // For modules that were built into a program, the report names the program; the use of other files of a language's
  // packages is unknown.
  const bool is_program = reported.type == "gobinary" || reported.type == "rustbinary" ||
                          reported.type == "go-module" || reported.type == "binary" || reported.type == "rust-crate";
  if (is_program) {
    Judge(EvidenceOf(reported.paths, view, *programs), *programs, joined);
    return joined;
  }
  const bool may_be_of_system = reported.type.empty() || reported.type == "deb" || reported.type == "apk" ||
                                reported.type == "debian" || reported.type == "ubuntu" || reported.type == "alpine" ||
                                reported.type == "wolfi" || reported.type == "chainguard" ||
                                reported.type == "distroless";
  const std::vector<std::string_view>* const files =
      may_be_of_system && !reported.package.empty() ? packages.Find(reported.package) : nullptr;
  if (files == nullptr) {
    joined.why = "The image does not list which files the package has.";
    return joined;
  }
  Judge(EvidenceOf(*files, view, *programs), *programs, joined);
  return joined;
}

}  // namespace

std::string_view PackageUseName(PackageUse use) {
  switch (use) {
    case PackageUse::kRan:
      return "ran";
    case PackageUse::kNotKnown:
      return "not known";
    case PackageUse::kNeverRan:
      return "present, never ran";
  }
  return "";
}

std::optional<bool> RecordedPrograms::Executed(const std::string& resolved) const {
  if (executed.contains(resolved)) return true;
  return all_known ? std::optional<bool>(false) : std::nullopt;
}

std::optional<bool> RecordedPrograms::Opened(const std::string& resolved) const {
  if (opened.contains(resolved) || executed.contains(resolved)) return true;
  const size_t slash = resolved.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : resolved.substr(0, slash);
  if (!files_known || opened_within.contains(folder)) return std::nullopt;
  return false;
}

RecordedPrograms ProgramsOf(const Recording& recording, const ScannedImage& image, const PackageFiles& packages) {
  RecordedPrograms result;
  const Overlay view = image.View();
  const std::set<SubjectId> subjects = SubjectsOf(recording, image, result);
  std::map<std::string, uint64_t> by_path;  // Several files may have had the same path.
  for (const auto& [program, calls] : CallsOf(recording, subjects)) {
    if (program < recording.programs.size()) AddSaturating(calls, by_path[recording.programs[program].path]);
  }
  for (const auto& [path, calls] : by_path) {
    ExecutedProgram program{.path = path, .calls = calls, .in_image = false, .package = {}};
    const std::optional<std::string> resolved = path.empty() ? std::nullopt : view.Resolve(path);
    if (resolved.has_value()) {
      program.in_image = true;
      program.package = packages.OwnerOf(*resolved);
      result.executed.insert(*resolved);
    }
    result.programs.push_back(std::move(program));
  }
  LookForGaps(recording, result);
  TakeFiles(recording, subjects, view, result);
  return result;
}

std::vector<std::string> JoinPrograms(const RecordedPrograms& programs, ScannedImage& image) {
  std::set<std::string> unused;
  for (ImageFinding& finding : image.findings) {
    const bool is_program = finding.rule == "set-id" || finding.rule == "file-capability";
    if (!is_program || finding.path.empty() || finding.deleted) continue;
    finding.executed = programs.Executed(finding.path);
    if (finding.rule == "set-id" && finding.executed == std::optional<bool>(false))
      unused.insert(Slashed(finding.path));
  }
  return {unused.begin(), unused.end()};
}

std::vector<std::string> UnusedPackages(const RecordedPrograms& programs, const ScannedImage& image,
                                        const PackageFiles& packages) {
  std::vector<std::string> unused;
  if (!programs.files_known || !programs.all_known) return unused;
  const Overlay view = image.View();
  for (const auto& [package, files] : packages.all()) {
    const PackageEvidence evidence = EvidenceOf(files, view, programs);
    const bool can_be_used = evidence.programs + evidence.scripts + evidence.loaded != 0;
    if (can_be_used && evidence.ran.empty() && evidence.opened.empty() && !evidence.unknown) unused.push_back(package);
  }
  return unused;
}

std::vector<JoinedVulnerability> JoinVulnerabilities(const std::vector<ScannerReport>& reports,
                                                     const ScannedImage& image, const PackageFiles& packages,
                                                     const RecordedPrograms* programs) {
  const Overlay view = image.View();
  std::vector<JoinedVulnerability> all;
  for (const ScannerReport& report : reports) {
    for (const ReportedVulnerability& reported : report.vulnerabilities) {
      all.push_back(Join(reported, report.tool, view, packages, programs));
    }
  }
  std::ranges::stable_sort(all, [](const JoinedVulnerability& a, const JoinedVulnerability& b) {
    return std::tuple(a.use, b.reported.severity, std::string_view(a.reported.package),
                      std::string_view(a.reported.id)) < std::tuple(b.use, a.reported.severity,
                                                                    std::string_view(b.reported.package),
                                                                    std::string_view(b.reported.id));
  });
  return all;
}

void AddJoinedFindings(const std::vector<JoinedVulnerability>& vulnerabilities,
                       const std::vector<ScannerReport>& reports, ScannedImage& image) {
  for (const JoinedVulnerability& joined : vulnerabilities) {
    const ReportedVulnerability& reported = joined.reported;
    ImageFinding finding = NewFinding("joined-vulnerability", "",
                                      Concat(reported.id, reported.package.empty() ? "" : " in ", reported.package,
                                             reported.version.empty() ? "" : " ", reported.version, " (", joined.tool,
                                             "), ", PackageUseName(joined.use), ": ", joined.why));
    finding.severity = reported.severity;
    if (joined.use == PackageUse::kNeverRan) finding.severity = std::min(finding.severity, Severity::kLow);
    image.findings.push_back(std::move(finding));
  }
  for (const ScannerReport& report : reports) {
    for (const ReportedSecret& secret : report.secrets) {
      ImageFinding finding =
          NewFinding("joined-secret", NormalPath(secret.path).value_or(std::string()),
                     Concat(report.tool, " has found a secret (", secret.rule, ") in ",
                            secret.path.empty() ? std::string("a file that it does not name") : secret.path, "."));
      finding.line = secret.line;
      image.findings.push_back(std::move(finding));
    }
  }
  SortFindings(image.findings);
}

}  // namespace syscarve
