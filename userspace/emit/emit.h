// SPDX-License-Identifier: Apache-2.0
// A Profile in the spellings that other programs read. One file of this folder per format; docs/formats.md says what
// each can and cannot say.
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

// Those of a Profile.
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
// Those of an AccessPolicy, which only recordings make.
inline constexpr OutputFormat kAccessFormats[] = {OutputFormat::kApparmor, OutputFormat::kSelinux};
bool IsAccessFormat(OutputFormat format);

// "docker", "oci", "names", "spo", "systemd", "minijail", "minijail-compiler", "kafel", "bpf", "c", "apparmor",
// "selinux".
std::string_view OutputFormatName(OutputFormat format);
std::optional<OutputFormat> OutputFormatFromName(std::string_view name);

// Whether the format can allow a call for some arguments only.
bool HasConditions(OutputFormat format);

// How files of the format are called, e.g. ".json".
std::string_view OutputFormatSuffix(OutputFormat format);

// How many of the recorded subjects, each in each run, made a call: SPO's coverage annotation.
struct Coverage {
  size_t total = 0;
  std::map<std::string, size_t> calls;
};

// What a format may want to know beside the profile. Formats without a place for something do not look at it.
struct EmitOptions {
  std::string name = "profile";  // Of the object, the policy, the C array. An adversary's bytes.
  // The ABI that formats for one architecture are written for.
  Abi native = NativeAbi();
  // minijail: the kernel whose calls the policy's reader has names for; nullopt: not said.
  std::optional<KernelVersion> kernel;
  // Calls of which the format cannot say when they are let through, are refused, with a warning; otherwise an error.
  bool stricter = false;
  std::string base_profile;          // SPO: whose calls the operator adds; "" for none.
  std::optional<Coverage> coverage;  // SPO, of recordings.
  // systemd, apparmor, selinux: names of the capabilities that are kept. nullopt: nothing is known.
  std::optional<std::vector<std::string>> capabilities;
  bool no_new_privs = false;  // systemd: the subject is known to run with no_new_privs.
  bool systemd_sets = false;  // systemd: @sets in place of names, where all of a set is allowed.
};

struct Emitted {
  std::string text;                   // With a newline at the end where it is text.
  std::vector<std::string> warnings;  // Sentences: where the text says other than the profile. Escaped by no one.
  std::string summary;                // Of an AccessPolicy: lines for people.
};

// `profile` in `format`, which is one of kAllOutputFormats. Same input, same bytes. What the format cannot say is a
// warning that names the calls. Nothing is let through that the profile refuses: where that cannot be kept it is
// kInvalidArgument, naming the calls. Formats that go through a compiled filter also fail as Compile does (compile.h).
absl::StatusOr<Emitted> Emit(OutputFormat format, const Profile& profile, const EmitOptions& options);

// One per format, as Emit.

// For `docker run --security-opt seccomp=FILE` and podman: linux.seccomp, and each rule's comment.
absl::StatusOr<Emitted> EmitDocker(const Profile& profile);

// The runtime specification's linux.seccomp object and no field besides: no comments.
absl::StatusOr<Emitted> EmitOci(const Profile& profile);

// The names that some rule allows, one per line, sorted. Other actions have no place in this format, and are not
// missed.
absl::StatusOr<Emitted> EmitNames(const Profile& profile);

// A SeccompProfile of the Security Profiles Operator, security-profiles-operator.x-k8s.io/v1, as YAML.
absl::StatusOr<Emitted> EmitSpo(const Profile& profile, const EmitOptions& options);

// A drop-in for a service of systemd (systemd.exec(5)). What the unit itself says of the same settings is reset.
absl::StatusOr<Emitted> EmitSystemd(const Profile& profile, const EmitOptions& options);

// Who reads a policy of minijail's language. The two read "condition; return ERRNO" in opposite ways: it is what to do
// otherwise for one (syscall_filter.c, compile_policy_line), and what to do then for the other (tools/parser.py,
// _parse_single_filter), which has "{ condition, return ERRNO }" for what the first means.
enum class MinijailReader { kAtRunTime, kCompiler };

// A policy for minijail0 -S, or for compile_seccomp_policy.py, for one ABI.
absl::StatusOr<Emitted> EmitMinijail(const Profile& profile, MinijailReader reader, const EmitOptions& options);

// A policy of kafel's language (nsjail --seccomp_policy), for one ABI.
absl::StatusOr<Emitted> EmitKafel(const Profile& profile, const EmitOptions& options);

// The instructions of the profile's filter, as struct sock_filter in this machine's byte order (bwrap --seccomp FD).
absl::StatusOr<Emitted> EmitBpf(const Profile& profile);

// A header for C11 and C++17 with the same instructions.
absl::StatusOr<Emitted> EmitC(const Profile& profile, const EmitOptions& options);

// `policy` in `format`, with a summary, which is one of kAccessFormats. What the policy refuses is refused; what the
// format cannot allow is a warning that names it. The policy's own warnings are among those of the result.
absl::StatusOr<Emitted> EmitAccess(OutputFormat format, const AccessPolicy& policy, const EmitOptions& options);

// A profile of AppArmor (apparmor.d(5), abi 3.0) that is called ApparmorName(options.name).
absl::StatusOr<Emitted> EmitApparmor(const AccessPolicy& policy, const EmitOptions& options);

// A name that AppArmor and `--security-opt apparmor=` take, and that is no other one's.
std::string ApparmorName(std::string_view name);

// A module in SELinux's intermediate language (CIL): one block, called SelinuxBlock(options.name), with all types of
// its own.
absl::StatusOr<Emitted> EmitSelinux(const AccessPolicy& policy, const EmitOptions& options);

// A name for a block of CIL. `label=type:` takes it with ".process" behind it.
std::string SelinuxBlock(std::string_view name);

}  // namespace syscarve
