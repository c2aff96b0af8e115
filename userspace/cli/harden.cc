// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/harden.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "userspace/app/harden_services.h"
#include "userspace/base/concat.h"
#include "userspace/base/file.h"
#include "userspace/base/status.h"
#include "userspace/cli/baseline_options.h"
#include "userspace/cli/output.h"
#include "userspace/cli/policy_options.h"
#include "userspace/cli/verbs.h"
#include "userspace/model/severity.h"

namespace syscarve::cli {
namespace {

constexpr char kHardenAbout[] =
    "Decide from recordings which settings a service's containers can run with, each with its evidence.\n\n"
    "  syscarve harden recordings\n"
    "  syscarve harden recordings -o hardened --target compose --compose docker-compose.yml\n"
    "  syscarve harden web.recording.json --target kubernetes -o hardened\n"
    "  syscarve harden recordings --fail-on high --format sarif > harden.sarif\n"
    "  syscarve harden recordings -o hardened --try user && sudo syscarve verify --docker hardened -- ./tests.sh\n\n"
    "A setting is proven (verify ran the containers under the line), observed (nothing recorded needs more), unknown "
    "(with what\n"
    "to run to know it), or refused (the service needs what it takes away). docs/harden.md has the rules.\n\n"
    "Exit code 1: something that is not in force is as grave as --fail-on.";

struct HardenArguments {
  HardenServicesRequest request;
  PolicyArguments policy;
  std::string target = "docker";
  std::vector<std::string> tried;
  std::vector<std::string> left_out;
  std::string format = "text";
  std::string fail_on;
};

std::vector<std::string> SettingNames() {
  std::vector<std::string> names;
  for (size_t i = 0; i < kSettingKindCount; ++i) names.emplace_back(SettingKindName(static_cast<SettingKind>(i)));
  return names;
}

std::set<SettingKind> KindsOf(const std::vector<std::string>& names) {
  std::set<SettingKind> kinds;
  for (const std::string& name : names) {
    if (const std::optional<SettingKind> kind = SettingKindFromName(name)) kinds.insert(*kind);
  }
  return kinds;
}

std::string FormattedPlans(const std::string& format, const std::vector<PlannedService>& services) {
  if (format == "json") return HardenJson(services);
  if (format == "markdown") return HardenMarkdown(services);
  if (format == "text") return HardenText(services);
  const std::vector<FindingRule> rules = HardenFindingRules();
  const std::vector<Finding> findings = HardenFindings(services);
  return format == "sarif" ? FormatSarif(rules, findings) : FormatJunit("syscarve harden", rules, findings);
}

absl::StatusOr<int> RunHarden(HardenArguments arguments) {
  HardenServicesRequest& request = arguments.request;
  SYSCARVE_ASSIGN_OR_RETURN(request.options, GenerateOptionsOf(arguments.policy, request.native));
  request.target = HardenTargetFromName(arguments.target).value_or(HardenTarget::kDocker);
  request.tried = KindsOf(arguments.tried);
  request.left_out = KindsOf(arguments.left_out);
  TerminalNotes notes;
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<PlannedService> services, HardenServices(request, notes));
  SYSCARVE_RETURN_IF_ERROR(WriteFileAtomically("-", FormattedPlans(arguments.format, services)));
  const std::optional<Severity> least = SeverityFromName(arguments.fail_on);
  const bool fails = least.has_value() && std::ranges::any_of(services, [&](const PlannedService& service) {
                       return service.plan.Gravest() >= *least;
                     });
  return fails ? 1 : 0;
}

}  // namespace

void AddHarden(CLI::App& app, int& exit_code) {
  CLI::App* const verb = AddVerb(app, "harden", kHardenAbout);
  const auto arguments = std::make_shared<HardenArguments>();
  HardenServicesRequest& request = arguments->request;
  verb->add_option(
          "RECORDING", request.inputs,
          "Recordings of one service (- is standard input), or folders of *.recording.json, where each is a service")
      ->required();
  verb->add_option(
      "-o,--output", request.output,
      "A folder for the profiles, the plans (hardening.json) and the lines; default: none, the report alone");
  verb->add_option(
          "--target", arguments->target,
          "What the line is written for: docker, compose, kubernetes, podman (Quadlet) or systemd (no container)")
      ->check(CLI::IsMember({"docker", "compose", "kubernetes", "podman", "systemd"}))
      ->capture_default_str();
  verb->add_option("--compose", request.compose,
                   "With --target compose: one docker-compose.override.yml, for the services of this Compose file");
  verb->add_option(
          "--try", arguments->tried,
          "Put this setting into the line although it is not known whether the service runs with it (repeatable)")
      ->check(CLI::IsMember(SettingNames()))
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("SETTING");
  verb->add_option("--leave-out", arguments->left_out, "Leave this setting out of the line (repeatable)")
      ->check(CLI::IsMember(SettingNames()))
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("SETTING");
  verb->add_option("--daemon-json", request.daemon_json, "Docker's daemon.json, for its setting of user namespaces")
      ->type_name("FILE");
  verb->add_option("--proofs", request.proofs,
                   "What `syscarve verify` has proven (default: hardening-proofs.json in the folder of -o)")
      ->type_name("FILE");
  verb->add_option("--apparmor", request.apparmor, "The AppArmor profile that is loaded for the service")
      ->type_name("NAME");
  verb->add_option("--selinux-type", request.selinux_type,
                   "The type of the SELinux module that is loaded for the service")
      ->type_name("TYPE");
  verb->add_option("--fail-on", arguments->fail_on,
                   "Exit with 1 when something that is not in force is as grave as this, or more so")
      ->check(CLI::IsMember({"critical", "high", "medium", "low", "note"}));
  verb->add_option("--format", arguments->format,
                   "The report's: text, json, markdown, sarif (code scanning) or junit (test reports)")
      ->check(CLI::IsMember({"text", "json", "markdown", "sarif", "junit"}))
      ->capture_default_str();
  AddPolicyOptions(*verb, arguments->policy);
  AddBaselineOptions(*verb, request.baseline);
  verb->callback([arguments, &exit_code] {
    const absl::StatusOr<int> result = RunHarden(*arguments);
    exit_code = result.ok() ? *result : Fail(result.status());
  });
}

}  // namespace syscarve::cli
