// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <iterator>
#include <map>
#include <set>

#include "userspace/base/concat.h"
#include "userspace/emit/call_decisions.h"
#include "userspace/emit/emit.h"
#include "userspace/emit/losses.h"
#include "userspace/model/action_spelling.h"
#include "userspace/seccomp/condition_writer.h"
#include "userspace/shipped/shipped_data.h"

namespace syscarve {
namespace {

constexpr char kSystemdHint[] = "Let --stricter refuse these calls, or write it as docker or bpf.";
constexpr size_t kLineWidth = 100;
constexpr Action kKill{ActionKind::kKillProcess, 0};
constexpr Action kLog{ActionKind::kLog, 0};

using Names = std::set<std::string>;

// The nearest action that a unit can express and that is not looser.
Action Expressible(Action action) {
  if (LetsThrough(action)) return action;
  switch (action.kind) {
    case ActionKind::kErrno:
      return action;
    case ActionKind::kNotify:
    case ActionKind::kTrace:
      return {ActionKind::kErrno, EPERM};
    default:
      return kKill;
  }
}

// The name in systemd.exec(5), SystemCallArchitectures=. An ABI without one gets syscarve's name, of which systemd
// warns when it loads the unit.
std::string_view SystemdArchitecture(Abi abi) {
  switch (abi) {
    case Abi::kX86_64:
      return "x86-64";
    case Abi::kI386:
      return "x86";
    case Abi::kAarch64:
      return "arm64";
    case Abi::kMips64N32:
      return "mips64-n32";
    case Abi::kMipsel64:
      return "mips64-le";
    case Abi::kMipsel64N32:
      return "mips64-le-n32";
    case Abi::kMipsel:
      return "mips-le";
    case Abi::kPpc64le:
      return "ppc64-le";
    default:
      return AbiName(abi);
  }
}

// `KEY=PREFIXword word …`, in several lines if necessary: systemd joins the lists of one setting.
std::string Lines(std::string_view key, std::string_view prefix, const std::vector<std::string>& words) {
  const std::string start = Concat(key, "=", prefix);
  std::string text;
  std::string line;
  for (const std::string& word : words) {
    if (!line.empty() && line.size() + 1 + word.size() > kLineWidth) {
      text += line + "\n";
      line.clear();
    }
    line += line.empty() ? start + word : " " + word;
  }
  return line.empty() ? text : text + line + "\n";
}

// One action per name: in a unit, a name applies to all of its architectures.
class Answers {
 public:
  Answers(const Profile& profile, const Meaning& meaning, bool stricter, Losses& losses) {
    std::map<std::string, std::vector<Decision>> decisions;
    for (const Abi abi : profile.abis) {
      const auto served = AbisServedBeside(meaning.native);
      if (std::ranges::find(served, abi) == served.end()) continue;
      for (CallDecision& call : DecisionsOf(meaning, abi).calls) {
        decisions[call.name].push_back(std::move(call.decision));
      }
    }
    for (const auto& [name, of_abis] : decisions) by_name_[name] = One(name, of_abis, stricter, losses);
  }

  const std::map<std::string, Action>& by_name() const { return by_name_; }

  Names NamesWith(Action action) const {
    Names names;
    for (const auto& [name, answer] : by_name_) {
      if (answer == action) names.insert(name);
    }
    return names;
  }

 private:
  static Action One(const std::string& name, const std::vector<Decision>& decisions, bool stricter, Losses& losses) {
    Action strictest = Strictest(decisions.front());
    bool same = true;
    bool lets_through = false;
    for (const Decision& decision : decisions) {
      same = same && decision == decisions.front() && decision.size() == 1;
      strictest = std::min(strictest, Strictest(decision));
      lets_through = lets_through || LetsThrough(decision);
    }
    const Action answer = Expressible(strictest);
    if (!same && lets_through && !LetsThrough(answer)) {
      if (stricter) {
        losses.Changed("refused for all arguments, because a unit has no conditions on them", name);
      } else {
        losses.Inexpressible("allowed for some arguments or architectures only", name);
      }
    } else if (!same && !lets_through) {
      losses.Changed(Concat("answered with ", ActionText(answer), " whatever the arguments and the architecture"),
                     name);
    } else if (answer != strictest && !(IsKill(answer) && IsKill(strictest))) {
      losses.Changed(Concat("answered with ", ActionText(answer), " instead of ", ActionText(strictest)), name);
    }
    return answer;
  }

