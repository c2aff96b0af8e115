#include "userspace/shipped/baseline.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/text.h"
#include "userspace/cli/baseline_options.h"
#include "userspace/cli/output.h"
#include "userspace/cli/verbs.h"
#include "userspace/container/bundle.h"
#include "userspace/container/runtime_version.h"
#include "userspace/model/syscall_table.h"
#include "userspace/process/cgroup.h"
#include "userspace/process/command.h"
#include "userspace/process/signals.h"
#include "userspace/process/unified_cgroups.h"
#include "userspace/stub/stub.h"
#include "userspace/trace/container_recorder.h"

namespace syscarve::cli {
namespace {

namespace fs = std::filesystem;

constexpr char kHelp[] =
    "Measure which calls an OCI runtime itself makes under a container's filter.\n\n"
    "It starts containers that end at once, as root and as another user, with and without\n"
    "no_new_privs, records each start, and writes what the runtime did after it had loaded\n"
    "the filter. `generate` and `hook` find the files where they are written by default:\n\n"
    "  sudo syscarve baseline --runtime runc\n"
    "  sudo syscarve baseline --runtime /usr/bin/crun --runs 20 -o crun.json\n\n"
    "Needs root; nothing is left behind but the files. No image and no engine is needed.";

constexpr char kStub[] = "stub";
constexpr uint32_t kOtherUser = 65534;  // Any but root does.
constexpr unsigned kMaxRuns = 1000;

struct BaselineFlags {
  std::string runtime = "runc";
  std::string output;  // "": the folder where the other verbs look.
  unsigned runs = 10;
  std::string no_new_privs = "both";
  bool unified = false;
  bool quiet = false;
};

// A folder of our own for the bundle and the runtime's state, removed with all that is in it.
class WorkFolder {
 public:
  static absl::StatusOr<WorkFolder> Create() {
    const char* const parent = std::getenv("TMPDIR");
    std::string path = Concat(parent != nullptr && *parent == '/' ? parent : "/tmp", "/syscarve-baseline-XXXXXX");
    if (mkdtemp(path.data()) == nullptr) return PosixError(Concat("make a folder like ", path), errno);
    return WorkFolder(std::move(path));
  }
  WorkFolder(WorkFolder&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  WorkFolder& operator=(WorkFolder&&) = delete;
  ~WorkFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }

