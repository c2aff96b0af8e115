// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <set>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/quote.h"
#include "userspace/emit/call_decisions.h"
#include "userspace/emit/emit.h"
#include "userspace/emit/identifier.h"
#include "userspace/emit/losses.h"
#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/condition_writer.h"

namespace syscarve {
namespace {

constexpr char kSpoHint[] = "Write it as docker, or as bpf.";
constexpr Action kEperm{ActionKind::kErrno, EPERM};

// A resource has no errno for its default action, so runtimes use EPERM. To keep the profile's decision for every known
// call, the unlisted ones get a rule with the profile's errno, and rules with EPERM are dropped.
Profile WithPlainDefault(const Profile& profile) {
  Profile plain = profile;
  const Action answer = profile.default_action;
  if (answer.kind != ActionKind::kErrno || answer.value == EPERM) return plain;
  plain.default_action = kEperm;
  std::set<std::string> unsaid;
  for (const Abi abi : profile.abis) {
    for (const SyscallEntry& entry : SyscallTable(abi)) {
      if (!IsExemptFromSeccomp({abi, entry.nr})) unsaid.insert(entry.name);
    }
  }
  for (const Rule& rule : profile.rules) {
    // A rule with the default action is skipped, so its names count as unlisted.
    if (rule.action == answer) continue;
    for (const std::string& name : rule.names) unsaid.erase(name);
  }
  std::erase_if(plain.rules, [&](const Rule& rule) {
    return rule.action == answer || (rule.action == kEperm && rule.conditions.empty());
  });
  if (!unsaid.empty()) {
    plain.rules.push_back({.names = {unsaid.begin(), unsaid.end()}, .action = answer, .comment = "not allowed"});
  }
  return plain;
}

// Notes in `losses` where the resource's filter differs from the profile's.
absl::Status Compare(const Profile& profile, const Profile& plain, Abi native, Losses& losses) {
  if (profile.default_action == plain.default_action) return absl::OkStatus();
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning wanted, MeaningOf(profile, native));
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning own, MeaningOf(plain, native));
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning made, WithSets(own, wanted.sets));
  for (const auto& [id, decision] : wanted.decisions) {
    const std::optional<std::string> name = SyscallName(id);
    if (!name.has_value()) continue;
    SYSCARVE_ASSIGN_OR_RETURN(const Comparison comparison,
                              CompareDecisions(*wanted.sets, decision, made.decisions.at(id)));
    switch (comparison) {
      case Comparison::kSame:
        break;
      case Comparison::kLooser:
        losses.Inexpressible("a rule that a default without an errno does away with", *name);
        break;
      case Comparison::kTighter:
      case Comparison::kOtherRefusal:
        losses.Changed("refused with another errno, because the resource has none for its default", *name);
    }
  }
  losses.Note(
      Concat("the resource has no errno for its default: numbers without a name get EPERM, unless the runtime "
             "has another default, and ",
             ActionText(profile.default_action), " by the profile"));
  return absl::OkStatus();
}

class Writer {
 public:
  void Line(int indent, std::string_view text) { text_ += Concat(std::string(indent, ' '), text, "\n"); }

  void Field(int indent, std::string_view key, std::string_view value) {
    const std::optional<std::string> quoted = QuoteForYaml(value);
    if (!quoted.has_value()) {
      Fail(value);
      return;
    }
    Line(indent, Concat(key, key == "-" ? " " : ": ", *quoted));
  }

  absl::StatusOr<std::string> Finish() && {
    if (!status_.ok()) return status_;
    return std::move(text_);
  }

 private:
  void Fail(std::string_view value) {
    status_ = absl::InvalidArgumentError(
        Concat("\"", EscapeForTerminal(value), "\" is not printable UTF-8, and cannot be in a YAML file"));
  }

  std::string text_;
  absl::Status status_ = absl::OkStatus();
};

bool IsBaseProfile(std::string_view name) {
  constexpr std::string_view kRemote = "oci://";
  if (name.starts_with(kRemote)) return name.size() > kRemote.size();
  return name == ObjectNameOf(name);
}

// The annotation's value: compact JSON. Its names are those of known calls, so they need no escaping.
std::string CoverageJson(const Coverage& coverage) {
  std::string text = Concat("{\"version\":\"v1\",\"total\":", coverage.total, ",\"syscalls\":{");
  bool first = true;
  for (const auto& [name, count] : coverage.calls) {
    text += Concat(first ? "" : ",", QuoteForJson(name), ":", count);
    first = false;
  }
  return text + "}}";
}

