// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/recording_builder.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "userspace/base/escape.h"
#include "userspace/base/hash.h"
#include "userspace/model/recording_json.h"

namespace syscarve {
namespace {

// 32 hex digits: two hashes with different initial values, the second also over the result of the first.
std::string IdOf(std::string_view text) {
  const uint64_t first = Fnv1a(text);
  return absl::StrFormat("%016x%016x", first, Fnv1a(text, first ^ text.size()));
}

constexpr size_t kMaxLinesNamed = 10;

// " Line 3.", " Lines 2, 3.", " Lines 2, 3 and later ones.", or "".
std::string WordsForLines(const std::vector<uint64_t>& lines, bool more) {
  if (lines.empty()) return {};
  return absl::StrFormat(" Line%s %s%s.", lines.size() == 1 ? "" : "s", absl::StrJoin(lines, ", "),
                         more ? " and later ones" : "");
}

}  // namespace

ProgramId RecordingBuilder::Program(std::string_view path) {
  if (EncodePercent(path).size() > kMaxRecordingTextBytes) path = {};
  const auto known = program_ids_.find(path);
  if (known != program_ids_.end()) return known->second;
  const auto id = static_cast<ProgramId>(programs_.size());
  programs_.push_back({.path = std::string(path)});
  program_ids_.emplace(path, id);
  return id;
}

void RecordingBuilder::Call(SyscallId id, ProgramId program, uint64_t count) {
  Observation& seen = trace_.calls[id];
  seen.count += count;
  seen.programs[program] += count;
}

void RecordingBuilder::Arguments(SyscallId id, SeenArguments seen) {
  trace_.calls.at(id).arguments = std::move(seen);
}

void RecordingBuilder::Denied(SyscallId id, int errno_value, ProgramId program) {
  std::vector<Denial>& denials = trace_.denials[id];
  auto place = std::ranges::lower_bound(denials, errno_value, {}, &Denial::errno_value);
  if (place == denials.end() || place->errno_value != errno_value) {
    place = denials.insert(place, Denial{.errno_value = errno_value});
  }
  ++place->count;
  ++place->programs[program];
}

void RecordingBuilder::Capability(int capability, std::string_view witness) {
  CapabilityUse& use = trace_.capabilities[capability];
  AddChecks({.granted = 1}, use.during[std::nullopt]);
  AddChecks({.granted = 1}, use.sites[std::nullopt][{.functions = {std::string(witness)}}]);
}

void RecordingBuilder::Lost(std::string_view what, bool missed_calls, std::string_view detail, uint64_t count) {
  if (count == 0) return;
  auto known = losses_.find(what);
  if (known == losses_.end()) {
    Loss loss{.what = std::string(what), .count = 0, .missed_calls = missed_calls, .detail = std::string(detail)};
    known = losses_.emplace(what, LossInLines{.loss = std::move(loss), .lines = {}}).first;
  }
  LossInLines& lost = known->second;
  lost.loss.count += count;
  if (line_ == 0 || (!lost.lines.empty() && lost.lines.back() == line_)) return;
  if (lost.lines.size() < kMaxLinesNamed) {
    lost.lines.push_back(line_);
  } else {
    lost.more = true;
  }
}

Recording RecordingBuilder::Build(Abi native, Method method, Subject subject, std::string_view text,
                                  std::optional<CommandEnd> end) && {
  Recording recording = {.host = {.kernel = "", .native_abi = native, .libseccomp = ""},
                         .method = std::move(method),
                         .programs = std::move(programs_),
                         .subjects = {std::move(subject)},
                         .runs = {},
                         .losses = {}};
  Run run = {.id = IdOf(text), .command = end};
  run.subjects.emplace(0, std::move(trace_));
  recording.runs.push_back(run);
  for (auto& [what, lost] : losses_) {
    lost.loss.detail += WordsForLines(lost.lines, lost.more);
    recording.losses.push_back(std::move(lost.loss));
  }
  return recording;
}

}  // namespace syscarve
