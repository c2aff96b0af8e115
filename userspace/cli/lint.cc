// SPDX-License-Identifier: Apache-2.0
#include "userspace/review/lint.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "userspace/app/baseline_sources.h"
#include "userspace/app/profile_input.h"
#include "userspace/app/standard_input.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/status.h"
#include "userspace/cli/output.h"
#include "userspace/cli/profile_options.h"
#include "userspace/cli/verbs.h"
#include "userspace/container/runtime_version.h"
#include "userspace/model/profile_json.h"
#include "userspace/policy/baseline_choice.h"
#include "userspace/report/lint.h"
#include "userspace/review/lint_fix.h"

namespace syscarve::cli {
namespace {

constexpr char kLintAbout[] =
    "Find mistakes in profiles: rules that do nothing, or not what they look like.\n\n"
    "Each finding has its rule, its line and what to do; docs/lint.md explains the rules:\n\n"
    "  syscarve lint web.json\n"
    "  syscarve lint profiles/*.json --format sarif > lint.sarif\n"
    "  syscarve lint web.json --fix\n\n"
    "Exit code 1: there are errors; with --strict, errors or warnings.";

struct LintArguments {
  std::vector<std::string> inputs;
  std::string format = "text";
  std::vector<std::string> disabled;
  bool strict = false;
  bool fix = false;
  std::string output;
  std::string baseline = "auto";
  bool offline = false;
  ProfileTargetArguments target;
};

// A profile to lint, and the text to fix.
struct Read {
  LintInput input;
  std::optional<std::string> text;  // If the file can be fixed.
};

// One of the profiles of a text, or a live one.
struct FoundRead {
  std::string name;
  absl::StatusOr<Read> read;  // Errors name it.
};

Read FromInput(ProfileInput input, const std::string& text, const ProfileTarget& target) {
  PrintWarnings(input);
  Read read;
  read.input.target = CompleteTarget(target);
  if (input.is_whole_text) read.text = text;
  read.input.source = input.source.has_value() ? *std::move(input.source) : SourceWithoutText(std::move(input.profile));
  return read;
}

// All profiles behind `word`.
absl::StatusOr<std::vector<FoundRead>> ReadAll(const std::string& word, const ProfileTarget& target) {
  std::vector<FoundRead> reads;
  if (IsLive(word)) {
    SYSCARVE_ASSIGN_OR_RETURN(ProfileInput input, ReadProfileInput(word, target));
    reads.push_back({word, FromInput(std::move(input), "", target)});
    return reads;
  }
  const ProfileWord split = SplitProfileWord(word);
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, ReadFile(split.file, kMaxProfileBytes));
  SYSCARVE_ASSIGN_OR_RETURN(std::vector<FoundInput> inputs,
                            ParseProfileInputs(InputName(split.file), text, target, split.name));
  for (FoundInput& found : inputs) {
    if (found.input.ok()) {
      reads.push_back({found.name, FromInput(*std::move(found.input), text, target)});
    } else {
      reads.push_back({found.name, found.input.status()});
    }
  }
  return reads;
}

// The runtimes installed in the usual folders.
std::vector<ContainerRuntime> InstalledRuntimes() {
  std::vector<ContainerRuntime> runtimes;
  for (const std::string name : {"runc", "crun"}) {
    for (const std::string folder : {"/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/", "/usr/bin/"}) {
      const absl::StatusOr<ContainerRuntime> runtime = AskRuntimeVersion(folder + name);
      if (!runtime.ok()) continue;
      runtimes.push_back(*runtime);
      break;
    }
  }
  return runtimes;
}

// Ignores what distributions append to a version after a "+".
bool SameRelease(std::string_view a, std::string_view b) {
  return a.substr(0, a.find('+')) == b.substr(0, b.find('+'));
}

// The baselines with no_new_privs, under which a runtime makes the fewest calls: every container needs these.
absl::StatusOr<std::vector<RequiredCalls>> Required(const LintArguments& arguments, Abi native) {
  std::vector<RequiredCalls> required;
  if (arguments.baseline == "none") return required;
  if (arguments.baseline != "auto") {
    SYSCARVE_ASSIGN_OR_RETURN(const Baseline baseline, LoadBaseline(arguments.baseline));
    required.push_back({BaselineTitle(baseline), baseline.names, /*certain=*/true});
    return required;
  }
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<Baseline>* const shipped, ShippedBaselines());
  std::vector<KnownBaseline> known;
  for (const Baseline& baseline : *shipped) known.push_back({baseline, BaselineOrigin::kShipped});
  if (!arguments.offline) {
    std::vector<std::string> warnings;
    for (Baseline& baseline : LoadBaselineFolder(std::string(kBaselineFolder), warnings)) {
      known.push_back({std::move(baseline), BaselineOrigin::kHost});
    }
    for (const std::string& warning : warnings) Warn(warning);
  }
  std::vector<ContainerRuntime> runtimes;
  if (!arguments.offline) runtimes = InstalledRuntimes();
  if (runtimes.empty()) runtimes = {{.name = "runc", .version = ""}, {.name = "crun", .version = ""}};
  for (const ContainerRuntime& runtime : runtimes) {
    const KnownBaseline* const found = FindBaseline(known, runtime, native, /*no_new_privs=*/true);
    if (found == nullptr) continue;
    const bool certain = !runtime.version.empty() && SameRelease(runtime.version, found->baseline.version);
    required.push_back({BaselineTitle(found->baseline), found->baseline.names, certain});
  }
  return required;
}

