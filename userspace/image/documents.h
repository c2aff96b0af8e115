// SPDX-License-Identifier: Apache-2.0
// The JSON of an image: docker-save's manifest.json, OCI's index.json and manifests, and an image's configuration (OCI
// image-spec; moby's image/spec). Untrusted: read within limits, and leniently, as by engines.
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

// OCI's reference to a part.
struct Descriptor {
  std::string digest;  // "sha256:…"
  std::string media_type;
  std::string name;          // Of an image: its tag or reference, or "".
  std::string architecture;  // Go's name, "amd64", or "".
  std::string os;
  bool is_attestation = false;  // Of a build; accompanies the image that it built.
};

// An index, or a manifest: an index has `manifests`, a manifest `config` and `layers`.
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

// "blobs/sha256/<hex>" for a digest of the only supported algorithm; nullopt for anything else.
std::optional<std::string> BlobName(std::string_view digest);

}  // namespace syscarve
