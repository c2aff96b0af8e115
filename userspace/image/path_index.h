// SPDX-License-Identifier: Apache-2.0
// The paths of a layer, and what is visible when layers are stacked (OCI image-spec, layer.md: whiteouts and opaque
// folders). A path is stored as 15 bytes of its SHA-256 and a byte for its kind: a million paths take 16 MB, and no one
// can construct two paths that collide.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/image/digest.h"

namespace syscarve {

// The kind of a path in a layer; several bits if it is there more than once.
enum PathBits : uint8_t {
  kFolderThere = 1,
  kProgramThere = 2,  // An executable ELF file that is no library by its name.
  kScriptThere = 4,   // An executable file that begins with "#!".
  kFileThere = 8,     // Anything else except a folder.
  kLinkThere = 16,    // A symbolic link.
  kWhiteout = 32,     // Removes the path from lower layers.
  kOpaque = 64,       // Removes everything below the path from lower layers.
};
inline constexpr uint8_t kAnythingThere = kFolderThere | kProgramThere | kScriptThere | kFileThere | kLinkThere;

// "usr/bin/su" for "./usr/bin//su" and "/usr/bin/su"; "" for the root. nullopt for a path with "..", or an empty one.
std::optional<std::string> NormalPath(std::string_view path);

class PathIndex {
 public:
  // `path` is a NormalPath.
  void Add(std::string_view path, uint8_t bits);
  // Call after the last Add, and before the first Find.
  void Finish();
  // PathBits; 0 if the path is absent.
  uint8_t Find(std::string_view path) const;
  size_t size() const { return entries_.size(); }

 private:
  using Entry = std::array<uint64_t, 2>;  // The last byte is the PathBits.
  static Entry Key(std::string_view path);

  std::vector<Entry> entries_;
};

// Links of a layer: from a NormalPath to the target, as spelled in the link.
using LinkTargets = std::map<std::string, std::string>;

// Stacked layers, the lowest first. The objects pointed to must outlive it.
class Overlay {
 public:
  struct Layer {
    const PathIndex* index;
    const LinkTargets* links;
  };
  explicit Overlay(std::vector<Layer> layers) : layers_(std::move(layers)) {}

  // Whether the object of layer `layer` at `path` is the one visible in a container.
  bool Visible(size_t layer, std::string_view path) const;
  // PathBits of the object visible at `path`, without following links; 0 for none.
  uint8_t Find(std::string_view path) const;
  // The path of the object visible at `path`, with links followed as within the container's root; nullopt for none, and
  // for circular links.
  std::optional<std::string> Resolve(std::string_view path) const;

 private:
  bool Hides(size_t layer, std::string_view path, bool same_path_hides) const;
  const std::string* LinkAt(std::string_view path) const;

  std::vector<Layer> layers_;
};

}  // namespace syscarve
