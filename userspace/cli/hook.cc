#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/app/recording_output.h"
#include "userspace/base/concat.h"
#include "userspace/base/confined_file.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/text.h"
#include "userspace/base/unique_fd.h"
#include "userspace/cli/baseline_options.h"
#include "userspace/cli/output.h"
#include "userspace/cli/verbs.h"
#include "userspace/container/hook_annotation.h"
#include "userspace/container/hook_config.h"
#include "userspace/container/hook_state.h"
#include "userspace/container/hook_words.h"
#include "userspace/container/runtime_version.h"
#include "userspace/emit/containers_common.h"
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

namespace syscarve::cli {
namespace {

constexpr char kHelp[] =
    "Record a container from an OCI hook: a drop-in for oci-seccomp-bpf-hook.\n\n"
    "The forms are the original's, and so are their options, with one dash or two:\n\n"
    "  syscarve hook -s < state.json           read the container's state, start recording, return\n"
    "  syscarve hook -r PID -o OUT [-i IN]     record until the container ends, write OUT\n"
    "  syscarve hook -version\n\n"
    "and besides:\n\n"
    "  -config FILE     instead of /etc/syscarve/hook.json\n"
    "  -runtime FILE    with -r: the OCI runtime, whose measured calls complete the profile\n\n"
    "A container asks for a profile by the annotation\n"
    "io.containers.trace-syscall=\"of:OUT\" or \"if:IN;of:OUT\". OUT and IN must be below a\n"
    "directory that the configuration allows; without a configuration that is\n"
    "/var/lib/syscarve/profiles. Exit code 0 or 1. A binary of the name\n"
    "oci-seccomp-bpf-hook needs no verb. docs/hook.md has the set-up.";

// As long as the original waits. The hook blocks the container's start, so it is a limit, not an aim.
constexpr std::chrono::seconds kReadyLimit{10};
constexpr size_t kMaxChildWords = size_t{16} << 10;

// What happens goes to the system's log, where administrators look for a hook's words; errors also to standard error,
// which a runtime shows to whoever started the container.
std::string log_name;

void Log(int priority, std::string_view text) {
  syslog(priority, "%s", EscapeForTerminal(text).c_str());
}

int FailHook(const absl::Status& status) {
  Log(LOG_ERR, std::string(status.message()));
  (void)Fail(status);
  return 1;
}

// Root's rights in a user namespace of somebody's own do not reach the host's tracepoints.
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

// The default is ours, so we make it; a directory that an administrator named must be there.
absl::Status MakeDefaultDirectory(const std::string& directory) {
  if (directory != kHookDefaultDirectory) return absl::OkStatus();
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return PosixError(Concat("make directory ", directory), error.value());
  return absl::OkStatus();
}

// A process in the hook's own cgroup, or above it, is no container set apart: recording it would record its neighbours.
// To be asked before the recorder moves away from there.
absl::Status CheckSetApart(pid_t pid) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::string cgroup, CgroupOfProcess(pid));
  SYSCARVE_ASSIGN_OR_RETURN(const std::string own, CgroupOfProcess(getpid()));
  if (cgroup != "/" && cgroup != own && !own.starts_with(cgroup + "/")) return absl::OkStatus();
  return WithHint(absl::FailedPreconditionError(
                      Concat("process ", pid, " is in no cgroup of its own, but in ", EscapeForTerminal(cgroup))),
                  "Let the engine make a cgroup for the container; Podman's --cgroups=disabled does not.");
}

// The files of a request, checked.
struct HookFiles {
  ConfinedOutput output;
  ContainersCommonProfile input;
};

absl::StatusOr<HookFiles> OpenFiles(const HookPaths& paths, const HookConfig& config) {
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
  return HookFiles{std::move(output), std::move(input)};
}

// ---- How hook and recorder speak ----

// Our parent is the runtime that called the hook. "" when that cannot be told.
std::string CallingRuntime() {
  std::error_code error;
  const std::string path = std::filesystem::read_symlink(Concat("/proc/", getppid(), "/exe"), error).string();
  return error || !path.starts_with('/') || path.ends_with(" (deleted)") ? "" : path;
}

sigset_t RecorderSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGUSR1, SIGUSR2, SIGCHLD}) sigaddset(&signals, signal);
  return signals;
}

