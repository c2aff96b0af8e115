// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/hook_recorder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "userspace/app/baseline_sources.h"
#include "userspace/app/recording_output.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/container/hook_annotation.h"
#include "userspace/container/hook_config.h"
#include "userspace/container/hook_state.h"
#include "userspace/container/runtime_version.h"
#include "userspace/model/profile_json.h"
#include "userspace/model/recording_words.h"
#include "userspace/policy/baseline_choice.h"
#include "userspace/policy/hook_profile.h"
#include "userspace/process/cgroup.h"
#include "userspace/process/own_cgroup.h"
#include "userspace/process/signals.h"
#include "userspace/seccomp/verify.h"
#include "userspace/shipped/baseline.h"
#include "userspace/shipped/shipped_data.h"
#include "userspace/trace/container_recorder.h"

namespace syscarve {
namespace {

// Tracepoints need privileges in the initial user namespace; root of another one has none there.
absl::Status CheckRoot() {
  constexpr ino_t kInitialUserNamespace = 0xEFFFFFFD;  // PROC_USER_INIT_INO, include/linux/proc_ns.h
  struct stat info;
  const bool initial = stat("/proc/self/ns/user", &info) == 0 && info.st_ino == kInitialUserNamespace;
  if (geteuid() == 0 && initial) return absl::OkStatus();
  return WithHint(absl::PermissionDeniedError(geteuid() == 0 ? "the hook needs the host's root, and is root only of a "
                                                               "user namespace, as in a rootless container engine"
                                                             : "the hook needs to run as root"),
                  "Run the container with a rootful engine.");
}

absl::StatusOr<HookConfig> LoadConfig(const std::string& chosen) {
  const std::string path = chosen.empty() ? kHookConfigPath : chosen;
  const absl::StatusOr<std::string> text = ReadTrustedFile(path, /*owner=*/0, kMaxHookConfigBytes);
  if (absl::IsNotFound(text.status()) && chosen.empty()) return HookConfig{};
  if (!text.ok()) return text.status();
  absl::StatusOr<HookConfig> config = ParseHookConfig(*text);
  if (!config.ok()) return Annotate(config.status(), path);
  return config;
}

// Only the default folder is created; one that an administrator configured must exist.
absl::Status MakeDefaultDirectory(const std::string& directory) {
  if (directory != kHookDefaultDirectory) return absl::OkStatus();
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return PosixError(Concat("make directory ", directory), error.value());
  return absl::OkStatus();
}

// A job with its files only; the caller fills in the rest.
absl::StatusOr<HookJob> OpenFiles(const HookPaths& paths, const HookConfig& config) {
  ContainersCommonProfile input;
  if (!paths.input.empty()) {
    SYSCARVE_ASSIGN_OR_RETURN(const AllowedFile allowed, FindAllowed(config.input_directories, paths.input,
                                                                     "the input file", "input_directories"));
    SYSCARVE_ASSIGN_OR_RETURN(const std::string text,
                              ReadConfinedFile(allowed.directory, allowed.below, kMaxProfileBytes));
    absl::StatusOr<ContainersCommonProfile> parsed = ParseContainersCommonProfile(text);
    if (!parsed.ok()) return Annotate(parsed.status(), Concat("the input file ", EscapeForTerminal(paths.input)));
    input = *std::move(parsed);
  }
  SYSCARVE_ASSIGN_OR_RETURN(const AllowedFile allowed, FindAllowed(config.output_directories, paths.output,
                                                                   "the output file", "output_directories"));
  SYSCARVE_RETURN_IF_ERROR(MakeDefaultDirectory(allowed.directory));
  SYSCARVE_ASSIGN_OR_RETURN(ConfinedOutput output, ConfinedOutput::Open(allowed.directory, allowed.below));
  return HookJob{
      .pid = 0, .output_path = paths.output, .runtime = {}, .output = std::move(output), .input = std::move(input)};
}

// The path of our parent's executable: the runtime that called the hook. "" if unknown.
std::string CallingRuntime() {
  std::error_code error;
  const std::string path = std::filesystem::read_symlink(Concat("/proc/", getppid(), "/exe"), error).string();
  return error || !path.starts_with('/') || path.ends_with(" (deleted)") ? "" : path;
}

// The runtime at `path` with its version, if there is a baseline for a runtime of its name; otherwise empty. Only then
// is `path` executed, to find the version.
ContainerRuntime FindRuntime(const std::string& path, const std::vector<KnownBaseline>& known, Notes& notes) {
  const std::string name = path.substr(path.rfind('/') + 1);
  const auto is_named_so = [&name](const KnownBaseline& baseline) { return baseline.baseline.runtime == name; };
  if (std::ranges::none_of(known, is_named_so)) return {};
  absl::StatusOr<ContainerRuntime> runtime = AskRuntimeVersion(path);
  if (runtime.ok()) return *std::move(runtime);
  notes.Warn(std::string(runtime.status().message()));
  return {.name = name, .version = ""};
}

}  // namespace

absl::StatusOr<HookJob> HookJobFromState(const HookWords& words) {
  SYSCARVE_RETURN_IF_ERROR(CheckRoot());
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, ReadFile("-", kMaxHookStateBytes));
  SYSCARVE_ASSIGN_OR_RETURN(const HookState state, ParseHookState(text));
  SYSCARVE_ASSIGN_OR_RETURN(const HookPaths paths, ParseHookAnnotation(state.annotation));
  SYSCARVE_ASSIGN_OR_RETURN(const HookConfig config, LoadConfig(words.config));
  SYSCARVE_ASSIGN_OR_RETURN(HookJob job, OpenFiles(paths, config));
  // Must be checked before the recorder leaves the hook's cgroup.
  SYSCARVE_RETURN_IF_ERROR(CgroupSetApart(state.pid).status());
  job.pid = state.pid;
  job.runtime = words.runtime.empty() ? CallingRuntime() : words.runtime;
  return job;
}

