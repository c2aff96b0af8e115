// SPDX-License-Identifier: Apache-2.0
#include "userspace/confine/access_policy.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/confine/generalise.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

// The kind of a socket without SOCK_CLOEXEC and SOCK_NONBLOCK (SOCK_TYPE_MASK of linux/net.h).
constexpr uint64_t kSocketTypeMask = 0xf;
// F_SETLK64 and F_SETLKW64 of 32-bit ABIs, and F_OFD_SETLK, F_OFD_SETLKW (asm-generic/fcntl.h).
constexpr uint64_t kLockCommands[] = {F_SETLK, F_SETLKW, 13, 14, 37, 38};
constexpr size_t kMostNamed = 4;
constexpr std::string_view kHint =
    "Record again with `syscarve record --hardening`, or give the log of AppArmor or SELinux.";

const std::string& PathOf(const Recording& recording, ProgramId program) {
  static const std::string kUnknown;
  return program < recording.programs.size() ? recording.programs[program].path : kUnknown;
}

// nullopt for a family without a number of its own.
std::optional<int> FamilyOf(AddressFamily family) {
  switch (family) {
    case AddressFamily::kInet:
      return AF_INET;
    case AddressFamily::kInet6:
      return AF_INET6;
    case AddressFamily::kUnixAbstract:
      return AF_UNIX;
    case AddressFamily::kNetlink:
      return AF_NETLINK;
    case AddressFamily::kPacket:
      return AF_PACKET;
    case AddressFamily::kVsock:
      return AF_VSOCK;
    case AddressFamily::kOther:
      return std::nullopt;
  }
  return std::nullopt;
}

class Gatherer {
 public:
  Gatherer(const PathRules& rules, AccessPolicy& policy) : rules_(rules), policy_(policy) {}

  void Add(const Recording& recording) {
    for (const Subject& subject : recording.subjects) {
      if (subject.kind != SubjectKind::kContainer) policy_.in_container = false;
      if (!subject.hardening.has_value()) {
        ++without_;
        continue;
      }
      ++with_;
      Add(recording, *subject.hardening);
    }
    for (const Run& run : recording.runs) {
      for (const auto& [id, trace] : run.subjects) {
        for (const auto& [call, seen] : trace.calls) AddCall(recording, call, seen);
      }
    }
  }

  absl::Status Finish() {
    if (with_ == 0) {
      return WithHint(absl::InvalidArgumentError("the recording does not have which files were used"),
                      std::string(kHint));
    }
    if (files_.empty() && missing_.contains(std::string(kMissingFiles))) {
      return WithHint(absl::InvalidArgumentError("files were not looked for while this was recorded"),
                      std::string(kHint));
    }
    MakePatterns();
    for (const FixedPath& always : rules_.always) {
      policy_.paths[PatternOf(always)].uses[""] |= always.uses;
    }
    KeepGuarded();
    NoteMissing();
    return absl::OkStatus();
  }

 private:
  struct Candidates {
    std::vector<GeneralisedPath> made;
    FileUses uses;
  };

  void Add(const Recording& recording, const HardeningEvidence& hardening) {
    missing_.insert(hardening.missing.begin(), hardening.missing.end());
    for (const auto& [path, file] : hardening.files) {
      PathAccess& access = files_[path];
      access.paths = 1;
      access.kinds.insert(file.kind);
      if (file.kind == FileKind::kCharacterDevice || file.kind == FileKind::kBlockDevice) {
        access.devices.insert({file.device_major, file.device_minor});
      }
      access.mounts.insert({file.mount, file.filesystem});
      for (const auto& [program, uses] : file.uses) access.uses[PathOf(recording, program)] |= uses;
    }
    for (const auto& [endpoint, programs] : hardening.endpoints) {
      std::set<std::string>& known = policy_.endpoints[endpoint];
      for (const ProgramId program : programs) known.insert(PathOf(recording, program));
    }
  }

  void AddCall(const Recording& recording, SyscallId id, const Observation& seen) {
    const std::optional<std::string> name = SyscallName(id);
    if (!name.has_value()) return;
    if (*name == "socket" || *name == "socketpair") return AddSockets(seen);
    // The call of i386, with its arguments in memory.
    if (*name == "socketcall") policy_.any_socket = true;
    if (*name == "ptrace") policy_.traces = true;
    if (*name == "pivot_root") policy_.pivots_root = true;
    const bool links = *name == "link" || *name == "linkat";
    const bool renames = name->starts_with("rename");
    const bool locks = *name == "flock";
    if (links || renames || locks) {
      for (const auto& [program, count] : seen.programs) {
        ProgramHabits& habits = policy_.habits[PathOf(recording, program)];
        habits.links |= links;
        habits.renames |= renames;
        habits.locks |= locks;
      }
    }
    if (*name == "fcntl" || *name == "fcntl64") AddLocks(recording, seen);
  }

