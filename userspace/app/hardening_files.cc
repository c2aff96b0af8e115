// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/hardening_files.h"

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/strict_json.h"
#include "userspace/image/digest.h"
#include "userspace/report/harden.h"

namespace syscarve {
namespace {

constexpr JsonLimits kPlanLimits = {.bytes = size_t{64} << 20, .values = size_t{1} << 21, .depth = 16};
constexpr size_t kMostPlans = 10'000;
constexpr size_t kMaxDigest = 128;

// Calls `read` for each service; `read` must check all of its members.
template <typename Read>
absl::Status ReadServices(std::string_view text, std::string_view schema, Read read) {
  SYSCARVE_ASSIGN_OR_RETURN(const JsonValue document, ParseStrictJson(text, kPlanLimits));
  std::string error;
  const JsonReader root(document, &error);
  root.AllowOnly({"schema", "services"});
  const JsonReader stated = root.Required("schema");
  if (stated.Text(kMaxDigest) != schema && root.ok()) stated.Fail(Concat("must be \"", schema, "\""));
  root.Required("services").ForEachMember(kMostPlans, [&](std::string_view title, const JsonReader& service) {
    const std::optional<std::string> name = DecodePercent(title);
    if (!name.has_value()) return service.Fail("its name is not percent-encoded text");
    read(*name, service);
  });
  return error.empty() ? absl::OkStatus() : absl::InvalidArgumentError(error);
}

template <typename Parsed>
absl::StatusOr<Parsed> ReadParsed(const std::string& path, absl::StatusOr<Parsed> (*parse)(std::string_view)) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return Parsed();
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kPlanLimits.bytes));
  absl::StatusOr<Parsed> parsed = parse(text);
  if (!parsed.ok()) return Annotate(parsed.status(), EscapeForTerminal(path));
  return parsed;
}

}  // namespace

absl::StatusOr<std::map<std::string, ContainerLine>> ParseHardening(std::string_view text) {
  std::map<std::string, ContainerLine> lines;
  SYSCARVE_RETURN_IF_ERROR(
      ReadServices(text, kHardeningSchema, [&](const std::string& title, const JsonReader& service) {
        lines[title] = ReadContainerLine(service.Required("line"));
      }));
  return lines;
}

std::string FormatLineProofs(const LineProofs& proofs) {
  constexpr size_t kWidth = 120;
  JsonValue::Object services;
  for (const auto& [title, proof] : proofs) {
    services.push_back({EncodePercent(title),
                        JsonValue::Object{{"profile", proof.profile}, {"line", ContainerLineToJson(proof.line)}}});
  }
  return PrintJson(JsonValue::Object{{"schema", kHardeningProofsSchema}, {"services", std::move(services)}}, kWidth);
}

absl::StatusOr<LineProofs> ParseLineProofs(std::string_view text) {
  LineProofs proofs;
  SYSCARVE_RETURN_IF_ERROR(
      ReadServices(text, kHardeningProofsSchema, [&](const std::string& title, const JsonReader& service) {
        service.AllowOnly({"profile", "line"});
        proofs[title] = {.profile = service.Required("profile").Text(kMaxDigest),
                         .line = ReadContainerLine(service.Required("line"))};
      }));
  return proofs;
}

absl::StatusOr<LineProofs> ReadLineProofs(const std::string& path) {
  return ReadParsed<LineProofs>(path, ParseLineProofs);
}

absl::StatusOr<std::map<std::string, ContainerLine>> ReadHardening(const std::string& path) {
  return ReadParsed<std::map<std::string, ContainerLine>>(path, ParseHardening);
}

std::string DigestOf(std::string_view text) {
  Sha256 sum;
  sum.Add(text);
  return sum.FinishAsText();
}

}  // namespace syscarve