void CheckRule(const Rule& rule, bool has_listener, Losses& losses) {
  const auto too_large = [](const ArgumentCondition& condition) {
    const uint64_t two = condition.op == CompareOp::kMaskedEqual ? condition.value_two : 0;
    return std::max(condition.value, two) > static_cast<uint64_t>(INT64_MAX);
  };
  for (const std::string& name : rule.names) {
    if (std::ranges::any_of(rule.conditions, too_large)) {
      losses.Inexpressible("a value above 2^63 - 1, where the resource has signed ones", name);
    }
    if (rule.action.kind == ActionKind::kErrno && rule.action.value == 0) {
      losses.Changed("refused with EPERM instead of errno 0, which the resource takes for no errno", name);
    }
    if (rule.action.kind == ActionKind::kNotify && !has_listener) {
      losses.Changed("decided by a supervisor: add the listenerPath of yours to the resource", name);
    }
  }
}

void WriteRule(const Rule& rule, Writer& writer) {
  if (rule.names.empty()) return;
  if (!rule.comment.empty()) writer.Line(4, Concat("# ", EscapeForTerminal(rule.comment)));
  writer.Line(4, Concat("- action: ", ScmpActionName(rule.action.kind)));
  if ((rule.action.kind == ActionKind::kErrno || rule.action.kind == ActionKind::kTrace) && rule.action.value != 0) {
    writer.Line(6, Concat("errnoRet: ", rule.action.value));
  }
  writer.Line(6, "names:");
  for (const std::string& name : rule.names) writer.Field(8, "-", name);
  if (rule.conditions.empty()) return;
  writer.Line(6, "args:");
  for (const ArgumentCondition& condition : rule.conditions) {
    writer.Line(8, Concat("- index: ", condition.index));
    writer.Line(10, Concat("op: ", ScmpCompareName(condition.op)));
    writer.Line(10, Concat("value: ", condition.value));
    if (condition.op == CompareOp::kMaskedEqual) writer.Line(10, Concat("valueTwo: ", condition.value_two));
  }
}

}  // namespace

absl::StatusOr<Emitted> EmitSpo(const Profile& profile, const EmitOptions& options) {
  SYSCARVE_RETURN_IF_ERROR(CheckNoRepeatedArgument(profile, "spo"));
  if (profile.default_action.kind == ActionKind::kNotify) {
    return WithHint(absl::InvalidArgumentError("SCMP_ACT_NOTIFY cannot be a SeccompProfile's default action"),
                    kSpoHint);
  }
  if (!options.base_profile.empty() && !IsBaseProfile(options.base_profile)) {
    return WithHint(absl::InvalidArgumentError(
                        Concat("\"", EscapeForTerminal(options.base_profile), "\" is no name of a base profile")),
                    "A base profile is the name of a SeccompProfile, such as runc-v1.4.2, or oci://REGISTRY/REPO:TAG.");
  }
  const Profile plain = WithPlainDefault(profile);
  Losses losses;
  SYSCARVE_RETURN_IF_ERROR(Compare(profile, plain, options.native, losses));
  for (const Rule& rule : plain.rules) CheckRule(rule, !profile.listener_path.empty(), losses);
  SYSCARVE_RETURN_IF_ERROR(losses.status("spo", kSpoHint));
  const std::string name = ObjectNameOf(options.name);
  if (name != options.name) {
    losses.Note(Concat("the resource is called \"", name, "\", because \"", options.name,
                       "\" is no name of a Kubernetes object"));
  }

  Writer writer;
  writer.Line(0, "apiVersion: security-profiles-operator.x-k8s.io/v1");
  writer.Line(0, "kind: SeccompProfile");
  writer.Line(0, "metadata:");
  writer.Field(2, "name", name);
  if (options.coverage.has_value()) {
    writer.Line(2, "annotations:");
    writer.Field(4, "spo.x-k8s.io/syscall-coverage", CoverageJson(*options.coverage));
  }
  writer.Line(0, "spec:");
  if (!options.base_profile.empty()) writer.Field(2, "baseProfileName", options.base_profile);
  writer.Line(2, Concat("defaultAction: ", ScmpActionName(plain.default_action.kind)));
  if (!plain.abis.empty()) writer.Line(2, "architectures:");
  for (const Abi abi : plain.abis) writer.Line(4, Concat("- ", ScmpArchName(abi)));
  if (!plain.flags.empty()) writer.Line(2, "flags:");
  for (const std::string& flag : plain.flags) writer.Field(4, "-", flag);
  if (!profile.listener_path.empty()) writer.Field(2, "listenerPath", profile.listener_path);
  if (!profile.listener_metadata.empty()) writer.Field(2, "listenerMetadata", profile.listener_metadata);
  if (!plain.rules.empty()) writer.Line(2, "syscalls:");
  for (const Rule& rule : plain.rules) WriteRule(rule, writer);
  SYSCARVE_ASSIGN_OR_RETURN(std::string text, std::move(writer).Finish());
  return Emitted{.text = std::move(text), .warnings = losses.warnings()};
}

}  // namespace syscarve
