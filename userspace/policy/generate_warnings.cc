// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/generate_warnings.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

std::string Listed(const std::set<std::string>& names) {
  return absl::StrJoin(names, ", ");
}

}  // namespace

std::vector<std::string> GenerateWarnings(const ProfileDraft& draft, const Evidence& evidence) {
  std::vector<std::string> warnings = draft.warnings;
  const auto warn = [&](std::string_view sentence) { warnings.emplace_back(sentence); };
  if (!evidence.complete) {
    warn("a recording is incomplete: the profile may lack calls that the program needs");
  }
  if (evidence.calls.empty() && evidence.unnamed.empty()) warn("the recordings hold no calls at all");
  for (const auto& [id, count] : evidence.unnamed) {
    warn(
        Concat("call ", DisplayName(id), " was seen ", count,
               " times, but neither libseccomp nor syscarve knows its name, and rules are by name: it is not allowed"));
  }
  if (!draft.blocked_though_seen.empty()) {
    warn(Concat("blocked although the program made them: ", Listed(draft.blocked_though_seen)));
  }
  if (!draft.blocked_of_runtime.empty()) {
    warn(Concat("blocked although the container runtime makes them, so a container may not start: ",
                Listed(draft.blocked_of_runtime)));
  }
  if (!draft.contradicted.empty())
    warn(Concat("both allowed and blocked, and so blocked: ", Listed(draft.contradicted)));
  if (!draft.nowhere.empty())
    warn(Concat("no ABI of this profile has such a call, so --allow does nothing: ", Listed(draft.nowhere)));
  std::set<std::string> cut_from_runtime;
  for (const CutCall& call : draft.cut) {
    if (!call.call.baseline.empty()) cut_from_runtime.insert(call.call.name);
  }
  if (!cut_from_runtime.empty()) {
    warn(Concat("the ceiling cuts calls that the container runtime itself makes, so the container may not start: ",
                Listed(cut_from_runtime)));
  }
  for (const auto& [how, names] : draft.widened)
    warn(Concat("widened: ", how, ", because rules are by name: ", Listed(names)));
  std::set<std::string> unknown_to_libseccomp;
  for (const auto& [name, call] : draft.calls) {
    const bool known = std::ranges::all_of(draft.abis, [&, name = std::string_view(name)](Abi abi) {
      return !FindSyscall(abi, name).has_value() || LibseccompKnows(abi, name);
    });
    if (!known) unknown_to_libseccomp.insert(name);
  }
  if (!unknown_to_libseccomp.empty()) {
    warn(Concat(
        "this host's libseccomp does not know these names, and container runtimes silently ignore names that theirs "
        "does not know: ",
        Listed(unknown_to_libseccomp)));
  }
  return warnings;
}

}  // namespace syscarve
