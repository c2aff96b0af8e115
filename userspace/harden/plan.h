// SPDX-License-Identifier: Apache-2.0
// From recordings of a service to the settings that can confine its containers: for each setting whether the service
// works under it according to the recordings, why, and what it will be refused then. Pure: the same recordings, in any
// order, give the same plan.
//
//   SYSCARVE_ASSIGN_OR_RETURN(const HardeningPlan plan, MakePlan({.title = "web", .recordings = recordings, …}));
//
//   facts.h           the facts in the recordings, joined
//   written_paths.h   the directories that have to be writable below a read-only root
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

// In the order of reports: first the settings that undo all others.
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
    SettingKind kind);  // What is wrong if it is not in force; a sentence without its full stop.

enum class SettingVerdict {
  kProven,    // `verify` has run the service's containers under the whole line, with this value.
  kObserved,  // According to the recordings the service does nothing that it refuses.
  kUnknown,   // The recordings do not show it; Setting::how describes what does.
  kRefused,   // The service does what it refuses.
};
std::string_view SettingVerdictName(SettingVerdict verdict);  // "proven", "observed", "unknown", "refused"

// Texts are untrusted.
struct Setting {
  SettingKind kind = SettingKind::kSeccomp;
  SettingVerdict verdict = SettingVerdict::kUnknown;
  // How much it matters that containers run without it, as the recorded ones did; kNote if they ran with it.
  Severity severity = Severity::kNote;
  bool in_force = false;  // The recorded containers already ran with it.
  bool in_line = false;   // Part of HardeningPlan::line.
  std::string value;      // In words: "101:101", "128 MiB", "/run (tmpfs), /data (volume)"; "" if there is none.
  std::vector<std::string> reasons;  // Sentences: the evidence.
  std::vector<std::string> refuses;  // Sentences: what will fail under it.
  std::string how;                   // For kUnknown: a sentence on what to run or to examine; else advice, or "".
};

struct HardeningPlan {
  std::string title;  // The name of the profile's file, without its suffix.
  ServiceFacts facts;
  std::string profile;               // The path of the profile's file for an engine, or "" if none was written.
  ContainerLine line;                // The proven, observed and requested settings.
  std::vector<Setting> settings;     // In the order of SettingKind.
  std::vector<std::string> missing;  // Sentences: what the evidence does not cover.
  const Setting* Find(SettingKind kind) const;
  Severity Gravest() const;
};

// The settings of the engine that the containers will run under.
struct EngineSettings {
  std::string user_namespace;  // userns-remap of daemon.json, or "".
  std::string source;          // The file.
};
// The relevant part of Docker's daemon.json. kInvalidArgument if it is invalid.
absl::StatusOr<EngineSettings> ParseDaemonJson(std::string_view text);

struct PlanRequest {
  std::string title;
  std::string profile;
  std::span<const Recording> recordings;   // At least one.
  const GeneratedProfile* made = nullptr;  // Made of the same recordings.
  std::set<SettingKind> tried;  // Added to the line although it is unknown whether the service works under them.
  std::set<SettingKind> left_out;
  std::optional<ContainerLine> proven;  // The line under which the service's containers were verified.
  bool profile_proven = false;          // Whether they were also verified with this profile.
  std::optional<EngineSettings> engine;
  std::optional<std::string> apparmor;
  std::optional<std::string> selinux_type;
};

// Fails as RecordingMerger and GatherEvidence do.
absl::StatusOr<HardeningPlan> MakePlan(const PlanRequest& request);

}  // namespace syscarve