 private:
  explicit WorkFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

absl::Status MakeFolder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return PosixError(Concat("make folder ", EscapeForTerminal(path)), error.value());
  return absl::OkStatus();
}

absl::Status MakeBundle(const std::string& bundle) {
  for (const char* const folder : {"proc", "dev"}) {
    SYSCARVE_RETURN_IF_ERROR(MakeFolder(Concat(bundle, "/rootfs/", folder)));
  }
  const std::string stub = Concat(bundle, "/rootfs/", kStub);
  SYSCARVE_RETURN_IF_ERROR(WriteFileAtomically(stub, StubProgram()));
  // Whatever the umask: the container's user reads its root, and executes the stub.
  for (const std::string& path : {Concat(bundle, "/rootfs"), stub}) {
    if (chmod(path.c_str(), 0755) != 0) return PosixError(Concat("set the mode of ", path), errno);
  }
  return absl::OkStatus();
}

// 64 hex digits, as engines name containers, so that the kernel side knows the cgroup for one.
absl::StatusOr<std::string> NewContainerId() {
  unsigned char bytes[32];
  if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) return PosixError("read random bytes", errno);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string id;
  for (const unsigned char byte : bytes) {
    id += kDigits[byte >> 4];
    id += kDigits[byte & 0xf];
  }
  return id;
}

struct Setting {
  bool no_new_privs = false;
  uint32_t user = 0;
  auto operator<=>(const Setting&) const = default;
};

struct Runtime {
  std::string path;
  ContainerRuntime told;
};

// How often each name was seen in the starts of one setting.
using Seen = std::map<std::string, unsigned>;

// One start and its end. The calls that the runtime made under the container's filter.
absl::StatusOr<std::set<std::string>> StartOnce(const Runtime& runtime, const std::string& folder, Setting setting,
                                                SignalForwarder& signals) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::string id, NewContainerId());
  rlimit files = {};
  getrlimit(RLIMIT_NOFILE, &files);
  const std::string bundle = folder + "/bundle";
  SYSCARVE_RETURN_IF_ERROR(WriteFileAtomically(
      bundle + "/config.json", FormatBundleConfig({.program = Concat("/", kStub),
                                                   .cgroup_path = Concat("/", id),
                                                   .no_new_privs = setting.no_new_privs,
                                                   .uid = setting.user,
                                                   .gid = setting.user,
                                                   .open_files = std::min<uint64_t>(files.rlim_cur, 1024)})));
  std::vector<std::string> words = {runtime.path, "--root", folder + "/state"};
  // crun would talk to systemd otherwise, where that runs.
  if (runtime.told.name == "crun") words.push_back("--cgroup-manager=cgroupfs");
  for (const std::string& word : {std::string("run"), std::string("--bundle"), bundle, id}) words.push_back(word);
  SYSCARVE_ASSIGN_OR_RETURN(const Command command, ResolveCommand(words, std::nullopt));

  ContainerRecordOptions options;
  options.run_name = "baseline";
  options.track_denials = false;
  options.capabilities = false;
  options.max_containers = 64;
  RecordStage stage = RecordStage::kSetUp;
  SYSCARVE_ASSIGN_OR_RETURN(const ContainersOutcome outcome, RecordContainers(command, options, signals, stage));
  if (outcome.command_status != 0) {
    return absl::FailedPreconditionError(Concat(
        EscapeForTerminal(runtime.path), " could not start a container (exit status ", outcome.command_status, ")"));
  }
  const Recording& recording = outcome.recording;
  for (const Loss& loss : recording.losses) {
    if (loss.missed_calls) return absl::DataLossError(Concat("the recording is incomplete: ", loss.what));
  }
  // Other containers may start on the host meanwhile.
  const auto subject = std::ranges::find(recording.subjects, id, &Subject::name);
  if (subject == recording.subjects.end() || !subject->start.has_value()) {
    return absl::DataLossError("the container's start was not seen");
  }
  if (!subject->start->filtered || subject->start->no_new_privs != setting.no_new_privs) {
    return absl::FailedPreconditionError(Concat(EscapeForTerminal(runtime.path),
                                                " started the container without the filter, or with another "
                                                "no_new_privs than asked for, so there is nothing to measure"));
  }
  std::set<std::string> names;
  const auto index = static_cast<SubjectId>(subject - recording.subjects.begin());
  for (const Run& run : recording.runs) {
    const auto trace = run.subjects.find(index);
    if (trace == run.subjects.end()) continue;
    for (const auto& [call, observation] : trace->second.baseline_calls) {
      if (IsExemptFromSeccomp(call)) continue;
      const std::optional<std::string> name = SyscallName(call);
      if (!name.has_value() || call.abi != recording.host.native_abi) {
        Warn(Concat("the runtime made a call that a baseline cannot name: ", DisplayName(call)));
        continue;
      }
      names.insert(*name);
    }
  }
  if (names.empty()) return absl::DataLossError("no call of the runtime under the filter was seen");
  return names;
}

std::string DistributionName() {
  const absl::StatusOr<std::string> text = ReadFile("/etc/os-release", size_t{64} << 10);
  if (!text.ok()) return "an unknown distribution";
  for (std::string_view line : SplitNonEmpty(*text, '\n')) {
    constexpr std::string_view kKey = "PRETTY_NAME=\"";
    if (line.starts_with(kKey) && ConsumeSuffix(line, "\"")) return EncodePercent(line.substr(kKey.size()));
  }
  return "an unknown distribution";
}

std::string Provenance(const BaselineFlags& flags, const std::string& privileges, bool unified) {
  utsname host = {};
  uname(&host);
  // Without what its packager put behind the version.
  const std::string_view release = host.release;
  return Concat("Measured by syscarve " SYSCARVE_VERSION " on ", DistributionName(), ", Linux ",
                release.substr(0, release.find('-')), unified ? ", with cgroup v2 alone" : "", ": ", flags.runs,
                " starts each as root and as another user", privileges,
                " of a container whose filter lets every call of the runtime by.");
}

