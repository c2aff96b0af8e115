// SPDX-License-Identifier: Apache-2.0
#include "userspace/image/documents.h"

#include <algorithm>

#include "userspace/base/concat.h"
#include "userspace/base/strict_json.h"

namespace syscarve {
namespace {

constexpr JsonLimits kLimits = {.bytes = kMaxDocumentBytes, .values = 200'000, .depth = 32};
constexpr size_t kMostElements = 4096;
constexpr size_t kMaxText = size_t{1} << 20;
constexpr std::string_view kBaseName = "org.opencontainers.image.base.name";
constexpr std::string_view kBaseDigest = "org.opencontainers.image.base.digest";

// Parses `text` and passes its root to `read`.
template <typename T, typename Read>
absl::StatusOr<T> Parse(std::string_view text, Read read) {
  SYSCARVE_ASSIGN_OR_RETURN(const JsonValue document, ParseStrictJson(text, kLimits));
  std::string error;
  const JsonReader root(document, &error);
  T result;
  read(root, result);
  if (!error.empty()) return absl::InvalidArgumentError(error);
  return result;
}

std::string OptionalText(const JsonReader& object, std::string_view key) {
  const JsonReader field = object.Optional(key);
  return field.IsGiven() ? field.Text(kMaxText) : std::string();
}

std::vector<std::string> OptionalTexts(const JsonReader& object, std::string_view key) {
  std::vector<std::string> texts;
  const JsonReader field = object.Optional(key);
  if (field.IsGiven()) {
    field.ForEach(kMostElements, [&](const JsonReader& element) { texts.push_back(element.Text(kMaxText)); });
  }
  return texts;
}

void ReadBase(const JsonReader& object, std::string_view key, std::string& name, std::string& digest) {
  const JsonReader labels = object.Optional(key);
  if (!labels.IsGiven()) return;
  name = OptionalText(labels, kBaseName);
  digest = OptionalText(labels, kBaseDigest);
}

Descriptor ReadDescriptor(const JsonReader& element) {
  Descriptor descriptor;
  descriptor.digest = element.Required("digest").Text(kMaxText);
  descriptor.media_type = OptionalText(element, "mediaType");
  const JsonReader platform = element.Optional("platform");
  if (platform.IsGiven()) {
    descriptor.architecture = OptionalText(platform, "architecture");
    descriptor.os = OptionalText(platform, "os");
  }
  const JsonReader annotations = element.Optional("annotations");
  if (annotations.IsGiven()) {
    descriptor.name = OptionalText(annotations, "io.containerd.image.name");
    if (descriptor.name.empty()) descriptor.name = OptionalText(annotations, "org.opencontainers.image.ref.name");
    descriptor.is_attestation = !OptionalText(annotations, "vnd.docker.reference.type").empty();
  }
  return descriptor;
}

std::vector<Descriptor> ReadDescriptors(const JsonReader& list) {
  std::vector<Descriptor> descriptors;
  if (!list.IsGiven()) return descriptors;
  list.ForEach(kMostElements, [&](const JsonReader& element) { descriptors.push_back(ReadDescriptor(element)); });
  return descriptors;
}

// {"Test": ["NONE"]} disables the base image's health check.
bool HasHealthCheck(const JsonReader& config) {
  const JsonReader check = config.Optional("Healthcheck");
  if (!check.IsGiven()) return false;
  const std::vector<std::string> test = OptionalTexts(check, "Test");
  return !test.empty() && test.front() != "NONE";
}

}  // namespace

absl::StatusOr<std::vector<SavedImage>> ParseSavedImages(std::string_view text) {
  return Parse<std::vector<SavedImage>>(text, [](const JsonReader& root, std::vector<SavedImage>& images) {
    root.ForEach(kMostElements, [&](const JsonReader& element) {
      SavedImage image;
      image.config = element.Required("Config").Text(kMaxText);
      image.tags = OptionalTexts(element, "RepoTags");
      image.layers = OptionalTexts(element, "Layers");
      images.push_back(std::move(image));
    });
  });
}

absl::StatusOr<OciDocument> ParseOciDocument(std::string_view text) {
  return Parse<OciDocument>(text, [](const JsonReader& root, OciDocument& document) {
    document.manifests = ReadDescriptors(root.Optional("manifests"));
    const JsonReader config = root.Optional("config");
    if (config.IsGiven()) document.config = ReadDescriptor(config);
    document.layers = ReadDescriptors(root.Optional("layers"));
    ReadBase(root, "annotations", document.base_name, document.base_digest);
  });
}

absl::StatusOr<ImageConfig> ParseImageConfig(std::string_view text) {
  return Parse<ImageConfig>(text, [](const JsonReader& root, ImageConfig& image) {
    image.architecture = OptionalText(root, "architecture");
    const JsonReader config = root.Optional("config");
    if (config.IsGiven()) {
      image.user = OptionalText(config, "User");
      image.environment = OptionalTexts(config, "Env");
      image.has_health_check = HasHealthCheck(config);
      ReadBase(config, "Labels", image.base_name, image.base_digest);
    }
    const JsonReader rootfs = root.Optional("rootfs");
    if (rootfs.IsGiven()) image.diff_ids = OptionalTexts(rootfs, "diff_ids");
    const JsonReader history = root.Optional("history");
    if (!history.IsGiven()) return;
    history.ForEach(kMostElements, [&](const JsonReader& element) {
      HistoryStep step;
      step.created_by = OptionalText(element, "created_by");
      const JsonReader empty = element.Optional("empty_layer");
      step.empty_layer = empty.IsGiven() && empty.Bool();
      image.history.push_back(std::move(step));
    });
  });
}

std::optional<std::string> BlobName(std::string_view digest) {
  constexpr std::string_view kAlgorithm = "sha256:";
  constexpr size_t kHexDigits = 64;
  if (!digest.starts_with(kAlgorithm)) return std::nullopt;
  const std::string_view hex = digest.substr(kAlgorithm.size());
  const bool right = hex.size() == kHexDigits && hex.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (!right) return std::nullopt;
  return Concat("blobs/sha256/", hex);
}

}  // namespace syscarve
