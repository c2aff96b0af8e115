// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/scan.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "userspace/app/scan_image.h"
#include "userspace/base/file.h"
#include "userspace/base/status.h"
#include "userspace/cli/engine_options.h"
#include "userspace/cli/output.h"
#include "userspace/cli/verbs.h"
#include "userspace/model/severity.h"

namespace syscarve::cli {
namespace {

constexpr char kAbout[] =
    "Look into an image before it runs: set-id files, capabilities, secrets in any layer, and more.\n\n"
    "Nothing is unpacked, run or fetched. An image is a file that `docker save` has written, an OCI layout (folder or\n"
    "tar), a root folder, or the name of an image of this host's engine:\n\n"
    "  syscarve scan web.tar\n"
    "  docker save web | syscarve scan - --fail-on high\n"
    "  syscarve scan web.tar --recording web.recording.json\n"
    "  syscarve scan web.tar --recording recordings --join trivy.json --format sarif > scan.sarif\n\n"
    "With a recording the report has which set-id files were never executed; with --join also which of the packages "
    "that\nanother scanner reports as vulnerable ran. docs/scan.md has the rules.\n\n"
    "Exit code 1: something is as grave as --fail-on; 4: a part of the image could not be looked at.";

struct ScanArguments {
  ScanRequest request;
  std::string format = "text";
  std::string output = "-";
  std::string fail_on;
};

absl::StatusOr<std::string> Formatted(const ScanArguments& arguments, const ScanResult& result) {
  if (arguments.format == "json") return ScanJson(result);
  if (arguments.format == "markdown") return ScanMarkdown(result);
  if (arguments.format == "text") return ScanText(result);
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<FindingRule> rules, ScanFindingRules(arguments.request.disabled));
  const std::vector<Finding> findings = ScanFindings(result);
  return arguments.format == "sarif" ? FormatSarif(rules, findings) : FormatJunit("syscarve scan", rules, findings);
}

absl::StatusOr<int> RunScan(const ScanArguments& arguments) {
  if (arguments.output != "-") SYSCARVE_RETURN_IF_ERROR(CheckWritable(arguments.output));
  SYSCARVE_ASSIGN_OR_RETURN(const ScanResult result, ScanImage(arguments.request));
  SYSCARVE_ASSIGN_OR_RETURN(const std::string report, Formatted(arguments, result));
  SYSCARVE_RETURN_IF_ERROR(WriteFileAtomically(arguments.output, report));
  if (const std::optional<Severity> least = SeverityFromName(arguments.fail_on); least.has_value()) {
    const bool fails = std::ranges::any_of(result.image.findings,
                                           [&](const ImageFinding& finding) { return finding.severity >= *least; });
    if (fails) return 1;
  }
  if (result.image.complete) return 0;
  return absl::DataLossError("a part of the image could not be looked at");
}

}  // namespace

void AddScan(CLI::App& app, int& exit_code) {
  CLI::App* const verb = AddVerb(app, "scan", kAbout);
  const auto arguments = std::make_shared<ScanArguments>();
  ScanRequest& request = arguments->request;
  verb->add_option(
          "IMAGE", request.image,
          "An archive of docker save or OCI (- is standard input), an OCI layout, a root folder, or an engine's "
          "image by name")
      ->required();
  verb->add_option("--image", request.reference, "Of an archive with several images, the one of this name")
      ->type_name("NAME");
  verb->add_option("--recording", request.recordings,
                   "Recordings of containers of the image, or folders of *.recording.json")
      ->allow_extra_args(false)
      ->type_name("RECORDING");
  verb->add_option("--join", request.reports, "Reports of other scanners: JSON of Trivy, Grype or gitleaks, or SARIF")
      ->allow_extra_args(false)
      ->type_name("FILE");
  verb->add_option("--fail-on", arguments->fail_on, "Exit with 1 when something is as grave as this, or more so")
      ->check(CLI::IsMember({"critical", "high", "medium", "low", "note"}));
  verb->add_option("--disable", request.disabled, "Rules to leave out")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("RULE");
  verb->add_option("--format", arguments->format, "text, json, markdown, sarif (code scanning) or junit (test reports)")
      ->check(CLI::IsMember({"text", "json", "markdown", "sarif", "junit"}))
      ->capture_default_str();
  verb->add_option("-o,--output", arguments->output, "Where to write the report")->capture_default_str();
  AddEngineSocket(*verb, request.engine_socket);
  verb->callback([arguments, &exit_code] {
    const absl::StatusOr<int> result = RunScan(*arguments);
    exit_code = result.ok() ? *result : Fail(result.status());
  });
}

}  // namespace syscarve::cli
