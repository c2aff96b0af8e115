// SPDX-License-Identifier: Apache-2.0
#include "userspace/shipped/hardening_rules.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "userspace/shipped/shipped_file.h"

namespace syscarve {
namespace {

using shipped::kMaxElements;
using shipped::kMaxText;

constexpr size_t kMostBelow = 8;
constexpr uint64_t kMaxPercent = 10'000;
constexpr std::string_view kLimitNames[] = {"cpus", "memory", "nofile", "nofile_hard", "pids"};

std::optional<PathMount> MountFromName(std::string_view name) {
  if (name == "tmpfs") return PathMount::kTmpfs;
  if (name == "volume") return PathMount::kVolume;
  if (name == "none") return PathMount::kNone;
  return std::nullopt;
}

std::string DirectoryOf(const JsonReader& field) {
  std::string path = field.Text(kMaxText);
  const bool plain =
      path.starts_with('/') && (path == "/" || !path.ends_with('/')) && path.find("//") == std::string_view::npos;
  if (!plain) field.Fail("expected an absolute path without a slash at its end");
  return path;
}

void ReadClass(const JsonReader& element, DirectoryRules& rules) {
  element.AllowOnly({"name", "mount", "size", "made_when_missing", "why"});
  PathClass one;
  one.name = element.Required("name").Text(kMaxText);
  const JsonReader mount = element.Required("mount");
  const std::optional<PathMount> known = MountFromName(mount.Text(kMaxText));
  if (!known.has_value()) mount.Fail("expected \"tmpfs\", \"volume\" or \"none\"");
  one.mount = known.value_or(PathMount::kNone);
  const JsonReader size = element.Optional("size");
  if (size.exists() != (one.mount == PathMount::kTmpfs)) element.Fail("a tmpfs, and only a tmpfs, has a size");
  if (size.exists()) one.size = size.Text(kMaxText);
  if (const JsonReader made = element.Optional("made_when_missing"); made.exists()) one.made_when_missing = made.Bool();
  one.why = element.Required("why").Text(kMaxText);
  if (one.name.empty() || rules.classes.contains(one.name)) element.Fail("expected a name that no other class has");
  rules.classes[one.name] = std::move(one);
}

void ReadRule(const JsonReader& element, DirectoryRules& rules) {
  element.AllowOnly({"path", "class", "below"});
  DirectoryRule rule;
  rule.path = DirectoryOf(element.Required("path"));
  rule.of_class = element.Required("class").Text(kMaxText);
  rule.below = element.Required("below").Uint(0, kMostBelow);
  if (!rules.classes.contains(rule.of_class)) element.Required("class").Fail("is no class");
  if (std::ranges::find(rules.rules, rule.path, &DirectoryRule::path) != rules.rules.end()) {
    element.Required("path").Fail("has a rule already");
  }
  rules.rules.push_back(std::move(rule));
}

}  // namespace

uint64_t LimitFor(uint64_t peak, const LimitRule& rule) {
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  if (peak > kMost / rule.factor_percent) return kMost / rule.step * rule.step;
  const uint64_t wanted = std::max(peak * rule.factor_percent / 100, rule.least);
  const uint64_t steps = wanted / rule.step + (wanted % rule.step == 0 ? 0 : 1);
  return steps * rule.step;
}

absl::StatusOr<DirectoryRules> ParseDirectoryRules(std::string_view text) {
  const auto read = [](const JsonReader& root, DirectoryRules& rules) {
    root.AllowOnly({"schema", "source", "classes", "rules", "links", "shared", "same_everywhere", "apart",
                    "set_by_engine", "devices", "masked", "engine_sockets"});
    if (root.Required("source").Text(kMaxText).empty()) root.Required("source").Fail("says nothing");
    const JsonReader classes = root.Required("classes");
    classes.ForEach(kMaxElements, [&](const JsonReader& element) { ReadClass(element, rules); });
    if (!rules.classes.contains("other")) classes.Fail("expected one that is called \"other\"");
    root.Required("rules").ForEach(kMaxElements, [&](const JsonReader& element) { ReadRule(element, rules); });
    root.Required("links").ForEach(kMaxElements, [&](const JsonReader& element) {
      element.AllowOnly({"from", "to"});
      rules.links[DirectoryOf(element.Required("from"))] = DirectoryOf(element.Required("to"));
    });
    rules.shared = shipped::Names(root.Required("shared"));
    rules.same_everywhere = shipped::Names(root.Required("same_everywhere"));
    rules.apart = shipped::Names(root.Required("apart"));
    rules.set_by_engine = shipped::Names(root.Required("set_by_engine"));
    rules.devices = shipped::Names(root.Required("devices"));
    rules.masked = shipped::Names(root.Required("masked"));
    rules.engine_sockets = shipped::Names(root.Required("engine_sockets"));
  };
  return shipped::Parse<DirectoryRules>(text, "syscarve.directories/1", read);
}

absl::StatusOr<LimitRules> ParseLimitRules(std::string_view text) {
  const auto read = [](const JsonReader& root, LimitRules& rules) {
    root.AllowOnly({"schema", "source", "limits"});
    if (root.Required("source").Text(kMaxText).empty()) root.Required("source").Fail("says nothing");
    const JsonReader limits = root.Required("limits");
    limits.ForEach(kMaxElements, [&](const JsonReader& element) {
      element.AllowOnly({"name", "factor_percent", "step", "least", "why"});
      const std::string name = element.Required("name").Text(kMaxText);
      LimitRule rule;
      rule.factor_percent = element.Required("factor_percent").Uint(100, kMaxPercent);
      rule.step = element.Required("step").Uint(1);
      rule.least = element.Required("least").Uint(1, uint64_t{1} << 40);
      rule.why = element.Required("why").Text(kMaxText);
      if (std::ranges::find(kLimitNames, name) == std::end(kLimitNames)) element.Required("name").Fail("is no limit");
      if (!rules.emplace(name, std::move(rule)).second) element.Required("name").Fail("has a rule already");
    });
    if (rules.size() != std::size(kLimitNames)) limits.Fail("expected memory, cpus, pids, nofile and nofile_hard");
  };
  return shipped::Parse<LimitRules>(text, "syscarve.limits/1", read);
}

absl::StatusOr<const DirectoryRules*> ShippedDirectoryRules() {
  return shipped::Shipped("rules/directories.json", ParseDirectoryRules);
}

absl::StatusOr<const LimitRules*> ShippedLimitRules() {
  return shipped::Shipped("rules/limits.json", ParseLimitRules);
}

}  // namespace syscarve