  void AddLocks(const Recording& recording, const Observation& seen) {
    const bool known = seen.arguments.has_value() && !seen.arguments->open && seen.arguments->indexes.size() == 1;
    if (!known) {
      for (const auto& [program, count] : seen.programs) policy_.habits[PathOf(recording, program)].locks = true;
      return;
    }
    for (const auto& [values, programs] : seen.arguments->values) {
      if (values.empty() || std::ranges::find(kLockCommands, values.front()) == std::end(kLockCommands)) continue;
      for (const ProgramId program : programs) policy_.habits[PathOf(recording, program)].locks = true;
    }
  }

  void AddSockets(const Observation& seen) {
    const std::optional<SeenArguments>& arguments = seen.arguments;
    if (!arguments.has_value() || arguments->open || arguments->indexes.size() < 2 || arguments->indexes[0] != 0 ||
        arguments->indexes[1] != 1) {
      policy_.any_socket = true;
      return;
    }
    for (const auto& [values, programs] : arguments->values) {
      const int family = static_cast<int>(values[0]);
      const bool has_protocol = family == AF_NETLINK && values.size() > 2 && arguments->indexes[2] == 2;
      policy_.sockets.insert({.family = family,
                              .type = static_cast<int>(values[1] & kSocketTypeMask),
                              .protocol = has_protocol ? static_cast<int>(values[2]) : 0});
    }
  }

  // The files of a directory that have no entry of their own: any name in it.
  static PathPattern PatternOfOthers(PathPattern folder) {
    if (folder.IsPath() && folder.Matches("/")) return OthersOf(std::move(folder));
    folder.Add("/");
    return OthersOf(std::move(folder));
  }
  static PathPattern OthersOf(PathPattern folder) {
    folder.Add({.kind = PatternPartKind::kAny, .text = "", .count = 0});
    return folder;
  }

  void MakePatterns() {
    std::map<UsedPath, std::vector<GeneralisedPath>> made;
    std::map<std::pair<const PathRule*, PathPattern>, size_t> siblings;
    for (const auto& [path, access] : files_) {
      // An entry of `others` has the uses of the files in the directory, not of the directory itself: only its name
      // counts.
      std::vector<GeneralisedPath> candidates =
          Generalise(rules_, path.path, path.others ? FileUses(FileUse::kRead) : access.all_uses());
      for (const GeneralisedPath& each : candidates) ++siblings[{each.rule, each.pattern}];
      made[path] = std::move(candidates);
    }
    for (auto& [path, access] : files_) {
      PathPattern pattern(path.path);
      for (const GeneralisedPath& each : made[path]) {
        if (siblings[{each.rule, each.pattern}] < each.rule->siblings) continue;
        pattern = each.pattern;
        access.rules.insert(each.rule->id);
        break;
      }
      if (path.others) {
        pattern = PatternOfOthers(std::move(pattern));
        access.rules.insert("others");
      }
      Join(std::move(access), policy_.paths[pattern]);
    }
  }

  static void Join(PathAccess&& more, PathAccess& kept) {
    for (const auto& [program, uses] : more.uses) kept.uses[program] |= uses;
    kept.kinds.merge(more.kinds);
    kept.devices.merge(more.devices);
    kept.mounts.merge(more.mounts);
    kept.rules.merge(more.rules);
    kept.paths += more.paths;
  }

  void KeepGuarded() {
    for (const FixedPath& guarded : rules_.guarded) {
      const PathPattern pattern = PatternOf(guarded);
      FileUses used;
      std::set<std::string> paths;
      for (const auto& [path, access] : files_) {
        const std::string probe = path.others ? Concat(path.path, "/x") : path.path;
        if (!pattern.Matches(probe)) continue;
        const FileUses uses = access.all_uses();
        for (int i = 0; i < kFileUseCount; ++i) {
          const auto use = static_cast<FileUse>(i);
          if (!guarded.uses.has(use) || !uses.has(use)) continue;
          used |= use;
          paths.insert(EscapeForTerminal(path.path));
        }
      }
      if (used.empty()) {
        policy_.guarded.push_back(guarded);
        continue;
      }
      std::vector<std::string> named(paths.begin(), paths.end());
      const size_t more = named.size() > kMostNamed ? named.size() - kMostNamed : 0;
      named.resize(named.size() - more);
      policy_.warnings.push_back(
          Concat("what should be guarded was used, and so it is allowed: ", absl::StrJoin(named, ", "),
                 more > 0 ? Concat(" and ", more, " more") : "", ". ", guarded.why));
    }
  }

