// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/strace.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "userspace/base/text.h"
#include "userspace/model/syscall_table.h"
#include "userspace/read/logged_arguments.h"
#include "userspace/read/recording_builder.h"
#include "userspace/read/strace_arguments.h"
#include "userspace/read/strace_line.h"

namespace syscarve {
namespace {

constexpr size_t kLinesToGuessFrom = 64;

using Pid = int64_t;
constexpr Pid kUnnamedPid = 0;  // For a process without a prefix yet, because it is the only one.

bool IsFork(std::string_view name) {
  return name == "clone" || name == "clone3" || name == "fork" || name == "vfork";
}

bool IsExec(std::string_view name) {
  return name == "execve" || name == "execveat";
}

// strace's form of a number without a name: "syscall_0x1b3", and before 4.10 "syscall_435".
constexpr std::string_view kNumbered = "syscall_";

bool IsNumbered(std::string_view name) {
  return name.starts_with(kNumbered) && name.size() > kNumbered.size() && name[kNumbered.size()] >= '0' &&
         name[kNumbered.size()] <= '9';
}

std::optional<uint64_t> NumberOf(std::string_view name) {
  std::string_view digits = name.substr(kNumbered.size());
  const bool is_hex = digits.starts_with("0x");
  if (is_hex) digits.remove_prefix(2);
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, is_hex ? 16 : 10);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

class StraceReader {
 public:
  StraceReader(const RecordedCalls& recorded, const ArgumentTable& table, const Drivers& drivers, Abi native)
      : arguments_(recorded, table), drivers_(drivers), native_(native), last_abi_(native) {}

  void Take(std::string_view text) {
    builder_.NextLine();
    if (in_table_) {
      in_table_ = !text.ends_with(" total");
      return;
    }
    const StraceLine line = ReadStraceLine(text);
    if (line.kind == StraceLineKind::kUnreadable && open_.has_value()) return Continue(text);
    if (line.kind != StraceLineKind::kNothing) open_.reset();
    switch (line.kind) {
      case StraceLineKind::kNothing:
        return;
      case StraceLineKind::kTable:
        in_table_ = true;
        return;
      case StraceLineKind::kUnreadable:
        builder_.Lost(kUnreadableLine, true, "Lines of the log could not be read.");
        return;
      case StraceLineKind::kAttached:
        attached_.insert(line.other);
        return;
      case StraceLineKind::kDetached:
        End(line.other);
        builder_.Lost(kRecorderStopped, true, kStoppedDetail);
        return;
      case StraceLineKind::kMode:
        ChangeMode(line);
        return;
      case StraceLineKind::kCall:
        Call(line);
        return;
      case StraceLineKind::kResumed:
        Resume(line);
        return;
      case StraceLineKind::kExited:
      case StraceLineKind::kKilled:
        if (line.kind == StraceLineKind::kExited) {
          ++exits_;
          if (KeyOf(line) == root_ && !root_ended_) root_status_ = line.status;
        }
        if (KeyOf(line) == root_) root_ended_ = true;
        End(KeyOf(line));
        return;
      case StraceLineKind::kSuperseded:
        Supersede(KeyOf(line), line.other);
        return;
    }
  }

  absl::StatusOr<Recording> Finish(std::string_view text) {
    if (!seen_call_) return absl::InvalidArgumentError("there is no call in the strace log");
    builder_.EndLines();
    for (const auto& [pid, process] : processes_) {
      if (!process.exiting) builder_.Lost(kRecorderStopped, true, kStoppedDetail);
    }
    if (exits_ > 0 && !seen_exit_) {
      builder_.Lost(kFilteredLog, true, "Processes exit without a call to exit: the log was made with a filter.");
    }
    std::string name;
    const std::vector<ProgramId> programs = ResolvePrograms(name);
    for (const auto& [key, count] : counts_) builder_.Call(key.first, programs[key.second], count);
    for (const auto& [id, seen] : arguments_.all()) builder_.Arguments(id, Renumbered(*seen, programs));
    std::optional<CommandEnd> end;
    if (root_status_.has_value()) end = CommandEnd{.status = *root_status_};
    return std::move(builder_).Build(
        native_, {.backend = "strace", .events = "first", .capabilities = "none", .denials = "none"},
        {.kind = SubjectKind::kCommand, .name = std::move(name), .cgroup = "", .container = {}, .start = {}}, text,
        end);
  }

