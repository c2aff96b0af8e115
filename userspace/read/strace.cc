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
#include "userspace/read/recording_builder.h"

namespace syscarve {
namespace {

constexpr size_t kLinesToGuessFrom = 64;
constexpr int kMaxLeaders = 8;  // Times, numbers and addresses in front of a call.

using Pid = int64_t;
constexpr Pid kUnnamedPid = 0;  // Of the process that needs no prefix yet, because it is the only one.

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsNameChar(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool ConsumePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

void SkipSpaces(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
}

// Takes what `text` begins with as long as `is_part` holds.
template <typename IsPart>
std::string_view Take(std::string_view& text, IsPart is_part) {
  size_t length = 0;
  while (length < text.size() && is_part(text[length])) ++length;
  const std::string_view taken = text.substr(0, length);
  text.remove_prefix(length);
  return taken;
}

// The number at the beginning of `text`, with what stands behind it up to `end`.
std::optional<Pid> PidBefore(std::string_view text, std::string_view end) {
  const size_t place = text.find(end);
  if (place == std::string_view::npos) return std::nullopt;
  return ParseNumber<Pid>(text.substr(0, place));
}

// "1234" or, with -Y, "1234<name>".
std::optional<Pid> TakePid(std::string_view& text) {
  std::string_view rest = text;
  SkipSpaces(rest);
  const std::optional<Pid> pid = ParseNumber<Pid>(Take(rest, IsDigit));
  if (!pid.has_value() || *pid <= 0) return std::nullopt;
  if (rest.starts_with('<')) {
    const size_t end = rest.find('>');
    if (end == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(end + 1);
  }
  text = rest;
  return pid;
}

// "[pid  1234] " or "1234  ", in front of everything else.
std::optional<Pid> TakePidPrefix(std::string_view& line) {
  std::string_view rest = line;
  if (ConsumePrefix(rest, "[pid ")) {
    const std::optional<Pid> pid = TakePid(rest);
    if (!pid.has_value() || !ConsumePrefix(rest, "]")) return std::nullopt;
    SkipSpaces(rest);
    line = rest;
    return pid;
  }
  if (line.empty() || !IsDigit(line.front())) return std::nullopt;
  const std::optional<Pid> pid = TakePid(rest);
  if (!pid.has_value() || !rest.starts_with(' ')) return std::nullopt;
  SkipSpaces(rest);
  line = rest;
  return pid;
}

// A time as one of -t, -tt, -ttt and -r writes it.
bool TakeTime(std::string_view& line) {
  std::string_view rest = line;
  const bool in_parentheses = ConsumePrefix(rest, "(+");
  SkipSpaces(rest);
  const std::string_view time = Take(rest, [](char c) { return IsDigit(c) || c == ':' || c == '.'; });
  if (time.find_first_of(":.") == std::string_view::npos || !IsDigit(time.front())) return false;
  if (in_parentheses && !ConsumePrefix(rest, ")")) return false;
  if (!rest.starts_with(' ')) return false;
  SkipSpaces(rest);
  line = rest;
  return true;
}

// "[  59]" of -n, whose number is kept, or "[00007f1e0fe5b0d7]" and "[????????????????]" of -i.
bool TakeBrackets(std::string_view& line, std::optional<uint64_t>& number) {
  if (!line.starts_with('[')) return false;
  const size_t end = line.find(']');
  if (end == std::string_view::npos) return false;
  std::string_view inside = line.substr(1, end - 1);
  SkipSpaces(inside);
  const bool is_address = !inside.empty() && inside.find_first_not_of("0123456789abcdef?") == std::string_view::npos;
  if (!is_address) return false;
  if (const auto value = ParseNumber<uint64_t>(inside); value.has_value() && !number.has_value()) number = value;
  line.remove_prefix(end + 1);
  SkipSpaces(line);
  return true;
}

// The first text in C's spelling in `arguments`; nullopt when there is none in front of the first bracket, or it is
// cut.
std::optional<std::string> FirstText(std::string_view arguments) {
  const size_t begin = arguments.find('"');
  if (begin == std::string_view::npos || arguments.substr(0, begin).find('[') != std::string_view::npos) {
    return std::nullopt;
  }
  arguments.remove_prefix(begin + 1);
  std::string text;
  while (!arguments.empty()) {
    const char c = arguments.front();
    arguments.remove_prefix(1);
    if (c == '"') return arguments.starts_with("...") ? std::nullopt : std::optional<std::string>(text);
    if (c != '\\' || arguments.empty()) {
      text += c;
      continue;
    }
    const auto take_number = [&arguments](size_t digits, int base) {
      const std::string_view part = arguments.substr(0, digits);
      unsigned value = 0;
      const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value, base);
      arguments.remove_prefix(static_cast<size_t>(end - part.data()));
      return static_cast<char>(value);
    };
    if (arguments.front() >= '0' && arguments.front() <= '7') {
      text += take_number(3, 8);
      continue;
    }
    const char escaped = arguments.front();
    arguments.remove_prefix(1);
    constexpr std::string_view kLetters = "tnvfr";
    constexpr std::string_view kMeant = "\t\n\v\f\r";
    if (escaped == 'x') {
      text += take_number(2, 16);
    } else if (const size_t letter = kLetters.find(escaped); letter != std::string_view::npos) {
      text += kMeant[letter];
    } else {
      text += escaped;
    }
  }
  return std::nullopt;
}

enum class LineKind {
  kNothing,
  kCall,
  kResumed,
  kExited,
  kKilled,
  kSuperseded,
  kMode,
  kDetached,
  kAttached,
  kTable,
  kUnreadable
};

struct Line {
  LineKind kind = LineKind::kUnreadable;
  std::optional<Pid> pid;          // Of the prefix.
  std::optional<uint64_t> number;  // -n: the call's number.
  std::string_view name;           // Of a call.
  std::string_view rest;           // Of a call, its arguments and what it returned.
  Pid other = 0;                   // The process that the line speaks of in its text.
  std::string_view mode;
  int status = 0;
};

// "[ Process PID=1234 runs in 32 bit mode. ]", also with "strace: " in front.
bool ReadMode(std::string_view text, Line& line) {
  if (!ConsumePrefix(text, "[ Process PID=")) return false;
  const std::optional<Pid> pid = PidBefore(text, " runs in ");
  const size_t end = text.find(" mode. ]");
  if (!pid.has_value() || end == std::string_view::npos) return false;
  const size_t begin = text.find(" runs in ") + std::string_view(" runs in ").size();
  if (begin > end) return false;
  line.kind = LineKind::kMode;
  line.other = *pid;
  line.mode = text.substr(begin, end - begin);
  return true;
}

// "Process 1234 attached" and "Process 1234 detached".
bool ReadAttachment(std::string_view text, Line& line) {
  if (!ConsumePrefix(text, "Process ")) return false;
  for (const auto& [word, kind] : {std::pair<std::string_view, LineKind>{" attached", LineKind::kAttached},
                                   {" detached", LineKind::kDetached},
                                   {" suspended", LineKind::kNothing},
                                   {" resumed", LineKind::kNothing}}) {
    if (const std::optional<Pid> pid = PidBefore(text, word)) {
      line.kind = kind;
      line.other = *pid;
      return true;
    }
  }
  return false;
}

// "+++ exited with 0 +++" and its like, without the first word.
void ReadEnd(std::string_view text, Line& line) {
  if (ConsumePrefix(text, "exited with ")) {
    line.kind = LineKind::kExited;
    line.status = ParseNumber<int>(text.substr(0, text.find(' '))).value_or(0) & 0xff;
  } else if (text.starts_with("killed by ")) {
    line.kind = LineKind::kKilled;
  } else if (ConsumePrefix(text, "superseded by execve in pid ")) {
    line.kind = LineKind::kSuperseded;
    line.other = ParseNumber<Pid>(text.substr(0, text.find(' '))).value_or(0);
  }
}

void ReadCall(std::string_view text, Line& line) {
  const std::string_view name = Take(text, IsNameChar);
  if (name.empty() || !ConsumePrefix(text, "(")) return;
  line.kind = LineKind::kCall;
  line.name = name;
  line.rest = text;
}

Line ReadLine(std::string_view text) {
  Line line;
  if (text.find_first_not_of(' ') == std::string_view::npos) {
    line.kind = LineKind::kNothing;
    return line;
  }
  if (text.starts_with("% time ")) {
    line.kind = LineKind::kTable;
    return line;
  }
  const bool strace_speaks = ConsumePrefix(text, "strace: ");
  if (ReadMode(text, line) || ReadAttachment(text, line)) return line;
  if (strace_speaks) {
    line.kind = LineKind::kNothing;
    return line;
  }
  line.pid = TakePidPrefix(text);
  SkipSpaces(text);
  for (int i = 0; i < kMaxLeaders && (TakeTime(text) || TakeBrackets(text, line.number)); ++i) {
  }
  if (ReadMode(text, line)) return line;
  if (ConsumePrefix(text, "+++ ")) {
    ReadEnd(text, line);
  } else if (ConsumePrefix(text, "<... ")) {
    line.name = Take(text, IsNameChar);
    if (!line.name.empty() && ConsumePrefix(text, " resumed")) {
      line.kind = LineKind::kResumed;
      line.rest = text;
    }
  } else if (text.starts_with("--- ") || text.starts_with("> ")) {
    line.kind = LineKind::kNothing;  // A signal, or a place in a stack (-k).
  } else {
    ReadCall(text, line);
  }
  return line;
}

// What the call returned, without what strace says of it; "" when that is not on the line.
std::string_view Returned(std::string_view rest) {
  constexpr std::string_view kEquals = " = ";
  const size_t place = rest.rfind(kEquals);
  if (place == std::string_view::npos) return {};
  const std::string_view value = rest.substr(place + kEquals.size());
  return value.substr(0, value.find(' '));
}

bool IsFork(std::string_view name) {
  return name == "clone" || name == "clone3" || name == "fork" || name == "vfork";
}

bool IsExec(std::string_view name) {
  return name == "execve" || name == "execveat";
}

std::optional<Abi> AbiOfMode(std::string_view mode, Abi native) {
  const bool arm = AbisServedBeside(native).front() == Abi::kAarch64 || native == Abi::kArm;
  if (mode == "64 bit" || mode == "AArch64") return arm ? Abi::kAarch64 : Abi::kX86_64;
  if (mode == "32 bit" || mode == "32-bit") return arm ? Abi::kArm : Abi::kI386;
  if (mode == "x32") return Abi::kX32;
  return std::nullopt;
}

class Reader {
 public:
  explicit Reader(Abi native) : native_(native), last_abi_(native) {}

  void Take(std::string_view text) {
    if (in_table_) {
      in_table_ = !text.ends_with(" total");
      return;
    }
    const Line line = ReadLine(text);
    if (line.kind == LineKind::kUnreadable && open_.has_value()) return Continue(text);
    if (line.kind != LineKind::kNothing) open_.reset();
    switch (line.kind) {
      case LineKind::kNothing:
        return;
      case LineKind::kTable:
        in_table_ = true;
        return;
      case LineKind::kUnreadable:
        builder_.Lost(kUnreadableLine, true, "Lines of the log could not be read.");
        return;
      case LineKind::kAttached:
        attached_.insert(line.other);
        return;
      case LineKind::kDetached:
        End(line.other);
        builder_.Lost(kRecorderStopped, true, kStoppedDetail);
        return;
      case LineKind::kMode:
        ChangeMode(line);
        return;
      case LineKind::kCall:
        Call(line);
        return;
      case LineKind::kResumed:
        Resume(line);
        return;
      case LineKind::kExited:
      case LineKind::kKilled:
        if (line.kind == LineKind::kExited) {
          ++exits_;
          if (KeyOf(line) == root_ && !root_ended_) root_status_ = line.status;
        }
        if (KeyOf(line) == root_) root_ended_ = true;
        End(KeyOf(line));
        return;
      case LineKind::kSuperseded:
        Supersede(KeyOf(line), line.other);
        return;
    }
  }

  absl::StatusOr<Recording> Finish(std::string_view text) {
    if (!seen_call_) return absl::InvalidArgumentError("there is no call in the strace log");
    for (const auto& [pid, process] : processes_) {
      if (!process.exiting) builder_.Lost(kRecorderStopped, true, kStoppedDetail);
    }
    if (exits_ > 0 && !seen_exit_) {
      builder_.Lost(kFilteredLog, true, "Processes exit without a call to exit: the log was made with a filter.");
    }
    std::string name;
    const std::vector<ProgramId> programs = ResolvePrograms(name);
    for (const auto& [key, count] : counts_) builder_.Call(key.first, programs[key.second], count);
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
    std::optional<std::string> path;  // nullopt: what the parent ran, or unknown.
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

  // The process of a line. Without a prefix it is the one that needs none.
  Pid KeyOf(const Line& line) {
    if (line.pid.has_value()) {
      // The process that had no prefix so far gets one when there are others, and these are announced.
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
    // The one that is about to fork is the parent. If there are more, the number that one of them returns will tell.
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

  // Another thread's exec takes over the leader's number: `pid` is that of `other` from now on.
  void Supersede(Pid pid, Pid other) {
    const auto found = processes_.find(other);
    if (found == processes_.end() || pid == other) return;
    Process taken = std::move(found->second);
    End(other);
    End(pid);
    processes_.emplace(pid, std::move(taken));
  }

  void ChangeMode(const Line& line) {
    const Pid key = KeyOf(line);
    if (key == kUnnamedPid && line.other > 0 && !processes_.contains(line.other)) {
      ProcessOf(kUnnamedPid);
      Rename(kUnnamedPid, line.other);
    }
    Process& process = ProcessOf(processes_.contains(line.other) ? line.other : key);
    const std::optional<Abi> abi = AbiOfMode(line.mode, native_);
    if (!abi.has_value()) {
      builder_.Lost(kUnknownAbi, true, "A process runs in a mode that is not known here.");
      return;
    }
    process.abi = *abi;
    last_abi_ = *abi;
  }

  void Call(const Line& line) {
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
    std::optional<std::string> path = IsExec(line.name) ? FirstText(line.rest) : std::nullopt;
    if (is_first && IsExec(line.name)) segments_[process.segment].path = path;
    Count(line, process);
    SetPending(pid, process, unfinished ? line.name : "");
    // strace announces a child in the middle of the line, and what a program writes itself comes there, too.
    if (const size_t spoken = line.rest.rfind("strace: "); spoken != std::string_view::npos) {
      Line announced;
      if (ReadAttachment(line.rest.substr(spoken + std::string_view("strace: ").size()), announced)) {
        attached_.insert(announced.other);
      }
    }
    if (line.rest.ends_with("<detached ...>")) {
      builder_.Lost(kRecorderStopped, true, kStoppedDetail);
      End(pid);
      return;
    }
    if (unfinished) {
      process.exec_path = std::move(path);
      return;
    }
    if (line.rest.find(") ") == std::string_view::npos || Returned(line.rest).empty()) {
      open_ = pid;
      SetPending(pid, process, line.name);
      process.exec_path = std::move(path);
      return;
    }
    Finished(line.name, Returned(line.rest), std::move(path), process);
  }

  // More of the line of a call that something came between.
  void Continue(std::string_view text) {
    const auto found = processes_.find(*open_);
    if (found == processes_.end() || text.ends_with("<unfinished ...>")) {
      open_.reset();
      return;
    }
    if (text.find(") ") == std::string_view::npos || Returned(text).empty()) return;
    open_.reset();
    Process& process = found->second;
    const std::string name = process.pending;
    SetPending(found->first, process, "");
    Finished(name, Returned(text), std::exchange(process.exec_path, std::nullopt), process);
  }

  void Resume(const Line& line) {
    const Pid pid = KeyOf(line);
    Process& process = ProcessOf(pid);
    // Without its beginning it is the first that is seen of the call.
    if (process.pending != line.name) {
      if (!seen_call_) builder_.Lost(kStartedBefore, true, "The log does not begin with the start of a program.");
      seen_call_ = true;
      Count(line, process);
      process.exec_path.reset();
    }
    SetPending(pid, process, "");
    Finished(line.name, Returned(line.rest), std::exchange(process.exec_path, std::nullopt), process);
  }

  // After the call of this name has returned.
  void Finished(std::string_view name, std::string_view returned, std::optional<std::string> path, Process& process) {
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

  std::optional<SyscallId> IdOf(const Line& line, const Process& process) {
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
    std::string_view digits = line.name;
    if (ConsumePrefix(digits, "syscall_0x")) {
      uint64_t number = 0;
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
      if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
      return SyscallIdFromSeccompData(AuditArch(process.abi),
                                      static_cast<int>(number | (process.abi == Abi::kX32 ? kX32Bit : 0)));
    }
    const std::string_view name = KernelName(line.name, process.abi);
    if (const auto id = FindSyscall(process.abi, name)) return id;
    for (const Abi abi : abis) {
      const auto id = FindSyscall(abi, KernelName(line.name, abi));
      if (!id.has_value()) continue;
      builder_.Lost(kUnclearAbi, true,
                    "Programs make calls that their ABI has not: which of the others are 32-bit ones is not known.");
      return id;
    }
    return std::nullopt;
  }

  // strace names what is asked for by way of socketcall and ipc, also what can be asked for in no other way.
  static std::string_view KernelName(std::string_view name, Abi abi) {
    if (abi != Abi::kI386) return name;
    if (name == "send" || name == "recv" || name == "accept") return "socketcall";
    if (name == "semop" || name == "semtimedop") return "ipc";
    return name;
  }

  void Count(const Line& line, Process& process) {
    const auto key = std::tuple(process.abi, line.number.value_or(UINT64_MAX), std::string(line.name));
    auto known = ids_.find(key);
    const std::optional<SyscallId> id = known != ids_.end() ? known->second : IdOf(line, process);
    // What leaves something unclear is to be counted each time.
    if (known == ids_.end() && id.has_value() && id->abi == process.abi) ids_.emplace(key, id);
    if (!id.has_value()) {
      // A negative number is no call: it only returns an error.
      if (!line.name.starts_with("syscall_0x")) {
        builder_.Lost(kUnknownName, true, "Names of calls that no ABI of the machine has.");
      }
      return;
    }
    ++counts_[{*id, process.segment}];
  }

  // The program of each segment. `name` becomes what to call the whole: the last part of the first program's path.
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

  const Abi native_;
  Abi last_abi_;
  RecordingBuilder builder_;
  std::map<Pid, Process> processes_;  // Those that have not ended.
  std::set<Pid> attached_;
  std::set<Pid> forking_;         // Those whose pending call makes a child.
  std::map<Pid, size_t> forked_;  // Children that made no call yet, with their parent's segment.
  std::vector<Segment> segments_;
  std::map<std::pair<SyscallId, size_t>, uint64_t> counts_;  // By call and segment.
  std::map<std::tuple<Abi, uint64_t, std::string>, std::optional<SyscallId>> ids_;
  std::optional<Pid> open_;  // Whose call has not been told to the end of its line.
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
    const Line read = ReadLine(TakeLine(text));
    found = (read.kind == LineKind::kCall || read.kind == LineKind::kResumed) &&
            (read.name.starts_with("syscall_0x") || IsKnownSyscallName(read.name));
  }
  return found;
}

absl::StatusOr<Recording> ReadStrace(std::string_view text, Abi native) {
  Reader reader(native);
  for (std::string_view left = text; !left.empty();) reader.Take(TakeLine(left));
  return reader.Finish(text);
}

}  // namespace syscarve
