// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/hook_state.h"

#include <limits>

#include "userspace/base/concat.h"
#include "userspace/base/strict_json.h"
#include "userspace/container/hook_annotation.h"

namespace syscarve {
namespace {

constexpr JsonLimits kHookStateLimits = {.bytes = kMaxHookStateBytes, .values = size_t{1} << 18, .depth = 64};

}  // namespace

absl::StatusOr<HookState> ParseHookState(std::string_view text) {
  absl::StatusOr<JsonValue> document = ParseStrictJson(text, kHookStateLimits);
  if (!document.ok()) return Annotate(document.status(), "the container's state on standard input");
  std::string error;
  const JsonReader root(*document, &error);
  HookState state;
  state.pid = static_cast<pid_t>(root.Required("pid").Uint(1, std::numeric_limits<pid_t>::max()));
  const JsonReader annotations = root.Optional("annotations");
  const bool has_some = annotations.exists() && !annotations.IsNull();
  if (has_some) {
    if (const JsonReader annotation = annotations.Optional(kHookAnnotation); annotation.exists()) {
      state.annotation = annotation.Text(kMaxHookStateBytes);
    }
  }
  if (!error.empty()) {
    return absl::InvalidArgumentError(Concat("the container's state on standard input: ", error));
  }
  if (state.annotation.empty()) {
    return WithHint(
        absl::InvalidArgumentError(Concat("the container has no annotation ", kHookAnnotation)),
        Concat("Start it with --annotation ", kHookAnnotation, "=of:/PATH, or call the hook only when it is there."));
  }
  return state;
}

}  // namespace syscarve