// What to say of a measured set beside its names: which do not come with every start.
std::string Remarks(const std::map<Setting, Seen>& seen, bool no_new_privs, unsigned runs) {
  std::set<std::string> now_and_then;
  std::map<uint32_t, std::set<std::string>> of_user;
  for (const auto& [setting, names] : seen) {
    if (setting.no_new_privs != no_new_privs) continue;
    for (const auto& [name, starts] : names) {
      of_user[setting.user].insert(name);
      if (starts < runs) now_and_then.insert(name);
    }
  }
  const auto list = [](const std::set<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += Concat(text.empty() ? "" : " ", name);
    return text;
  };
  std::string text;
  if (!now_and_then.empty()) text += Concat("; not in every start: ", list(now_and_then));
  for (const auto& [user, other, words] :
       {std::tuple(uint32_t{0}, kOtherUser, "as root"), std::tuple(kOtherUser, uint32_t{0}, "as another user")}) {
    std::set<std::string> only;
    for (const std::string& name : of_user[user]) {
      if (!of_user[other].contains(name) && !now_and_then.contains(name)) only.insert(name);
    }
    if (!only.empty()) text += Concat("; only ", words, ": ", list(only));
  }
  return text;
}

class Measurement {
 public:
  static absl::StatusOr<Measurement> Begin(const BaselineFlags& flags) {
    SYSCARVE_ASSIGN_OR_RETURN(const Command found, ResolveCommand({flags.runtime}, std::nullopt));
    Runtime runtime = {.path = found.path, .told = {}};
    SYSCARVE_ASSIGN_OR_RETURN(runtime.told, AskRuntimeVersion(runtime.path));
    SYSCARVE_ASSIGN_OR_RETURN(WorkFolder folder, WorkFolder::Create());
    SYSCARVE_RETURN_IF_ERROR(MakeBundle(folder.path() + "/bundle"));
    return Measurement(flags, std::move(runtime), std::move(folder));
  }

  absl::Status Measure(bool no_new_privs, SignalForwarder& signals) {
    for (const uint32_t user : {uint32_t{0}, kOtherUser}) {
      for (unsigned run = 0; run < flags_->runs; ++run) {
        const Setting setting = {.no_new_privs = no_new_privs, .user = user};
        SYSCARVE_ASSIGN_OR_RETURN(const std::set<std::string> names,
                                  StartOnce(runtime_, folder_.path(), setting, signals));
        for (const std::string& name : names) ++seen_[setting][name];
      }
    }
    return absl::OkStatus();
  }

  // The names of all settings with these no_new_privs, as a file that is for `no_new_privs`.
  Baseline Make(const std::set<bool>& measured, bool no_new_privs, const std::string& privileges) const {
    std::set<std::string> names;
    for (const auto& [setting, seen] : seen_) {
      if (!measured.contains(setting.no_new_privs)) continue;
      for (const auto& [name, starts] : seen) names.insert(name);
    }
    return {.runtime = runtime_.told.name,
            .version = runtime_.told.version,
            .no_new_privs = no_new_privs,
            .abi = NativeAbi(),
            .names = {names.begin(), names.end()},
            .provenance = Provenance(*flags_, privileges, flags_->unified)};
  }

  std::string RemarksOn(bool no_new_privs) const { return Remarks(seen_, no_new_privs, flags_->runs); }

 private:
  Measurement(const BaselineFlags& flags, Runtime runtime, WorkFolder folder)
      : flags_(&flags), runtime_(std::move(runtime)), folder_(std::move(folder)) {}

  const BaselineFlags* flags_;
  Runtime runtime_;
  WorkFolder folder_;
  std::map<Setting, Seen> seen_;
};

bool IsFolder(const std::string& path) {
  std::error_code error;
  return path.ends_with('/') || fs::is_directory(path, error);
}