 private:
  static constexpr std::string_view kStoppedDetail = "The log ends before a process does.";

  // What a process ran between two successful execs.
  struct Segment {
    std::optional<std::string> path;  // nullopt: that of the parent, or unknown.
    std::optional<size_t> parent;     // Its segment. Always an earlier one.
  };

  struct Process {
    Abi abi = Abi::kX86_64;
    size_t segment = 0;
    size_t first_segment = 0;
    bool exiting = false;                  // Its last call was exit or exit_group.
    std::string pending;                   // A call that was not finished.
    std::optional<std::string> exec_path;  // Of a pending exec.
  };

  // The process of a line; for a line without a prefix the process that has none.
  Pid KeyOf(const StraceLine& line) {
    if (line.pid.has_value()) {
      // The process without a prefix gets one once there are others, and these are announced.
      if (!processes_.contains(*line.pid) && processes_.contains(kUnnamedPid) && !attached_.contains(*line.pid)) {
        Rename(kUnnamedPid, *line.pid);
      }
      return *line.pid;
    }
    if (!processes_.contains(kUnnamedPid) && processes_.size() == 1) return processes_.begin()->first;
    return kUnnamedPid;
  }

  void Rename(Pid from, Pid to) {
    auto node = processes_.extract(from);
    if (node.empty()) return;
    node.key() = to;
    processes_.insert(std::move(node));
    if (forking_.erase(from) > 0) forking_.insert(to);
    if (root_ == from) root_ = to;
  }

  Process& ProcessOf(Pid pid) {
    const auto known = processes_.find(pid);
    if (known != processes_.end()) return known->second;
    if (!root_.has_value()) root_ = pid;
    Process process = {.abi = last_abi_, .segment = segments_.size(), .first_segment = segments_.size()};
    // The forking process is the parent. If there are several, the return value of one of them identifies it.
    std::optional<size_t> parent;
    if (const auto forked = forked_.find(pid); forked != forked_.end()) {
      parent = forked->second;
      forked_.erase(forked);
    } else if (forking_.size() == 1) {
      parent = processes_.at(*forking_.begin()).segment;
    }
    segments_.push_back({.path = std::nullopt, .parent = parent});
    return processes_.emplace(pid, std::move(process)).first->second;
  }

  void End(Pid pid) {
    processes_.erase(pid);
    forking_.erase(pid);
  }

  void SetPending(Pid pid, Process& process, std::string_view name) {
    process.pending = name;
    if (IsFork(name)) {
      forking_.insert(pid);
    } else {
      forking_.erase(pid);
    }
  }

  // Another thread's exec takes over the leader's id: `pid` now stands for the thread `other`.
  void Supersede(Pid pid, Pid other) {
    const auto found = processes_.find(other);
    if (found == processes_.end() || pid == other) return;
    Process taken = std::move(found->second);
    End(other);
    End(pid);
    processes_.emplace(pid, std::move(taken));
  }

  void ChangeMode(const StraceLine& line) {
    const Pid key = KeyOf(line);
    if (key == kUnnamedPid && line.other > 0 && !processes_.contains(line.other)) {
      ProcessOf(kUnnamedPid);
      Rename(kUnnamedPid, line.other);
    }
    Process& process = ProcessOf(processes_.contains(line.other) ? line.other : key);
    const std::optional<Abi> abi = AbiOfStraceMode(line.mode, native_);
    if (!abi.has_value()) {
      builder_.Lost(kUnknownAbi, true, "A process runs in a mode that is not known here.");
      return;
    }
    process.abi = *abi;
    last_abi_ = *abi;
  }

