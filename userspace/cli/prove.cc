// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "userspace/app/proof.h"
#include "userspace/app/prove_command.h"
#include "userspace/app/recording_inputs.h"
#include "userspace/app/recording_output.h"
#include "userspace/base/concat.h"
#include "userspace/base/output_file.h"
#include "userspace/cli/command_words.h"
#include "userspace/cli/output.h"
#include "userspace/cli/verbs.h"
#include "userspace/process/command.h"
#include "userspace/process/signals.h"

namespace syscarve::cli {
namespace {

constexpr char kHelp[] =
    "Find the capabilities and calls that a command needs, by running it without them.\n\n"
    "A capability that the kernel asked for is not always needed, and passing tests do not prove that it is not: a\n"
    "server that cannot change its user goes on as root. So the command, a test that starts and stops what it tests,\n"
    "is run repeatedly without some capabilities, and each run is compared with reference runs: by exit status, and by\n"
    "the ids, groups, capabilities, root directory and listening ports with which each program ends.\n\n"
    "  sudo syscarve prove --user root -- ./run-my-tests.sh\n"
    "  sudo syscarve prove --recording web.recording.json --user root -- ./run-my-tests.sh\n"
    "  syscarve prove --syscalls --budget 10m --report proof.json -- ./run-my-tests.sh\n\n"
    "No capability can be removed from the result. With --syscalls the calls that the command makes are tried in the\n"
    "same way, answered with ENOSYS. The command is run many times and must clean up after itself.";

struct ProveFlags {
  ProveRequest request;
  bool capabilities = false;
  bool calls = false;
  std::chrono::milliseconds limit{0};
  std::chrono::milliseconds budget{0};
  std::string recording;
  std::optional<std::string> report;
  std::optional<std::string> user;
  bool quiet = false;
  std::vector<std::string> command;
};

// The capabilities that were granted in a recording.
absl::StatusOr<std::set<int>> GrantedIn(const std::string& path) {
  SYSCARVE_ASSIGN_OR_RETURN(const Recording recording, ReadRecordingInput(path));
  if (recording.method.capabilities == "none") {
    return absl::InvalidArgumentError(Concat(path, ": the recording has no evidence of capabilities"));
  }
  std::set<int> granted;
  for (const Run& run : recording.runs) {
    for (const auto& [subject, trace] : run.subjects) {
      for (const auto& [capability, use] : trace.capabilities) {
        bool any = use.foreign.granted > 0;
        for (const auto& [call, checks] : use.during) any = any || checks.granted > 0;
        if (any) granted.insert(capability);
      }
    }
  }
  return granted;
}

std::string WithoutPrefix(const std::string& name) {
  constexpr std::string_view kPrefix = "CAP_";
  return name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : name;
}

void PrintProven(const std::vector<Proven>& proven, std::string_view kind) {
  const std::vector<std::string> needed = NamesOf(proven, ProofVerdict::kNeeded);
  const std::vector<std::string> undecided = NamesOf(proven, ProofVerdict::kUndecided);
  Note(Concat(kind, ": ", needed.size(), " needed, ", NamesOf(proven, ProofVerdict::kNotNeeded).size(), " not",
              undecided.empty() ? "" : Concat(", ", undecided.size(), " undecided")));
  for (const Proven& one : proven) {
    if (one.verdict == ProofVerdict::kNeeded) Note(Concat("  ", one.name, ": without it, ", one.why));
    if (one.verdict == ProofVerdict::kUndecided) Note(Concat("  ", one.name, ": undecided, ", one.why));
  }
}

void PrintProof(const Proof& proof, const ProveFlags& flags) {
  if (!flags.quiet) {
    for (const std::string& remark : proof.remarks) Note(remark);
  }
  if (!proof.unproven.empty()) {
    Note(Concat("nothing proven: ", proof.unproven));
    return;
  }
  if (flags.quiet) return;
  if (!proof.capabilities.empty()) {
    PrintProven(proof.capabilities, "capabilities");
    std::string options = "--cap-drop ALL";
    for (const ProofVerdict verdict : {ProofVerdict::kNeeded, ProofVerdict::kUndecided}) {
      for (const std::string& name : NamesOf(proof.capabilities, verdict)) {
        options += Concat(" --cap-add ", WithoutPrefix(name));
      }
    }
    Note(Concat("  ", options));
  }
  if (!proof.calls.empty()) {
    PrintProven(proof.calls, "calls");
    const std::vector<std::string> dispensable = NamesOf(proof.calls, ProofVerdict::kNotNeeded);
    if (!dispensable.empty()) Note(Concat("  made but not needed: ", absl::StrJoin(dispensable, " ")));
  }
}

// The exit code, when there was no error.
absl::StatusOr<int> Prove(ProveFlags flags) {
  std::optional<OutputFile> report_file;
  if (flags.report.has_value()) {
    SYSCARVE_ASSIGN_OR_RETURN(report_file, OutputFile::Open(*flags.report));
  }
  ProveRequest& request = flags.request;
  request.calls = flags.calls;
  request.capabilities = flags.capabilities || !flags.calls;
  if (flags.limit.count() > 0) request.limit = flags.limit;
  if (flags.budget.count() > 0) request.budget = flags.budget;
  if (!flags.recording.empty()) {
    if (!request.capabilities) return absl::InvalidArgumentError("--recording goes with --capabilities");
    SYSCARVE_ASSIGN_OR_RETURN(request.granted, GrantedIn(flags.recording));
  }
  const std::vector<std::string> words = CommandWords(flags.command);
  if (words.empty()) return WithHint(absl::InvalidArgumentError("no command is given"), "Give it behind --.");
  SYSCARVE_ASSIGN_OR_RETURN(std::optional<Identity> identity, ResolveIdentity(flags.user));
  SYSCARVE_ASSIGN_OR_RETURN(const Command command, ResolveCommand(words, std::move(identity)));
  SYSCARVE_ASSIGN_OR_RETURN(SignalForwarder signals, SignalForwarder::Create());
  TerminalNotes notes(flags.quiet);
  SYSCARVE_ASSIGN_OR_RETURN(const Proof proof, ProveCommand(request, command, signals, notes));
  PrintProof(proof, flags);
  if (report_file.has_value()) {
    LiftFileSizeLimit();
    const WriteOptions options = {.owner = OwnerOfResults(), .stop = StopAtSignal(signals)};
    SYSCARVE_RETURN_IF_ERROR(report_file->Write(ProofJson(proof, words), options));
  }
  return proof.Complete() ? 0 : 1;
}

}  // namespace

void AddProve(CLI::App& app, int& exit_code) {
  const auto flags = std::make_shared<ProveFlags>();
  CLI::App* const verb = AddVerb(app, "prove", kHelp);
  verb->add_flag("--capabilities", flags->capabilities,
                 "Find the capabilities that it needs (default, unless --syscalls)");
  verb->add_flag("--syscalls", flags->calls, "Find the calls that it needs");
  verb->add_option("-r,--recording", flags->recording,
                   "A recording of the command: capabilities not granted in it are removed in one trial");
  verb->add_option("--runs", flags->request.runs, "Number of reference runs, with nothing removed")
      ->check(CLI::Range(uint32_t{1}, uint32_t{1000}))
      ->capture_default_str();
  AddDuration(*verb, "--budget", flags->budget,
              "Time for everything; what is not tried by then is undecided (default: no limit)");
  AddDuration(*verb, "--limit", flags->limit,
              "Time for one run (default: ten times the longest reference run, and 5 s)");
  AddDuration(*verb, "--grace", flags->request.grace,
              "How long processes may outlive the command before they are ended: 500ms, 5s, 2m (default 5s)");
  verb->add_option("--report", flags->report, "Also write what was found to this file, as JSON; - is stdout");
  verb->add_option("--user", flags->user, "Run the command as this user: a name, or uid[:gid]");
  verb->add_flag("-q,--quiet", flags->quiet, "Print errors only, and why nothing was proven");
  verb->add_option("command", flags->command, "The command and its arguments, after --")->type_name("COMMAND");
  verb->callback([flags, &exit_code] {
    const absl::StatusOr<int> result = Prove(*flags);
    exit_code = result.ok() ? *result : Fail(result.status());
  });
}

}  // namespace syscarve::cli
