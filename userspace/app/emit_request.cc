// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/emit_request.h"

#include <set>
#include <string_view>
#include <utility>

#include "userspace/app/recording_inputs.h"
#include "userspace/base/text.h"
#include "userspace/policy/service.h"

namespace syscarve {
namespace {

// The file name without its extension.
std::string StemOf(const std::string& source) {
  if (source == "-") return "profile";
  std::string_view stem = source;
  while (stem.ends_with('/')) stem.remove_suffix(1);
  stem.remove_prefix(stem.rfind('/') + 1);
  if (!ConsumeSuffix(stem, kRecordingSuffix)) stem = stem.substr(0, stem.rfind('.'));
  return stem.empty() ? "profile" : std::string(stem);
}

}  // namespace

OutputFormat FormatOf(const EmitRequest& request) {
  return OutputFormatFromName(request.format).value_or(OutputFormat::kDocker);
}

EmitOptions EmitOptionsOf(const EmitRequest& request, const std::string& source, Abi native) {
  EmitOptions options;
  options.name = request.name.empty() ? StemOf(source) : request.name;
  options.native = native;
  options.stricter = request.stricter;
  options.base_profile = request.base_profile;
  options.systemd_sets = request.sets;
  options.kernel = request.kernel;
  return options;
}

Coverage CoverageOf(const GeneratedProfile& made, std::span<const Recording> recordings) {
  using Part = std::pair<std::string, std::string>;  // A run's id and a subject's name.
  std::set<Part> all;
  for (const Recording& recording : recordings) {
    for (const Run& run : recording.runs) {
      for (const auto& [subject, trace] : run.subjects) {
        if (!trace.calls.empty()) all.insert({run.id, recording.subjects[subject].name});
      }
    }
  }
  Coverage coverage{.total = all.size()};
  for (const AllowedCall& call : made.calls) {
    std::set<Part> parts;
    size_t rest = 0;
    for (const Sighting& sighting : call.sightings) {
      if (sighting.rest > 0) {
        rest += sighting.rest;
      } else {
        parts.insert({sighting.run_id, sighting.subject});
      }
    }
    if (!parts.empty()) coverage.calls[call.name] = parts.size() + rest;
  }
  return coverage;
}

absl::StatusOr<Emitted> EmitGenerated(const EmitRequest& request, const std::string& source,
                                      const GeneratedProfile& made, std::span<const Recording> recordings) {
  EmitOptions options = EmitOptionsOf(request, source, made.native_abi);
  if (FormatOf(request) == OutputFormat::kSpo) options.coverage = CoverageOf(made, recordings);
  if (made.capabilities_recorded) options.capabilities = made.cap_add;
  if (IsAccessFormat(FormatOf(request))) {
    SYSCARVE_ASSIGN_OR_RETURN(const AccessPolicy policy, MakeAccessPolicy(recordings, AccessOptions{}));
    return EmitAccess(FormatOf(request), policy, options);
  }
  options.no_new_privs = DescribeService(recordings).no_new_privs;
  return Emit(FormatOf(request), made.profile, options);
}

}  // namespace syscarve