absl::StatusOr<std::vector<LintFinding>> Enabled(const LintInput& input, const std::vector<std::string>& disabled) {
  SYSCARVE_ASSIGN_OR_RETURN(std::vector<LintFinding> findings, Lint(input));
  std::erase_if(findings, [&](const LintFinding& finding) {
    return std::ranges::find(disabled, finding.rule) != disabled.end();
  });
  return findings;
}

// Applies the fixes for `linted.findings`, writes the profile, and lints it again.
absl::Status Fix(const LintArguments& arguments, const std::string& word, const Read& read, LintedProfile& linted) {
  if (!read.text.has_value()) {
    return absl::InvalidArgumentError("only profiles in Docker's or OCI's JSON can be fixed");
  }
  SYSCARVE_ASSIGN_OR_RETURN(FixedProfile fixed, FixProfile(*read.text, read.input, linted.findings));
  const std::string& path = arguments.output.empty() ? word : arguments.output;
  if (fixed.text != *read.text || path != word) {
    SYSCARVE_RETURN_IF_ERROR(CheckWritable(path));
    SYSCARVE_RETURN_IF_ERROR(WriteFileAtomically(path, fixed.text));
  }
  LintInput after = read.input;
  SYSCARVE_ASSIGN_OR_RETURN(after.source, ParseProfileSource(fixed.text, read.input.target));
  SYSCARVE_ASSIGN_OR_RETURN(linted.findings, Enabled(after, arguments.disabled));
  linted.fixed = std::move(fixed.fixed);
  return absl::OkStatus();
}

absl::StatusOr<LintedProfile> LintOne(const LintArguments& arguments, const std::string& word, const std::string& name,
                                      const Read& read) {
  LintedProfile linted{.file = name, .findings = {}, .fixed = {}, .fixes = {}, .text = {}};
  SYSCARVE_ASSIGN_OR_RETURN(linted.findings, Enabled(read.input, arguments.disabled));
  if (arguments.fix) {
    SYSCARVE_RETURN_IF_ERROR(Fix(arguments, word, read, linted));
  } else if (arguments.format == "sarif" && read.text.has_value() && word != "-") {
    linted.fixes = FixesOf(*read.text, read.input, linted.findings);
    linted.text = *read.text;
  }
  return linted;
}

absl::Status CheckUsage(const LintArguments& arguments) {
  for (const std::string& rule : arguments.disabled) {
    if (std::ranges::find(LintRules(), rule, &LintRule::id) != LintRules().end()) continue;
    return WithHint(absl::InvalidArgumentError(Concat("--disable: there is no rule \"", rule, "\"")),
                    "docs/lint.md has all rules.");
  }
  SYSCARVE_RETURN_IF_ERROR(CheckStandardInput(arguments.inputs));
  if (!arguments.fix && !arguments.output.empty()) return absl::InvalidArgumentError("-o needs --fix");
  if (arguments.fix && !arguments.output.empty() && arguments.inputs.size() > 1) {
    return absl::InvalidArgumentError("-o takes one profile, and several are given");
  }
  const bool from_stdin = std::ranges::count(arguments.inputs, "-") > 0;
  if (arguments.fix && arguments.output.empty() && from_stdin) {
    return WithHint(absl::InvalidArgumentError("standard input cannot be fixed in place"),
                    "Name with -o where to write the profile.");
  }
  return absl::OkStatus();
}

