// SPDX-License-Identifier: Apache-2.0
// Which paths a layer has, and what lies over what when layers are put on top of each other (OCI image-spec, layer.md:
// whiteouts and opaque folders). Paths are kept as 15 bytes of their SHA-256 and a byte of what is there: a million of
// them take 16 MB, and nobody can choose two that are taken for one.
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

// What a layer says of a path; several bits where it is there more than once.
enum PathBits : uint8_t {
  kFolderThere = 1,
  kProgramThere = 2,  // An executable ELF file that is no library by its name.
  kScriptThere = 4,   // An executable file that begins with "#!".
  kFileThere = 8,     // Anything else but a folder.
  kLinkThere = 16,    // A symbolic link.
  kWhiteout = 32,     // What lower layers have there is removed.
  kOpaque = 64,       // What lower layers have below is removed.
};
inline constexpr uint8_t kAnythingThere = kFolderThere | kProgramThere | kScriptThere | kFileThere | kLinkThere;

// "usr/bin/su" for "./usr/bin//su" and "/usr/bin/su"; "" for the root. nullopt for a path with "..", or an empty one.
std::optional<std::string> NormalPath(std::string_view path);

class PathIndex {
 public:
  // `path` is a NormalPath.
  void Add(std::string_view path, uint8_t bits);
  // After the last Add, and before the first Find.
  void Finish();
  // PathBits; 0 for a path that is not there.
  uint8_t Find(std::string_view path) const;
  size_t size() const { return entries_.size(); }

 private:
  using Entry = std::array<uint64_t, 2>;  // The last byte is that of PathBits.
  static Entry Key(std::string_view path);

  std::vector<Entry> entries_;
};

// Links of a layer: from a NormalPath to where they point, as they spell it.
using LinkTargets = std::map<std::string, std::string>;

// Layers on top of each other, the lowest first. What is in the vectors must outlive it.
class Overlay {
 public:
  struct Layer {
    const PathIndex* index;
    const LinkTargets* links;
  };
  explicit Overlay(std::vector<Layer> layers) : layers_(std::move(layers)) {}

  // Whether what layer `layer` has at `path` is what a container sees there.
  bool Visible(size_t layer, std::string_view path) const;
  // PathBits of what a container has at `path`, no link followed; 0 for nothing.
  uint8_t Find(std::string_view path) const;
  // The path of what a container finds at `path`, with links followed as within its root; nullopt for nothing, and for
  // links that go round.
  std::optional<std::string> Resolve(std::string_view path) const;

 private:
  bool Hides(size_t layer, std::string_view path, bool same_path_hides) const;
  const std::string* LinkAt(std::string_view path) const;

  std::vector<Layer> layers_;
};

}  // namespace syscarve
