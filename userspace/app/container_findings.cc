// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/container_findings.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <span>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/app/verify_command.h"
#include "userspace/base/concat.h"
#include "userspace/base/saturating.h"
#include "userspace/model/capability.h"
#include "userspace/model/recording_words.h"
#include "userspace/model/syscall_table.h"
#include "userspace/policy/capabilities.h"
#include "userspace/policy/check.h"
#include "userspace/policy/evidence.h"
#include "userspace/report/wording.h"
#include "userspace/shipped/shipped_data.h"

namespace syscarve {
namespace {

// In DenialWords' form, which describes recorded refusals.
std::string AnswerOf(const Action& action) {
  switch (action.kind) {
    case ActionKind::kErrno:
      return DenialWords(action.value);
    case ActionKind::kKillProcess:
    case ActionKind::kKillThread:
      return DenialWords(0);
    case ActionKind::kTrap:
      return DenialWords(kDenialTrapped);
    default:
      return ActionWords(action);
  }
}

// Why programs are known to continue after this action; "" if they are not.
absl::StatusOr<std::string> ExcuseOf(SyscallId call, const Action& answer, const Profile& profile) {
  if (answer != Action{ActionKind::kErrno, ENOSYS}) return "";
  const std::optional<std::string> name = SyscallName(call);
  if (!name.has_value()) return "";
  if (IsRefusedAsMissing(*name, answer, profile)) return "a rule of the profile gives ENOSYS for it";
  SYSCARVE_ASSIGN_OR_RETURN(const ErrnoPolicy* const policy, ShippedErrnoPolicy());
  const std::string by = ProbedBy(*policy, *name);
  return by.empty() ? std::string() : Concat("has a known fallback: ", by);
}

void Count(const Sighting& sighting, ContainerRefusals& refusals) {
  AddSaturating(sighting.count, refusals.count);
  for (const auto& [program, count] : sighting.programs) refusals.programs.insert(ProgramLabel(program));
  if (sighting.run_name != kVerifyRunName) refusals.tests.insert(sighting.run_name);
}

// Whether `given` has the capability, or one that includes it.
bool IsGiven(int capability, const CapabilityData& data, const std::vector<std::string>& given) {
  std::vector<int> enough = WiderCapabilities(data, capability);
  enough.push_back(capability);
  for (const std::string& name : given) {
    const std::optional<int> number = CapabilityFromName(name);
    for (const int one : enough) {
      if (number == one) return true;
    }
  }
  return false;
}

absl::StatusOr<std::vector<CapabilityVerdict>> Verdicts(const Recording& recording, const CapabilityData& data) {
  SYSCARVE_ASSIGN_OR_RETURN(const Evidence evidence, GatherEvidence(std::span(&recording, 1)));
  return JudgeCapabilities(data, evidence.capabilities, evidence.capabilities_in_failed, evidence.capability_runs);
}

std::string During(const CapabilityVerdict& verdict) {
  return verdict.calls.empty() ? std::string() : Concat(", for ", absl::StrJoin(verdict.calls, ", "));
}

// Whether a process from outside joined a container, such as an exec session or a health check.
bool WasJoined(const Recording& recording) {
  return std::ranges::any_of(
      recording.subjects, [](const Subject& subject) { return subject.life.has_value() && subject.life->joined > 0; });
}

template <typename Visit>
void ForEachDenial(const Recording& recording, Visit visit) {
  for (const Run& run : recording.runs) {
    for (const auto& [subject, trace] : run.subjects) {
      const std::string& name = recording.subjects[subject].name;
      for (const auto& [call, denials] : trace.denials) {
        for (const Denial& denial : denials) {
          if (denial.count > 0) visit(call, RefusalOf(recording, run, name, call, denial));
        }
      }
    }
  }
}

bool IsProvenNotNeeded(int capability, const ServiceProfile& service) {
  return std::ranges::find(service.not_needed, CapabilityName(capability)) != service.not_needed.end();
}

}  // namespace

absl::Status FindWouldBeRefused(const ServiceProfile& service, const Recording& recording, VerifiedContainers& found,
                                RefusedBefore& before) {
  absl::StatusOr<CheckResult> checked = Check(service.profile, recording);
  if (!checked.ok()) return Annotate(checked.status(), service.file);
  const bool joined = WasJoined(recording);
  for (const CheckedCall& call : checked->refused) {
    const Action& answer = call.answers.front();
    ContainerRefusals& refusals = found.refused[{
        .service = service.title, .call = call.id, .answer = AnswerOf(answer), .by_runtime = call.by_runtime}];
    for (const Sighting& sighting : call.sightings) Count(sighting, refusals);
    refusals.joined = refusals.joined || joined;
    SYSCARVE_ASSIGN_OR_RETURN(refusals.excuse, ExcuseOf(call.id, answer, service.profile));
  }
  ForEachDenial(recording, [&](SyscallId call, const Refusal& refusal) {
    before.refused.insert({.service = service.title, .call = call, .answer = DenialWords(refusal.answer)});
  });

  SYSCARVE_ASSIGN_OR_RETURN(const CapabilityData* const data, ShippedCapabilityData());
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<CapabilityVerdict> verdicts, Verdicts(recording, *data));
  for (const CapabilityVerdict& verdict : verdicts) {
    const ContainerCapability key = {service.title, verdict.capability};
    if (verdict.denied > 0) before.capabilities.insert(key);
    if (verdict.verdict != Verdict::kNeeded || !service.cap_add.has_value()) continue;
    if (IsProvenNotNeeded(verdict.capability, service)) continue;
    if (IsGiven(verdict.capability, *data, *service.cap_add)) continue;
    found.capabilities[key] = Concat(service.title, " needs ", CapabilityName(verdict.capability), During(verdict),
                                     ", and would not have it");
  }
  return absl::OkStatus();
}

