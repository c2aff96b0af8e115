// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/quote.h"
#include "userspace/base/text.h"
#include "userspace/emit/harden.h"
#include "userspace/emit/harden_words.h"
#include "userspace/emit/identifier.h"

namespace syscarve {
namespace {

constexpr std::string_view kKubernetesTarget = "kubernetes";
constexpr std::string_view kCapabilityPrefix = "CAP_";
constexpr uint64_t kMebibyte = uint64_t{1} << 20;

// Names of containers and volumes are labels of DNS (RFC 1123): no dots, 63 characters.
std::string LabelOf(std::string_view name) {
  constexpr size_t kLongest = 63;
  std::string label = ObjectNameOf(name).substr(0, kLongest);
  std::ranges::replace(label, '.', '-');
  while (label.ends_with('-')) label.pop_back();
  return label.empty() ? "service" : label;
}

// "64Mi" of "64m".
std::string Quantity(const std::string& size) {
  std::string text = size;
  text.back() = static_cast<char>(text.back() == 'k' ? 'K' : text.back() - 'a' + 'A');
  return text + "i";
}

std::string BaseName(std::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));
}

class Pod {
 public:
  explicit Pod(const HardeningPlan& plan) : plan_(plan), line_(plan.line) {}

  absl::StatusOr<Emitted> Write() {
    SYSCARVE_RETURN_IF_ERROR(AddUser());
    SYSCARVE_RETURN_IF_ERROR(AddSecurity());
    SYSCARVE_RETURN_IF_ERROR(AddWritable());
    NoteWhatIsLeftOut();
    const std::string name = LabelOf(plan_.title);
    std::string text =
        Concat("# Made by `syscarve harden`: to be put into the specification of a pod, or of a workload's template.\n",
               "spec:\n", sysctls_.empty() ? "" : Concat("  securityContext:\n    sysctls:\n", sysctls_),
               "  containers:\n    - name: ", name, "\n");
    const std::optional<std::string> image = QuoteForYaml(ImageOf(plan_, ""));
    if (image.has_value() && !plan_.facts.images.empty()) text += Concat("      image: ", *image, "\n");
    text += Concat("      securityContext:\n", security_);
    if (line_.memory_bytes.has_value() || line_.cpu_milli.has_value()) {
      text += "      resources:\n        limits:\n";
      if (line_.memory_bytes.has_value()) text += Concat("          memory: ", MemoryText(*line_.memory_bytes), "\n");
      if (line_.cpu_milli.has_value()) text += Concat("          cpu: ", *line_.cpu_milli, "m\n");
    }
    if (!mounts_.empty()) text += Concat("      volumeMounts:\n", mounts_, "  volumes:\n", volumes_);
    return Emitted{.text = std::move(text), .warnings = std::move(warnings_)};
  }

 private:
  static std::string MemoryText(uint64_t bytes) {
    return bytes % kMebibyte == 0 ? Concat(bytes / kMebibyte, "Mi") : Concat(bytes);
  }

  void Security(std::string_view text) { security_ += Concat("        ", text, "\n"); }

  absl::Status AddUser() {
    if (!line_.user.has_value()) return absl::OkStatus();
    const auto user = ParseNumber<uint32_t>(UserPart(*line_.user));
    const auto group = ParseNumber<uint32_t>(GroupPart(*line_.user));
    if (user.has_value()) {
      if (*user != 0) Security("runAsNonRoot: true");
      Security(Concat("runAsUser: ", *user));
      if (group.has_value()) Security(Concat("runAsGroup: ", *group));
    } else {
      warnings_.push_back(Concat("kubernetes accepts only numbers for users, and ", *line_.user,
                                 " is a name, which the image already sets: it is left out"));
    }
    return absl::OkStatus();
  }

