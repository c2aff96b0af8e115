// SPDX-License-Identifier: Apache-2.0
#include "userspace/emit/losses.h"

#include <optional>
#include <string_view>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/model/action_spelling.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

constexpr size_t kMaxListed = 24;

std::string Listed(const std::set<std::string>& names) {
  std::vector<std::string> shown;
  for (const std::string& name : names) {
    if (shown.size() == kMaxListed) break;
    shown.push_back(name);
  }
  std::string text = absl::StrJoin(shown, ", ");
  if (names.size() > kMaxListed) text += Concat(" and ", names.size() - kMaxListed, " more");
  return text;
}

std::vector<std::string> Sentences(const std::map<std::string, std::set<std::string>>& calls_by_beginning) {
  std::vector<std::string> sentences;
  for (const auto& [beginning, calls] : calls_by_beginning) {
    sentences.push_back(Concat(beginning, ": ", Listed(calls)));
  }
  return sentences;
}

}  // namespace

std::string ErrnoText(int value) {
  const std::optional<std::string_view> name = ErrnoName(value);
  return name.has_value() ? std::string(*name) : Concat(value);
}

std::string ActionText(Action action) {
  return action.kind == ActionKind::kErrno ? ErrnoWords(action.value) : std::string(SpellingOf(action.kind).noun);
}

absl::Status Losses::status(std::string_view format, std::string_view hint) const {
  if (inexpressible_.empty()) return absl::OkStatus();
  return WithHint(absl::InvalidArgumentError(Concat("the profile cannot be written as ", format, ": ",
                                                    absl::StrJoin(Sentences(inexpressible_), "; "))),
                  hint);
}

std::vector<std::string> Losses::warnings() const {
  std::vector<std::string> warnings = notes_;
  for (std::string& sentence : Sentences(changed_)) warnings.push_back(std::move(sentence));
  return warnings;
}

absl::Status CheckNoRepeatedArgument(const Profile& profile, std::string_view format) {
  Losses losses;
  for (const Rule& rule : profile.rules) {
    std::set<unsigned> indexes;
    for (const ArgumentCondition& condition : rule.conditions) {
      if (indexes.insert(condition.index).second) continue;
      for (const std::string& name : rule.names) {
        losses.Inexpressible("two conditions on one argument, which runc takes for alternatives", name);
      }
    }
  }
  return losses.status(format, "Write one condition for each argument.");
}

void NoteExempt(const Profile& profile, Losses& losses) {
  for (const Rule& rule : profile.rules) {
    for (const std::string& name : rule.names) {
      const bool exempt = std::ranges::any_of(profile.abis, [&](Abi abi) {
        const std::optional<SyscallId> id = FindSyscall(abi, name);
        return id.has_value() && IsExemptFromSeccomp(*id);
      });
      if (exempt)
        losses.Changed(
            "calls left out, because the kernel applies no filter to them (to uretprobe Linux 6.11 to 6.13 does)",
            name);
    }
  }
}

void NoteLeftOut(const Profile& profile, Losses& losses) {
  for (const Rule& rule : profile.rules) {
    for (const std::string& name : rule.names) {
      if (!IsKnownSyscallName(name)) losses.Changed("names left out, because no call has them", name);
    }
  }
  if (!profile.listener_path.empty()) {
    losses.Note("who decides for a supervisor is not part of this format, so the listener's path is left out");
  }
  if (profile.flags.empty()) return;
  losses.Note(Concat("how the filter is loaded is not part of this format, so these flags are left out: ",
                     absl::StrJoin(profile.flags, ", ")));
}

}  // namespace syscarve
