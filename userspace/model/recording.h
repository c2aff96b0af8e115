// SPDX-License-Identifier: Apache-2.0
// A Recording: what was observed, and nothing that was decided. It is the interface between the privileged half of
// syscarve, which makes recordings, and the pure half, which reads them. docs/recording-format.md describes its file.
//
// Plain data: every member is public, an empty Recording is valid, and equality is by value. Ids are indices into the
// vectors of the same Recording and mean nothing outside it.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/abi.h"
#include "userspace/model/hardening.h"
#include "userspace/model/life.h"
#include "userspace/model/proofs.h"
#include "userspace/model/run.h"
#include "userspace/model/run_list.h"

namespace syscarve {

inline constexpr std::string_view kRecordingSchema = "syscarve.recording/5";

struct Host {
  std::string kernel;  // uname release, e.g. "6.18.44".
  Abi native_abi = Abi::kX86_64;
  std::string libseccomp;  // The version used by the recorder, e.g. "2.5.4".
  bool operator==(const Host&) const = default;
};

// How the recording was made. Texts are from the closed sets below; docs/recording-format.md describes what each
// implies.
struct Method {
  std::string backend;  // "bpf" or "notify"; "strace", "audit" … for logs of other tools.
  std::string events;   // "first" or "all".
  // Where capability checks were observed: "fexit", "tracepoint", "kprobe", "audit", or "none".
  std::string capabilities;
  std::string denials;  // Where calls that a filter in force refused were observed: "sys_exit", "audit" or "none".
  // For "bpf", where its programs were attached: "tp_btf", "tracepoint", "kprobe.multi", or "" if unknown.
  std::string attach;
  bool operator==(const Method&) const = default;
};

// An executable that ran in a subject. `path` is untrusted: the path by the kernel's dentries inside the subject's
// mount namespace, possibly not UTF-8; "" if unknown.
struct Program {
  std::string path;
  uint64_t device = 0;  // The kernel's dev_t of the file's superblock, or 0.
  uint64_t inode = 0;
  auto operator<=>(const Program&) const = default;
};

enum class SubjectKind { kCommand, kCgroup, kProcess, kContainer };

// The program that an engine uses to set containers up. Both members are "" if unknown.
struct ContainerRuntime {
  std::string name;     // "runc"
  std::string version;  // "1.1.5"
  auto operator<=>(const ContainerRuntime&) const = default;
};

// The configured limits of a container; nullopt: unlimited, or the engine's default.
struct ContainerLimits {
  std::optional<uint64_t> memory_bytes;
  std::optional<uint64_t> cpu_milli;  // A processor has 1000.
  std::optional<uint64_t> pids;
  std::optional<uint64_t> open_files;       // Soft limit per process.
  std::optional<uint64_t> open_files_hard;  // Hard limit per process.
  auto operator<=>(const ContainerLimits&) const = default;
};

// What an engine reported about a container. All texts are untrusted: any user who may start a container chooses them.
struct Container {
  std::string id;            // The engine's 64 hex digits.
  std::string name;          // Without a leading slash; "" if no engine reported it.
  std::string image;         // As the user wrote it, "nginx:1.25".
  std::string image_digest;  // "sha256:…", the image's id, or "".
  ContainerRuntime runtime;
  std::map<std::string, std::string> labels;
  // Its configuration; nullopt or empty if no engine reported it.
  std::optional<bool> privileged;
  std::optional<bool> no_new_privs;
  std::optional<bool> read_only_root;
  std::string user;                   // As configured, "101:101".
  std::string seccomp;                // "default", "unconfined", "custom", or "" if unknown.
  std::vector<std::string> cap_add;   // As configured, in the form "CAP_…"; sorted, without duplicates.
  std::vector<std::string> cap_drop;  // Likewise.
  std::string stop_signal;            // As configured, "SIGQUIT", or "": the engine's own (SIGTERM), or unknown.
  std::optional<bool> health_check;   // Whether a health check is configured.
  // What it shares with its host: namespaces ("network", "pid", "ipc", "uts", "user", "cgroup"), and "engine-socket",
  // which gives it all the power of the engine. nullopt if no engine reported it.
  std::optional<std::set<std::string>> shares;
  // Published host addresses, "0.0.0.0:8080"; nullopt likewise.
  std::optional<std::set<std::string>> publishes;
  std::optional<ContainerLimits> limits;  // nullopt likewise.
  auto operator<=>(const Container&) const = default;
};

// The labels in which Compose records the project and the service of a container.
inline constexpr std::string_view kComposeProjectLabel = "com.docker.compose.project";
inline constexpr std::string_view kComposeServiceLabel = "com.docker.compose.service";

// The state in the kernel when a container's own program was started.
struct ContainerStart {
  bool filtered =
      false;  // A seccomp filter was already in force: SubjectTrace::baseline_calls lists what it had to let through.
  bool no_new_privs = false;
  auto operator<=>(const ContainerStart&) const = default;
};

// Replicas of one service are several subjects of the same name.
struct Subject {
  SubjectKind kind = SubjectKind::kCommand;
  std::string name;                            // For people and file names; untrusted.
  std::string cgroup;                          // Path below the cgroup2 mount, or "".
  std::optional<Container> container;          // For kContainer, if an engine was queried.
  std::optional<ContainerStart> start;         // For kContainer, if its start was observed.
  std::optional<Life> life;                    // Absent in logs of other tools and in recordings of older versions.
  std::optional<HardeningEvidence> hardening;  // If requested.
  auto operator<=>(const Subject&) const = default;
};

// Something that was, or may have been, missed. `missed_calls` is true if a system call can be absent from the
// Recording because of it; otherwise only detail (a time, a program's name) is missing.
struct Loss {
  // A stable word, e.g. "ring_full", "slots_full", "program_skipped"; docs/recording-format.md lists them.
  std::string what;
  uint64_t count = 0;
  bool missed_calls = false;
  std::string detail;  // One sentence for people.
  auto operator<=>(const Loss&) const = default;
};

struct Recording {
  Host host;
  Method method;
  std::vector<Program> programs;
  std::vector<Subject> subjects;
  RunList runs;
  std::vector<Loss> losses;
  Proofs proofs;  // By the names of subjects.

  // Whether no call can be missing: no loss has `missed_calls`.
  bool complete() const;
  bool operator==(const Recording&) const = default;
};

// The names in the file format.
std::string_view SubjectKindName(SubjectKind kind);
std::optional<SubjectKind> SubjectKindFromName(std::string_view name);

}  // namespace syscarve
