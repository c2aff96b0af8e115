// SPDX-License-Identifier: Apache-2.0
// The name of a container's recording, the file that it is written to, and which containers are wanted. All texts read
// here are untrusted: they are chosen by whoever builds an image or starts a container.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"

namespace syscarve {

// The property by which containers count as replicas of one another.
enum class By { kService, kContainer, kImage };

std::optional<By> ByFromName(std::string_view name);  // "service", "container", "image".

// The first 12 digits of an id, the usual short form.
std::string_view ShortId(std::string_view id);

// The common name of containers of one kind, not empty for a container with an id; for people, not for paths
// (FileStem).
// kService    the service by the labels of Compose, Swarm or Kubernetes, without its project: two projects may have
// the same. A container without a service has its own name.
// kContainer  the container's name.
// kImage      the image's repository without registry and tag, "team/app" of "registry:5000/team/app:1@sha256:…"; if
// only the image's id is known, the short id. If the property is unknown, the container's short id.
std::string SubjectName(const Container& container, By by);

// The Compose project that a container belongs to, or "".
std::string_view ComposeProject(const Container& container);

// A file name for `name` without its extension: of letters, digits, '.', '_' and '-', everything else replaced by '_',
// at most 100 bytes, never empty, without '.' or '-' in front, and different from all in `taken`, also where case is
// ignored. A second one of the same spelling gets the suffix "-2", and so on: the result depends on the order of the
// calls. It is added to `taken` in lower case; start with an empty set.
std::string FileStem(std::string_view name, std::set<std::string>& taken);

// "K" requires a label of that name, "K=V" its value as well.
struct LabelCondition {
  std::string key;
  std::optional<std::string> value;
  bool operator==(const LabelCondition&) const = default;
};

// kInvalidArgument for an empty key.
absl::StatusOr<LabelCondition> ParseLabelCondition(std::string_view text);

// Which containers are wanted. An empty filter matches all; every part that is not empty must match.
struct ContainerFilter {
  std::vector<std::string> names;      // fnmatch(3) patterns, of which one must match the whole name.
  std::vector<LabelCondition> labels;  // All must hold.
  std::string compose_project;

  // A container without data matches only a filter that does not need them.
  bool Matches(const Container& container) const;
};

}  // namespace syscarve