  std::map<std::string, Action> by_name_;
};

// `allowed` with calls replaced by sets, if all calls of the set that these architectures have are in `allowed`.
// Greedy: always the set with the most calls that are not yet covered.
std::vector<std::string> WithSets(const Names& allowed, const std::map<std::string, Action>& known,
                                  const std::vector<SystemdSet>& sets) {
  std::map<std::string, Names> fitting;
  for (const SystemdSet& set : sets) {
    Names members;
    for (const std::string& name : set.names) {
      if (known.contains(name)) members.insert(name);
    }
    if (std::ranges::includes(allowed, members)) fitting[set.name] = std::move(members);
  }
  Names rest = allowed;
  std::vector<std::string> words;
  for (;;) {
    const auto events = [&](const auto& set) {
      return std::ranges::count_if(set.second, [&](const std::string& name) { return rest.contains(name); });
    };
    const auto best = std::ranges::max_element(fitting, {}, events);
    // A set that replaces a single call would only obscure it.
    if (best == fitting.end() || events(*best) < 2) break;
    for (const std::string& name : best->second) rest.erase(name);
    words.push_back(best->first);
    fitting.erase(best);
  }
  words.insert(words.end(), rest.begin(), rest.end());
  return words;
}

std::string ErrnoSuffix(Action action) {
  return IsKill(action) ? ":kill" : Concat(":", ErrnoText(action.value));
}

// The names with an action other than `otherwise`, each with its errno.
std::vector<std::string> RefusedApart(const std::map<std::string, Action>& answers, Action otherwise) {
  std::vector<std::string> words;
  for (const auto& [name, answer] : answers) {
    if (LetsThrough(answer) || answer == otherwise || (IsKill(answer) && IsKill(otherwise))) continue;
    words.push_back(name + ErrnoSuffix(answer));
  }
  return words;
}

struct Filter {
  const Answers& answers;
  Action unknown;
  bool use_sets = false;
};

absl::StatusOr<std::string> AllowList(const Filter& filter, Losses& losses) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<SystemdSet>* const sets, ShippedSystemdSets());
  const std::map<std::string, Action>& answers = filter.answers.by_name();
  Names allowed = filter.answers.NamesWith(kAllowAction);
  allowed.merge(filter.answers.NamesWith(kLog));
  std::vector<std::string> words =
      filter.use_sets ? WithSets(allowed, answers, *sets) : std::vector<std::string>(allowed.begin(), allowed.end());
  // An allow-list always contains @default. The calls of it that the profile refuses are removed again, as is every
  // other call that another version of systemd may have in a set.
  const auto defaults = std::ranges::find(*sets, "@default", &SystemdSet::name);
  std::vector<std::string> taken_out;
  for (const std::string& name : defaults->names) {
    const auto answer = answers.find(name);
    if (answer != answers.end() && answer->second == filter.unknown) taken_out.push_back(name);
  }
  if (std::ranges::any_of(words, [](const std::string& word) { return word.starts_with('@'); })) {
    taken_out.clear();
    for (const auto& [name, answer] : answers) {
      if (answer == filter.unknown) taken_out.push_back(name);
    }
    losses.Note("the sets are those of systemd 252; of another version's, only calls without a name here are added");
  }
  if (const auto execve = answers.find("execve"); execve != answers.end() && !LetsThrough(execve->second)) {
    losses.Note("the profile refuses execve: systemd cannot start a service under it");
  }
  if (words.empty()) words.emplace_back("@default");
  std::string text = Lines("SystemCallFilter", "", words);
  text += Lines("SystemCallFilter", "~", taken_out);
  text += Lines("SystemCallFilter", "~", RefusedApart(answers, filter.unknown));
  if (filter.unknown.kind == ActionKind::kErrno) {
    text += Concat("SystemCallErrorNumber=", ErrnoText(filter.unknown.value), "\n");
  }
  return text + Lines("SystemCallLog", "", [&] {
           const Names logged = filter.answers.NamesWith(kLog);
           return std::vector<std::string>(logged.begin(), logged.end());
         }());
}

std::string DenyList(const Filter& filter) {
  std::string text = Lines("SystemCallFilter", "~", RefusedApart(filter.answers.by_name(), filter.unknown));
  const bool logs = filter.unknown == kLog;
  const Names named = filter.answers.NamesWith(logs ? kAllowAction : kLog);
  std::vector<std::string> words(named.begin(), named.end());
  // "~" means all except these, which may be none.
  if (logs && words.empty()) return text + "SystemCallLog=~\n";
  return text + Lines("SystemCallLog", logs ? "~" : "", words);
}

}  // namespace

absl::StatusOr<Emitted> EmitSystemd(const Profile& profile, const EmitOptions& options) {
  SYSCARVE_RETURN_IF_ERROR(CheckCovers(profile, options.native, "systemd"));
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning meaning, MeaningOf(profile, options.native));
  Losses losses;
  const Answers answers(profile, meaning, options.stricter, losses);
  const Action wanted = DecisionsOf(meaning, options.native).unknown;
  Filter filter{.answers = answers, .unknown = Expressible(wanted), .use_sets = options.systemd_sets};
  // SystemCallErrorNumber= does not accept 0.
  if (filter.unknown == Action{ActionKind::kErrno, 0}) filter.unknown = kKill;
  if (filter.unknown != wanted && !(IsKill(filter.unknown) && IsKill(wanted))) {
    losses.Note(Concat("numbers without a name are answered with ", ActionText(filter.unknown), " instead of ",
                       ActionText(wanted)));
  }
  SYSCARVE_RETURN_IF_ERROR(losses.status("systemd", kSystemdHint));
  NoteExempt(profile, losses);
  NoteLeftOut(profile, losses);

  std::string text = "# Made by syscarve.\n[Service]\n";
  // A drop-in adds to the unit's lists; an empty value clears them first.
  text += "SystemCallFilter=\nSystemCallLog=\nSystemCallArchitectures=\n";
  if (LetsThrough(filter.unknown)) {
    text += DenyList(filter);
  } else {
    SYSCARVE_ASSIGN_OR_RETURN(const std::string list, AllowList(filter, losses));
    text += list;
  }
  std::vector<std::string> architectures;
  for (const Abi abi : profile.abis) architectures.emplace_back(SystemdArchitecture(abi));
  text += Lines("SystemCallArchitectures", "", architectures);
  if (options.capabilities.has_value()) {
    text += "CapabilityBoundingSet=\n" + Lines("CapabilityBoundingSet", "", *options.capabilities);
  }
  if (options.no_new_privs) text += "NoNewPrivileges=yes\n";
  return Emitted{.text = std::move(text), .warnings = losses.warnings()};
}

}  // namespace syscarve
