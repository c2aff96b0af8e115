// SPDX-License-Identifier: Apache-2.0
// A scan of a whole image: its layers from the lowest to the highest, its configuration, and what a container would see
// of them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/image/archive.h"
#include "userspace/image/byte_source.h"
#include "userspace/image/documents.h"
#include "userspace/image/findings.h"
#include "userspace/image/layer.h"
#include "userspace/image/path_index.h"
#include "userspace/model/abi.h"

namespace syscarve {

struct ScanOptions {
  ScanLimits limits;
  bool keep_packages = false;  // For image/packages.h.
  std::string reference;       // Which of an archive's images; "" if there is only one.
  Abi native = NativeAbi();    // Which of an image's platforms.
};

struct ScannedLayer {
  std::string name;              // As in the manifest.
  std::optional<bool> verified;  // Whether the bytes have the stated digests; nullopt if none is stated.
  LayerContents contents;
};

struct ScannedImage {
  std::string kind;                     // "docker-archive", "oci-archive", "oci-layout" or "root-folder".
  std::vector<std::string> references;  // Its names.
  std::string id;                       // The configuration's digest, the engines' id for it; "" for a root folder.
  std::optional<ImageConfig> config;    // nullopt for a root folder.
  std::vector<ScannedLayer> layers;     // The lowest first; for a root folder, a single one.
  std::vector<ImageFinding> findings;   // The most severe first.
  std::vector<std::string> not_known;   // Sentences: what was not examined.
  bool complete = true;                 // Every layer was read to its end.

  // The view of a container. The image must outlive it.
  Overlay View() const;
};

// Scans a tar in the format of `docker save` or OCI's tools, compressed or not. kInvalidArgument if it is none, or if
// it has several images and `reference` names none of them.
absl::StatusOr<ScannedImage> ScanImageArchive(ByteSource source, const ScanOptions& options);
// Scans a folder in OCI's layout.
absl::StatusOr<ScannedImage> ScanImageLayout(const std::string& folder, const ScanOptions& options);
// Scans a root file system in a folder: a single file system, without following links.
absl::StatusOr<ScannedImage> ScanRootFolder(const std::string& folder, const ScanOptions& options);

// Sorts by severity, the most severe first, then by rule and path.
void SortFindings(std::vector<ImageFinding>& findings);

// The last step of these three: sorts the findings, removes those that no container sees, and adds what was not
// examined.
void FinishScan(ScannedImage& image);

}  // namespace syscarve
