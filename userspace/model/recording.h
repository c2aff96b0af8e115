// SPDX-License-Identifier: Apache-2.0
// A Recording: what was observed, and nothing that was decided. It is the narrow waist between the privileged half of
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
  std::string libseccomp;  // version the recorder ran with, e.g. "2.5.4".
  bool operator==(const Host&) const = default;
};

// How the recording was made. Texts are from the closed sets below; docs/recording-format.md says what each implies.
struct Method {
  std::string backend;  // "bpf" or "notify"; of what others have written, "strace", "audit" …
  std::string events;   // "first" or "all".
  // Where capability checks were seen: "fexit", "tracepoint", "kprobe", "audit", or "none".
  std::string capabilities;
  std::string denials;  // "sys_exit", "audit" or "none": whether calls that a filter in force refused were seen.
  // Of "bpf", where its programs were: "tp_btf", "tracepoint", "kprobe.multi", or "" when not known.
  std::string attach;
  bool operator==(const Method&) const = default;
};

// An executable that ran in a subject. `path` is bytes from an adversary: as the kernel's dentries spelt it inside its
// mount namespace, possibly not UTF-8, "" when it could not be told.
struct Program {
  std::string path;
  uint64_t device = 0;  // The kernel's dev_t of the file's superblock, or 0.
  uint64_t inode = 0;
  auto operator<=>(const Program&) const = default;
};

enum class SubjectKind { kCommand, kCgroup, kProcess, kContainer };

// The program that an engine sets containers up with. Both are "" when it could not be told.
struct ContainerRuntime {
  std::string name;     // "runc"
  std::string version;  // "1.1.5"
  auto operator<=>(const ContainerRuntime&) const = default;
};

// How much a container may use, as configured; nullopt: as much as there is, or what its engine gives all.
struct ContainerLimits {
  std::optional<uint64_t> memory_bytes;
  std::optional<uint64_t> cpu_milli;  // A processor has 1000.
  std::optional<uint64_t> pids;
  std::optional<uint64_t> open_files;       // Of one process: the soft limit.
  std::optional<uint64_t> open_files_hard;  // As far as it may raise that.
  auto operator<=>(const ContainerLimits&) const = default;
};

// What an engine said of a container. All texts are an adversary's bytes: whoever may start a container chooses them.
struct Container {
  std::string id;            // 64 hex digits of the engine.
  std::string name;          // Without a leading slash; "" when no engine told.
  std::string image;         // As the user wrote it, "nginx:1.25".
  std::string image_digest;  // "sha256:…", the image's id, or "".
  ContainerRuntime runtime;
  std::map<std::string, std::string> labels;
  // How it was configured; nullopt or empty when no engine told.
  std::optional<bool> privileged;
  std::optional<bool> no_new_privs;
  std::optional<bool> read_only_root;
  std::string user;                   // As configured, "101:101".
  std::string seccomp;                // "default", "unconfined", "custom", or "" when unknown.
  std::vector<std::string> cap_add;   // As configured, spelt "CAP_…"; sorted, each once.
  std::vector<std::string> cap_drop;  // Likewise.
  std::string stop_signal;            // As configured, "SIGQUIT", or "": the engine's own (SIGTERM), or unknown.
  std::optional<bool> health_check;   // Whether it has one.
  // What it shares with its host: namespaces ("network", "pid", "ipc", "uts", "user", "cgroup"), and "engine-socket",
  // with which it can do all that the engine can. nullopt when no engine told.
  std::optional<std::set<std::string>> shares;
  // Where its ports are reached, "0.0.0.0:8080"; nullopt likewise.
  std::optional<std::set<std::string>> publishes;
  std::optional<ContainerLimits> limits;  // nullopt likewise.
  auto operator<=>(const Container&) const = default;
};

// The labels by which Compose says what a container belongs to.
inline constexpr std::string_view kComposeProjectLabel = "com.docker.compose.project";
inline constexpr std::string_view kComposeServiceLabel = "com.docker.compose.service";

// What the kernel saw when a container's own program was started.
struct ContainerStart {
  bool filtered =
      false;  // A seccomp filter was in force by then: SubjectTrace::baseline_calls is what it had to let by.
  bool no_new_privs = false;
  auto operator<=>(const ContainerStart&) const = default;
};

// Replicas of one service are several subjects of the same name.
struct Subject {
  SubjectKind kind = SubjectKind::kCommand;
  std::string name;                            // For people and file names; an adversary's bytes.
  std::string cgroup;                          // Path below the cgroup2 mount, "" when there is none.
  std::optional<Container> container;          // Of kContainer, when an engine was asked.
  std::optional<ContainerStart> start;         // Of kContainer, when its start was seen.
  std::optional<Life> life;                    // Not of what others have recorded, nor of older versions.
  std::optional<HardeningEvidence> hardening;  // When it was asked for.
  auto operator<=>(const Subject&) const = default;
};

// Something that was, or may have been, missed. `missed_calls` tells whether a system call can be absent from the
// Recording because of it; otherwise only detail (a time, a program's name) is gone.
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
  Proofs proofs;  // Of subjects of these names.

  // Whether no call can be missing: no loss has `missed_calls`.
  bool complete() const;
  bool operator==(const Recording&) const = default;
};

// The words of the file format.
std::string_view SubjectKindName(SubjectKind kind);
std::optional<SubjectKind> SubjectKindFromName(std::string_view name);

}  // namespace syscarve
