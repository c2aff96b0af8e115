// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/subset.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "userspace/app/profile_input.h"
#include "userspace/app/standard_input.h"
#include "userspace/base/concat.h"
#include "userspace/base/file.h"
#include "userspace/base/status.h"
#include "userspace/cli/engine_options.h"
#include "userspace/cli/output.h"
#include "userspace/cli/profile_options.h"
#include "userspace/cli/verbs.h"
#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/algebra.h"

namespace syscarve::cli {
namespace {

constexpr char kSubsetAbout[] =
    "Decide whether one profile, A, lets through no more than another, B.\n\n"
    "Decided over every number of every ABI and all values of the arguments, not by names:\n\n"
    "  syscarve subset web.json docker-default.json\n"
    "  syscarve subset new.json old.json --format json\n"
    "  sudo syscarve subset live:web web.json      # is what is in force as strict as what was written?\n\n"
    "Exit code 0: A is a subset of B; 1: it is not, and a call with its arguments shows it.";

struct SubsetArguments {
  std::string left;
  std::string right;
  ProfileTargetArguments target;
  std::optional<std::string> engine_socket;
  std::string format = "text";
  bool quiet = false;
};

// Warns of the undecided calls, by reason: live filters may compute with arguments.
void TellUndecided(const SubsetAnswer& answer) {
  std::map<std::string, std::vector<std::string>> by_reason;
  for (const auto& [id, why] : answer.undecided) by_reason[why].push_back(DisplayName(id));
  for (const auto& [why, names] : by_reason) {
    Warn(Concat("not compared: ", absl::StrJoin(names, ", "), ": ", why));
  }
}

// The exit code, if there was no error.
absl::StatusOr<int> RunSubset(const SubsetArguments& arguments) {
  SYSCARVE_RETURN_IF_ERROR(CheckStandardInput({arguments.left, arguments.right}));
  SYSCARVE_ASSIGN_OR_RETURN(const ProfileTarget target, ProfileTargetOf(arguments.target));
  const auto read = [&](const std::string& word, std::string& name) -> absl::StatusOr<Meaning> {
    SYSCARVE_ASSIGN_OR_RETURN(const ProfileInput input, ReadProfileInput(word, target, arguments.engine_socket));
    // Warnings of live filters are about the profile decompiled from them, which is not used here.
    if (input.live.empty()) PrintWarnings(input);
    name = input.name;
    return MeaningOf(input, target);
  };
  SubsetAnswer answer;
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning left, read(arguments.left, answer.left));
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning right, read(arguments.right, answer.right));
  SYSCARVE_ASSIGN_OR_RETURN(answer.counterexample, FindCounterexample(left, right));
  for (const SyscallId id : Undecided(left, right)) {
    const auto why = left.unclear.find(id);
    answer.undecided[id] = why != left.unclear.end() ? why->second : right.unclear.at(id);
  }
  if (!arguments.quiet) {
    SYSCARVE_RETURN_IF_ERROR(
        WriteFileAtomically("-", arguments.format == "json" ? SubsetJson(answer) : SubsetText(answer)));
  }
  TellUndecided(answer);
  const std::optional<bool> is_subset = answer.is_subset();
  if (is_subset.has_value()) return *is_subset ? 0 : 1;
  return absl::DataLossError(
      "some calls could not be compared; the actions for all others are at least as restrictive");
}

}  // namespace

void AddSubset(CLI::App& app, int& exit_code) {
  CLI::App* const verb = AddVerb(app, "subset", kSubsetAbout);
  const auto arguments = std::make_shared<SubsetArguments>();
  verb->add_option("A", arguments->left, Concat("The profile that may let through no more: ", kProfileWords))
      ->type_name("PROFILE")
      ->required();
  verb->add_option("B", arguments->right, "The profile that it is compared with")->type_name("PROFILE")->required();
  AddProfileTargetOptions(*verb, arguments->target);
  AddEngineSocket(*verb, arguments->engine_socket);
  verb->add_option("--format", arguments->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  verb->add_flag("-q,--quiet", arguments->quiet, "Nothing on standard output: only the exit code");
  verb->callback([arguments, &exit_code] {
    const absl::StatusOr<int> result = RunSubset(*arguments);
    exit_code = result.ok() ? *result : Fail(result.status());
  });
}

}  // namespace syscarve::cli