absl::Status MeasureTo(const BaselineFlags& flags) {
  const bool one_file = !flags.output.empty() && (flags.output == "-" || !IsFolder(flags.output));
  const std::string folder = flags.output.empty() ? std::string(kBaselineFolder) : flags.output;
  if (one_file) {
    SYSCARVE_RETURN_IF_ERROR(CheckWritable(flags.output));
  } else {
    SYSCARVE_RETURN_IF_ERROR(MakeFolder(folder));
    SYSCARVE_RETURN_IF_ERROR(CheckWritable(folder + "/x.json"));
  }
  SYSCARVE_ASSIGN_OR_RETURN(Measurement measurement, Measurement::Begin(flags));
  SYSCARVE_ASSIGN_OR_RETURN(SignalForwarder signals, SignalForwarder::Create());
  std::set<bool> wanted;
  if (flags.no_new_privs != "on") wanted.insert(false);
  if (flags.no_new_privs != "off") wanted.insert(true);
  for (const bool no_new_privs : wanted) SYSCARVE_RETURN_IF_ERROR(measurement.Measure(no_new_privs, signals));

  const auto write = [&](const Baseline& baseline, const std::string& path,
                         const std::string& remarks) -> absl::Status {
    SYSCARVE_RETURN_IF_ERROR(WriteFileAtomically(path, FormatBaseline(baseline)));
    if (!flags.quiet) {
      Note(Concat(BaselineTitle(baseline), ": ", baseline.names.size(), " calls, in ", path, remarks));
    }
    return absl::OkStatus();
  };
  if (one_file && wanted.size() == 2) {
    // What was measured without no_new_privs stands for containers with it, too; what was seen only with it joins it.
    return write(measurement.Make(wanted, false, ", with and without no_new_privs,"), flags.output,
                 measurement.RemarksOn(false));
  }
  for (const bool no_new_privs : wanted) {
    const Baseline baseline = measurement.Make({no_new_privs}, no_new_privs,
                                               no_new_privs ? ", with no_new_privs," : ", without no_new_privs,");
    const std::string path = one_file ? flags.output : (fs::path(folder) / BaselineFileName(baseline)).string();
    SYSCARVE_RETURN_IF_ERROR(write(baseline, path, measurement.RemarksOn(no_new_privs)));
  }
  return absl::OkStatus();
}

absl::Status RunBaseline(const BaselineFlags& flags) {
  if (geteuid() != 0) {
    return WithHint(
        absl::PermissionDeniedError("containers cannot be started, and their starts not recorded, without root"),
        "Run it with sudo.");
  }
  if (flags.unified) SYSCARVE_RETURN_IF_ERROR(EnterUnifiedCgroupView());
  return MeasureTo(flags);
}

}  // namespace

void AddBaseline(CLI::App& app, int& exit_code) {
  CLI::App* const verb = AddVerb(app, "baseline", kHelp);
  const auto flags = std::make_shared<BaselineFlags>();
  verb->add_option("--runtime", flags->runtime, "The OCI runtime: a name, such as runc or crun, or a path")
      ->capture_default_str();
  verb->add_option("-o,--output", flags->output,
                   Concat("A file, or a folder for one file per no_new_privs (default: ", kBaselineFolder, ")"));
  verb->add_option("--runs", flags->runs,
                   "Starts of each kind: what a runtime's threads do differs from start to start")
      ->check(CLI::Range(1U, kMaxRuns))
      ->capture_default_str();
  verb->add_option("--no-new-privs", flags->no_new_privs, "Measure with it (on), without it (off), or both")
      ->check(CLI::IsMember({"on", "off", "both"}))
      ->capture_default_str();
  verb->add_flag("--unified", flags->unified,
                 "Show the runtime a host with cgroup v2 alone, for those that refuse v1 beside it");
  verb->add_flag("-q,--quiet", flags->quiet, "Say nothing but errors and warnings");
  verb->callback([flags, &exit_code] {
    const absl::Status status = RunBaseline(*flags);
    exit_code = status.ok() ? 0 : Fail(status);
  });
}

}  // namespace syscarve::cli
