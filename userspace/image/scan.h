// SPDX-License-Identifier: Apache-2.0
// A whole image looked at: its layers from the lowest to the highest, its configuration, and what a container would see
// of all that.
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
  std::string reference;       // Which of an archive's images; "" where there is one.
  Abi native = NativeAbi();    // Which of an image's platforms.
};

struct ScannedLayer {
  std::string name;              // As the manifest has it.
  std::optional<bool> verified;  // Whether the bytes have the digests they are named by; nullopt where none is named.
  LayerContents contents;
};

struct ScannedImage {
  std::string kind;                     // "docker-archive", "oci-archive", "oci-layout" or "root-folder".
  std::vector<std::string> references;  // What it is called.
  std::string id;                       // The configuration's digest, by which engines call it; "" of a root folder.
  std::optional<ImageConfig> config;    // Not of a root folder.
  std::vector<ScannedLayer> layers;     // The lowest first; of a root folder, one.
  std::vector<ImageFinding> findings;   // The gravest first.
  std::vector<std::string> not_known;   // Sentences: what was not looked at.
  bool complete = true;                 // Every layer was read to its end.

  // What a container sees. The image must outlive it.
  Overlay View() const;
};

// A tar as `docker save` or OCI's tools make it, compressed or not. kInvalidArgument when it is none, and when it has
// several images and `reference` is none of theirs.
absl::StatusOr<ScannedImage> ScanImageArchive(ByteSource source, const ScanOptions& options);
// A folder in OCI's layout.
absl::StatusOr<ScannedImage> ScanImageLayout(const std::string& folder, const ScanOptions& options);
// A root file system in a folder: one file system, and no link of it followed.
absl::StatusOr<ScannedImage> ScanRootFolder(const std::string& folder, const ScanOptions& options);

// The gravest first, then by rule and path.
void SortFindings(std::vector<ImageFinding>& findings);

// For these three: sorts the findings, leaves out what no container sees, and says what is not known.
void FinishScan(ScannedImage& image);

}  // namespace syscarve
