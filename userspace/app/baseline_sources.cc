// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/baseline_sources.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"

namespace syscarve {

absl::StatusOr<std::vector<KnownBaseline>> FindKnownBaselines(const std::string& folder, Notes& notes) {
  std::vector<KnownBaseline> known;
  std::vector<std::string> warnings;
  for (Baseline& baseline : LoadBaselineFolder(folder, warnings)) {
    known.push_back({std::move(baseline), BaselineOrigin::kHost});
  }
  for (const std::string& warning : warnings) notes.Warn(warning);
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<Baseline>* const shipped, ShippedBaselines());
  for (const Baseline& baseline : *shipped) known.push_back({baseline, BaselineOrigin::kShipped});
  return known;
}

absl::StatusOr<BaselineSources> BaselineSources::Load(const BaselineRequest& request, bool containers, Notes& notes) {
  BaselineSources sources;
  sources.mode_ = NoNewPrivsModeFromName(request.no_new_privs).value_or(NoNewPrivsMode::kAny);
  if (request.baseline == "none") return sources;
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<OccasionalCalls>* const occasional, ShippedOccasionalCalls());
  sources.occasional_ = *occasional;
  if (request.baseline != "auto") {
    SYSCARVE_ASSIGN_OR_RETURN(const Baseline baseline, LoadBaseline(request.baseline));
    sources.given_ = GivenBaseline(baseline, sources.occasional_);
    return sources;
  }
  sources.auto_ = true;
  if (!containers) return sources;
  struct stat info;
  if (request.folder != kBaselineFolder && stat(request.folder.c_str(), &info) != 0) {
    return PosixError(Concat("open the folder of baselines ", EscapeForTerminal(request.folder)), errno);
  }
  SYSCARVE_ASSIGN_OR_RETURN(sources.known_, FindKnownBaselines(request.folder, notes));
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

}  // namespace syscarve