  void Call(const StraceLine& line) {
    const Pid pid = KeyOf(line);
    Process& process = ProcessOf(pid);
    last_abi_ = process.abi;
    if (!seen_call_ && !IsExec(line.name)) {
      builder_.Lost(kStartedBefore, true, "The log does not begin with the start of a program.");
    }
    const bool is_first = !std::exchange(seen_call_, true);
    const bool unfinished = line.rest.ends_with(" ...>");  // "<unfinished ...>", "<pid changed to 12 ...>"
    process.exiting = line.name == "exit" || line.name == "exit_group";
    seen_exit_ |= process.exiting;
    std::optional<std::string> path = IsExec(line.name) ? FirstStraceText(line.rest) : std::nullopt;
    if (is_first && IsExec(line.name)) segments_[process.segment].path = path;
    Count(line, process);
    SetPending(pid, process, unfinished ? line.name : "");
    // strace announces a child in the middle of the line, where a program's own output can also occur.
    if (const Pid announced = AttachedWithin(line.rest); announced != 0) attached_.insert(announced);
    if (line.rest.ends_with("<detached ...>")) {
      builder_.Lost(kRecorderStopped, true, kStoppedDetail);
      End(pid);
      return;
    }
    if (unfinished) {
      process.exec_path = std::move(path);
      return;
    }
    if (line.rest.find(") ") == std::string_view::npos || StraceReturned(line.rest).empty()) {
      open_ = pid;
      SetPending(pid, process, line.name);
      process.exec_path = std::move(path);
      return;
    }
    Finished(line.name, StraceReturned(line.rest), path, process);
  }

  // The rest of the line of an interrupted call.
  void Continue(std::string_view text) {
    const auto found = processes_.find(*open_);
    if (found == processes_.end() || text.ends_with("<unfinished ...>")) {
      open_.reset();
      return;
    }
    if (text.find(") ") == std::string_view::npos || StraceReturned(text).empty()) return;
    open_.reset();
    Process& process = found->second;
    const std::string name = process.pending;
    SetPending(found->first, process, "");
    Finished(name, StraceReturned(text), std::exchange(process.exec_path, std::nullopt), process);
  }

  void Resume(const StraceLine& line) {
    const Pid pid = KeyOf(line);
    Process& process = ProcessOf(pid);
    // Without its beginning this is the first line of the call.
    if (process.pending != line.name) {
      if (!seen_call_) builder_.Lost(kStartedBefore, true, "The log does not begin with the start of a program.");
      seen_call_ = true;
      Count(line, process);
      process.exec_path.reset();
    }
    SetPending(pid, process, "");
    Finished(line.name, StraceReturned(line.rest), std::exchange(process.exec_path, std::nullopt), process);
  }

  // After the call of this name has returned.
  void Finished(std::string_view name, std::string_view returned, const std::optional<std::string>& path,
                Process& process) {
    if (IsExec(name) && returned == "0") {
      segments_.push_back({.path = path.value_or(""), .parent = std::nullopt});
      process.segment = segments_.size() - 1;
      return;
    }
    if (!IsFork(name)) return;
    const std::optional<Pid> child = ParseNumber<Pid>(returned);
    if (!child.has_value() || *child <= 0) return;
    const size_t parent = process.segment;
    attached_.insert(*child);
    const auto known = processes_.find(*child);
    if (known == processes_.end()) {
      forked_[*child] = parent;
      return;
    }
    Segment& first = segments_[known->second.first_segment];
    if (!first.path.has_value() && parent < known->second.first_segment) first.parent = parent;
  }

  std::optional<SyscallId> IdOf(const StraceLine& line, const Process& process) {
    const std::span<const Abi> family = AbisServedBeside(native_);
    std::vector<Abi> abis = {process.abi};
    for (const Abi abi : family) {
      if (abi != process.abi) abis.push_back(abi);
    }
    if (line.number.has_value() && *line.number <= UINT32_MAX) {
      for (const Abi abi : abis) {
        const auto id = SyscallIdFromSeccompData(AuditArch(abi), static_cast<int>(*line.number));
        if (id.has_value() && SyscallName(*id) == line.name) return id;
      }
    }
    if (IsNumbered(line.name)) {
      const std::optional<uint64_t> number = NumberOf(line.name);
      if (!number.has_value()) return std::nullopt;
      return SyscallIdFromSeccompData(AuditArch(process.abi),
                                      static_cast<int>(*number | (process.abi == Abi::kX32 ? kX32Bit : 0)));
    }
    const std::string_view name = KernelName(line.name, process.abi);
    if (const auto id = FindSyscall(process.abi, name)) return id;
    for (const Abi abi : abis) {
      const auto id = FindSyscall(abi, KernelName(line.name, abi));
      if (!id.has_value()) continue;
      builder_.Lost(
          kUnclearAbi, true,
          "Programs make calls that their ABI does not have: which of their other calls are 32-bit ones is not known.");
      return id;
    }
    return std::nullopt;
  }

