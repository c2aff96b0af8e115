#include "userspace/container/oci_state.h"

#include <climits>

#include "userspace/model/strict_json.h"

namespace syscarve {
namespace {

constexpr JsonLimits kLimits = {.bytes = kMaxOciStateBytes, .values = 1 << 16, .depth = 32};
constexpr size_t kMaxWord = 256;
constexpr size_t kMaxPath = PATH_MAX;
constexpr size_t kMaxAnnotations = 4096;
constexpr size_t kMaxAnnotation = size_t{256} << 10;

std::string TextWithoutNul(const JsonReader& field, size_t max_bytes) {
  std::string text = field.Text(max_bytes);
  if (text.find('\0') != std::string::npos) field.Fail("contains a NUL character");
  return text;
}

}  // namespace

absl::StatusOr<OciState> ParseOciState(std::string_view text) {
  absl::StatusOr<JsonValue> document = ParseStrictJson(text, kLimits);
  if (!document.ok()) return Annotate(document.status(), "the container's state");

  std::string error;
  const JsonReader root(*document, &error);
  OciState state;
  state.oci_version = TextWithoutNul(root.Required("ociVersion"), kMaxWord);
  const JsonReader id = root.Required("id");
  state.id = TextWithoutNul(id, kMaxWord);
  if (state.id.empty()) id.Fail("is empty");
  if (state.id.find('/') != std::string::npos) id.Fail("contains a slash");
  state.status = TextWithoutNul(root.Required("status"), kMaxWord);
  if (const JsonReader pid = root.Optional("pid"); pid.exists()) state.pid = static_cast<pid_t>(pid.Uint(0, INT_MAX));
  if (state.pid == 0 && (state.status == "created" || state.status == "running")) {
    root.Fail("a created or running container has no pid");
  }
  const JsonReader bundle = root.Required("bundle");
  state.bundle = TextWithoutNul(bundle, kMaxPath);
  if (!state.bundle.starts_with('/')) bundle.Fail("is no absolute path");
  // Go writes an empty map as null.
  if (const JsonReader annotations = root.Optional("annotations"); annotations.exists() && !annotations.IsNull()) {
    annotations.ForEachMember(kMaxAnnotations, [&](std::string_view key, const JsonReader& value) {
      if (key.size() > kMaxWord * 16) value.Fail("the key is too long");
      state.annotations.emplace(key, value.Text(kMaxAnnotation));
    });
  }
  if (!error.empty()) return Annotate(absl::InvalidArgumentError(error), "the container's state");
  return state;
}

}  // namespace syscarve
