// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/timeline.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/saturating.h"
#include "userspace/base/strict_json.h"
#include "userspace/report/wording.h"

namespace syscarve {
namespace {

constexpr size_t kMaxLines = 40;
constexpr uint64_t kBarWidth = 60;
constexpr double kNanosPerSecond = 1e9;

uint64_t Sum(const std::vector<uint64_t>& counts) {
  uint64_t sum = 0;
  for (const uint64_t count : counts) AddSaturating(count, sum);
  return sum;
}

// Calls `visit(run, subject, timeline)` for each timeline. kInvalidArgument if there is none.
absl::Status ForEachTimeline(const Recording& recording,
                             const std::function<void(const Run&, const Subject&, const Timeline&)>& visit) {
  bool any = false;
  for (const Run& run : recording.runs) {
    for (const auto& [subject, trace] : run.subjects) {
      if (!trace.timeline.has_value()) continue;
      any = true;
      visit(run, recording.subjects[subject], *trace.timeline);
    }
  }
  if (any) return absl::OkStatus();
  return WithHint(absl::InvalidArgumentError("the recording has no timeline"), "Record with --events all.");
}

// The counts of groups of `together` buckets.
std::vector<uint64_t> Coarser(const std::vector<uint64_t>& counts, size_t together) {
  std::vector<uint64_t> joined((counts.size() + together - 1) / together, 0);
  for (size_t i = 0; i < counts.size(); ++i) AddSaturating(counts[i], joined[i / together]);
  return joined;
}

// A bar of at most kBarWidth marks, at least one for a count above 0.
std::string Bar(uint64_t count, uint64_t most) {
  if (count == 0) return "";
  const double share = static_cast<double>(count) / static_cast<double>(most);
  return std::string(std::max<size_t>(1, static_cast<size_t>(share * static_cast<double>(kBarWidth))), '#');
}

}  // namespace

absl::StatusOr<std::string> TimelineText(const Recording& recording) {
  std::string text;
  const absl::Status visited =
      ForEachTimeline(recording, [&](const Run& run, const Subject& subject, const Timeline& timeline) {
        const size_t together = (timeline.counts.size() + kMaxLines - 1) / kMaxLines;
        const double seconds = static_cast<double>(timeline.bucket_nanos) / kNanosPerSecond;
        text += Concat("run \"", EscapeForTerminal(run.name), "\", ", EscapeForTerminal(subject.name), ": ",
                       Sum(timeline.counts), " calls in ",
                       absl::StrFormat("%.3f", seconds * static_cast<double>(timeline.counts.size())), " s\n");
        if (timeline.counts.empty()) return;
        const std::vector<uint64_t> joined = Coarser(timeline.counts, together);
        const uint64_t most = std::max<uint64_t>(1, *std::ranges::max_element(joined));
        for (size_t i = 0; i < joined.size(); ++i) {
          const std::string bar = Bar(joined[i], most);
          text += absl::StrFormat("  %10.3f s %12d%s%s\n", seconds * static_cast<double>(i * together), joined[i],
                                  bar.empty() ? "" : " ", bar);
        }
      });
  SYSCARVE_RETURN_IF_ERROR(visited);
  return text;
}

absl::StatusOr<std::string> TimelineJson(const Recording& recording) {
  JsonValue::Array timelines;
  const absl::Status visited =
      ForEachTimeline(recording, [&](const Run& run, const Subject& subject, const Timeline& timeline) {
        JsonValue::Array counts;
        for (const uint64_t count : timeline.counts) counts.push_back(count);
        JsonValue::Object object;
        object.push_back({"run", EncodePercent(run.name)});
        object.push_back({"run_id", run.id});
        object.push_back({"subject", EncodePercent(subject.name)});
        object.push_back({"start", timeline.start});
        object.push_back({"bucket_nanos", timeline.bucket_nanos});
        object.push_back({"calls", Sum(timeline.counts)});
        object.push_back({"counts", std::move(counts)});
        timelines.push_back(std::move(object));
      });
  SYSCARVE_RETURN_IF_ERROR(visited);
  JsonValue::Object result;
  result.push_back({"schema", "syscarve.timeline/1"});
  result.push_back({"timelines", std::move(timelines)});
  return PrintJson(std::move(result), kReportJsonWidth);
}

}  // namespace syscarve
