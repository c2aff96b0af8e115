// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/confidence.h"

#include <cmath>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/sentence.h"
#include "userspace/base/strict_json.h"
#include "userspace/report/wording.h"

namespace syscarve {
namespace {

constexpr std::string_view kRiskSchema = "syscarve.risk/1";
constexpr double kShares[] = {0.05, 0.01};

// "7.3 %", with significant digits only.
std::string Percent(double share) {
  const double percent = 100 * share;
  if (percent != 0 && percent < 1) return absl::StrFormat("%.2g %%", percent);
  return absl::StrFormat("%.1f %%", percent);
}

std::string Runs(size_t count) {
  return Concat(count, count == 1 ? " run" : " runs");
}

std::string CountedWords(const Confidence& sure) {
  std::vector<std::string> parts;
  if (sure.starts > 0) {
    parts.push_back(Concat(sure.starts, sure.starts == 1 ? " start" : " starts", " before the first mark"));
  }
  if (sure.empty > 0) parts.push_back(Concat(sure.empty, " without a call"));
  return Runs(sure.runs) + (parts.empty() ? "" : Concat(", not counting ", Enumerated(parts)));
}

std::string NoveltyWords(const Novelty& novelty) {
  return Concat(novelty.novel, " of them (", Percent(novelty.share.value), "; 95 %: ",
                novelty.one_sided ? Concat("at most ", Percent(novelty.share.upper))
                                  : Concat(Percent(novelty.share.lower), " to ", Percent(novelty.share.upper)),
                ") would be refused something under the profile of the others");
}

std::string MissingWords(const Missing& missing) {
  if (missing.names.value <= 0) {
    return Concat("calls still missing: none by Chao2's estimate (", missing.once, " in one run only, ", missing.twice,
                  " in two)");
  }
  return absl::StrFormat(
      "calls still missing: at least %.0f (Chao2: %.1f, 95 %%: %.0f to %.0f; a lower bound, there may be more)",
      missing.names.lower, missing.names.value, missing.names.lower, missing.names.upper);
}

std::string FreshWords() {
  std::vector<std::string> parts;
  for (const double share : kShares) {
    parts.push_back(Concat(FreshRunsNeeded(share), " show that at most ", absl::StrFormat("%.0f %%", 100 * share)));
  }
  return Concat("proof: keep the profile and check fresh runs; without a refusal, ", absl::StrJoin(parts, ", "),
                " of runs would meet one");
}

std::string CurveWords(const std::vector<CurvePoint>& curve) {
  std::vector<std::string> runs;
  std::vector<std::string> names;
  for (const CurvePoint& point : curve) {
    runs.push_back(Concat(point.runs));
    names.push_back(absl::StrFormat("%.1f", point.names));
  }
  return Concat("calls known after ", Enumerated(runs),
                curve.back().runs == 1 ? " run: " : " runs: ", absl::StrJoin(names, ", "));
}

JsonValue Number(double value) {
  constexpr double kDigits = 1e6;
  return std::round(value * kDigits) / kDigits;
}

void AddEstimate(const Estimate& estimate, JsonValue::Object& to) {
  to.push_back({"estimate", Number(estimate.value)});
  to.push_back({"lower", Number(estimate.lower)});
  to.push_back({"upper", Number(estimate.upper)});
}

}  // namespace

std::vector<std::string> ConfidenceLines(const Confidence& sure) {
  if (!sure.objections.empty()) {
    return {Concat("how sure: no number, as ", absl::StrJoin(sure.objections, "; "))};
  }
  return {Concat("how sure: ", CountedWords(sure), "; ", NoveltyWords(*sure.novelty)), MissingWords(*sure.missing),
          FreshWords()};
}

std::string ConfidenceText(const Confidence& sure) {
  std::string text = CountedWords(sure) + "\n";
  if (!sure.curve.empty()) text += CurveWords(sure.curve) + "\n";
  for (const std::string& objection : sure.objections) {
    text += Concat("no number: ", EscapeForTerminal(objection), "\n");
  }
  if (sure.novelty.has_value()) text += Concat("novelty: ", NoveltyWords(*sure.novelty), "\n");
  if (!sure.novel_runs.empty()) text += "only one run makes\n";
  for (const NovelRun& run : sure.novel_runs) {
    text += Concat("  ", Quoted(run.name), ": ", absl::StrJoin(run.names, ", "), "\n");
  }
  if (sure.missing.has_value()) text += MissingWords(*sure.missing) + "\n";
  return text + FreshWords() + "\n";
}

std::string ConfidenceJson(const Confidence& sure) {
  JsonValue::Object result = {
      {"schema", kRiskSchema}, {"runs", sure.runs}, {"starts", sure.starts}, {"empty", sure.empty}};
  JsonValue::Array objections;
  for (const std::string& objection : sure.objections) objections.push_back(EncodePercent(objection));
  result.push_back({"objections", std::move(objections)});
  JsonValue::Array curve;
  for (const CurvePoint& point : sure.curve) {
    curve.push_back(JsonValue::Object{{"runs", point.runs}, {"names", Number(point.names)}});
  }
  result.push_back({"curve", std::move(curve)});
  if (sure.novelty.has_value()) {
    JsonValue::Object novelty = {{"novel_runs", sure.novelty->novel}};
    AddEstimate(sure.novelty->share, novelty);
    novelty.push_back({"one_sided", sure.novelty->one_sided});
    result.push_back({"novelty", std::move(novelty)});
  }
  if (sure.missing.has_value()) {
    JsonValue::Object missing = {{"once", sure.missing->once}, {"twice", sure.missing->twice}};
    if (sure.missing->names.value > 0) AddEstimate(sure.missing->names, missing);
    result.push_back({"missing", std::move(missing)});
  }
  JsonValue::Array joined;
  for (const Joined& by : sure.joined) {
    joined.push_back(JsonValue::Object{{"by", by.by},
                                       {"groups", by.groups},
                                       {"novel", by.novel},
                                       {"novel_when_shuffled", Number(by.novel_usual)},
                                       {"once", by.once},
                                       {"once_when_shuffled", Number(by.once_usual)},
                                       {"agrees", by.agrees}});
  }
  result.push_back({"joined", std::move(joined)});
  JsonValue::Array novel;
  for (const NovelRun& run : sure.novel_runs) {
    JsonValue::Array names;
    for (const std::string& name : run.names) names.push_back(name);
    novel.push_back(JsonValue::Object{
        {"run", EncodePercent(run.name)}, {"run_id", EncodePercent(run.id)}, {"names", std::move(names)}});
  }
  result.push_back({"only_in_one_run", std::move(novel)});
  JsonValue::Array fresh;
  for (const double share : kShares) {
    fresh.push_back(JsonValue::Object{{"runs", FreshRunsNeeded(share)}, {"refused_at_most", share}});
  }
  result.push_back({"fresh_runs", std::move(fresh)});
  return PrintJson(result, kReportJsonWidth);
}

}  // namespace syscarve
