// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/diff.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "userspace/app/baseline_sources.h"
#include "userspace/app/profile_input.h"
#include "userspace/app/recording_inputs.h"
#include "userspace/app/standard_input.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/status.h"
#include "userspace/cli/output.h"
#include "userspace/cli/profile_options.h"
#include "userspace/cli/verbs.h"
#include "userspace/model/recording_json.h"
#include "userspace/policy/generate.h"
#include "userspace/report/finding.h"
#include "userspace/review/diff.h"
#include "userspace/review/diff_evidence.h"
#include "userspace/shipped/risk.h"

namespace syscarve::cli {
namespace {

constexpr char kDiffAbout[] =
    "Compare two profiles by meaning: what changed, and with which risk.\n\n"
    "  syscarve diff old.json new.json\n"
    "  syscarve diff old.json new.json --fail-on looser --format markdown\n"
    "  syscarve diff old.json new.json --evidence old.recording.json new.recording.json\n"
    "  syscarve diff old.recording.json new.recording.json\n\n"
    "Recordings and folders of them stand for the profiles that `generate` makes of them.\n"
    "Exit code 1: something changed, of what --fail-on names.";

struct DiffArguments {
  std::string before;
  std::string after;
  std::vector<std::string> evidence;
  std::string format = "text";
  std::string output = "-";
  std::string fail_on = "any";
  bool allow_incomplete = false;
  ProfileTargetArguments target;
};

// Whether `word` names recordings rather than a profile.
bool MeansRecordings(const std::string& word) {
  return word.ends_with(kRecordingSuffix) || IsFolder(word);
}

struct Generated {
  GeneratedProfile made;
  bool complete = true;
};

// The profile that `generate` makes from `input`, a recording or a folder of recordings.
absl::StatusOr<Generated> GenerateFrom(const std::string& input, Abi native, bool allow_incomplete) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<std::string> paths, RecordingPaths({input}));
  TerminalNotes notes;
  Generated result;
  std::vector<Recording> recordings;
  for (const std::string& path : paths) {
    SYSCARVE_ASSIGN_OR_RETURN(Recording recording, ReadRecordingInput(path, native));
    result.complete = result.complete && recording.complete();
    recordings.push_back(std::move(recording));
  }
  SYSCARVE_ASSIGN_OR_RETURN(const BaselineSources sources,
                            BaselineSources::Load({}, std::ranges::any_of(recordings, HasContainers), notes));
  GenerateOptions options;
  options.baselines = sources.Choose(recordings).baselines;
  options.allow_incomplete = allow_incomplete;
  absl::StatusOr<GeneratedProfile> made = Generate(recordings, options);
  if (!made.ok()) return Annotate(made.status(), EscapeForTerminal(InputName(input)));
  result.made = *std::move(made);
  return result;
}

// One side of the comparison.
struct Side {
  ProfileInput profile;
  std::optional<Generated> generated;  // Set if the side was given as recordings.
};

absl::StatusOr<Side> ReadSide(const std::string& word, const DiffArguments& arguments, const ProfileTarget& target) {
  Side side;
  if (!MeansRecordings(word)) {
    SYSCARVE_ASSIGN_OR_RETURN(side.profile, ReadProfileInput(word, target));
    return side;
  }
  SYSCARVE_ASSIGN_OR_RETURN(side.generated, GenerateFrom(word, target.native, arguments.allow_incomplete));
  side.profile = {.name = word, .profile = side.generated->made.profile, .live = {}, .warnings = {}};
  return side;
}

// nullopt unless there are recordings for both sides.
absl::StatusOr<std::optional<DiffEvidence>> EvidenceFrom(const DiffArguments& arguments, Abi native, const Diff& diff,
                                                         Side& before, Side& after) {
  if (!arguments.evidence.empty()) {
    SYSCARVE_ASSIGN_OR_RETURN(before.generated, GenerateFrom(arguments.evidence.front(), native, true));
    SYSCARVE_ASSIGN_OR_RETURN(after.generated, GenerateFrom(arguments.evidence.back(), native, true));
  }
  if (!before.generated.has_value() || !after.generated.has_value()) return std::nullopt;
  SYSCARVE_ASSIGN_OR_RETURN(DiffEvidence evidence, FindEvidence(diff, before.generated->made, after.generated->made));
  evidence.complete = before.generated->complete && after.generated->complete;
  if (!evidence.complete) Warn("a recording is incomplete: calls may be missing from the evidence");
  return evidence;
}