  // strace prints the function requested through socketcall and ipc, including functions that have no call of their
  // own.
  static std::string_view KernelName(std::string_view name, Abi abi) {
    if (abi != Abi::kI386) return name;
    if (name == "send" || name == "recv" || name == "accept") return "socketcall";
    if (name == "semop" || name == "semtimedop") return "ipc";
    return name;
  }

  void Count(const StraceLine& line, Process& process) {
    const auto key = std::tuple(process.abi, line.number.value_or(UINT64_MAX), std::string(line.name));
    auto known = ids_.find(key);
    const std::optional<SyscallId> id = known != ids_.end() ? known->second : IdOf(line, process);
    // Unclear names are counted each time.
    if (known == ids_.end() && id.has_value() && id->abi == process.abi) ids_.emplace(key, id);
    if (!id.has_value()) {
      // A negative number is not a call: it only returns an error.
      if (!IsNumbered(line.name)) {
        builder_.Lost(kUnknownName, true, "Names of calls that no ABI of the machine has.");
      }
      return;
    }
    ++counts_[{*id, process.segment}];
    NoteArguments(*id, line.rest, process.segment);
  }

  void NoteArguments(SyscallId id, std::string_view text, size_t segment) {
    const RecordedCall* const call = arguments_.Wanted(id);
    if (call == nullptr) return;
    arguments_.Add(id, StraceArguments(arguments_.table(), drivers_, *call, id, text, static_cast<ProgramId>(segment)));
  }

  // The program of each segment. `name` becomes the name of the whole: the last component of the first program's path.
  std::vector<ProgramId> ResolvePrograms(std::string& name) {
    std::vector<ProgramId> programs;
    std::vector<std::string> paths;
    for (const Segment& segment : segments_) {
      paths.push_back(segment.path.has_value()     ? *segment.path
                      : segment.parent.has_value() ? paths[*segment.parent]
                                                   : std::string());
    }
    std::set<size_t> used;
    for (const auto& [key, count] : counts_) used.insert(key.second);
    for (size_t i = 0; i < paths.size(); ++i) {
      programs.push_back(used.contains(i) ? builder_.Program(paths[i]) : 0);
      if (name.empty()) name = paths[i].substr(paths[i].rfind('/') + 1);
    }
    return programs;
  }

  ArgumentsOfLog arguments_;  // Their program ids are segments.
  const Drivers& drivers_;
  const Abi native_;
  Abi last_abi_;
  RecordingBuilder builder_;
  std::map<Pid, Process> processes_;  // The processes that have not ended.
  std::set<Pid> attached_;
  std::set<Pid> forking_;         // Processes with a pending call that creates a child.
  std::map<Pid, size_t> forked_;  // Children without a call so far, with their parent's segment.
  std::vector<Segment> segments_;
  std::map<std::pair<SyscallId, size_t>, uint64_t> counts_;  // By call and segment.
  std::map<std::tuple<Abi, uint64_t, std::string>, std::optional<SyscallId>> ids_;
  std::optional<Pid> open_;  // The process whose call is not yet complete on its line.
  std::optional<Pid> root_;
  std::optional<int> root_status_;
  bool root_ended_ = false;
  bool seen_call_ = false;
  bool seen_exit_ = false;
  bool in_table_ = false;
  uint64_t exits_ = 0;
};

}  // namespace

bool LooksLikeStrace(std::string_view text) {
  bool found = false;
  size_t left = kLinesToGuessFrom;
  while (!found && !text.empty() && left-- > 0) {
    const StraceLine read = ReadStraceLine(TakeLine(text));
    found = (read.kind == StraceLineKind::kCall || read.kind == StraceLineKind::kResumed) &&
            (IsNumbered(read.name) || IsKnownSyscallName(read.name));
  }
  return found;
}

absl::StatusOr<Recording> ReadStrace(std::string_view text, Abi native) {
  SYSCARVE_ASSIGN_OR_RETURN(const RecordedCalls* const recorded, ShippedRecordedCalls());
  SYSCARVE_ASSIGN_OR_RETURN(const ArgumentTable* const table, ShippedArgumentTable());
  SYSCARVE_ASSIGN_OR_RETURN(const Drivers* const drivers, ShippedDrivers());
  StraceReader reader(*recorded, *table, *drivers, native);
  for (std::string_view left = text; !left.empty();) reader.Take(TakeLine(left));
  return reader.Finish(text);
}

}  // namespace syscarve
