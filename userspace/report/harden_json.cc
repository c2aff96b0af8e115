// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "userspace/base/escape.h"
#include "userspace/base/strict_json.h"
#include "userspace/report/harden.h"

namespace syscarve {
namespace {

constexpr size_t kWidth = 120;

JsonValue::Array Sentences(const std::vector<std::string>& sentences) {
  JsonValue::Array array;
  for (const std::string& sentence : sentences) array.emplace_back(EscapeForTerminal(sentence));
  return array;
}

JsonValue SettingJson(const Setting& setting) {
  JsonValue::Object object = {{"setting", SettingKindName(setting.kind)},
                              {"verdict", SettingVerdictName(setting.verdict)},
                              {"severity", SeverityName(setting.severity)},
                              {"in_force", setting.in_force},
                              {"in_line", setting.in_line}};
  if (!setting.value.empty()) object.push_back({"value", EscapeForTerminal(setting.value)});
  object.push_back({"reasons", Sentences(setting.reasons)});
  if (!setting.refuses.empty()) object.push_back({"refuses", Sentences(setting.refuses)});
  if (!setting.how.empty()) object.push_back({"how", EscapeForTerminal(setting.how)});
  return object;
}

}  // namespace

std::string HardenJson(std::span<const PlannedService> services) {
  JsonValue::Object all;
  for (const PlannedService& service : services) {
    const HardeningPlan& plan = service.plan;
    JsonValue::Array settings;
    for (const Setting& setting : plan.settings) settings.push_back(SettingJson(setting));
    JsonValue::Array images;
    for (const std::string& image : plan.facts.images) images.emplace_back(EncodePercent(image));
    JsonValue::Object object = {{"images", std::move(images)}};
    if (!plan.profile.empty()) object.push_back({"profile", EncodePercent(plan.profile)});
    object.push_back({"line", ContainerLineToJson(plan.line)});
    object.push_back({"settings", std::move(settings)});
    object.push_back({"missing", Sentences(plan.missing)});
    object.push_back({"target", service.target});
    object.push_back({"text", EncodePercent(service.text)});
    all.push_back({EncodePercent(plan.title), std::move(object)});
  }
  return PrintJson(JsonValue::Object{{"schema", kHardeningSchema}, {"services", std::move(all)}}, kWidth);
}

}  // namespace syscarve
