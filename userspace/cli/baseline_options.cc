#include "userspace/cli/baseline_options.h"

#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/cli/output.h"

namespace syscarve::cli {

void AddBaselineOptions(CLI::App& verb, BaselineArguments& arguments) {
  verb.add_option("--baseline", arguments.baseline,
                  "The container runtime's own calls under the filter. auto: for containers, what was observed, else "
                  "measured on this host, else shipped; none; or a file")
      ->capture_default_str();
  verb.add_option("--baseline-dir", arguments.folder, "Where the baselines measured on this host are")
      ->capture_default_str();
  verb.add_option("--no-new-privs", arguments.no_new_privs,
                  "any: the runtime's calls with and without no-new-privileges, so that it can be switched; recorded: "
                  "only as recorded")
      ->check(CLI::IsMember({"any", "recorded"}))
      ->capture_default_str();
}

absl::StatusOr<BaselineSources> BaselineSources::Load(const BaselineArguments& arguments, bool containers) {
  BaselineSources sources;
  sources.mode_ = NoNewPrivsModeFromName(arguments.no_new_privs).value_or(NoNewPrivsMode::kAny);
  if (arguments.baseline == "none") return sources;
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<OccasionalCalls>* const occasional, ShippedOccasionalCalls());
  sources.occasional_ = *occasional;
  if (arguments.baseline != "auto") {
    SYSCARVE_ASSIGN_OR_RETURN(const Baseline baseline, LoadBaseline(arguments.baseline));
    sources.given_ = GivenBaseline(baseline, sources.occasional_);
    return sources;
  }
  sources.auto_ = true;
  if (!containers) return sources;
  struct stat info;
  if (arguments.folder != kBaselineFolder && stat(arguments.folder.c_str(), &info) != 0) {
    return PosixError(Concat("open the folder of baselines ", EscapeForTerminal(arguments.folder)), errno);
  }
  std::vector<std::string> warnings;
  for (Baseline& baseline : LoadBaselineFolder(arguments.folder, warnings)) {
    sources.known_.push_back({std::move(baseline), BaselineOrigin::kHost});
  }
  for (const std::string& warning : warnings) Warn(warning);
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<Baseline>* const shipped, ShippedBaselines());
  for (const Baseline& baseline : *shipped) sources.known_.push_back({baseline, BaselineOrigin::kShipped});
  return sources;
}

BaselineChoice BaselineSources::Choose(std::span<const Recording> recordings) const {
  if (!auto_) return {.baselines = given_, .warnings = {}};
  return ChooseBaselines(recordings, known_, occasional_, mode_);
}

bool HasContainers(const Recording& recording) {
  return std::ranges::any_of(recording.subjects,
                             [](const Subject& subject) { return subject.kind == SubjectKind::kContainer; });
}

}  // namespace syscarve::cli
