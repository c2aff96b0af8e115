// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/hook_config.h"

#include <algorithm>
#include <optional>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/strict_json.h"
#include "userspace/base/text.h"

namespace syscarve {
namespace {

constexpr std::string_view kSchema = "syscarve.hook/1";
constexpr JsonLimits kHookConfigLimits = {.bytes = kMaxHookConfigBytes, .values = 1024, .depth = 4};
constexpr size_t kMaxDirectories = 256;
constexpr size_t kMaxPathBytes = 4095;  // PATH_MAX without its NUL.

// "/a/b" for "//a/./b/".
std::string Normalised(std::string_view path) {
  std::string result;
  for (const std::string_view component : SplitNonEmpty(path, '/')) {
    if (component != ".") result += Concat("/", component);
  }
  return result;
}

std::vector<std::string> ReadDirectories(const JsonReader& list) {
  std::vector<std::string> directories;
  list.ForEach(kMaxDirectories, [&directories](const JsonReader& element) {
    const std::string path = element.Text(kMaxPathBytes);
    const std::vector<std::string_view> components = SplitNonEmpty(path, '/');
    if (!path.starts_with('/')) {
      element.Fail("expected an absolute path");
    } else if (path.find('\0') != std::string::npos || std::ranges::find(components, "..") != components.end()) {
      element.Fail("a path must not contain \"..\" or a NUL byte");
    } else if (Normalised(path).empty()) {
      element.Fail("\"/\" would allow every file of the host");
    }
    directories.push_back(Normalised(path));
  });
  return directories;
}

}  // namespace

absl::StatusOr<HookConfig> ParseHookConfig(std::string_view text) {
  SYSCARVE_ASSIGN_OR_RETURN(const JsonValue document, ParseStrictJson(text, kHookConfigLimits));
  std::string error;
  const JsonReader root(document, &error);
  const JsonReader schema = root.Required("schema");
  if (schema.Text(kMaxPathBytes) != kSchema) schema.Fail(Concat("expected \"", kSchema, "\""));
  root.AllowOnly({"schema", "output_directories", "input_directories"});
  HookConfig config;
  config.output_directories = ReadDirectories(root.Required("output_directories"));
  config.input_directories = config.output_directories;
  if (const JsonReader inputs = root.Optional("input_directories"); inputs.exists()) {
    config.input_directories = ReadDirectories(inputs);
  }
  if (!error.empty()) return absl::InvalidArgumentError(error);
  return config;
}

absl::StatusOr<AllowedFile> FindAllowed(const std::vector<std::string>& directories, std::string_view path,
                                        std::string_view what, std::string_view member) {
  const std::string normalised = Normalised(path);
  std::optional<AllowedFile> found;
  for (const std::string& directory : directories) {
    if (!normalised.starts_with(Concat(directory, "/"))) continue;
    if (found.has_value() && found->directory.size() >= directory.size()) continue;
    found = {directory, normalised.substr(directory.size() + 1)};
  }
  if (found.has_value()) return *std::move(found);
  std::string allowed;
  for (const std::string& directory : directories) allowed += Concat(allowed.empty() ? "" : ", ", directory);
  return WithHint(
      absl::PermissionDeniedError(Concat(what, " ", EscapeForTerminal(path), " is not below a directory that the ",
                                         "administrator allowed (", allowed.empty() ? "none" : allowed, ")")),
      Concat("The administrator can add its directory to \"", member, "\" in ", std::string_view(kHookConfigPath),
             "."));
}

}  // namespace syscarve