// The signals are blocked and waited for, and have a handler nevertheless: while they are waited for the kernel does
// not show them as blocked, and the recorder sends none to a process that they would end.
void ExpectSignals() {
  struct sigaction nothing = {};
  nothing.sa_handler = [](int) {};
  for (const int signal : {SIGUSR1, SIGUSR2, SIGCHLD}) sigaction(signal, &nothing, nullptr);
  const sigset_t signals = RecorderSignals();
  sigprocmask(SIG_BLOCK, &signals, nullptr);
}

// In the child: nothing of the hook's caller holds on to the recorder, and it to nothing of theirs.
void Detach(int error_fd) {
  setsid();
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  dup2(null, STDIN_FILENO);
  dup2(null, STDOUT_FILENO);
  dup2(error_fd, STDERR_FILENO);
  (void)!chdir("/");
  for (const int signal : {SIGUSR1, SIGUSR2, SIGCHLD}) std::signal(signal, SIG_DFL);
  const sigset_t signals = RecorderSignals();
  sigprocmask(SIG_UNBLOCK, &signals, nullptr);
  openlog(log_name.c_str(), LOG_PID, LOG_DAEMON);
}

// What the recorder said before it went silent, for whoever reads the hook's words.
std::string ReadWords(const UniqueFd& fd) {
  std::string words;
  char buffer[1024];
  ssize_t got = 0;
  while (words.size() < kMaxChildWords && (got = read(fd.get(), buffer, sizeof buffer)) > 0) {
    words.append(buffer, static_cast<size_t>(got));
  }
  return words;
}

absl::Status WaitUntilReady(pid_t recorder) {
  using Clock = std::chrono::steady_clock;
  const sigset_t signals = RecorderSignals();
  const auto deadline = Clock::now() + kReadyLimit;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(deadline - Clock::now());
    if (left.count() <= 0) {
      kill(recorder, SIGKILL);
      return absl::DeadlineExceededError(Concat("the recorder was not ready within ", kReadyLimit.count(), " seconds"));
    }
    const timespec wait = {.tv_sec = left.count() / 1'000'000'000, .tv_nsec = left.count() % 1'000'000'000};
    siginfo_t info = {};
    const int signal = sigtimedwait(&signals, &info, &wait);
    if (signal == SIGUSR1 && info.si_pid == recorder) return absl::OkStatus();
    if (signal == SIGUSR2 && info.si_pid == recorder) return absl::FailedPreconditionError("the recorder failed");
    if (signal == SIGCHLD && waitpid(recorder, nullptr, WNOHANG) == recorder) {
      return absl::FailedPreconditionError("the recorder ended before it was ready");
    }
  }
}

// ---- The recorder ----

// Whether our parent waits for `signal`; anybody else would die of it.
bool ParentWaitsFor(int signal) {
  const auto status = ReadFile(Concat("/proc/", getppid(), "/status"), size_t{1} << 20);
  if (!status.ok()) return false;
  for (const char* const mask : {"\nSigBlk:\t", "\nSigCgt:\t"}) {
    const size_t at = status->find(mask);
    if (at == std::string::npos) continue;
    const uint64_t signals = std::strtoull(status->c_str() + at + std::string_view(mask).size(), nullptr, 16);
    if (signals >> (signal - 1) & 1) return true;
  }
  return false;
}

// Tells whoever waits for the recorder, once, how it went.
class Caller {
 public:
  // `pid` is our parent, or 0 when nobody waits.
  explicit Caller(pid_t pid) : pid_(pid) {}

  void Tell(int signal) {
    const pid_t pid = std::exchange(pid_, 0);
    if (pid == 0 || pid != getppid()) return;
    kill(pid, signal);
    // From here on nobody reads what we say, and the pipe to the hook must not stay open.
    const UniqueFd null(open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (null.valid()) dup2(null.get(), STDERR_FILENO);
  }

 private:
  pid_t pid_;
};

// What is to be recorded, and for which file.
struct Request {
  pid_t pid = 0;
  std::string output;
  std::string runtime;  // The OCI runtime's path, or "".
};

absl::StatusOr<std::vector<KnownBaseline>> LoadKnownBaselines() {
  std::vector<KnownBaseline> known;
  std::vector<std::string> warnings;
  for (Baseline& baseline : LoadBaselineFolder(std::string(kBaselineFolder), warnings)) {
    known.push_back({std::move(baseline), BaselineOrigin::kHost});
  }
  for (const std::string& warning : warnings) Log(LOG_WARNING, warning);
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<Baseline>* const shipped, ShippedBaselines());
  for (const Baseline& baseline : *shipped) known.push_back({baseline, BaselineOrigin::kShipped});
  return known;
}

