// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/measure_baseline.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "userspace/app/baseline_sources.h"
#include "userspace/app/baseline_starts.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/random_hex.h"
#include "userspace/container/bundle.h"
#include "userspace/container/runtime_version.h"
#include "userspace/model/syscall_table.h"
#include "userspace/process/command.h"
#include "userspace/process/signals.h"
#include "userspace/process/unified_cgroups.h"
#include "userspace/shipped/baseline.h"
#include "userspace/stub/stub.h"
#include "userspace/trace/container_recorder.h"

namespace syscarve {
namespace {

namespace fs = std::filesystem;

constexpr char kBundleStub[] = "stub";

// A folder for the bundle and the runtime's state; the destructor removes it with its contents.
class BundleFolder {
 public:
  static absl::StatusOr<BundleFolder> Create() {
    const char* const parent = std::getenv("TMPDIR");
    std::string path = Concat(parent != nullptr && *parent == '/' ? parent : "/tmp", "/syscarve-baseline-XXXXXX");
    if (mkdtemp(path.data()) == nullptr) return PosixError(Concat("make a folder like ", path), errno);
    return BundleFolder(std::move(path));
  }
  BundleFolder(BundleFolder&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  BundleFolder& operator=(BundleFolder&&) = delete;
  ~BundleFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }

 private:
  explicit BundleFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

absl::Status MakeFolders(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return PosixError(Concat("make folder ", EscapeForTerminal(path)), error.value());
  return absl::OkStatus();
}

absl::Status MakeBundle(const std::string& bundle) {
  for (const char* const folder : {"proc", "dev"}) {
    SYSCARVE_RETURN_IF_ERROR(MakeFolders(Concat(bundle, "/rootfs/", folder)));
  }
  const std::string stub = Concat(bundle, "/rootfs/", kBundleStub);
  SYSCARVE_RETURN_IF_ERROR(WriteFileAtomically(stub, StubProgram()));
  // Independent of the umask: the container's user must read its root and execute the stub.
  for (const std::string& path : {Concat(bundle, "/rootfs"), stub}) {
    if (chmod(path.c_str(), 0755) != 0) return PosixError(Concat("set the mode of ", path), errno);
  }
  return absl::OkStatus();
}

struct Runtime {
  std::string path;
  ContainerRuntime told;
};

// Starts a container and waits for its end. Returns the calls that the runtime made under the container's filter.
absl::StatusOr<std::set<std::string>> StartOnce(const Runtime& runtime, const std::string& folder, StartSetting setting,
                                                SignalForwarder& signals, Notes& notes) {
  // In the form of engines' container ids, by which the kernel side recognises a container's cgroup.
  SYSCARVE_ASSIGN_OR_RETURN(const std::string id, RandomHex(32));
  rlimit files = {};
  getrlimit(RLIMIT_NOFILE, &files);
  const std::string bundle = folder + "/bundle";
  SYSCARVE_RETURN_IF_ERROR(WriteFileAtomically(
      bundle + "/config.json", FormatBundleConfig({.program = Concat("/", kBundleStub),
                                                   .cgroup_path = Concat("/", id),
                                                   .no_new_privs = setting.no_new_privs,
                                                   .uid = setting.user,
                                                   .gid = setting.user,
                                                   .open_files = std::min<uint64_t>(files.rlim_cur, 1024)})));
  std::vector<std::string> words = {runtime.path, "--root", folder + "/state"};
  // Otherwise crun would use systemd where it runs.
  if (runtime.told.name == "crun") words.push_back("--cgroup-manager=cgroupfs");
  for (const std::string& word : {std::string("run"), std::string("--bundle"), bundle, id}) words.push_back(word);
  SYSCARVE_ASSIGN_OR_RETURN(const Command command, ResolveCommand(words, std::nullopt));

  ContainerRecordOptions options;
  options.record.run_name = "baseline";
  options.record.track_denials = false;
  options.capabilities = false;
  options.max_containers = 64;
  RecordStage stage = RecordStage::kSetUp;
  SYSCARVE_ASSIGN_OR_RETURN(const ContainersOutcome outcome, RecordContainers(command, options, signals, stage));
  if (outcome.command_status != 0) {
    return absl::FailedPreconditionError(Concat(
        EscapeForTerminal(runtime.path), " could not start a container (exit status ", outcome.command_status, ")"));
  }
  std::vector<SyscallId> nameless;
  absl::StatusOr<std::set<std::string>> names =
      CallsOfStart(outcome.recording, id, setting.no_new_privs, runtime.path, nameless);
  for (const SyscallId call : nameless) {
    notes.Warn(Concat("the runtime made a call that a baseline cannot name: ", DisplayName(call)));
  }
  return names;
}

MeasuredOn Here(const MeasureBaselineRequest& request) {
  utsname host = {};
  uname(&host);
  const absl::StatusOr<std::string> distribution = ReadFile("/etc/os-release", size_t{64} << 10);
  return {.distribution = DistributionFromText(distribution.value_or("")),
          .release = host.release,
          .unified = request.unified,
          .runs = request.runs};
}

class Measurement {
 public:
  static absl::StatusOr<Measurement> Begin(const MeasureBaselineRequest& request) {
    SYSCARVE_ASSIGN_OR_RETURN(const Command found, ResolveCommand({request.runtime}, std::nullopt));
    Runtime runtime = {.path = found.path, .told = {}};
    SYSCARVE_ASSIGN_OR_RETURN(runtime.told, AskRuntimeVersion(runtime.path));
    SYSCARVE_ASSIGN_OR_RETURN(BundleFolder folder, BundleFolder::Create());
    SYSCARVE_RETURN_IF_ERROR(MakeBundle(folder.path() + "/bundle"));
    return Measurement(request, std::move(runtime), std::move(folder));
  }

