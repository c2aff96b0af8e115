// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/naming.h"

#include <fnmatch.h>

#include <algorithm>
#include <utility>

#include "userspace/base/concat.h"

namespace syscarve {
namespace {

constexpr size_t kShortId = 12;
constexpr size_t kMaxStem = 100;

// In order of precedence. A Compose implementation for Podman writes labels of its own in addition to Compose's.
constexpr std::string_view kServiceLabels[] = {
    kComposeServiceLabel,
    "io.podman.compose.service",
    "com.docker.swarm.service.name",
    "io.kubernetes.container.name",
};
constexpr std::string_view kProjectLabels[] = {kComposeProjectLabel, "io.podman.compose.project"};

template <size_t kCount>
std::string_view FirstLabel(const Container& container, const std::string_view (&keys)[kCount]) {
  for (const std::string_view key : keys) {
    const auto label = container.labels.find(std::string(key));
    if (label != container.labels.end() && !label->second.empty()) return label->second;
  }
  return {};
}

bool IsHex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// The short id if `image` is only an id, as for a container that was started by its image's id.
std::string_view ImageShortId(std::string_view image) {
  constexpr std::string_view kDigest = "sha256:";
  constexpr size_t kFullId = 64;
  if (image.starts_with(kDigest)) {
    image.remove_prefix(kDigest.size());
  } else if (image.size() != kFullId) {
    return {};
  }
  return image.size() >= kShortId && IsHex(image) ? ShortId(image) : std::string_view();
}

// By the grammar of references (github.com/distribution/reference): [registry/]repository[:tag][@digest], where the
// first component is a registry if it has a '.' or ':' or is "localhost".
std::string_view Repository(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const size_t slash = image.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view first = image.substr(0, slash);
    if (first == "localhost" || first.find_first_of(".:") != std::string_view::npos) {
      image.remove_prefix(slash + 1);
      // Docker Hub's official images, which users write without this.
      constexpr std::string_view kOfficial = "library/";
      if (first == "docker.io" && image.starts_with(kOfficial)) image.remove_prefix(kOfficial.size());
    }
  }
  const size_t tag = image.rfind(':');
  if (tag != std::string_view::npos && image.find('/', tag) == std::string_view::npos) image = image.substr(0, tag);
  return image;
}

std::string_view ImageName(const Container& container) {
  if (const std::string_view id = ImageShortId(container.image); !id.empty()) return id;
  if (const std::string_view repository = Repository(container.image); !repository.empty()) return repository;
  return ImageShortId(container.image_digest);
}

bool IsSafe(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

std::string InLowerCase(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

bool NameMatches(const std::string& pattern, const std::string& name) {
  // fnmatch stops at a NUL, which no engine's name contains.
  return name.find('\0') == std::string::npos && fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

bool LabelMatches(const LabelCondition& condition, const Container& container) {
  const auto label = container.labels.find(condition.key);
  return label != container.labels.end() && (!condition.value.has_value() || label->second == *condition.value);
}

}  // namespace

std::optional<By> ByFromName(std::string_view name) {
  if (name == "service") return By::kService;
  if (name == "container") return By::kContainer;
  if (name == "image") return By::kImage;
  return std::nullopt;
}

std::string_view ShortId(std::string_view id) {
  return id.substr(0, kShortId);
}

std::string SubjectName(const Container& container, By by) {
  std::string_view name;
  switch (by) {
    case By::kService:
      name = FirstLabel(container, kServiceLabels);
      if (name.empty()) name = container.name;
      break;
    case By::kContainer:
      name = container.name;
      break;
    case By::kImage:
      name = ImageName(container);
      break;
  }
  return std::string(name.empty() ? ShortId(container.id) : name);
}

std::string_view ComposeProject(const Container& container) {
  return FirstLabel(container, kProjectLabels);
}

std::string FileStem(std::string_view name, std::set<std::string>& taken) {
  std::string stem(name.substr(0, kMaxStem));
  std::ranges::replace_if(
      stem, [](char c) { return !IsSafe(c); }, '_');
  if (stem.empty()) stem = "unnamed";
  // Not a hidden file, nor "." or "..", nor an option.
  if (stem.front() == '.' || stem.front() == '-') stem.front() = '_';
  std::string unique = stem;
  for (size_t number = 2; !taken.insert(InLowerCase(unique)).second; ++number) {
    const std::string suffix = Concat("-", number);
    unique = Concat(std::string_view(stem).substr(0, kMaxStem - suffix.size()), suffix);
  }
  return unique;
}

absl::StatusOr<LabelCondition> ParseLabelCondition(std::string_view text) {
  const size_t equals = text.find('=');
  LabelCondition condition = {.key = std::string(text.substr(0, equals)), .value = std::nullopt};
  if (condition.key.empty()) return absl::InvalidArgumentError("a label is asked for as NAME or NAME=VALUE");
  if (equals != std::string_view::npos) condition.value = text.substr(equals + 1);
  return condition;
}

bool ContainerFilter::Matches(const Container& container) const {
  const auto matches_name = [&](const std::string& pattern) { return NameMatches(pattern, container.name); };
  const auto has_label = [&](const LabelCondition& condition) { return LabelMatches(condition, container); };
  return (names.empty() || std::ranges::any_of(names, matches_name)) && std::ranges::all_of(labels, has_label) &&
         (compose_project.empty() || compose_project == ComposeProject(container));
}

}  // namespace syscarve