absl::Status FindRefused(const ServiceProfile& service, const Recording& recording, const RefusedBefore& before,
                         VerifiedContainers& found) {
  const bool joined = WasJoined(recording);
  absl::Status status = absl::OkStatus();
  ForEachDenial(recording, [&](SyscallId call, const Refusal& refusal) {
    const ContainerRefusal key = {
        .service = service.title, .call = call, .answer = DenialWords(refusal.answer), .by_runtime = false};
    ContainerRefusals& refusals = found.refused[key];
    Count(refusal.sighting, refusals);
    refusals.joined = refusals.joined || joined;
    if (before.refused.contains(key)) {
      refusals.excuse = "so it was without the profile";
    } else if (refusal.answer > 0) {
      absl::StatusOr<std::string> excuse =
          ExcuseOf(call, {ActionKind::kErrno, static_cast<uint16_t>(refusal.answer)}, service.profile);
      if (excuse.ok()) {
        refusals.excuse = *std::move(excuse);
      } else {
        status = excuse.status();
      }
    }
  });
  SYSCARVE_RETURN_IF_ERROR(status);

  if (!service.cap_add.has_value()) return absl::OkStatus();
  SYSCARVE_ASSIGN_OR_RETURN(const CapabilityData* const data, ShippedCapabilityData());
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<CapabilityVerdict> verdicts, Verdicts(recording, *data));
  for (const CapabilityVerdict& verdict : verdicts) {
    const ContainerCapability key = {service.title, verdict.capability};
    const bool passing = verdict.verdict == Verdict::kOpportunistic || verdict.verdict == Verdict::kAlternative ||
                         verdict.verdict == Verdict::kForeign;
    if (verdict.denied == 0 || passing || IsProvenNotNeeded(verdict.capability, service) ||
        before.capabilities.contains(key)) {
      continue;
    }
    found.capabilities[key] =
        Concat(service.title, " was refused ", CapabilityName(verdict.capability), During(verdict));
  }
  return absl::OkStatus();
}

}  // namespace syscarve
