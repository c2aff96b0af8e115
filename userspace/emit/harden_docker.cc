// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/quote.h"
#include "userspace/emit/harden.h"
#include "userspace/emit/harden_words.h"

namespace syscarve {
namespace {

constexpr std::string_view kDockerTarget = "docker";

// The options of `docker run`, each with its value.
class Options {
 public:
  void Add(std::string_view option) { text_ += Concat(" \\\n  ", option); }
  void Add(std::string_view option, std::string_view value) {
    text_ += Concat(" \\\n  ", option, " ", QuoteForShell(value));
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

absl::Status AddWritable(const HardeningPlan& plan, Options& options) {
  const std::map<std::string, std::string> volumes = VolumeNames(plan);
  for (const auto& [path, directory] : plan.line.writable) {
    // A colon ends the path, and cannot be quoted.
    if (path.find_first_of(":\n") != std::string_view::npos)
      return Inexpressible(kDockerTarget, "path", path, SettingKind::kReadOnlyRoot);
    if (directory.volume) {
      options.Add("--volume", Concat(volumes.at(path), ":", path));
    } else if (NeedsDockerVolume(directory)) {
      options.Add("--volume", path);
    } else {
      options.Add("--tmpfs", Concat(path, ":", TmpfsOptions(directory)));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Emitted> EmitDockerLine(const HardeningPlan& plan) {
  const ContainerLine& line = plan.line;
  Options options;
  if (!plan.profile.empty()) options.Add("--security-opt", Concat("seccomp=", plan.profile));
  if (line.apparmor.has_value()) options.Add("--security-opt", Concat("apparmor=", *line.apparmor));
  if (line.selinux_type.has_value()) options.Add("--security-opt", Concat("label=type:", *line.selinux_type));
  if (line.no_new_privileges) options.Add("--security-opt no-new-privileges:true");
  if (line.cap_add.has_value()) {
    options.Add("--cap-drop ALL");
    for (const std::string& name : *line.cap_add) options.Add("--cap-add", name);
  }
  if (line.user.has_value()) options.Add("--user", *line.user);
  for (const auto& [name, value] : line.sysctls) options.Add("--sysctl", Concat(name, "=", value));
  if (line.read_only_root) {
    options.Add("--read-only");
    SYSCARVE_RETURN_IF_ERROR(AddWritable(plan, options));
  }
  if (line.memory_bytes.has_value()) {
    options.Add("--memory", Concat(*line.memory_bytes, "b"));
    options.Add("--memory-swap", Concat(*line.memory_bytes, "b"));
  }
  if (line.cpu_milli.has_value()) options.Add("--cpus", MilliText(*line.cpu_milli));
  if (line.pids.has_value()) options.Add("--pids-limit", Concat(*line.pids));
  if (line.open_files.has_value()) options.Add("--ulimit", Concat("nofile=", OpenFilesLimits(line)));
  if (line.no_network) options.Add("--network none");
  if (line.private_ipc) options.Add("--ipc private");
  for (const std::string& device : line.devices) {
    if (device.find(':') != std::string_view::npos)
      return Inexpressible(kDockerTarget, "path", device, SettingKind::kDevices);
    options.Add("--device", device);
  }
  const std::string image = ImageOf(plan, "");
  return Emitted{.text = Concat("docker run", options.text(), " \\\n  ",
                                image.empty() || image.starts_with('-') ? "IMAGE" : QuoteForShell(image), "\n"),
                 .warnings = {}};
}

}  // namespace syscarve
