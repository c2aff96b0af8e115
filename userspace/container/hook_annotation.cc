// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/hook_annotation.h"

#include <algorithm>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/text.h"

namespace syscarve {
namespace {

constexpr std::string_view kInput = "if:";
constexpr std::string_view kOutput = "of:";
constexpr std::string_view kWhiteSpace = " \t\n\v\f\r";

std::string Quoted(std::string_view text) {
  return Concat("\"", EscapeForTerminal(text), "\"");
}

absl::Status InvalidAnnotation(std::string_view annotation, std::string_view why) {
  return WithHint(
      absl::InvalidArgumentError(Concat("invalid annotation ", kHookAnnotation, "=", Quoted(annotation), ": ", why)),
      "It is written \"of:/PATH\" or \"if:/PATH;of:/PATH\".");
}

std::string_view WithoutWhiteSpace(std::string_view text) {
  const size_t begin = text.find_first_not_of(kWhiteSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kWhiteSpace) - begin + 1);
}

// Why `path` cannot be used; "" if it can.
std::string ProblemWithPath(std::string_view path) {
  if (!path.starts_with('/')) return Concat("paths must be absolute: ", Quoted(path));
  if (path.find('\0') != std::string_view::npos) return Concat("a path cannot contain a NUL byte: ", Quoted(path));
  const std::vector<std::string_view> components = SplitNonEmpty(path, '/');
  if (std::ranges::find(components, "..") != components.end()) {
    return Concat("a path must not lead through \"..\": ", Quoted(path));
  }
  if (components.empty() || path.ends_with('/') || components.back() == ".") {
    return Concat("a path must name a file: ", Quoted(path));
  }
  return "";
}

}  // namespace

absl::StatusOr<HookPaths> ParseHookAnnotation(std::string_view annotation) {
  HookPaths paths;
  const size_t semicolon = annotation.find(';');
  if (semicolon != std::string_view::npos && annotation.find(';', semicolon + 1) != std::string_view::npos) {
    return InvalidAnnotation(annotation, "more than one semicolon");
  }
  const auto read_part = [&](std::string_view part) -> absl::Status {
    const bool is_input = part.starts_with(kInput);
    if (!is_input && !part.starts_with(kOutput)) {
      return InvalidAnnotation(annotation, Concat("each part must start with ", kInput, " or ", kOutput));
    }
    const std::string_view path = WithoutWhiteSpace(part.substr(kInput.size()));
    if (const std::string problem = ProblemWithPath(path); !problem.empty())
      return InvalidAnnotation(annotation, problem);
    std::string& kept = is_input ? paths.input : paths.output;
    if (!kept.empty()) return InvalidAnnotation(annotation, Concat(is_input ? kInput : kOutput, " is given twice"));
    kept = path;
    return absl::OkStatus();
  };
  SYSCARVE_RETURN_IF_ERROR(read_part(annotation.substr(0, semicolon)));
  if (semicolon != std::string_view::npos) SYSCARVE_RETURN_IF_ERROR(read_part(annotation.substr(semicolon + 1)));
  if (paths.output.empty()) return InvalidAnnotation(annotation, "an output file (of:) is mandatory");
  return paths;
}

}  // namespace syscarve
