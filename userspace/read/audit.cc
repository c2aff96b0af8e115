// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/audit.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/strict_json.h"
#include "userspace/base/text.h"
#include "userspace/model/action_spelling.h"
#include "userspace/model/profile.h"
#include "userspace/model/recording_words.h"
#include "userspace/model/syscall_table.h"
#include "userspace/read/audit_arguments.h"
#include "userspace/read/audit_fields.h"
#include "userspace/read/logged_arguments.h"
#include "userspace/read/lsm_lines.h"
#include "userspace/read/recording_builder.h"

namespace syscarve {
namespace {

// The text before the fields. The number is AUDIT_SECCOMP of linux/audit.h, as the kernel logs it. The journal has the
// type as a word, and the kernel begins a message of seccomp with auid (audit_log_task in kernel/auditsc.c).
constexpr std::string_view kMarks[] = {"type=1326", "type=SECCOMP", "SECCOMP auid=", "AUDIT1326 auid="};
// For records of calls that a rule of audit selects.
constexpr std::string_view kSyscallNumber = "type=1300 ";
constexpr std::string_view kSyscallWord = "type=SYSCALL ";
// From the operator's log enricher: every line has both.
constexpr std::string_view kEnricherName = "syscallName";
constexpr std::string_view kEnricherType = "\"seccomp\"";
// For a record in the journal's JSON whose message is an array of numbers, as it is if one of its bytes is not text.
constexpr std::string_view kJournalField = "\"_AUDIT_TYPE_NAME\"";

constexpr JsonLimits kJournalLimits = {.bytes = size_t{1} << 20, .values = size_t{1} << 17, .depth = 8};

// The offset of the seccomp record in `line`, or npos.
size_t PlaceOfMark(std::string_view line) {
  size_t place = std::string_view::npos;
  for (const std::string_view mark : kMarks) place = std::min(place, line.find(mark));
  return place;
}

// Whether `line` is a record of another type, in which the apparent mark is part of a program's name.
bool IsOfOtherType(std::string_view line, size_t place) {
  const size_t type = line.find("type=");
  return type != std::string_view::npos && type < place;
}

bool IsOfEnricher(std::string_view line) {
  return line.find(kEnricherName) != std::string_view::npos && line.find(kEnricherType) != std::string_view::npos;
}

// Whether `line` is the kernel's own record of a call, by its number (AUDIT_SYSCALL of linux/audit.h) or the word for
// it.
bool IsOfSyscall(std::string_view line) {
  line.remove_prefix(std::min(line.find("type="), line.size()));
  return line.starts_with(kSyscallNumber) || line.starts_with(kSyscallWord);
}

template <typename Number>
std::optional<Number> FromHex(std::string_view digits) {
  Number number{};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

// "c000003e", or "x86_64" from ausearch -i.
std::optional<uint32_t> ArchOf(std::string_view text) {
  if (const std::optional<Abi> abi = AbiFromName(text)) return AuditArch(*abi);
  return FromHex<uint32_t>(text);
}

std::optional<SyscallId> CallOf(uint32_t arch, std::string_view text) {
  // ausearch -i's form of a number without a name.
  constexpr std::string_view kUnknown = "unknown-syscall(";
  if (text.starts_with(kUnknown) && text.ends_with(')')) {
    text = text.substr(kUnknown.size(), text.size() - kUnknown.size() - 1);
  }
  if (const auto number = ParseNumber<int64_t>(text)) {
    if (*number < 0 || *number > INT32_MAX) return std::nullopt;
    return SyscallIdFromSeccompData(arch, static_cast<int>(*number));
  }
  for (const Abi abi : kAllAbis) {
    if (AuditArch(abi) != arch) continue;
    if (const auto id = FindSyscall(abi, text)) return id;
  }
  return std::nullopt;
}

// The action and its data, SECCOMP_RET_*.
std::optional<uint32_t> CodeOf(std::string_view text) {
  // The last field. auditd's interpreted fields follow it, and the byte between them, 0x1d, is lost or written
  // differently ("#035", "^]") in pasted lines.
  constexpr size_t kLongestSpelling = 8;
  if (const size_t words = text.find("AUID=\""); words != std::string_view::npos) {
    const size_t end = text.find_first_not_of("0123456789abcdefx");
    if (words - std::min(words, end) <= kLongestSpelling) text = text.substr(0, end);
  }
  if (text.starts_with("0x")) return FromHex<uint32_t>(text.substr(2));
  // Before Linux 4.14 the only kill was that of the thread.
  if (text == "kill") text = SpellingOf(ActionKind::kKillThread).audit;
  for (const ActionSpelling& spelling : ActionSpellings()) {
    if (spelling.audit == text) return spelling.seccomp_return;
  }
  return std::nullopt;
}

// The message of a record of the journal: `journalctl -o json` has one in a line, `-o json-pretty` one field.
std::optional<std::string> MessageOfJournal(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  std::string object(line);
  if (line.starts_with("\"MESSAGE\"")) {
    if (object.ends_with(',')) object.pop_back();
    object = Concat("{", object, "}");
  }
  if (!object.starts_with('{')) return std::nullopt;
  const absl::StatusOr<JsonValue> document = ParseStrictJson(object, kJournalLimits);
  if (!document.ok()) return std::nullopt;
  std::string error;
  const JsonReader root(*document, &error);
  const JsonReader message = root.Optional("MESSAGE");
  if (!message.exists()) return std::nullopt;
  if (std::string text = message.Text(kJournalLimits.bytes); error.empty()) return text;
  error.clear();
  std::string bytes;
  message.ForEach(kJournalLimits.values,
                  [&bytes](const JsonReader& byte) { bytes += static_cast<char>(byte.Uint(0, 255)); });
  if (!error.empty()) return std::nullopt;
  return bytes;
}

bool HasLsmRecord(std::string_view text) {
  while (!text.empty()) {
    if (PlaceOfLsmRecord(TakeLine(text)) != std::string_view::npos) return true;
  }
  return false;
}

class AuditReader {
 public:
  AuditReader(const RecordedCalls& recorded, const ArgumentTable& table, Abi native)
      : native_(native), arguments_(recorded, table), lsm_(native) {}

  // Must be called for all lines before the first line is read: the seccomp record of a call precedes its SYSCALL
  // record.
  void TakeArguments(std::string_view line) {
    if (line.find(kSyscallWord) == std::string_view::npos && line.find(kSyscallNumber) == std::string_view::npos) {
      return;
    }
    if (const auto message = MessageOfJournal(line)) {
      NoteRegisters(*message);
    } else {
      NoteRegisters(line);
    }
  }

  void Take(std::string_view line) {
    builder_.NextLine();
    if (const auto message = MessageOfJournal(line)) {
      TakeRecord(*message);
    } else {
      TakeRecord(line);
    }
  }

  absl::StatusOr<Recording> Finish(std::string_view text) {
    builder_.EndLines();
    if (lines_ == 0 && lsm_.records() == 0) {
      return absl::InvalidArgumentError("there is no line of seccomp, AppArmor or SELinux in the audit log");
    }
    const std::optional<Abi> machine = MachineOf(native_);
    if (!machine.has_value()) {
      return absl::InvalidArgumentError("the audit log has calls of architectures that no machine has together");
    }
    // No value of the others is known, so no arguments are recorded.
    for (const auto& [id, seen] : arguments_.all()) {
      if (!seen->values.empty()) builder_.Arguments(id, *seen);
    }
    const bool has_lsm = lsm_.records() > 0;
    builder_.Lost(kUnreliableLog, true,
                  has_lsm
                      ? "An audit log has only what a filter or a security module logs or refuses, and not all of that."
                      : "An audit log has only calls that a filter logs or kills, and not all of them.");
    Subject subject = {.kind = SubjectKind::kCommand,
                       .name = subject_.empty() ? lsm_.subject() : subject_,
                       .cgroup = "",
                       .container = {},
                       .start = {}};
    subject.hardening = std::move(lsm_).evidence();
    return std::move(builder_).Build(
        *machine,
        {.backend = "audit", .events = "first", .capabilities = has_lsm ? "audit" : "none", .denials = "audit"},
        std::move(subject), text, std::nullopt);
  }

 private:
  // ausearch -i interprets the registers: only those in hex digits throughout are read.
  void NoteRegisters(std::string_view line) {
    if (!IsOfSyscall(line)) return;
    if (const std::string_view event = AuditEvent(line); !event.empty()) {
      exes_.emplace(event, AuditText(AuditField(line, "exe")));
    }
    const std::optional<uint32_t> arch = FromHex<uint32_t>(AuditField(line, "arch"));
    const auto number = ParseNumber<uint32_t>(AuditField(line, "syscall"));
    if (!arch.has_value() || !number.has_value() || *number > INT32_MAX) return;
    const std::optional<SyscallId> id = SyscallIdFromSeccompData(*arch, static_cast<int>(*number));
    if (!id.has_value() || arguments_.Wanted(*id) == nullptr) return;
    AuditedCall call = {.id = *id};
    constexpr std::string_view kNames[] = {"a0", "a1", "a2", "a3"};
    for (size_t i = 0; i < call.registers.size(); ++i) {
      const auto value = FromHex<uint64_t>(AuditField(line, kNames[i]));
      if (!value.has_value()) return;
      call.registers[i] = *value;
    }
    audited_.Add(AuditEvent(line), call);
  }

  void TakeRecord(std::string_view line) {
    const size_t place = PlaceOfMark(line);
    if (PlaceOfLsmRecord(line) < place) {
      const auto exe = exes_.find(AuditEvent(line));
      return lsm_.Take(line, exe == exes_.end() ? std::string_view() : std::string_view(exe->second), builder_,
                       arguments_);
    }
    if (place == std::string_view::npos) return IsOfEnricher(line) ? TakeEnriched(line) : void();
    if (IsOfOtherType(line, place)) return;
    const std::string_view event = AuditEvent(line);
    line.remove_prefix(place);
    ++lines_;
    const std::string exe = AuditText(AuditField(line, "exe"));
    const std::optional<uint32_t> arch = ArchOf(AuditField(line, "arch"));
    const std::optional<uint32_t> code = CodeOf(AuditField(line, "code"));
    if (!arch.has_value() || !code.has_value()) return Unreadable();
    if (std::ranges::none_of(kAllAbis, [&arch](Abi abi) { return AuditArch(abi) == *arch; })) {
      builder_.Lost(kUnknownAbi, true, "Calls of an architecture that is not known here.");
      return;
    }
    const std::optional<SyscallId> call = CallOf(*arch, AuditField(line, "syscall"));
    if (!call.has_value()) return Unreadable();
    if (subject_.empty()) subject_ = exe.substr(exe.rfind('/') + 1);
    abis_.insert(call->abi);
    Add(*call, *code, builder_.Program(exe), event);
  }

  // The operator's enricher logs neither the architecture nor the action: its input are calls that a profile let
  // through and logged.
  void TakeEnriched(std::string_view line) {
    ++lines_;
    const std::string exe = AuditText(AuditField(line, "executable"));
    const std::string name = AuditText(AuditField(line, kEnricherName));
    const auto number = ParseNumber<uint32_t>(AuditField(line, "syscallID"));
    for (const Abi abi : AbisServedBeside(native_)) {
      const std::optional<SyscallId> id = FindSyscall(abi, name);
      if (!id.has_value() || id->nr != number) continue;
      if (subject_.empty()) subject_ = AuditText(AuditField(line, "container"));
      abis_.insert(abi);
      AddCall(*id, builder_.Program(exe), {});
      return;
    }
    builder_.Lost(kUnknownName, true, "Names and numbers that no ABI of the machine has together.");
  }

  void Unreadable() { builder_.Lost(kUnreadableLine, true, "Lines of the log could not be read."); }

  void AddCall(SyscallId call, ProgramId program, std::string_view event) {
    builder_.Call(call, program);
    if (const RecordedCall* const wanted = arguments_.Wanted(call)) {
      arguments_.Add(call, audited_.Of(event, arguments_.table(), *wanted, call, program));
    }
  }

  void Add(SyscallId call, uint32_t code, ProgramId program, std::string_view event) {
    switch (SpellingOfReturn(code).kind) {
      case ActionKind::kAllow:
      case ActionKind::kLog:
      case ActionKind::kTrace:
      case ActionKind::kNotify:
        AddCall(call, program, event);
        return;
      case ActionKind::kErrno: {
        const uint32_t value = code & SECCOMP_RET_DATA;
        if (value == 0) {
          builder_.Lost(kUnknownErrno, false, "The log has no errno of refused calls: EPERM is assumed.");
        }
        builder_.Denied(call, value == 0 ? EPERM : static_cast<int>(std::min<uint32_t>(value, kMaxErrno)), program);
        return;
      }
      case ActionKind::kTrap:
        builder_.Denied(call, kDenialTrapped, program);
        return;
      case ActionKind::kKillThread:
      case ActionKind::kKillProcess:
        builder_.Denied(call, 0, program);
        return;
    }
  }

  std::optional<Abi> MachineOf(Abi native) const {
    const auto serves_all = [&](Abi machine) {
      const std::span<const Abi> served = AbisServedBeside(machine);
      return std::ranges::all_of(abis_, [&](Abi abi) { return std::ranges::find(served, abi) != served.end(); });
    };
    if (serves_all(native)) return native;
    const auto other = std::ranges::find_if(kAllAbis, serves_all);
    return other == std::end(kAllAbis) ? std::nullopt : std::optional(*other);
  }

  const Abi native_;
  ArgumentsOfLog arguments_;
  AuditedCalls audited_;
  std::map<std::string, std::string, std::less<>> exes_;  // The program of each event that has a record of its call.
  LsmLines lsm_;
  RecordingBuilder builder_;
  std::set<Abi> abis_;
  std::string subject_;
  uint64_t lines_ = 0;
};

}  // namespace

bool LooksLikeAudit(std::string_view text) {
  return PlaceOfMark(text) != std::string_view::npos || IsOfEnricher(text) || HasLsmRecord(text) ||
         text.find(kJournalField) != std::string_view::npos;
}

absl::StatusOr<Recording> ReadAudit(std::string_view text, Abi native) {
  SYSCARVE_ASSIGN_OR_RETURN(const RecordedCalls* const recorded, ShippedRecordedCalls());
  SYSCARVE_ASSIGN_OR_RETURN(const ArgumentTable* const table, ShippedArgumentTable());
  AuditReader reader(*recorded, *table, native);
  for (std::string_view left = text; !left.empty();) reader.TakeArguments(TakeLine(left));
  for (std::string_view left = text; !left.empty();) reader.Take(TakeLine(left));
  return reader.Finish(text);
}

}  // namespace syscarve
