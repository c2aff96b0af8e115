// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "userspace/base/concat.h"
#include "userspace/harden/planner.h"

namespace syscarve {
namespace {

constexpr uint64_t kMebibyte = uint64_t{1} << 20;

std::string MebibyteWords(uint64_t bytes) {
  return Concat(bytes / kMebibyte + (bytes % kMebibyte == 0 ? 0 : 1), " MiB");
}
std::string ProcessorWords(uint64_t milli) {
  return absl::StrFormat("%.2f", static_cast<double>(milli) / 1000);
}
std::string NumberWords(uint64_t number) {
  return Concat(number);
}

struct Limit {
  SettingKind kind;
  const char* name;  // Key in LimitRules.
  const char* what;  // "memory"
  std::optional<uint64_t> Peaks::*peak;
  std::optional<uint64_t> ContainerLine::*field;
  std::optional<uint64_t> ContainerLimits::*configured;
  std::string (*words)(uint64_t);
  const char* refuses;
};

constexpr Limit kLimits[] = {
    {SettingKind::kMemory, "memory", "memory, page cache included,", &Peaks::memory_bytes, &ContainerLine::memory_bytes,
     &ContainerLimits::memory_bytes, MebibyteWords,
     "More memory, with no swap beside it: the kernel kills a process of the container then."},
    {SettingKind::kCpus, "cpus", "processors", &Peaks::cpu_milli, &ContainerLine::cpu_milli,
     &ContainerLimits::cpu_milli, ProcessorWords, "More processors: work takes longer then."},
    {SettingKind::kPids, "pids", "processes and threads", &Peaks::tasks, &ContainerLine::pids, &ContainerLimits::pids,
     NumberWords, "More processes and threads: fork fails then, and so does a fork bomb."},
    {SettingKind::kOpenFiles, "nofile", "descriptors in one process", &Peaks::open_files, &ContainerLine::open_files,
     &ContainerLimits::open_files, NumberWords, "More descriptors in one process: open and accept fail then."},
};

// The highest configured limit of the recorded containers; nullopt if one of them had none.
std::optional<uint64_t> ConfiguredLimit(const Planner& planner, std::optional<uint64_t> ContainerLimits::*limit) {
  uint64_t highest = 0;
  const bool all = planner.AllContainers([&](const Container& container) {
    const std::optional<uint64_t> one = container.limits.value_or(ContainerLimits()).*limit;
    highest = std::max(highest, one.value_or(0));
    return one.has_value();
  });
  return all ? std::optional(highest) : std::nullopt;
}

void PlanLimit(const Planner& planner, const Limit& limit) {
  const HardeningFacts& facts = planner.facts;
  const LimitRule& rule = planner.limits.at(limit.name);
  Setting setting = {.kind = limit.kind, .verdict = SettingVerdict::kUnknown, .severity = Severity::kLow};
  setting.refuses.emplace_back(limit.refuses);
  // A peak before the recording is missing from a sampled figure, but is in the kernel's own.
  const EvidenceGap missing = facts.Missing({kMissingPeaks});
  const std::optional<uint64_t> peak = facts.evidence.has_value() ? facts.evidence->peaks.*limit.peak : std::nullopt;
  uint64_t value = 0;
  if (peak.has_value() && *peak > 0) {
    value = LimitFor(*peak, rule);
    const std::optional<uint64_t>& processors = facts.evidence->peaks.processors;
    const bool beyond_host = limit.kind == SettingKind::kCpus && processors.has_value() && value > *processors * 1000;
    if (beyond_host) value = *processors * 1000;
    setting.value = limit.words(value);
    setting.verdict = missing.empty() ? SettingVerdict::kObserved : SettingVerdict::kUnknown;
    setting.reasons.push_back(Concat("At most ", limit.words(*peak), " ", limit.what,
                                     " were used at once; the limit is ", rule.factor_percent / 100,
                                     " times that, rounded up. ", rule.why));
    if (beyond_host) {
      setting.reasons.push_back(
          Concat("That is all that the recording's host has, ", *processors, ": engines refuse a limit above it."));
    }
    const Peaks& peaks = facts.evidence->peaks;
    const bool sampled = (limit.kind == SettingKind::kMemory && peaks.memory_sampled) ||
                         (limit.kind == SettingKind::kPids && peaks.tasks_sampled);
    if (sampled) setting.reasons.emplace_back("The figure was sampled: a short rise between two samples is not in it.");
    setting.how = "A recording under the load that the service has to bear makes it a limit for that load.";
  }
  if (!missing.empty() || !peak.has_value()) {
    setting.reasons.push_back(Concat("How much it uses is not known for sure: ",
                                     missing.empty() ? "it was not measured." : missing.sentence));
    setting.how = kRecordHow;
  }
  // The service works under its configured limit: one recording is no reason for a higher or lower one.
  const std::optional<uint64_t> configured = ConfiguredLimit(planner, limit.configured);
  if (configured.has_value()) {
    setting.in_force = true;
    setting.verdict = SettingVerdict::kObserved;
    setting.reasons.insert(setting.reasons.begin(), Concat("The recorded containers ran under a limit of ",
                                                           limit.words(*configured), ", which stays."));
    if (value != 0 && value < *configured) {
      setting.reasons.push_back(Concat("By these figures ", limit.words(value), " would do."));
    }
    value = *configured;
    setting.value = limit.words(value);
    setting.how.clear();
  }
  std::optional<uint64_t> hard;
  if (limit.kind == SettingKind::kOpenFiles && value > 0) {
    if (configured.has_value()) {
      hard = std::max(value, ConfiguredLimit(planner, &ContainerLimits::open_files_hard).value_or(0));
    } else {
      const LimitRule& hard_rule = planner.limits.at("nofile_hard");
      hard = std::max(value, LimitFor(*peak, hard_rule));
      setting.reasons.push_back(hard_rule.why);
    }
    setting.value += Concat(", up to ", *hard, " for a process that raises it");
  }
  if (!planner.Add(std::move(setting))) return;
  planner.plan.line.*limit.field = value;
  if (hard.has_value()) planner.plan.line.open_files_hard = hard;
}

}  // namespace

void PlanLimits(const Planner& planner) {
  for (const Limit& limit : kLimits) PlanLimit(planner, limit);
}

}  // namespace syscarve
