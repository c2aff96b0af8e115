#include "userspace/read/audit.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "userspace/base/text.h"
#include "userspace/model/syscall_table.h"
#include "userspace/read/recording_builder.h"

namespace syscarve {
namespace {

constexpr std::string_view kByNumber = "type=1326";  // AUDIT_SECCOMP of linux/audit.h, as the kernel logs it.
constexpr std::string_view kByName = "type=SECCOMP";

// The first value of `key`, with its quotes where it has some. What is in quotes is no field.
std::string_view FieldOf(std::string_view line, std::string_view key) {
  constexpr std::string_view kSeparators = " \x1d";
  while (!line.empty()) {
    line.remove_prefix(std::min(line.find_first_not_of(kSeparators), line.size()));
    size_t end = std::min(line.find_first_of(kSeparators), line.size());
    const size_t equals = line.substr(0, end).find('=');
    if (equals != std::string_view::npos && line.substr(equals + 1).starts_with('"')) {
      const size_t quote = line.find('"', equals + 2);
      end = quote == std::string_view::npos ? line.size() : quote + 1;
    }
    if (equals != std::string_view::npos && line.substr(0, equals) == key)
      return line.substr(equals + 1, end - equals - 1);
    line.remove_prefix(end);
  }
  return {};
}

template <typename Number>
std::optional<Number> FromHex(std::string_view digits) {
  Number number{};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

// A text that a program chose: in quotes, in hex digits where it has unusual bytes, "(null)" when there is none, or as
// it is where ausearch -i has put it into words.
std::string UntrustedText(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
    return std::string(value.substr(1, value.size() - 2));
  if (value.empty() || value == "(null)" || value.front() == '/') return std::string(value == "(null)" ? "" : value);
  if (value.size() % 2 != 0) return {};
  std::string text;
  for (size_t i = 0; i < value.size(); i += 2) {
    const auto byte = FromHex<uint8_t>(value.substr(i, 2));
    if (!byte.has_value()) return {};
    text += static_cast<char>(*byte);
  }
  return text;
}

// "c000003e", or "x86_64" as ausearch -i has it.
std::optional<uint32_t> ArchOf(std::string_view text) {
  if (const std::optional<Abi> abi = AbiFromName(text)) return AuditArch(*abi);
  return FromHex<uint32_t>(text);
}

std::optional<SyscallId> CallOf(uint32_t arch, std::string_view text) {
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
  if (text.starts_with("0x")) return FromHex<uint32_t>(text.substr(2));
  constexpr std::pair<std::string_view, uint32_t> kWords[] = {{"kill", SECCOMP_RET_KILL_THREAD},
                                                              {"kill-thread", SECCOMP_RET_KILL_THREAD},
                                                              {"kill-process", SECCOMP_RET_KILL_PROCESS},
                                                              {"trap", SECCOMP_RET_TRAP},
                                                              {"errno", SECCOMP_RET_ERRNO},
                                                              {"user-notif", SECCOMP_RET_USER_NOTIF},
                                                              {"trace", SECCOMP_RET_TRACE},
                                                              {"log", SECCOMP_RET_LOG},
                                                              {"allow", SECCOMP_RET_ALLOW}};
  for (const auto& [word, code] : kWords) {
    if (word == text) return code;
  }
  return std::nullopt;
}

class Reader {
 public:
  void Take(std::string_view line) {
    const size_t by_number = line.find(kByNumber);
    const size_t by_name = line.find(kByName);
    const size_t place = std::min(by_number, by_name);
    if (place == std::string_view::npos) return;
    line.remove_prefix(place);
    ++lines_;
    const std::string exe = UntrustedText(FieldOf(line, "exe"));
    const std::optional<uint32_t> arch = ArchOf(FieldOf(line, "arch"));
    const std::optional<uint32_t> code = CodeOf(FieldOf(line, "code"));
    if (!arch.has_value() || !code.has_value()) return Unreadable();
    if (std::ranges::none_of(kAllAbis, [&arch](Abi abi) { return AuditArch(abi) == *arch; })) {
      builder_.Lost(kUnknownAbi, true, "Calls of an architecture that is not known here.");
      return;
    }
    const std::optional<SyscallId> call = CallOf(*arch, FieldOf(line, "syscall"));
    if (!call.has_value()) return Unreadable();
    if (subject_.empty()) subject_ = exe.substr(exe.rfind('/') + 1);
    abis_.insert(call->abi);
    Add(*call, *code, builder_.Program(exe));
  }

  absl::StatusOr<Recording> Finish(std::string_view text, Abi native) {
    if (lines_ == 0) return absl::InvalidArgumentError("there is no line of seccomp in the audit log");
    const std::optional<Abi> machine = MachineOf(native);
    if (!machine.has_value()) {
      return absl::InvalidArgumentError("the audit log has calls of architectures that no machine has together");
    }
    builder_.Lost(kUnreliableLog, true,
                  "Audit tells only of calls that a filter logs or kills, and not of all of them.");
    return std::move(builder_).Build(
        *machine, {.backend = "audit", .events = "first", .capabilities = "none", .denials = "audit"},
        {.kind = SubjectKind::kCommand, .name = subject_, .cgroup = "", .container = {}, .start = {}}, text,
        std::nullopt);
  }

 private:
  void Unreadable() { builder_.Lost(kUnreadableLine, true, "Lines of the log could not be read."); }

  void Add(SyscallId call, uint32_t code, ProgramId program) {
    switch (code & SECCOMP_RET_ACTION_FULL) {
      case SECCOMP_RET_ALLOW:
      case SECCOMP_RET_LOG:
      case SECCOMP_RET_TRACE:
      case SECCOMP_RET_USER_NOTIF:
        builder_.Call(call, program);
        return;
      case SECCOMP_RET_ERRNO: {
        constexpr uint32_t kMaxErrno = 4095;
        const uint32_t value = code & SECCOMP_RET_DATA;
        if (value == 0) {
          builder_.Lost(kUnknownErrno, false,
                        "The log does not say with which errno calls were refused: EPERM is taken.");
        }
        builder_.Denied(call, value == 0 ? EPERM : static_cast<int>(std::min(value, kMaxErrno)), program);
        return;
      }
      default:
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

  RecordingBuilder builder_;
  std::set<Abi> abis_;
  std::string subject_;
  uint64_t lines_ = 0;
};

}  // namespace

bool LooksLikeAudit(std::string_view text) {
  return text.find(kByNumber) != std::string_view::npos || text.find(kByName) != std::string_view::npos;
}

absl::StatusOr<Recording> ReadAudit(std::string_view text, Abi native) {
  Reader reader;
  for (std::string_view left = text; !left.empty();) reader.Take(TakeLine(left));
  return reader.Finish(text, native);
}

}  // namespace syscarve