// Which runtime has started the container, as far as it matters: one that baselines are known of. It is asked for its
// version, and nothing is executed that has another name.
ContainerRuntime FindRuntime(const std::string& path, const std::vector<KnownBaseline>& known) {
  const std::string name = path.substr(path.rfind('/') + 1);
  const auto is_named_so = [&name](const KnownBaseline& baseline) { return baseline.baseline.runtime == name; };
  if (std::ranges::none_of(known, is_named_so)) return {};
  absl::StatusOr<ContainerRuntime> runtime = AskRuntimeVersion(path);
  if (runtime.ok()) return *std::move(runtime);
  Log(LOG_WARNING, std::string(runtime.status().message()));
  return {.name = name, .version = ""};
}

absl::StatusOr<std::string> MakeProfile(Recording recording, const ContainersCommonProfile& input,
                                        const std::string& runtime) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<KnownBaseline> known, LoadKnownBaselines());
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<OccasionalCalls>* const occasional, ShippedOccasionalCalls());
  const ContainerRuntime found = FindRuntime(runtime, known);
  for (Subject& subject : recording.subjects) subject.container = Container{.runtime = found};
  SYSCARVE_ASSIGN_OR_RETURN(const HookProfile made, DecideHookProfile(recording, known, *occasional));
  for (const std::string& warning : made.warnings) Log(LOG_WARNING, warning);
  for (const std::string& source : made.sources) Log(LOG_INFO, Concat("allowed for the runtime: ", source));

  const ContainersCommonMerge merge =
      MergeContainersCommon(input, {.names = made.names, .abis = made.abis, .default_errno = made.default_errno});
  for (const auto& [name, action] : merge.decided_by_input) {
    if (action != "SCMP_ACT_ALLOW") Log(LOG_WARNING, Concat(name, " was seen, and the input file keeps it ", action));
  }
  if (input.members.empty()) {
    SYSCARVE_ASSIGN_OR_RETURN(const Profile profile, ParseProfile(merge.text));
    SYSCARVE_RETURN_IF_ERROR(VerifyProfile(profile, made.abis.front(), made.names));
  }
  return merge.text;
}

absl::Status RecordTo(const HookFiles& files, const Request& request, Caller& caller) {
  // What is not to be had is not needed: the recording works anywhere.
  const absl::StatusOr<OwnCgroup> own = OwnCgroup::Enter();
  if (!own.ok()) Log(LOG_WARNING, Concat("recording in the caller's cgroup: ", WithoutHint(own.status())));
  SYSCARVE_ASSIGN_OR_RETURN(SignalForwarder signals, SignalForwarder::Create());
  ContainerRecordOptions options;
  options.run_name = "hook";
  options.capabilities = false;  // The container waits for us, and the profile has no place for them.
  options.note = [](std::string_view note) { Log(LOG_INFO, note); };
  options.on_armed = [&caller] { caller.Tell(SIGUSR1); };
  options.safety.give_up_privileges = GiveUpPrivileges;
  SYSCARVE_ASSIGN_OR_RETURN(Recording recording, RecordContainerOf(request.pid, options, signals));
  for (const Loss& loss : recording.losses) Log(LOG_WARNING, LossWords(loss));
  SYSCARVE_ASSIGN_OR_RETURN(const std::string profile, MakeProfile(std::move(recording), files.input, request.runtime));
  return files.output.Write(profile, 0644);
}

int Record(const HookFiles& files, const Request& request, Caller& caller) {
  if (const absl::Status recorded = RecordTo(files, request, caller); !recorded.ok()) {
    const int code = FailHook(recorded);
    caller.Tell(SIGUSR2);
    return code;
  }
  Log(LOG_INFO, Concat("wrote ", request.output));
  return 0;
}

// ---- -r ----

absl::StatusOr<HookFiles> OpenFilesOf(const HookWords& words) {
  SYSCARVE_RETURN_IF_ERROR(CheckRoot());
  // The same rules as for an annotation, whose paths these may be.
  const std::string spelt =
      words.input.empty() ? Concat("of:", words.output) : Concat("if:", words.input, ";of:", words.output);
  SYSCARVE_ASSIGN_OR_RETURN(const HookPaths paths, ParseHookAnnotation(spelt));
  SYSCARVE_ASSIGN_OR_RETURN(const HookConfig config, LoadConfig(words.config));
  SYSCARVE_RETURN_IF_ERROR(CheckSetApart(words.pid));
  return OpenFiles(paths, config);
}

