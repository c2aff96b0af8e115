// SPDX-License-Identifier: Apache-2.0
// What a container's recording is called, where it is written, and which containers are wanted. Every text that is read
// here is an adversary's: whoever builds an image or starts a container chooses it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"

namespace syscarve {

// What makes containers replicas of one another.
enum class By { kService, kContainer, kImage };

std::optional<By> ByFromName(std::string_view name);  // "service", "container", "image".

// The first 12 digits of an id, as people and engines write it.
std::string_view ShortId(std::string_view id);

// The name that containers of one kind share, not empty for a container with an id; for people, not for paths
// (FileStem).
//   kService    the service by the labels of Compose, Swarm or Kubernetes, without its project: two projects may have
//               the same. A container of no service has its own name.
//   kContainer  the container's name.
//   kImage      the image's repository without registry and tag, "team/app" of "registry:5000/team/app:1@sha256:…"; of
//               an image known by its id alone, the short id.
// What is not known falls back on the container's short id.
std::string SubjectName(const Container& container, By by);

// The Compose project a container belongs to, or "".
std::string_view ComposeProject(const Container& container);

// A file name for `name` without its extension: of letters, digits, '.', '_' and '-', everything else replaced by '_',
// at most 100 bytes, never empty, without '.' or '-' in front, and different from all in `taken`, also where upper and
// lower case are the same. A second one of the same spelling gets "-2" behind it, and so on: the result depends on the
// order of the calls. It is added to `taken` in lower case; start with an empty set.
std::string FileStem(std::string_view name, std::set<std::string>& taken);

// "K" asks for a label of that name, "K=V" for that value as well.
struct LabelCondition {
  std::string key;
  std::optional<std::string> value;
  bool operator==(const LabelCondition&) const = default;
};

// kInvalidArgument for an empty key.
absl::StatusOr<LabelCondition> ParseLabelCondition(std::string_view text);

// Which containers are wanted. An empty filter takes all; every part that is not empty must hold.
struct ContainerFilter {
  std::vector<std::string> names;      // Patterns as of fnmatch(3), of which one must match the whole name.
  std::vector<LabelCondition> labels;  // All must hold.
  std::string compose_project;

  // A container whose facts are not known matches only what does not ask for them.
  bool Matches(const Container& container) const;
};

}  // namespace syscarve
