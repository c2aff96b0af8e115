// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/generate.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/policy/argument_rules.h"
#include "userspace/policy/ceiling.h"
#include "userspace/policy/evidence.h"
#include "userspace/policy/exercise.h"
#include "userspace/policy/generate_warnings.h"
#include "userspace/policy/narrowing.h"
#include "userspace/policy/profile_draft.h"
#include "userspace/policy/proven.h"
#include "userspace/policy/reasons.h"
#include "userspace/policy/rule_list.h"
#include "userspace/seccomp/verify.h"
#include "userspace/shipped/names.h"

namespace syscarve {
namespace {

// ", lines 2, 3", from the detail of a loss (recording_builder.h).
std::string LinesOf(const Loss& loss) {
  const size_t begin = loss.detail.rfind(" Line");
  if (begin == std::string::npos || !loss.detail.ends_with('.')) return {};
  const std::string words = loss.detail.substr(begin + 2, loss.detail.size() - begin - 3);
  if (words.find_first_not_of("ines 0123456789,andltro") != std::string::npos) return {};
  return Concat(", l", words);
}

absl::Status CheckInput(std::span<const Recording> recordings, const GenerateOptions& options) {
  if (recordings.empty()) return absl::InvalidArgumentError("there is no recording to generate from");
  const Abi native = recordings.front().host.native_abi;
  for (const Recording& recording : recordings) {
    if (recording.host.native_abi != native) {
      return absl::InvalidArgumentError(Concat("the recordings are of different architectures (", AbiName(native),
                                               " and ", AbiName(recording.host.native_abi),
                                               "): make one profile for each"));
    }
    if (recording.complete() || options.allow_incomplete) continue;
    std::set<std::string> missing;
    for (const Loss& loss : recording.losses) {
      if (loss.missed_calls) missing.insert(Concat(loss.what, " (", loss.count, LinesOf(loss), ")"));
    }
    return WithHint(absl::DataLossError(Concat("the recording is incomplete: ", absl::StrJoin(missing, ", "),
                                               "; a profile made from it may lack calls that the program needs")),
                    "Record again, or accept it with --allow-incomplete.");
  }
  for (const BaselineCalls& baseline : options.baselines) {
    if (baseline.abi == native) continue;
    return absl::InvalidArgumentError(
        Concat("the baseline was measured on ", AbiName(baseline.abi), " and the recordings on ", AbiName(native)));
  }
  SYSCARVE_RETURN_IF_ERROR(CheckSyscallNames("--allow", options.allow));
  return CheckSyscallNames("--block", options.block);
}

// OK if `profile` allows what `draft` allows and no more, on every architecture that it lists.
absl::Status Prove(const Profile& profile, const ProfileDraft& draft, const GenerateOptions& options) {
  std::vector<Abi> natives = {draft.native_abi};
  const std::optional<Abi> other = OtherArchitecture(draft.native_abi);
  if (other.has_value() && std::ranges::count(draft.abis, *other) > 0) natives.push_back(*other);
  for (const Abi native : natives) {
    SYSCARVE_RETURN_IF_ERROR(VerifyProfile(profile, native, draft.names(), draft.conditional()));
    if (options.ceiling.has_value() && options.unlisted != UnlistedMode::kLog) {
      SYSCARVE_RETURN_IF_ERROR(VerifyUnderCeiling(profile, native, *options.ceiling));
    }
  }
  return absl::OkStatus();
}

// The calls that GenerateOptions::only_needed leaves out.
void LeaveOutDispensable(const SubjectProofs& proven, const Evidence& evidence, ProfileDraft& draft) {
  draft.not_needed = DispensableCalls(proven);
  draft.not_needed_arguments = DispensableArguments(proven);
  draft.not_needed.merge(CallsOfNothingBut(draft.not_needed_arguments, evidence));
}

// A service continued after an engine's own profile refused it a call. If the call is allowed, the service continues in
// a way that was never seen: libnuma, if get_mempolicy works, calls set_mempolicy.
void KeepRefused(const Evidence& evidence, const GenerateOptions& options, const ErrnoPolicy& policy,
                 ProfileDraft& draft) {
  if (evidence.refused_by_engine.empty()) return;
  const Profile refuses_all = RefuseAll(options, policy, draft.abis);
  for (const auto& [name, answers] : evidence.refused_by_engine) {
    const Action answer = ActionFor(refuses_all, name);
    const bool same = answer.kind == ActionKind::kErrno &&
                      std::ranges::all_of(answers, [&answer](int one) { return one == answer.value; });
    if (same) draft.stays_refused.insert(name);
  }
}

// Adds the proofs of the calls and arguments in the profile.
void NoteProven(const SubjectProofs& proven, GeneratedProfile& result) {
  for (AllowedCall& call : result.calls) {
    if (const auto found = proven.calls.find(call.name); found != proven.calls.end()) call.proven = found->second;
  }
  for (NarrowedCall& call : result.narrowed) {
    for (ArgumentSighting& sighting : call.seen) {
      const auto found = proven.arguments.find({.call = call.name, .values = sighting.values});
      if (found != proven.arguments.end()) sighting.proven = found->second;
    }
  }
}

std::vector<RefusedCall> RefusedCalls(Evidence& evidence, const ErrnoPolicy& policy, const ProfileDraft& draft) {
  std::vector<RefusedCall> refused;
  for (auto& [name, refusals] : evidence.refused) {
    refused.push_back({.name = name,
                       .refusals = std::move(refusals),
                       .probed_by = ProbedBy(policy, name),
                       .allowed = draft.calls.contains(name)});
  }
  return refused;
}

// The gaps in the recordings for which no companions are requested.
std::vector<Gap> GapsOf(std::span<const Recording> recordings, const GenerateOptions& options) {
  std::vector<Gap> gaps = FindGaps(recordings);
  for (const CompanionCalls& companion : options.companions) {
    std::erase_if(gaps, [&](const Gap& gap) {
      return (gap.kind == GapKind::kExec && companion.kind == "exec") ||
             (gap.kind == GapKind::kHealth && companion.kind == "health");
    });
  }
  return gaps;
}

// Moves the results of the steps into `result`.
void TakeDraft(ProfileDraft&& draft, GeneratedProfile& result) {
  for (auto& [name, call] : draft.calls) {
    if (call.only_by_closure()) result.closure[ClosureRuleOf(call)].push_back(name);
    result.calls.push_back(std::move(call));
  }
  result.cut = std::move(draft.cut);
  result.narrowed = std::move(draft.narrowed);
  result.left_out = std::move(draft.left_out);
  result.replaced = std::move(draft.replaced);
}

}  // namespace

absl::StatusOr<GeneratedProfile> Generate(std::span<const Recording> recordings, const GenerateOptions& options) {
  SYSCARVE_RETURN_IF_ERROR(CheckInput(recordings, options));
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<ClosureRule>* const closure_rules, ShippedClosureRules());
  SYSCARVE_ASSIGN_OR_RETURN(const ErrnoPolicy* const errno_policy, ShippedErrnoPolicy());
  SYSCARVE_ASSIGN_OR_RETURN(const CapabilityData* const capability_data, ShippedCapabilityData());