  void NoteMissing() {
    struct Words {
      std::string_view part;
      std::string_view sentence;
    };
    constexpr Words kWords[] = {
        {kMissingFiles, "part of the recordings did not look for files: what was used there is not allowed"},
        {kMissingSomeFiles,
         "some files are not in the recording, as there were too many or their paths too long: they "
         "are not allowed"},
        {kMissingIoUring,
         "io_uring was used: what files and addresses were used by it is not in the recording, and not "
         "allowed"},
        {kMissingEarlier, "the recording began when the service ran already: what it used before is not allowed"},
        {kMissingEndpoints, "addresses were not looked for"},
        {kMissingResults,
         "the recording does not tell what failed from what succeeded: what was tried in vain is allowed, too"},
        {kMissingRecordings,
         "a recording that is part of this one says nothing of files: what was used there is not "
         "allowed"},
    };
    for (const Words& words : kWords) {
      if (missing_.contains(std::string(words.part))) policy_.warnings.emplace_back(words.sentence);
    }
    if (without_ > 0) {
      policy_.warnings.push_back(Concat("of ", with_ + without_, " recorded subjects, ", without_,
                                        " tell nothing of files: what they used is not allowed"));
    }
  }

  const PathRules& rules_;
  AccessPolicy& policy_;
  std::map<UsedPath, PathAccess> files_;
  std::set<std::string> missing_;
  size_t with_ = 0;
  size_t without_ = 0;
};

}  // namespace

FileUses PathAccess::all_uses() const {
  FileUses all;
  for (const auto& [program, of_program] : uses) all |= of_program;
  return all;
}

bool AccessPolicy::Allows(std::string_view path, FileUse use) const {
  return std::ranges::any_of(
      paths, [&](const auto& entry) { return entry.second.all_uses().has(use) && entry.first.Matches(path); });
}

std::set<SocketKind> SocketsOf(const AccessPolicy& policy) {
  std::set<SocketKind> sockets = policy.sockets;
  for (const auto& entry : policy.endpoints) {
    const Endpoint& endpoint = entry.first;
    const std::optional<int> family = FamilyOf(endpoint.family);
    if (!family.has_value()) continue;
    const int protocol = *family == AF_NETLINK ? endpoint.port : 0;
    // An observed creation is more specific.
    const bool known = std::ranges::any_of(sockets, [&](const SocketKind& kind) {
      return kind.family == *family && (endpoint.socket_type == 0 || kind.type == endpoint.socket_type) &&
             kind.protocol == protocol;
    });
    if (!known) sockets.insert({.family = *family, .type = endpoint.socket_type, .protocol = protocol});
  }
  const std::set<SocketKind> seen = sockets;
  for (SocketKind kind : seen) {
    if (kind.family != AF_INET && kind.family != AF_INET6) continue;
    kind.family = kind.family == AF_INET ? AF_INET6 : AF_INET;
    sockets.insert(kind);
    sockets.insert({.family = AF_NETLINK, .type = SOCK_RAW, .protocol = NETLINK_ROUTE});
  }
  sockets.insert({.family = AF_UNIX, .type = SOCK_STREAM, .protocol = 0});
  return sockets;
}

std::string AccessSummary(const AccessPolicy& policy) {
  uint64_t seen = 0;
  uint64_t patterns = 0;
  std::map<std::string, uint64_t> by_rule;
  for (const auto& [pattern, access] : policy.paths) {
    if (access.paths == 0) continue;
    seen += access.paths;
    ++patterns;
    for (const std::string& rule : access.rules) by_rule[rule] += access.paths;
  }
  std::string text = Concat(seen, " paths were used, ", patterns, " are named\n");
  std::vector<std::string> rules;
  for (const auto& [rule, count] : by_rule) rules.push_back(Concat(rule, " ", count));
  if (!rules.empty()) text += Concat("by rules: ", absl::StrJoin(rules, ", "), "\n");
  return text;
}

absl::StatusOr<AccessPolicy> MakeAccessPolicy(std::span<const Recording> recordings, const PathRules& rules) {
  AccessPolicy policy;
  policy.in_container = true;
  Gatherer gatherer(rules, policy);
  for (const Recording& recording : recordings) gatherer.Add(recording);
  SYSCARVE_RETURN_IF_ERROR(gatherer.Finish());
  return policy;
}

absl::StatusOr<AccessPolicy> MakeAccessPolicy(std::span<const Recording> recordings, const AccessOptions& options) {
  SYSCARVE_ASSIGN_OR_RETURN(const PathRules* const shipped, ShippedPathRules());
  if (options.generalise) return MakeAccessPolicy(recordings, *shipped);
  PathRules rules = *shipped;
  rules.rules.clear();
  return MakeAccessPolicy(recordings, rules);
}

}  // namespace syscarve
