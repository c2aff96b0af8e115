// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <set>

#include "profiles/embedded.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/syscall_table.h"
#include "userspace/shipped/baseline.h"

namespace syscarve {
namespace {

constexpr std::string_view kSchema = "syscarve.baseline/1";
constexpr JsonLimits kLimits = {.bytes = kMaxBaselineBytes, .values = 8192, .depth = 8};
constexpr size_t kMaxNames = 2048;
constexpr size_t kMaxBaselineText = 1024;
constexpr size_t kOneElementPerLine = 0;
constexpr std::string_view kShippedFolder = "runtime/";

absl::StatusOr<std::vector<Baseline>> ParseShipped() {
  std::vector<Baseline> baselines;
  for (const std::string_view name : EmbeddedFiles()) {
    if (!name.starts_with(kShippedFolder)) continue;
    absl::StatusOr<Baseline> baseline = ParseBaseline(EmbeddedFile(name));
    if (!baseline.ok()) {
      return absl::InternalError(Concat("profiles/", name, " of this build: ", baseline.status().message()));
    }
    baselines.push_back(*std::move(baseline));
  }
  return baselines;
}

}  // namespace

std::string BaselineTitle(const Baseline& baseline) {
  return Concat(baseline.runtime, " ", baseline.version, baseline.no_new_privs ? " with" : " without", " no_new_privs");
}

absl::StatusOr<Baseline> ParseBaseline(std::string_view text) {
  SYSCARVE_ASSIGN_OR_RETURN(const JsonValue document, ParseStrictJson(text, kLimits));
  std::string error;
  const JsonReader root(document, &error);
  const JsonReader schema = root.Required("schema");
  if (schema.Text(kMaxBaselineText) != kSchema) schema.Fail(Concat("expected \"", kSchema, "\""));
  root.AllowOnly({"schema", "runtime", "version", "no_new_privs", "abi", "names", "provenance"});

  Baseline baseline;
  baseline.runtime = root.Required("runtime").Text(kMaxBaselineText);
  baseline.version = root.Required("version").Text(kMaxBaselineText);
  baseline.no_new_privs = root.Required("no_new_privs").Bool();
  const JsonReader abi_field = root.Required("abi");
  const std::optional<Abi> abi = AbiFromName(abi_field.Text(kMaxBaselineText));
  if (!abi.has_value()) abi_field.Fail("expected an ABI, such as \"x86_64\"");
  baseline.abi = abi.value_or(Abi::kX86_64);
  std::set<std::string> names;
  root.Required("names").ForEach(kMaxNames, [&](const JsonReader& element) {
    const std::string name = element.Text(kMaxBaselineText);
    if (!FindSyscall(baseline.abi, name).has_value()) {
      element.Fail(Concat("\"", name, "\" is no system call of ", AbiName(baseline.abi)));
    }
    names.insert(name);
  });
  baseline.names.assign(names.begin(), names.end());
  baseline.provenance = root.Required("provenance").Text(kMaxBaselineText);
  if (!error.empty()) return absl::InvalidArgumentError(error);
  return baseline;
}

absl::StatusOr<Baseline> LoadBaseline(const std::string& path) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxBaselineBytes));
  absl::StatusOr<Baseline> baseline = ParseBaseline(text);
  if (!baseline.ok()) return Annotate(baseline.status(), EscapeForTerminal(path));
  return baseline;
}

std::string FormatBaseline(const Baseline& baseline) {
  const std::set<std::string> names(baseline.names.begin(), baseline.names.end());
  JsonValue::Array list;
  for (const std::string& name : names) list.emplace_back(name);
  return PrintJson(JsonValue::Object{{"schema", kSchema},
                                     {"runtime", baseline.runtime},
                                     {"version", baseline.version},
                                     {"no_new_privs", baseline.no_new_privs},
                                     {"abi", AbiName(baseline.abi)},
                                     {"names", std::move(list)},
                                     {"provenance", baseline.provenance}},
                   kOneElementPerLine);
}

std::string BaselineFileName(const Baseline& baseline) {
  std::string name = Concat(baseline.runtime, "-", baseline.version, "-", AbiName(baseline.abi),
                            baseline.no_new_privs ? "-nnp" : "", ".json");
  std::ranges::replace_if(
      name,
      [](char c) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        return !plain && std::string_view(".+~_-").find(c) == std::string_view::npos;
      },
      '_');
  // Hidden files are not data.
  if (name.starts_with('.')) name.front() = '_';
  return name;
}

absl::StatusOr<const std::vector<Baseline>*> ShippedBaselines() {
  static const auto* const parsed = new absl::StatusOr<std::vector<Baseline>>(ParseShipped());
  if (!parsed->ok()) return parsed->status();
  return &**parsed;
}

}  // namespace syscarve