  SYSCARVE_ASSIGN_OR_RETURN(Evidence evidence, GatherEvidence(recordings));
  const SubjectProofs proven = ProvenOf(recordings);
  ProfileDraft draft = StartDraft(evidence, recordings.front().host.native_abi, options);
  if (options.only_needed) LeaveOutDispensable(proven, evidence, draft);
  AddSeen(evidence, draft);
  AddBaselines(options, draft);
  AddCompanions(options, draft);
  AddRequested(options, draft);
  KeepRefused(evidence, options, *errno_policy, draft);
  AddClosure(*closure_rules, options, draft);
  if (options.ceiling.has_value()) SYSCARVE_RETURN_IF_ERROR(KeepUnderCeiling(options, *errno_policy, draft));
  NarrowByClosure(options, draft);
  SYSCARVE_RETURN_IF_ERROR(NarrowByArguments(evidence, options, draft));

  GeneratedProfile result;
  result.native_abi = draft.native_abi;
  result.gaps = GapsOf(recordings, options);
  result.seen_abis = evidence.abis;
  for (const BaselineCalls& baseline : options.baselines) result.baselines.push_back(baseline.source);
  result.profile = WriteRules(draft, *closure_rules, options, *errno_policy);
  SYSCARVE_RETURN_IF_ERROR(Prove(result.profile, draft, options));
  SYSCARVE_RETURN_IF_ERROR(VerifySeenArguments(result.profile, evidence, draft));
  result.refused = RefusedCalls(evidence, *errno_policy, draft);
  result.capabilities = JudgeCapabilities(*capability_data, evidence.capabilities, evidence.capabilities_in_failed,
                                          evidence.capability_runs);
  ApplyProven(proven.capabilities, result.capabilities);
  result.capabilities_recorded = evidence.capabilities_recorded;
  result.cap_add = NeededCapabilities(result.capabilities);
  result.warnings = GenerateWarnings(draft, evidence);
  result.not_needed.assign(draft.not_needed_though_seen.begin(), draft.not_needed_though_seen.end());
  TakeDraft(std::move(draft), result);
  NoteProven(proven, result);
  return result;
}

}  // namespace syscarve