std::string Formatted(const LintArguments& arguments, const std::vector<LintedProfile>& profiles) {
  if (arguments.format == "json") return LintJson(profiles);
  if (arguments.format == "sarif") return FormatSarif(LintFindingRules(arguments.disabled), AllFindings(profiles));
  if (arguments.format == "junit") {
    return FormatJunit("syscarve lint", LintFindingRules(arguments.disabled), AllFindings(profiles));
  }
  return LintText(profiles);
}

LintedProfile Unreadable(const std::string& name, const absl::Status& status) {
  LintFinding finding;
  finding.rule = kUnreadableRule;
  finding.level = LintLevel::kError;
  finding.message = WithoutHint(status);
  finding.identity = "file";
  return {.file = name, .findings = {std::move(finding)}, .fixed = {}, .fixes = {}, .text = {}};
}

// The exit code, if there was no error that affects all profiles.
absl::StatusOr<int> RunLint(const LintArguments& arguments) {
  SYSCARVE_RETURN_IF_ERROR(CheckUsage(arguments));
  SYSCARVE_ASSIGN_OR_RETURN(const ProfileTarget target, ProfileTargetOf(arguments.target));
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<RequiredCalls> required, Required(arguments, target.native));
  // A profile that cannot be read or written is reported at once; the others are linted all the same.
  std::vector<LintedProfile> profiles;
  int failure = 0;
  const auto fail = [&](const std::string& name, const absl::Status& status) {
    failure = std::max(failure, Fail(status));
    if (arguments.format != "text") profiles.push_back(Unreadable(name, status));
  };
  for (const std::string& word : arguments.inputs) {
    absl::StatusOr<std::vector<FoundRead>> reads = ReadAll(word, target);
    if (!reads.ok()) {
      fail(InputName(word), reads.status());
      continue;
    }
    for (FoundRead& found : *reads) {
      if (!found.read.ok()) {
        fail(found.name, found.read.status());
        continue;
      }
      found.read->input.required = required;
      absl::StatusOr<LintedProfile> linted = LintOne(arguments, word, found.name, *found.read);
      if (linted.ok()) {
        profiles.push_back(*std::move(linted));
      } else {
        fail(found.name, Annotate(linted.status(), EscapeForTerminal(found.name)));
      }
    }
  }
  if (profiles.empty()) return failure;
  // If the profile goes to standard output, the findings go to standard error.
  const std::string report = Formatted(arguments, profiles);
  if (arguments.output == "-") {
    std::cerr << report;
  } else {
    SYSCARVE_RETURN_IF_ERROR(WriteFileAtomically("-", report));
  }
  if (failure != 0) return failure;
  const LintCounts counts = CountFindings(profiles);
  return counts.errors > 0 || (arguments.strict && counts.warnings > 0) ? 1 : 0;
}

}  // namespace

void AddLint(CLI::App& app, int& exit_code) {
  CLI::App* const verb = AddVerb(app, "lint", kLintAbout);
  const auto arguments = std::make_shared<LintArguments>();
  verb->add_option("PROFILE", arguments->inputs, Concat("Profiles: ", kProfileWords))->required();
  verb->add_option("--format", arguments->format, "text, json, sarif (code scanning) or junit (test reports)")
      ->check(CLI::IsMember({"text", "json", "sarif", "junit"}))
      ->capture_default_str();
  verb->add_option("--disable", arguments->disabled, "Rules to leave out")->delimiter(',')->type_name("RULE");
  verb->add_flag("--strict", arguments->strict, "Warnings are errors for the exit code");
  verb->add_flag("--fix", arguments->fix,
                 "Fix in the file what can be fixed safely, after proving that nothing else changes");
  verb->add_option("-o,--output", arguments->output, "With --fix: write the fixed profile there");
  verb->add_option("--baseline", arguments->baseline,
                   "The container runtime whose own calls must be allowed: auto (the installed ones), none, or a file")
      ->capture_default_str();
  verb->add_flag("--offline", arguments->offline,
                 "Use nothing of this host: --baseline auto takes the newest runtimes that syscarve ships");
  AddProfileTargetOptions(*verb, arguments->target);
  verb->callback([arguments, &exit_code] {
    const absl::StatusOr<int> result = RunLint(*arguments);
    exit_code = result.ok() ? *result : Fail(result.status());
  });
}

}  // namespace syscarve::cli