  absl::Status Measure(bool no_new_privs, SignalForwarder& signals, Notes& notes) {
    for (const uint32_t user : {uint32_t{0}, kOtherUser}) {
      for (unsigned run = 0; run < request_->runs; ++run) {
        const StartSetting setting = {.no_new_privs = no_new_privs, .user = user};
        SYSCARVE_ASSIGN_OR_RETURN(const std::set<std::string> names,
                                  StartOnce(runtime_, folder_.path(), setting, signals, notes));
        for (const std::string& name : names) ++seen_[setting][name];
      }
    }
    return absl::OkStatus();
  }

  // A baseline for `no_new_privs` with the calls of all settings whose no_new_privs is in `measured`.
  Baseline Make(const std::set<bool>& measured, bool no_new_privs, const std::string& privileges) const {
    const std::set<std::string> names = NamesSeen(seen_, measured);
    return {.runtime = runtime_.told.name,
            .version = runtime_.told.version,
            .no_new_privs = no_new_privs,
            .abi = NativeAbi(),
            .names = {names.begin(), names.end()},
            .provenance = ProvenanceOf(Here(*request_), privileges)};
  }

  std::string RemarksOn(bool no_new_privs) const { return RemarksOnStarts(seen_, no_new_privs, request_->runs); }

 private:
  Measurement(const MeasureBaselineRequest& request, Runtime runtime, BundleFolder folder)
      : request_(&request), runtime_(std::move(runtime)), folder_(std::move(folder)) {}

  const MeasureBaselineRequest* request_;
  Runtime runtime_;
  BundleFolder folder_;
  SeenInStarts seen_;
};

absl::Status MeasureTo(const MeasureBaselineRequest& request, Notes& notes) {
  const bool meant_as_folder = request.output.ends_with('/') || IsFolder(request.output);
  const bool one_file = !request.output.empty() && !meant_as_folder;
  const std::string folder = request.output.empty() ? std::string(kBaselineFolder) : request.output;
  if (one_file) {
    SYSCARVE_RETURN_IF_ERROR(CheckWritable(request.output));
  } else {
    SYSCARVE_RETURN_IF_ERROR(MakeFolders(folder));
    SYSCARVE_RETURN_IF_ERROR(CheckWritable(folder + "/x.json"));
  }
  SYSCARVE_ASSIGN_OR_RETURN(Measurement measurement, Measurement::Begin(request));
  SYSCARVE_ASSIGN_OR_RETURN(SignalForwarder signals, SignalForwarder::Create());
  const std::set<bool>& wanted = request.no_new_privs;
  for (const bool no_new_privs : wanted) SYSCARVE_RETURN_IF_ERROR(measurement.Measure(no_new_privs, signals, notes));

  const auto write = [&](const Baseline& baseline, const std::string& path,
                         const std::string& remarks) -> absl::Status {
    SYSCARVE_RETURN_IF_ERROR(WriteFileAtomically(path, FormatBaseline(baseline)));
    notes.Note(Concat(BaselineTitle(baseline), ": ", baseline.names.size(), " calls, in ", path, remarks));
    return absl::OkStatus();
  };
  if (one_file && wanted.size() == 2) {
    // A baseline without no_new_privs also applies to containers with it, so add the calls that were seen only with it.
    return write(measurement.Make(wanted, false, ", with and without no_new_privs,"), request.output,
                 measurement.RemarksOn(false));
  }
  for (const bool no_new_privs : wanted) {
    const Baseline baseline = measurement.Make({no_new_privs}, no_new_privs,
                                               no_new_privs ? ", with no_new_privs," : ", without no_new_privs,");
    const std::string path = one_file ? request.output : (fs::path(folder) / BaselineFileName(baseline)).string();
    SYSCARVE_RETURN_IF_ERROR(write(baseline, path, measurement.RemarksOn(no_new_privs)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MeasureBaseline(const MeasureBaselineRequest& request, Notes& notes) {
  if (geteuid() != 0) {
    return WithHint(absl::PermissionDeniedError("starting containers and recording their starts needs root"),
                    "Run it with sudo.");
  }
  if (request.unified) SYSCARVE_RETURN_IF_ERROR(EnterUnifiedCgroupView());
  return MeasureTo(request, notes);
}

}  // namespace syscarve
