// SPDX-License-Identifier: Apache-2.0
// Writes a Profile in the formats that other programs read. One file of this folder per format; docs/formats.md states
// what each can express.
//
//   SYSCARVE_ASSIGN_OR_RETURN(const Emitted emitted, Emit(OutputFormat::kKafel, profile, {.name = "web"}));
//   for (const std::string& warning : emitted.warnings) Warn(warning);
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/confine/access_policy.h"
#include "userspace/model/abi.h"
#include "userspace/model/profile.h"
#include "userspace/model/profile_target.h"

namespace syscarve {

enum class OutputFormat {
  kDocker,
  kOci,
  kNames,
  kSpo,
  kSystemd,
  kMinijail,
  kMinijailCompiler,
  kKafel,
  kBpf,
  kC,
  kApparmor,
  kSelinux
};

// The formats of a Profile.
inline constexpr OutputFormat kAllOutputFormats[] = {OutputFormat::kDocker,
                                                     OutputFormat::kOci,
                                                     OutputFormat::kNames,
                                                     OutputFormat::kSpo,
                                                     OutputFormat::kSystemd,
                                                     OutputFormat::kMinijail,
                                                     OutputFormat::kMinijailCompiler,
                                                     OutputFormat::kKafel,
                                                     OutputFormat::kBpf,
                                                     OutputFormat::kC};
// The formats of an AccessPolicy, which is made only from recordings.
inline constexpr OutputFormat kAccessFormats[] = {OutputFormat::kApparmor, OutputFormat::kSelinux};
bool IsAccessFormat(OutputFormat format);

// "docker", "oci", "names", "spo", "systemd", "minijail", "minijail-compiler", "kafel", "bpf", "c", "apparmor",
// "selinux".
std::string_view OutputFormatName(OutputFormat format);
std::optional<OutputFormat> OutputFormatFromName(std::string_view name);

// Whether the format can allow a call for some arguments only.
bool HasConditions(OutputFormat format);

// The suffix of the format's files, such as ".json".
std::string_view OutputFormatSuffix(OutputFormat format);

// In how many pairs of a subject and a run each call was made: SPO's coverage annotation.
struct Coverage {
  size_t total = 0;
  std::map<std::string, size_t> calls;
};

// Inputs of a format besides the profile. A format ignores those that it cannot express.
struct EmitOptions {
  std::string name = "profile";  // Of the object, the policy, the C array. Untrusted bytes.
  // The ABI for formats that are for one architecture.
  Abi native = NativeAbi();
  // minijail: the kernel whose calls the policy's reader has names for; nullopt if unknown.
  std::optional<KernelVersion> kernel;
  // Refuse, with a warning, a call whose conditions the format cannot express; otherwise that is an error.
  bool stricter = false;
  std::string base_profile;          // SPO: the profile whose calls the operator adds; "" for none.
  std::optional<Coverage> coverage;  // SPO: of the recordings.
  // systemd, apparmor, selinux: names of the capabilities to keep; nullopt if unknown.
  std::optional<std::vector<std::string>> capabilities;
  bool no_new_privs = false;  // systemd: the subject is known to run with no_new_privs.
  bool systemd_sets = false;  // systemd: write @sets instead of names if all calls of a set are allowed.
};

struct Emitted {
  std::string text;                   // Ends with a newline, unless the format is binary.
  std::vector<std::string> warnings;  // Sentences about differences from the profile, unescaped.
  std::string summary;                // For an AccessPolicy: lines for people.
};

// `profile` in `format`, one of kAllOutputFormats. Deterministic, and never looser than the profile. A difference is a
// warning with the calls; kInvalidArgument, with the calls, if the format could only be looser. Formats made from a
// compiled filter also fail as Compile does (compile.h).
absl::StatusOr<Emitted> Emit(OutputFormat format, const Profile& profile, const EmitOptions& options);

// One per format, as Emit.

// For `docker run --security-opt seccomp=FILE` and podman: linux.seccomp, and each rule's comment.
absl::StatusOr<Emitted> EmitDocker(const Profile& profile);

// The runtime specification's linux.seccomp object and no field besides: no comments.
absl::StatusOr<Emitted> EmitOci(const Profile& profile);

// The names that some rule allows, one per line, sorted. Other actions are left out without a warning.
absl::StatusOr<Emitted> EmitNames(const Profile& profile);

// A SeccompProfile of the Security Profiles Operator, security-profiles-operator.x-k8s.io/v1, as YAML.
absl::StatusOr<Emitted> EmitSpo(const Profile& profile, const EmitOptions& options);

// A drop-in for a service of systemd (systemd.exec(5)). It resets the unit's own values of the same settings.
absl::StatusOr<Emitted> EmitSystemd(const Profile& profile, const EmitOptions& options);

// The reader of a policy in minijail's language. The two interpret "condition; return ERRNO" in opposite ways:
// minijail0 returns ERRNO if the condition does not hold (syscall_filter.c, compile_policy_line); the compiler returns
// it if the condition holds (tools/parser.py, _parse_single_filter), and spells minijail0's meaning
// "{ condition, return ERRNO }".
enum class MinijailReader { kAtRunTime, kCompiler };

// A policy for minijail0 -S, or for compile_seccomp_policy.py, for one ABI.
absl::StatusOr<Emitted> EmitMinijail(const Profile& profile, MinijailReader reader, const EmitOptions& options);

// A policy of kafel's language (nsjail --seccomp_policy), for one ABI.
absl::StatusOr<Emitted> EmitKafel(const Profile& profile, const EmitOptions& options);

// The instructions of the profile's filter, as struct sock_filter in this machine's byte order (bwrap --seccomp FD).
absl::StatusOr<Emitted> EmitBpf(const Profile& profile);

// A header for C11 and C++17 with the same instructions.
absl::StatusOr<Emitted> EmitC(const Profile& profile, const EmitOptions& options);

// `policy` in `format`, one of kAccessFormats, with a summary. Never looser than the policy; what the format cannot
// allow is named in a warning. The result includes the policy's own warnings.
absl::StatusOr<Emitted> EmitAccess(OutputFormat format, const AccessPolicy& policy, const EmitOptions& options);

// A profile of AppArmor (apparmor.d(5), abi 3.0) with the name ApparmorName(options.name).
absl::StatusOr<Emitted> EmitApparmor(const AccessPolicy& policy, const EmitOptions& options);

// A name that AppArmor and `--security-opt apparmor=` accept, and that no engine uses for a profile of its own.
std::string ApparmorName(std::string_view name);

// A module in SELinux's intermediate language (CIL): one block, SelinuxBlock(options.name), which contains all of its
// types.
absl::StatusOr<Emitted> EmitSelinux(const AccessPolicy& policy, const EmitOptions& options);

// A name for a block of CIL. Its type for `label=type:` is the name followed by ".process".
std::string SelinuxBlock(std::string_view name);

}  // namespace syscarve