absl::StatusOr<HookJob> HookJobFromWords(const HookWords& words) {
  SYSCARVE_RETURN_IF_ERROR(CheckRoot());
  // The same rules as for an annotation, whose paths these may be.
  const std::string spelt =
      words.input.empty() ? Concat("of:", words.output) : Concat("if:", words.input, ";of:", words.output);
  SYSCARVE_ASSIGN_OR_RETURN(const HookPaths paths, ParseHookAnnotation(spelt));
  SYSCARVE_ASSIGN_OR_RETURN(const HookConfig config, LoadConfig(words.config));
  SYSCARVE_RETURN_IF_ERROR(CgroupSetApart(words.pid).status());
  SYSCARVE_ASSIGN_OR_RETURN(HookJob job, OpenFiles(paths, config));
  job.pid = words.pid;
  job.output_path = words.output;
  job.runtime = words.runtime;
  return job;
}

absl::StatusOr<std::string> HookProfileText(Recording recording, const ContainersCommonProfile& input,
                                            const std::string& runtime, const std::string& baselines, Notes& notes) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<KnownBaseline> known, FindKnownBaselines(baselines, notes));
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<OccasionalCalls>* const occasional, ShippedOccasionalCalls());
  const ContainerRuntime found = FindRuntime(runtime, known, notes);
  for (Subject& subject : recording.subjects) subject.container = Container{.runtime = found};
  SYSCARVE_ASSIGN_OR_RETURN(const HookProfile made, DecideHookProfile(recording, known, *occasional));
  for (const std::string& warning : made.warnings) notes.Warn(warning);
  for (const std::string& source : made.sources) notes.Note(Concat("allowed for the runtime: ", source));

  const ContainersCommonMerge merge =
      MergeContainersCommon(input, {.names = made.names, .abis = made.abis, .default_errno = made.default_errno});
  for (const auto& [name, action] : merge.decided_by_input) {
    if (action != ScmpActionName(ActionKind::kAllow))
      notes.Warn(Concat(name, " was seen, and the input file keeps it ", action));
  }
  if (input.members.empty()) {
    SYSCARVE_ASSIGN_OR_RETURN(const Profile profile, ParseProfile(merge.text));
    SYSCARVE_RETURN_IF_ERROR(VerifyProfile(profile, made.abis.front(), made.names));
  }
  return merge.text;
}

absl::Status RecordForHook(const HookJob& job, const std::function<void()>& armed, Notes& notes) {
  // A cgroup of its own is not required, so a failure is only a warning.
  const absl::StatusOr<OwnCgroup> own = OwnCgroup::Enter();
  if (!own.ok()) notes.Warn(Concat("recording in the caller's cgroup: ", WithoutHint(own.status())));
  SYSCARVE_ASSIGN_OR_RETURN(SignalForwarder signals, SignalForwarder::Create());
  ContainerRecordOptions options;
  options.record.run_name = "hook";
  options.capabilities = false;  // Saves time while the container waits; the profile has no place for them.
  options.record.note = [&notes](std::string_view note) { notes.Note(note); };
  options.on_armed = armed;
  options.record.safety.give_up_privileges = GiveUpPrivileges;
  SYSCARVE_ASSIGN_OR_RETURN(Recording recording, RecordContainerOf(job.pid, options, signals));
  for (const Loss& loss : recording.losses) notes.Warn(LossWords(loss));
  SYSCARVE_ASSIGN_OR_RETURN(const std::string profile, HookProfileText(std::move(recording), job.input, job.runtime,
                                                                       std::string(kBaselineFolder), notes));
  return job.output.Write(profile, 0644);
}

}  // namespace syscarve
