// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "userspace/app/recording_inputs.h"
#include "userspace/app/recording_output.h"
#include "userspace/base/concat.h"
#include "userspace/base/file.h"
#include "userspace/base/output_file.h"
#include "userspace/cli/command_words.h"
#include "userspace/cli/engine_options.h"
#include "userspace/cli/output.h"
#include "userspace/cli/verbs.h"
#include "userspace/model/capability.h"
#include "userspace/model/recording.h"
#include "userspace/process/command.h"
#include "userspace/process/signals.h"
#include "userspace/prove/container_runs.h"
#include "userspace/prove/proof.h"
#include "userspace/prove/prove_command.h"
#include "userspace/prove/prove_containers.h"

namespace syscarve::cli {
namespace {

constexpr char kProveHelp[] =
    "Find the capabilities, calls and arguments that a command needs, by running it without them.\n\n"
    "A capability that the kernel checked is not always needed, and passing tests do not prove that it is not: a\n"
    "server that cannot change its user goes on as root. So the command, a test that starts and stops what it tests,\n"
    "is run repeatedly without some capabilities, and each run is compared with reference runs: by exit status, and "
    "by\n"
    "the ids, groups, capabilities, root directory and listening ports with which each program ends, and by what the\n"
    "kernel refuses a program.\n\n"
    "  sudo syscarve prove --user root -- ./run-my-tests.sh\n"
    "  sudo syscarve prove --recording web.recording.json --user root -- ./run-my-tests.sh\n"
    "  syscarve prove --syscalls --budget 10m --report proof.json -- ./run-my-tests.sh\n"
    "  syscarve prove --arguments --recording web.recording.json --into web.recording.json -- ./run-my-tests.sh\n"
    "  sudo syscarve prove --docker recordings -- ./run-the-tests.sh\n\n"
    "No capability can be removed from the result. With --syscalls the calls that the command makes are tried in the\n"
    "same way, answered with ENOSYS, and with --arguments the arguments that they were recorded with. The command is "
    "run\n"
    "many times and must clean up after itself.\n\n"
    "With --docker it is the containers that the command creates whose capabilities and calls are removed, one "
    "service\n"
    "after the other.";

struct ProveFlags {
  ProofRequest request;
  bool capabilities = false;
  bool calls = false;
  bool arguments = false;
  std::chrono::milliseconds limit{0};
  std::chrono::milliseconds budget{0};
  std::string recording;
  std::optional<std::string> report;
  std::string resume;
  std::string into;
  std::optional<std::string> user;
  bool quiet = false;
  bool ignore_refusals = false;
  bool docker = false;
  ContainerFlags containers;
  TypedWords words;     // The files are recordings.
  std::string command;  // Always empty: CLI11 assigns everything to `words`.

