// SPDX-License-Identifier: Apache-2.0
// From recordings of a service to everything that can confine its containers: for each setting whether the service
// bears it, as far as the recordings show, why, and what it will be refused then. Pure: the same recordings, in any
// order, give the same plan.
//
//   SYSCARVE_ASSIGN_OR_RETURN(const HardeningPlan plan, MakePlan({.title = "web", .recordings = recordings, …}));
//
//   facts.h           what the recordings show, joined
//   written_paths.h   which directories have to be writable below a root that is read only
//   start_settings.h, use_settings.h, limit_settings.h   one function per setting
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/container_line.h"
#include "userspace/model/recording.h"
#include "userspace/model/severity.h"
#include "userspace/policy/generated_profile.h"
#include "userspace/policy/service.h"

namespace syscarve {

// In the order in which they are told: first what undoes all others.
enum class SettingKind {
  kPrivileged,
  kEngineSocket,
  kHostNamespaces,
  kSeccomp,
  kNoNewPrivileges,
  kCapabilities,
  kUser,
  kReadOnlyRoot,
  kNetwork,
  kPorts,
  kMemory,
  kCpus,
  kPids,
  kOpenFiles,
  kIpc,
  kDevices,
  kMaskedPaths,
  kHealthCheck,
  kUserNamespace,
};
inline constexpr size_t kSettingKindCount = 19;
std::string_view SettingKindName(SettingKind kind);  // "read-only-root"
std::optional<SettingKind> SettingKindFromName(std::string_view name);
std::string_view SettingSummary(
    SettingKind kind);  // What is wrong where it is not in force; a sentence without its full stop.

enum class SettingVerdict {
  kProven,    // `verify` has run the service's containers under all that is in the line, with this value.
  kObserved,  // By the recordings the service does nothing that it refuses.
  kUnknown,   // The recordings do not tell; Setting::how does.
  kRefused,   // The service does what it refuses.
};
std::string_view SettingVerdictName(SettingVerdict verdict);  // "proven", "observed", "unknown", "refused"

// Texts may hold an adversary's bytes.
struct Setting {
  SettingKind kind = SettingKind::kSeccomp;
  SettingVerdict verdict = SettingVerdict::kUnknown;
  // How much it matters that containers run without, as the recorded ones did; kNote where they did not.
  Severity severity = Severity::kNote;
  bool in_force = false;  // The recorded containers ran so already.
  bool in_line = false;   // HardeningPlan::line has it.
  std::string value;      // In words: "101:101", "128 MiB", "/run (tmpfs), /data (volume)"; "" where there is none.
  std::vector<std::string> reasons;  // Sentences: the evidence.
  std::vector<std::string> refuses;  // Sentences: what will fail under it.
  std::string how;                   // Of kUnknown: a sentence that says what to run or to look at; else advice, or "".
};

struct HardeningPlan {
  std::string title;  // What the profile's file is called, without its suffix.
  ServiceFacts facts;
  std::string profile;            // The path of the profile's file as an engine is given it, or "": none was written.
  ContainerLine line;             // What is proven or observed, or asked for.
  std::vector<Setting> settings;  // By their kinds.
  std::vector<std::string> missing;  // Sentences: what the evidence cannot speak of.
  const Setting* Find(SettingKind kind) const;
  Severity Gravest() const;
};

// What is known of the engine that containers will run under.
struct EngineSettings {
  std::string user_namespace;  // userns-remap of daemon.json, or "".
  std::string source;          // The file.
};
// The part of Docker's daemon.json that is looked at. kInvalidArgument when it is none.
absl::StatusOr<EngineSettings> ParseDaemonJson(std::string_view text);

struct PlanRequest {
  std::string title;
  std::string profile;
  std::span<const Recording> recordings;   // At least one.
  const GeneratedProfile* made = nullptr;  // Of the same recordings.
  std::set<SettingKind> tried;             // Put into the line although they are not known to be borne.
  std::set<SettingKind> left_out;
  std::optional<ContainerLine> proven;  // The line that the service's containers were verified under.
  bool profile_proven = false;          // And with this profile.
  std::optional<EngineSettings> engine;
  std::optional<std::string> apparmor;
  std::optional<std::string> selinux_type;
};

// Fails as RecordingMerger and GatherEvidence do.
absl::StatusOr<HardeningPlan> MakePlan(const PlanRequest& request);

}  // namespace syscarve