  absl::Status AddSecurity() {
    Security("privileged: false");
    // The API refuses false together with CAP_SYS_ADMIN.
    const bool admin =
        line_.cap_add.has_value() && std::ranges::find(*line_.cap_add, "CAP_SYS_ADMIN") != line_.cap_add->end();
    if (line_.no_new_privileges && !admin) Security("allowPrivilegeEscalation: false");
    if (line_.no_new_privileges && admin) {
      warnings_.emplace_back("kubernetes refuses allowPrivilegeEscalation: false beside CAP_SYS_ADMIN: it is left out");
    }
    if (line_.read_only_root) Security("readOnlyRootFilesystem: true");
    if (line_.cap_add.has_value()) {
      Security("capabilities:");
      Security("  drop: [ALL]");
      std::string names;
      for (const std::string& name : *line_.cap_add) {
        const bool prefixed = name.starts_with(kCapabilityPrefix);
        names += Concat(names.empty() ? "" : ", ", prefixed ? name.substr(kCapabilityPrefix.size()) : name);
      }
      if (!names.empty()) Security(Concat("  add: [", names, "]"));
    }
    if (!plan_.profile.empty()) {
      const std::optional<std::string> profile = QuoteForYaml(BaseName(plan_.profile));
      if (!profile.has_value()) return Inexpressible(kKubernetesTarget, "path", plan_.profile, SettingKind::kSeccomp);
      Security("seccompProfile:");
      Security("  type: Localhost");
      Security(Concat("  localhostProfile: ", *profile, "  # Below /var/lib/kubelet/seccomp of every node."));
    }
    if (line_.apparmor.has_value()) {
      const std::optional<std::string> name = QuoteForYaml(*line_.apparmor);
      if (!name.has_value())
        return absl::InvalidArgumentError("the name of the AppArmor profile cannot be written in YAML");
      Security("appArmorProfile:");
      Security("  type: Localhost");
      Security(Concat("  localhostProfile: ", *name));
    }
    if (line_.selinux_type.has_value()) {
      const std::optional<std::string> type = QuoteForYaml(*line_.selinux_type);
      if (!type.has_value()) return absl::InvalidArgumentError("the SELinux type cannot be written in YAML");
      Security("seLinuxOptions:");
      Security(Concat("  type: ", *type));
    }
    for (const auto& [name, value] : line_.sysctls) {
      sysctls_ += Concat("      - name: ", QuoteForYaml(name).value_or("unknown"),
                         "\n        value: ", QuoteForYaml(value).value_or("unknown"), "\n");
    }
    return absl::OkStatus();
  }

  absl::Status AddWritable() {
    const std::map<std::string, std::string> names = VolumeNames(plan_);
    std::set<std::string> taken;
    bool has_volumes = false;
    for (const auto& [path, directory] : line_.writable) {
      const std::optional<std::string> quoted = QuoteForYaml(path);
      // kubelet splits a mount path at ":".
      if (!quoted.has_value() || path.find(':') != std::string_view::npos) {
        return Inexpressible(kKubernetesTarget, "path", path, SettingKind::kReadOnlyRoot);
      }
      const std::string wanted = LabelOf(directory.volume ? names.at(path) : Concat("tmp", path));
      std::string name = wanted;
      for (size_t i = 2; !taken.insert(name).second; ++i) name = Concat(wanted.substr(0, 58), "-", i);
      mounts_ += Concat("        - name: ", name, "\n          mountPath: ", *quoted, "\n");
      volumes_ += Concat("    - name: ", name, "\n");
      if (directory.volume) {
        has_volumes = true;
        volumes_ += Concat("      persistentVolumeClaim:\n        claimName: ", name, "\n");
      } else {
        volumes_ += "      emptyDir:\n        medium: Memory\n";
        if (!directory.size.empty()) volumes_ += Concat("        sizeLimit: ", Quantity(directory.size), "\n");
      }
    }
    if (has_volumes) {
      warnings_.emplace_back(
          "kubernetes begins with an empty volume: what the image has in the directories of persistentVolumeClaim has to "
          "be copied there once, and the claims have to be made");
    }
    return absl::OkStatus();
  }

  void NoteWhatIsLeftOut() {
    if (line_.pids.has_value())
      warnings_.push_back(NoSetting(kKubernetesTarget, "a limit of processes (kubelet's podPidsLimit)"));
    if (line_.open_files.has_value()) warnings_.push_back(NoSetting(kKubernetesTarget, "a limit of descriptors"));
    if (line_.no_network)
      warnings_.push_back(NoSetting(kKubernetesTarget, "no network (a NetworkPolicy that denies all)"));
    if (!line_.devices.empty()) warnings_.push_back(NoSetting(kKubernetesTarget, "devices (a device plugin)"));
  }

  const HardeningPlan& plan_;
  const ContainerLine& line_;
  std::string security_;
  std::string sysctls_;
  std::string mounts_;
  std::string volumes_;
  std::vector<std::string> warnings_;
};

}  // namespace

absl::StatusOr<Emitted> EmitPod(const HardeningPlan& plan) {
  return Pod(plan).Write();
}

}  // namespace syscarve
