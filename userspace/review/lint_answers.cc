// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <set>

#include "userspace/base/concat.h"
#include "userspace/model/syscall_table.h"
#include "userspace/review/lint_rules.h"
#include "userspace/seccomp/symbolic.h"

namespace syscarve::lint {
namespace {

void AddAboutDefault(LintFinding finding, const Subject& subject, Findings& findings) {
  finding.line = subject.input.source.default_line;
  findings.push_back(std::move(finding));
}

bool IsErrno(Action action, int value) {
  return action.kind == ActionKind::kErrno && action.value == value;
}

// Whether the call may be executed for some arguments.
bool MayPass(const Subject& subject, SyscallId id) {
  return subject.decider.DependsOnArguments(id) || MayBeMade(subject.decider.Decide(id, {}));
}

// How a call that may be executed is treated.
std::string_view FateWords(ActionKind kind) {
  switch (kind) {
    case ActionKind::kNotify:
      return "left to an agent to decide, and refused with ENOSYS where there is none";
    case ActionKind::kTrace:
      return "left to a tracer to decide, and refused with ENOSYS where there is none";
    case ActionKind::kLog:
      return "let through and only reported";
    default:
      return "allowed, those of future kernels, too";
  }
}

struct DeadlyCall {
  std::string_view name;
  std::string_view consequence;
};

// If exit_group fails, a C library's _exit retries forever, at full use of a processor. A kill ends the program, but as
// a failure.
constexpr DeadlyCall kDeadlyCalls[] = {
    {"execve", "no program can be started, and old engines wait for it for ever"},
    {"exit_group", "no program can end: it fails when it should, or spins for ever"},
    {"rt_sigreturn", "the first signal that a program handles is its end"},
};

}  // namespace

void DeadlyRefusals(const Subject& subject, Findings& findings) {
  for (const DeadlyCall& call : kDeadlyCalls) {
    const std::optional<SyscallId> id = FindSyscall(subject.input.target.native, call.name);
    if (!id.has_value() || MayPass(subject, *id)) continue;
    LintFinding finding = Of("deadly");
    finding.identity = std::string(call.name);
    finding.message = Concat("\"", call.name, "\" is refused: ", call.consequence, ".");
    finding.fix = "Allow it.";
    AddAboutDefault(std::move(finding), subject, findings);
  }
}

void NotifyMisuse(const Subject& subject, Findings& findings) {
  const auto add = [&](std::string message, std::optional<size_t> line, std::string identity) {
    LintFinding finding = Of("notify-misuse");
    finding.line = line;
    finding.identity = std::move(identity);
    finding.message = std::move(message);
    finding.fix = "Name the calls that the agent decides, and write is not one of them.";
    findings.push_back(std::move(finding));
  };
  if (subject.profile().default_action.kind == ActionKind::kNotify) {
    add("runc refuses SCMP_ACT_NOTIFY as the default action.", subject.input.source.default_line, "defaultAction");
  }
  for (const ProfileEntry& entry : subject.input.source.entries) {
    if (entry.rules.empty() || entry.rules.front().action.kind != ActionKind::kNotify) continue;
    const std::vector<std::string>& names = entry.rules.front().names;
    const auto write = std::ranges::find(names, "write");
    if (write == names.end()) continue;
    add("runc refuses SCMP_ACT_NOTIFY for write, with which it reports the container to the agent.",
        entry.name_lines[static_cast<size_t>(write - names.begin())], "write");
  }
}

void Errnos(const Subject& subject, Findings& findings) {
  const auto look = [&](Action action, std::string what, std::optional<size_t> line) {
    if (action.kind != ActionKind::kErrno || (action.value != 0 && action.value <= kMaxErrno)) return;
    LintFinding finding = Of(action.value == 0 ? "errno-zero" : "errno-too-large");
    finding.line = line;
    finding.message = action.value == 0 ? Concat(what, " answers with errno 0: the program sees a success.")
                                        : Concat(what, " answers with errno ", action.value, ", for which the kernel ",
                                                 "returns ", kMaxErrno, ".");
    finding.identity = std::move(what);
    finding.fix = "Give the errno that is meant.";
    findings.push_back(std::move(finding));
  };
  look(subject.profile().default_action, "The default", subject.input.source.default_line);
  for (const ProfileEntry& entry : subject.input.source.entries) {
    if (!entry.rules.empty() && subject.Counts(entry.rules.front())) {
      look(entry.rules.front().action, EntryWords(entry), entry.line);
    }
  }
}

void Architectures(const Subject& subject, Findings& findings) {
  const std::vector<Abi>& listed = subject.profile().abis;
  const std::span<const Abi> served = AbisServedBeside(subject.input.target.native);
  const auto add = [&](std::string_view rule, LintLevel level, Abi abi, std::string message, std::string fix) {
    LintFinding finding = Of(rule);
    finding.level = level;
    finding.line = subject.input.source.architectures_line;
    finding.identity = std::string(AbiName(abi));
    finding.message = std::move(message);
    finding.fix = std::move(fix);
    findings.push_back(std::move(finding));
  };
  for (const Abi abi : served) {
    if (std::ranges::find(listed, abi) != listed.end()) continue;
    const std::string fix = Concat("List ", ScmpArchName(abi), " if such programs are run.");
    if (abi == subject.input.target.native) {
      add("missing-architecture", LintLevel::kError, abi,
          Concat(AbiName(abi), ", the native architecture, is not listed: some runtimes kill the program at once."),
          Concat("List ", ScmpArchName(abi), "."));
    } else {
      add("missing-architecture", LintLevel::kNote, abi,
          Concat("A call by ", AbiName(abi), "'s numbers kills the thread, because the profile does not list it."),
          fix);
    }
  }
  for (const Abi abi : listed) {
    if (std::ranges::find(served, abi) != served.end()) continue;
    const std::string native(AbiName(subject.input.target.native));
    const std::string unserved = Concat("No kernel for ", native, " serves ", AbiName(abi));
    const std::string remove = Concat("Remove ", ScmpArchName(abi));
    if (IsBigEndian(abi) != IsBigEndian(subject.input.target.native)) {
      add("unneeded-architecture", LintLevel::kError, abi,
          Concat(unserved,
                 ", and libseccomp takes no other order of bytes into one filter: runtimes refuse the profile."),
          Concat(remove, "."));
    } else if (!LibseccompHas(abi)) {
      add("unneeded-architecture", LintLevel::kWarning, abi,
          Concat(unserved, ", and libseccomp ", LibseccompVersion(),
                 " of this host does not know it: runtimes with that refuse the profile."),
          Concat(remove, ", or update libseccomp where the profile is used."));
    } else {
      add("unneeded-architecture", LintLevel::kNote, abi, unserved + ".",
          Concat(remove, ", unless the profile is for such machines, too."));
    }
  }
}

void DefaultAction(const Subject& subject, Findings& findings) {
  const Action action = subject.profile().default_action;
  if (MayBeMade(action)) {
    LintFinding finding = Of("permissive-default");
    finding.identity = "defaultAction";
    finding.message = Concat("Every call that is not named is ", FateWords(action.kind), ".");
    finding.fix = "List what is allowed and refuse the rest.";
    AddAboutDefault(std::move(finding), subject, findings);
    return;
  }
  const bool allows = std::ranges::any_of(subject.profile().rules, [&](const Rule& rule) {
    return MayBeMade(rule.action) &&
           std::ranges::any_of(rule.names, [&](const std::string& name) { return !subject.AbisWith(name).empty(); });
  });
  if (allows) return;
  LintFinding finding = Of("empty-allow-list");
  finding.identity = "defaultAction";
  finding.message = "No call is allowed: no program can start or end under this profile.";
  finding.fix = "Allow what the program needs.";
  AddAboutDefault(std::move(finding), subject, findings);
}

void ProbedCalls(const Subject& subject, Findings& findings) {
  const Abi native = subject.input.target.native;
  std::vector<std::string> names;
  for (const SyscallEntry& call : SyscallTable(native)) {
    const SyscallId id{native, call.nr};
    const bool probed = HasSharedNumber(id, subject.errnos.newer_from) || subject.errnos.probed.contains(call.name);
    if (!probed || IsExemptFromSeccomp(id) || subject.decider.DependsOnArguments(id)) continue;
    if (IsErrno(subject.decider.Decide(id, {}), EPERM)) names.push_back(call.name);
  }
  if (names.empty()) return;
  LintFinding finding = Of("eperm-for-probed");
  finding.identity = "EPERM";
  const auto words = [](const std::string& list) {
    return Concat("A libc or language runtime takes EPERM from ", list,
                  " for a failure, and would fall back on another call after ENOSYS.");
  };
  DescribeNames(names, words, finding);
  finding.fix = "Make the default SCMP_ACT_ERRNO with defaultErrnoRet 38 (ENOSYS), or add a rule with errnoRet 38.";
  AddAboutDefault(std::move(finding), subject, findings);
}

void CloneWithoutClone3(const Subject& subject, Findings& findings) {
  for (const Abi abi : subject.profile().abis) {
    const std::optional<SyscallId> clone = FindSyscall(abi, "clone");
    const std::optional<SyscallId> clone3 = FindSyscall(abi, "clone3");
    if (!clone.has_value() || !clone3.has_value() || !subject.decider.DependsOnArguments(*clone)) continue;
    const Action answer = subject.decider.Decide(*clone3, {});
    if (IsErrno(answer, ENOSYS)) continue;
    LintFinding finding = Of("clone3-not-enosys");
    finding.identity = "clone3";
    const bool open = MayBeMade(answer);
    if (!open) finding.level = LintLevel::kWarning;
    finding.message =
        open ? "clone's arguments are filtered, and clone3, which does the same unseen, is let through."
             : "clone's arguments are filtered, and clone3 is refused in a way that no libc falls back from.";
    finding.fix = "Answer clone3 with SCMP_ACT_ERRNO and errnoRet 38 (ENOSYS).";
    AddAboutDefault(std::move(finding), subject, findings);
    return;
  }
}

void MissingBaseline(const Subject& subject, Findings& findings) {
  for (const RequiredCalls& required : subject.input.required) {
    std::vector<std::string> missing;
    for (const std::string& name : required.names) {
      const std::optional<SyscallId> id = FindSyscall(subject.input.target.native, name);
      if (id.has_value() && !MayPass(subject, *id)) missing.push_back(name);
    }
    if (missing.empty()) continue;
    LintFinding finding = Of("missing-baseline");
    if (!required.certain) finding.level = LintLevel::kWarning;
    finding.identity = required.title;
    const auto words = [&](const std::string& list) {
      return Concat(required.title, " itself makes calls under the filter that are refused: ", list,
                    ". No container of it starts with this profile.");
    };
    DescribeNames(missing, words, finding);
    finding.fix = "Allow them.";
    AddAboutDefault(std::move(finding), subject, findings);
  }
}

}  // namespace syscarve::lint
