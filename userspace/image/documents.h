// SPDX-License-Identifier: Apache-2.0
// The JSON of an image: what docker-save's manifest.json, OCI's index.json and manifests, and an image's configuration
// say (OCI image-spec; moby's image/spec). Whoever made the image wrote it: bounded, and read leniently, as engines do.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/base/status.h"

namespace syscarve {

inline constexpr size_t kMaxDocumentBytes = size_t{4} << 20;

// An entry of manifest.json.
struct SavedImage {
  std::string config;               // The name of a member of the archive.
  std::vector<std::string> tags;    // "nginx:1.25"
  std::vector<std::string> layers;  // Names of members, the lowest first.
};
absl::StatusOr<std::vector<SavedImage>> ParseSavedImages(std::string_view text);

// What OCI refers to a part by.
struct Descriptor {
  std::string digest;  // "sha256:…"
  std::string media_type;
  std::string name;          // Of an image: its tag or reference, or "".
  std::string architecture;  // As Go calls it, "amd64", or "".
  std::string os;
  bool is_attestation = false;  // Of a build, beside the image that it built.
};

// An index, or a manifest: `manifests` for the first, `config` and `layers` for the second.
struct OciDocument {
  std::vector<Descriptor> manifests;
  std::optional<Descriptor> config;
  std::vector<Descriptor> layers;
  std::string base_name;  // From annotations.
  std::string base_digest;
};
absl::StatusOr<OciDocument> ParseOciDocument(std::string_view text);

struct HistoryStep {
  std::string created_by;
  bool empty_layer = false;
};

struct ImageConfig {
  std::string architecture;
  std::string user;
  std::vector<std::string> environment;  // "NAME=value"
  bool has_health_check = false;
  std::string base_name;  // From labels.
  std::string base_digest;
  std::vector<std::string> diff_ids;
  std::vector<HistoryStep> history;
};
absl::StatusOr<ImageConfig> ParseImageConfig(std::string_view text);

// "blobs/sha256/<hex>" for a digest of the only algorithm that is known; nullopt for anything else.
std::optional<std::string> BlobName(std::string_view digest);

}  // namespace syscarve