  bool ProvesCapabilities() const { return capabilities || (!calls && !arguments); }
};

// The capabilities that were granted in the recording of this title.
absl::StatusOr<std::set<int>> GrantedIn(const Recording& recording, const std::string& path) {
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

// The capabilities that the containers of a recording had by their configuration.
std::set<int> HeldIn(const Recording& recording) {
  std::set<int> held;
  for (const Subject& subject : recording.subjects) {
    const std::set<int> its = ConfiguredCapabilities(subject.container.value_or(Container()));
    held.insert(its.begin(), its.end());
  }
  return held;
}

// The services with their recordings; each file is named after its service.
absl::StatusOr<std::vector<ServiceToProve>> ReadServices(const ProveFlags& flags,
                                                         const std::vector<std::string>& inputs) {
  if (inputs.empty()) {
    return WithHint(absl::InvalidArgumentError("no recordings are given"),
                    "Name the folder that `record --docker` wrote, in front of --.");
  }
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<std::string> paths, RecordingPaths(inputs));
  std::vector<ServiceToProve> services;
  for (const std::string& path : paths) {
    ServiceToProve service{.title = std::filesystem::path(path).filename().string(), .recording = path};
    if (service.title.ends_with(kRecordingSuffix)) service.title.resize(service.title.size() - kRecordingSuffix.size());
    SYSCARVE_ASSIGN_OR_RETURN(const Recording recording, ReadRecordingInput(path));
    if (flags.ProvesCapabilities()) {
      SYSCARVE_ASSIGN_OR_RETURN(service.granted, GrantedIn(recording, path));
    }
    service.held = HeldIn(recording);
    for (const Subject& subject : recording.subjects) {
      if (subject.container.has_value()) service.container = *subject.container;
    }
    SYSCARVE_ASSIGN_OR_RETURN(const RecordedUse use, UseIn(recording));
    service.calls = use.calls;
    if (std::ranges::find(services, service.title, &ServiceToProve::title) != services.end()) {
      return absl::InvalidArgumentError(Concat("there are two recordings of ", service.title));
    }
    services.push_back(std::move(service));
  }
  return services;
}

std::string WithoutPrefix(const std::string& name) {
  constexpr std::string_view kPrefix = "CAP_";
  return name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : name;
}

void PrintProven(const std::vector<Proven>& proven, const std::string& kind) {
  const std::vector<std::string> needed = NamesOf(proven, ProofVerdict::kNeeded);
  const std::vector<std::string> undecided = NamesOf(proven, ProofVerdict::kUndecided);
  Note(Concat(kind, ": ", needed.size(), " needed, ", NamesOf(proven, ProofVerdict::kNotNeeded).size(), " not",
              undecided.empty() ? "" : Concat(", ", undecided.size(), " undecided")));
  for (const Proven& one : proven) {
    if (one.verdict == ProofVerdict::kNeeded) Note(Concat("  ", one.name, ": without it, ", one.why));
    if (one.verdict == ProofVerdict::kUndecided) Note(Concat("  ", one.name, ": undecided, ", one.why));
  }
}

void PrintCapabilities(const std::vector<Proven>& proven, const std::string& kind) {
  PrintProven(proven, kind);
  std::string options = "--cap-drop ALL";
  for (const ProofVerdict verdict : {ProofVerdict::kNeeded, ProofVerdict::kUndecided}) {
    for (const std::string& name : NamesOf(proven, verdict)) options += Concat(" --cap-add ", WithoutPrefix(name));
  }
  Note(Concat("  ", options));
}

// Prints the results for calls and arguments. `of` begins with the service's name, or is "".
void PrintRefusals(const std::vector<Proven>& calls, const std::vector<Proven>& arguments, const std::string& of) {
  for (const auto& [kind, proven] : {std::pair("calls", &calls), std::pair("arguments", &arguments)}) {
    if (proven->empty()) continue;
    PrintProven(*proven, Concat(of, kind));
    const std::vector<std::string> dispensable = NamesOf(*proven, ProofVerdict::kNotNeeded);
    if (!dispensable.empty()) Note(Concat("  made but not needed: ", absl::StrJoin(dispensable, " ")));
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
  if (!proof.capabilities.empty()) PrintCapabilities(proof.capabilities, "capabilities");
  PrintRefusals(proof.calls, proof.arguments, "");
  for (const ServiceProof& service : proof.services) {
    const std::string of = Concat(service.service, ": ");
    if (flags.ProvesCapabilities()) PrintCapabilities(service.capabilities, Concat(of, "capabilities"));
    PrintRefusals(service.calls, service.arguments, of);
  }
}

absl::StatusOr<ProveContainersRequest> ContainersRequest(const ProveFlags& flags,
                                                         const std::vector<std::string>& recordings) {
  if (flags.arguments) {
    return absl::InvalidArgumentError("--arguments is for a command; with --docker capabilities and calls are proven");
  }
  if (!flags.recording.empty()) {
    return absl::InvalidArgumentError("--recording is for a command; with --docker recordings are named before --");
  }
  ProveContainersRequest request;
  request.proof = flags.request;
  request.capabilities = flags.ProvesCapabilities();
  request.calls = flags.calls;
  SYSCARVE_ASSIGN_OR_RETURN(request.services, ReadServices(flags, recordings));
  SYSCARVE_ASSIGN_OR_RETURN(request.filter, flags.containers.Filter());
  request.by = ByFromName(flags.containers.by).value_or(By::kService);
  request.engine_socket = flags.containers.engine_socket;
  return request;
}

absl::StatusOr<ProveRequest> CommandRequest(const ProveFlags& flags) {
  if (flags.containers.ChooseAny()) {
    return absl::InvalidArgumentError("--engine-socket, --name, --label and --compose-project go with --docker");
  }
  ProveRequest request;
  request.proof = flags.request;
  request.calls = flags.calls;
  request.capabilities = flags.ProvesCapabilities();
  if (flags.arguments && flags.recording.empty()) {
    return WithHint(absl::InvalidArgumentError("--arguments needs --recording, which has the arguments to try"),
                    "Make one with `syscarve record -o FILE -- COMMAND`.");
  }
  if (flags.recording.empty()) return request;
  if (!request.capabilities && !flags.arguments && flags.into.empty()) {
    return absl::InvalidArgumentError("--recording goes with --capabilities or --arguments, or with --into");
  }
  SYSCARVE_ASSIGN_OR_RETURN(const Recording recording, ReadRecordingInput(flags.recording));
  if (flags.arguments) {
    SYSCARVE_ASSIGN_OR_RETURN(request.arguments, UseIn(recording));
  }
  if (!request.capabilities) return request;
  SYSCARVE_ASSIGN_OR_RETURN(request.granted, GrantedIn(recording, flags.recording));
  return request;
}

// The report of an unfinished proof, from which it can be resumed: written after each trial, but only to a file.
class Checkpoints {
 public:
  Checkpoints(const OutputFile* file, const ProvenCommand& command, Notes& notes)
      : file_(file), command_(command), notes_(notes) {
    std::error_code error;
    const bool is_file =
        file != nullptr && file->path() != "-" &&
        (!std::filesystem::exists(file->path(), error) || std::filesystem::is_regular_file(file->path(), error));
    if (!is_file) file_ = nullptr;
  }

  void Write(const Proof& proof) {
    if (file_ == nullptr) return;
    const absl::Status written =
        file_->Write(ProofJson(proof, command_), {.owner = OwnerOfResults(), .flush = false, .stop = std::nullopt});
    if (written.ok()) {
      written_ = true;
    } else {
      notes_.Warn(Concat("the proof cannot go on from here if it is interrupted: ", written.message()));
      file_ = nullptr;
    }
  }

  // How to resume the proof.
  std::string Hint() const {
    return written_ ? Concat("The same command with --resume ", file_->path(), " goes on from here.")
                    : std::string("With --report FILE a proof that is interrupted can go on.");
  }

 private:
  const OutputFile* file_;
  const ProvenCommand& command_;
  Notes& notes_;
  bool written_ = false;
};

void AddProven(const ServiceProof& proven, Recording& recording) {
  for (const Subject& subject : recording.subjects) {
    SubjectProofs& proofs = recording.proofs[subject.name];
    for (const Proven& one : proven.capabilities) {
      const std::optional<int> capability = CapabilityFromName(one.name);
      if (capability.has_value()) proofs.capabilities[*capability] = {.verdict = one.verdict, .why = one.why};
    }
    for (const Proven& one : proven.calls) proofs.calls[one.name] = {.verdict = one.verdict, .why = one.why};
    for (const Proven& one : proven.arguments) {
      proofs.arguments[one.values] = {.verdict = one.verdict, .why = one.why};
    }
  }
}

// Writes copies of the recordings with the results of the proof.
absl::Status WriteInto(const ProveFlags& flags, const Proof& proof, SignalForwarder& signals) {
  RecordingOutput output(signals);
  const auto write = [&](const ServiceProof& proven, const std::string& to) -> absl::Status {
    SYSCARVE_ASSIGN_OR_RETURN(Recording recording, ReadRecordingInput(proven.recording));
    AddProven(proven, recording);
    return output.Write(to, recording);
  };
  if (!flags.docker) {
    return write({.service = "",
                  .recording = flags.recording,
                  .capabilities = proof.capabilities,
                  .calls = proof.calls,
                  .arguments = proof.arguments},
                 flags.into);
  }
  SYSCARVE_RETURN_IF_ERROR(MakeOutputFolder(flags.into, OwnerOfResults()));
  for (const ServiceProof& service : proof.services) {
    SYSCARVE_RETURN_IF_ERROR(write(service, Concat(flags.into, "/", service.service, kRecordingSuffix)));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Tried>> ReadResumed(const std::string& path, const ProvenCommand& command) {
  constexpr size_t kMaxReportBytes = size_t{256} << 20;
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxReportBytes));
  absl::StatusOr<std::vector<Tried>> tried = ReadTried(text, command);
  if (!tried.ok()) return Annotate(tried.status(), path);
  return tried;
}

// The exit code, if there was no error.
absl::StatusOr<int> Prove(ProveFlags flags) {
  const ProvenCommand proven = {.words = CommandWords(flags.words.words), .user = flags.user.value_or("")};
  if (!flags.resume.empty()) {
    SYSCARVE_ASSIGN_OR_RETURN(flags.request.tried, ReadResumed(flags.resume, proven));
    if (!flags.report.has_value()) flags.report = flags.resume;
  }
  std::optional<OutputFile> report_file;
  if (flags.report.has_value()) {
    SYSCARVE_ASSIGN_OR_RETURN(report_file, OutputFile::Open(*flags.report));
  }
  flags.request.refusals = !flags.ignore_refusals;
  if (flags.limit.count() > 0) flags.request.limit = flags.limit;
  if (flags.budget.count() > 0) flags.request.budget = flags.budget;
  TerminalNotes notes(flags.quiet);
  Checkpoints checkpoints(report_file.has_value() ? &*report_file : nullptr, proven, notes);
  flags.request.checkpoint = [&checkpoints](const Proof& so_far) { checkpoints.Write(so_far); };
  SYSCARVE_ASSIGN_OR_RETURN(
      const std::vector<std::string> recordings,
      WordsBefore(flags.words, proven.words, flags.docker, "Recordings are named in front of -- with --docker only."));
  if (!flags.into.empty() && !flags.docker && flags.recording.empty()) {
    return absl::InvalidArgumentError("--into needs --recording, the recording that it is a copy of");
  }
  std::optional<ProveContainersRequest> containers;
  ProveRequest request;
  if (flags.docker) {
    SYSCARVE_ASSIGN_OR_RETURN(containers, ContainersRequest(flags, recordings));
  } else {
    SYSCARVE_ASSIGN_OR_RETURN(request, CommandRequest(flags));
  }
  SYSCARVE_ASSIGN_OR_RETURN(std::optional<Identity> identity, ResolveIdentity(flags.user));
  SYSCARVE_ASSIGN_OR_RETURN(const Command command, ResolveCommand(proven.words, std::move(identity)));
  SYSCARVE_ASSIGN_OR_RETURN(SignalForwarder signals, SignalForwarder::Create());
  const absl::StatusOr<Proof> proof = containers.has_value() ? ProveContainers(*containers, command, signals, notes)
                                                             : ProveCommand(request, command, signals, notes);
  if (absl::IsAborted(proof.status())) return WithHint(proof.status(), checkpoints.Hint());
  SYSCARVE_RETURN_IF_ERROR(proof.status());
  PrintProof(*proof, flags);
  if (!flags.into.empty() && proof->unproven.empty()) {
    LiftFileSizeLimit();
    SYSCARVE_RETURN_IF_ERROR(WriteInto(flags, *proof, signals));
  }
  if (!flags.quiet && proof->unproven.empty() && !proof->Complete()) Note(Concat("  ", checkpoints.Hint()));
  if (report_file.has_value()) {
    LiftFileSizeLimit();
    const WriteOptions options = {.owner = OwnerOfResults(), .stop = StopAtSignal(signals)};
    SYSCARVE_RETURN_IF_ERROR(report_file->Write(ProofJson(*proof, proven), options));
  }
  return proof->Complete() ? 0 : 1;
}

}  // namespace

void AddProve(CLI::App& app, int& exit_code) {
  const auto flags = std::make_shared<ProveFlags>();
  CLI::App* const verb = AddVerb(app, "prove", kProveHelp);
  verb->add_flag("--capabilities", flags->capabilities,
                 "Find the capabilities that it needs (default, unless another kind is asked for)");
  verb->add_flag("--syscalls", flags->calls, "Find the calls that it needs, of those that it makes");
  verb->add_flag("--arguments", flags->arguments, "Find the arguments that its calls need, of those in the recording");
  verb->add_option(
      "-r,--recording", flags->recording,
      "A recording of the command: the arguments to try, and which capabilities were granted; the others are\n"
      "removed in one trial");
  verb->add_option("--runs", flags->request.runs, "Number of reference runs, with nothing removed")
      ->check(CLI::Range(uint32_t{1}, uint32_t{1000}))
      ->capture_default_str();
  AddDuration(*verb, "--budget", flags->budget,
              "Time for everything; what is not tried by then is undecided (default: no limit)");
  AddDuration(*verb, "--limit", flags->limit,
              "Time for one run (default: ten times the longest reference run, and 5 s)");
  AddDuration(*verb, "--grace", flags->request.grace,
              "How long processes may outlive the command before they are ended: 500ms, 5s, 2m (default 5s)");
  verb->add_flag("--ignore-refusals", flags->ignore_refusals,
                 "New refusals by the kernel (EPERM, EACCES) are no difference");
  verb->add_option("--report", flags->report, "Also write what was found to this file, as JSON; - is stdout");
  verb->add_option("--resume", flags->resume,
                   "Go on from this report of the same command, and write to it unless --report is given: what it has\n"
                   "tried is not tried again")
      ->type_name("FILE");
  verb->add_option("--into", flags->into,
                   "Write the recording with what was proven of it to this file, for generate; with --docker the\n"
                   "recordings into this folder, which may be the one that they are in")
      ->type_name("PATH");
  verb->add_option("--user", flags->user, "Run the command as this user: a name, or uid[:gid]");
  verb->add_flag("-q,--quiet", flags->quiet, "Print errors only, and why nothing was proven");
  verb->add_flag("--docker", flags->docker, "Prove the containers that the command creates, by service")
      ->group("Containers");
  AddContainerChoice(*verb, flags->containers, "What a container's recording is chosen by, as when it was recorded");
  // The first positional receives all words. The second is for the help, and because CLI11 does not continue with a
  // verb behind "--" if its positionals are complete.
  const CLI::Option* const words =
      verb->add_option("recordings", flags->words.words,
                       "With --docker: a folder as record --docker writes it, or its files")
          ->type_name("RECORDINGS");
  verb->add_option("command", flags->command, "The command and its arguments, after --")->type_name("COMMAND");
  verb->callback([flags, verb, words, &exit_code] {
    const std::vector<CLI::Option*>& parsed = verb->parse_order();
    flags->words.typed = static_cast<size_t>(std::ranges::count(parsed, words));
    const absl::StatusOr<int> result = Prove(*flags);
    exit_code = result.ok() ? *result : Fail(result.status());
  });
}

}  // namespace syscarve::cli
