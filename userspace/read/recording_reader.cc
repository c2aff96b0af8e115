// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/recording_reader.h"

#include <algorithm>

#include "userspace/base/concat.h"
#include "userspace/base/text.h"
#include "userspace/model/recording_json.h"
#include "userspace/read/audit.h"
#include "userspace/read/strace.h"
#include "userspace/read/strace_summary.h"

namespace syscarve {
namespace {

constexpr std::string_view kWhatIsRead =
    "What can be read: recordings of syscarve, logs of `strace -f` (best with -n -o FILE), tables of `strace -c`, and "
    "the "
    "kernel's "
    "audit of seccomp (type=1326), AppArmor and SELinux (type=1400) as auditd, ausearch, dmesg, journalctl and the "
    "operator's log enricher write it.";

std::string_view WithoutLeadingSpace(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return text;
}

// Whether the text is a recording's file, in which words of other formats occur only as strings. A file with reordered
// fields is recognised last, if nothing else matches.
bool StartsLikeOwn(std::string_view text) {
  text = WithoutLeadingSpace(text);
  if (!text.starts_with('{')) return false;
  text = WithoutLeadingSpace(text.substr(1));
  return text.starts_with("\"schema\"");
}

// "     0.100 ( 0.004 ms): importer/1234 read(fd: 3, …) = 832"
bool LooksLikePerfTrace(std::string_view text) {
  constexpr int kLinesToGuessFrom = 64;
  for (int i = 0; i < kLinesToGuessFrom && !text.empty(); ++i) {
    const std::string_view line = TakeLine(text);
    const size_t begin = line.find(" (");
    const size_t end = line.find("): ");
    if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) continue;
    const std::string_view duration = line.substr(begin, end - begin);
    const bool has_duration = duration.ends_with(" ms") || duration.find_first_not_of(" (") == std::string_view::npos;
    if (has_duration && line.find('/', end) < line.find('(', end + 1)) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<Recording> ReadRecordingText(std::string_view text, Abi native) {
  if (StartsLikeOwn(text)) return ParseRecording(text);
  if (LooksLikeStrace(text)) return ReadStrace(text, native);
  if (LooksLikeAudit(text)) return ReadAudit(text, native);
  if (LooksLikeStraceSummary(text)) return ReadStraceSummary(text, native);
  if (WithoutLeadingSpace(text).starts_with('{')) return ParseRecording(text);
  return WithHint(absl::InvalidArgumentError(LooksLikePerfTrace(text)
                                                 ? "not a recording but output of `perf trace`, which cannot be read"
                                                 : "neither a recording nor a log of a known format"),
                  std::string(kWhatIsRead));
}

}  // namespace syscarve
