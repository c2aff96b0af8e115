// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/strace_summary.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "userspace/base/text.h"
#include "userspace/model/syscall_table.h"
#include "userspace/read/recording_builder.h"
#include "userspace/read/strace_line.h"

namespace syscarve {
namespace {

constexpr std::string_view kHeader = "% time ";
// Precedes each of several tables: "System call usage summary for 32 bit mode:".
constexpr std::string_view kModeBegin = "System call usage summary for ";
constexpr std::string_view kModeEnd = " mode:";

// The columns of -c, and of -c with -w, by the words of their heads: "% time" is one column.
bool HasKnownColumns(std::string_view header) {
  const std::vector<std::string_view> words = SplitNonEmpty(header, ' ');
  return words.size() == 7 && words[4] == "calls" && words[5] == "errors" && words[6] == "syscall";
}

class SummaryReader {
 public:
  explicit SummaryReader(Abi native) : native_(native), abi_(native) {}

  void Take(std::string_view line) {
    builder_.NextLine();
    if (line.starts_with(kModeBegin) && line.ends_with(kModeEnd)) return ChangeMode(line);
    if (line.starts_with(kHeader)) {
      in_table_ = HasKnownColumns(line);
      if (!in_table_) builder_.Lost(kUnreadableLine, true, "Tables with other columns than those of -c.");
      return;
    }
    if (!in_table_ || line.starts_with("---")) return;
    TakeRow(SplitNonEmpty(line, ' '));
  }

  absl::StatusOr<Recording> Finish(std::string_view text) {
    builder_.EndLines();
    if (builder_.empty()) {
      return WithHint(
          absl::InvalidArgumentError("there is no call in the table of strace -c"),
          "Its columns must be those of -c alone; `strace -f -n -o FILE` writes a log with programs and ABIs.");
    }
    builder_.Lost("summary_only", true,
                  "A table of counts has only calls that returned, and neither programs nor ABIs.");
    return std::move(builder_).Build(
        native_, {.backend = "strace", .events = "first", .capabilities = "none", .denials = "none"},
        {.kind = SubjectKind::kCommand, .name = "", .cgroup = "", .container = {}, .start = {}}, text, std::nullopt);
  }

 private:
  void ChangeMode(std::string_view line) {
    line.remove_prefix(kModeBegin.size());
    line.remove_suffix(kModeEnd.size());
    const std::optional<Abi> abi = AbiOfStraceMode(line, native_);
    if (!abi.has_value()) builder_.Lost(kUnknownAbi, true, "A table is of a mode that is not known here.");
    abi_ = abi.value_or(native_);
  }

  // Share, seconds, microseconds per call, calls, failed calls, name; the fifth is empty if none failed.
  void TakeRow(const std::vector<std::string_view>& columns) {
    const auto count = columns.size() == 5 || columns.size() == 6 ? ParseNumber<uint64_t>(columns[3]) : std::nullopt;
    if (!columns.empty() && columns.back() == "total") {
      in_table_ = false;
      return;
    }
    if (!count.has_value() || *count == 0 || *count > kMaxCount) {
      builder_.Lost(kUnreadableLine, true, "Rows of the table could not be read.");
      return;
    }
    if (const std::optional<SyscallId> id = IdOf(columns.back())) {
      builder_.Call(*id, builder_.Program(""), *count);
    } else {
      builder_.Lost(kUnknownName, true, "Names of calls that no ABI of the machine has.");
    }
  }

  std::optional<SyscallId> IdOf(std::string_view name) {
    if (const auto id = FindSyscall(abi_, name)) return id;
    for (const Abi abi : AbisServedBeside(native_)) {
      const auto id = FindSyscall(abi, name);
      if (!id.has_value()) continue;
      builder_.Lost(kUnclearAbi, true,
                    "Programs make calls that their ABI does not have: which are 32-bit ones is not known.");
      return id;
    }
    return std::nullopt;
  }

  // Far above any trace, and far from an overflow of sums.
  static constexpr uint64_t kMaxCount = uint64_t{1} << 48;

  const Abi native_;
  Abi abi_;
  RecordingBuilder builder_;
  bool in_table_ = false;
};

}  // namespace

bool LooksLikeStraceSummary(std::string_view text) {
  while (!text.empty()) {
    if (TakeLine(text).starts_with(kHeader)) return true;
  }
  return false;
}

absl::StatusOr<Recording> ReadStraceSummary(std::string_view text, Abi native) {
  SummaryReader reader(native);
  for (std::string_view left = text; !left.empty();) reader.Take(TakeLine(left));
  return reader.Finish(text);
}

}  // namespace syscarve