std::string Format(const std::string& format, const DiffReport& report) {
  if (format == "json") return DiffJson(report);
  if (format == "markdown") return DiffMarkdown(report);
  if (format == "sarif") return FormatSarif(DiffFindingRules(), DiffFindings(report));
  if (format == "junit") return FormatJunit("syscarve diff", DiffFindingRules(), DiffFindings(report));
  return DiffText(report);
}

bool Fails(const std::string& fail_on, const DiffReport& report) {
  if (fail_on == "any") return !report.diff.empty();
  if (fail_on == "looser") return report.diff.looser;
  const std::optional<RiskLevel> limit = RiskLevelFromName(std::string_view(fail_on).substr(fail_on.find(':') + 1));
  return limit.has_value() && LooserRisk(report.diff, report.risks) >= limit;
}

// The exit code, if there was no error.
absl::StatusOr<int> RunDiff(const DiffArguments& arguments) {
  std::vector<std::string> words = {arguments.before, arguments.after};
  words.insert(words.end(), arguments.evidence.begin(), arguments.evidence.end());
  SYSCARVE_RETURN_IF_ERROR(CheckStandardInput(words));
  if (arguments.output != "-") SYSCARVE_RETURN_IF_ERROR(CheckWritable(arguments.output));
  SYSCARVE_ASSIGN_OR_RETURN(const ProfileTarget target, ProfileTargetOf(arguments.target));
  SYSCARVE_ASSIGN_OR_RETURN(Side before, ReadSide(arguments.before, arguments, target));
  SYSCARVE_ASSIGN_OR_RETURN(Side after, ReadSide(arguments.after, arguments, target));
  PrintWarnings(before.profile);
  PrintWarnings(after.profile);
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning old_meaning, MeaningOf(before.profile, target));
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning new_meaning, MeaningOf(after.profile, target));
  SYSCARVE_ASSIGN_OR_RETURN(const Risks* const risks, ShippedRisks());
  DiffReport report{.before = before.profile.name,
                    .after = after.profile.name,
                    .native = target.native,
                    .diff = {},
                    .risks = *risks,
                    .evidence = std::nullopt};
  SYSCARVE_ASSIGN_OR_RETURN(report.diff, DiffMeanings(old_meaning, new_meaning));
  SYSCARVE_ASSIGN_OR_RETURN(report.evidence, EvidenceFrom(arguments, target.native, report.diff, before, after));
  SYSCARVE_RETURN_IF_ERROR(WriteFileAtomically(arguments.output, Format(arguments.format, report)));
  if (arguments.fail_on == "never") return 0;
  if (Fails(arguments.fail_on, report)) return 1;
  if (report.diff.unclear.empty()) return 0;
  return absl::DataLossError(Concat(report.diff.unclear.size(), " calls of a live filter cannot be compared"));
}

}  // namespace

void AddDiff(CLI::App& app, int& exit_code) {
  CLI::App* const verb = AddVerb(app, "diff", kDiffAbout);
  const auto arguments = std::make_shared<DiffArguments>();
  verb->add_option("OLD", arguments->before, Concat("The profile before: ", kProfileWords))->required();
  verb->add_option("NEW", arguments->after, Concat("The profile now: ", kProfileWords))->required();
  verb->add_option("--evidence", arguments->evidence,
                   "Recordings of the old and of the new version, or folders of them: who brought each call in")
      ->expected(2)
      ->type_name("OLD NEW");
  verb->add_option(
          "--format", arguments->format,
          "text; json; markdown: a comment for a pull request; sarif: for code scanning; junit: for a CI server")
      ->check(CLI::IsMember({"text", "json", "markdown", "sarif", "junit"}))
      ->capture_default_str();
  verb->add_option("-o,--output", arguments->output, "Where to write it (- is standard output)")->capture_default_str();
  verb->add_option("--fail-on", arguments->fail_on,
                   "What makes the exit code 1: any change; only what is looser; only what is looser at this risk or "
                   "more; nothing")
      ->check(CLI::IsMember({"any", "looser", "risk:medium", "risk:high", "never"}))
      ->capture_default_str();
  verb->add_flag("--allow-incomplete", arguments->allow_incomplete,
                 "Accept recordings, in place of profiles, that are incomplete: calls may be missing in them");
  AddProfileTargetOptions(*verb, arguments->target);
  verb->callback([arguments, &exit_code] {
    const absl::StatusOr<int> result = RunDiff(*arguments);
    exit_code = result.ok() ? *result : Fail(result.status());
  });
}

}  // namespace syscarve::cli