int RecordProcess(const HookWords& words) {
  Caller caller(ParentWaitsFor(SIGUSR1) ? getppid() : 0);
  const absl::StatusOr<HookFiles> files = OpenFilesOf(words);
  if (!files.ok()) {
    const int code = FailHook(files.status());
    caller.Tell(SIGUSR2);
    return code;
  }
  return Record(*files, {.pid = words.pid, .output = words.output, .runtime = words.runtime}, caller);
}

// ---- -s ----

// The recorder is a fork without an exec: linking this program anew would cost a tenth of the time that the container
// waits. Returns in both.
int Start(const HookWords& words) {
  // What the runtime left open is not ours, and the recorder would keep it open.
  syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
  if (const absl::Status root = CheckRoot(); !root.ok()) return FailHook(root);
  const absl::StatusOr<std::string> text = ReadFile("-", kMaxHookStateBytes);
  if (!text.ok()) return FailHook(text.status());
  const absl::StatusOr<HookState> state = ParseHookState(*text);
  if (!state.ok()) return FailHook(state.status());
  const absl::StatusOr<HookPaths> paths = ParseHookAnnotation(state->annotation);
  if (!paths.ok()) return FailHook(paths.status());
  const absl::StatusOr<HookConfig> config = LoadConfig(words.config);
  if (!config.ok()) return FailHook(config.status());
  const absl::StatusOr<HookFiles> files = OpenFiles(*paths, *config);
  if (!files.ok()) return FailHook(files.status());
  if (const absl::Status apart = CheckSetApart(state->pid); !apart.ok()) return FailHook(apart);
  const Request request = {
      .pid = state->pid, .output = paths->output, .runtime = words.runtime.empty() ? CallingRuntime() : words.runtime};

  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return FailHook(PosixError("pipe", errno));
  UniqueFd recorder_says(ends[0]);
  UniqueFd recorder_error(ends[1]);
  ExpectSignals();
  const pid_t hook = getpid();
  const pid_t recorder = fork();
  if (recorder < 0) return FailHook(PosixError("fork", errno));
  if (recorder == 0) {
    Detach(recorder_error.get());
    recorder_error.reset();
    recorder_says.reset();
    Caller caller(hook);
    return Record(*files, request, caller);
  }
  recorder_error.reset();
  const absl::Status ready = WaitUntilReady(recorder);
  if (ready.ok()) {
    Log(LOG_INFO, Concat("recording process ", state->pid, " for ", paths->output));
    return 0;
  }
  Log(LOG_ERR, std::string(ready.message()));
  const std::string said = ReadWords(recorder_says);
  if (said.empty()) {
    (void)Fail(ready);
  } else {
    (void)WriteAll(STDERR_FILENO, said, "standard error");
  }
  return 1;
}

}  // namespace

int RunHook(const std::vector<std::string>& words, const std::string& program) {
  log_name = program;
  openlog(log_name.c_str(), LOG_PID, LOG_DAEMON);
  const absl::StatusOr<HookWords> parsed = ParseHookWords(words);
  if (!parsed.ok()) {
    (void)FailHook(WithHint(parsed.status(), "`syscarve hook --help` has the forms."));
    return 2;
  }
  if (parsed->help) {
    const absl::Status written = WriteAll(STDERR_FILENO, Concat(kHelp, "\n"), "standard error");
    return written.ok() ? 0 : FailHook(written);
  }
  if (parsed->version) {
    const absl::Status written = WriteFileAtomically("-", SYSCARVE_VERSION "\n");
    return written.ok() ? 0 : FailHook(written);
  }
  return parsed->start ? Start(*parsed) : RecordProcess(*parsed);
}

void AddHook(CLI::App& app, int& exit_code) {
  CLI::App* const verb = AddVerb(app, "hook", kHelp);
  // The original's options are not of this command line's style, so they are read apart.
  verb->allow_extras();
  verb->callback([verb, &exit_code] { exit_code = RunHook(verb->remaining(), "syscarve"); });
}

}  // namespace syscarve::cli
