// SPDX-License-Identifier: Apache-2.0
// The sources of an image's parts: a tar that is read once from its beginning to its end, whatever its order, or a
// folder in OCI's layout. Parts are named as in manifests.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/image/archive.h"
#include "userspace/image/layer.h"

namespace syscarve {

class ImageParts {
 public:
  virtual ~ImageParts() = default;

  // "docker-archive", "oci-archive" or "oci-layout".
  virtual std::string_view kind() const = 0;
  // Whether there is a part of this name.
  virtual bool Has(std::string_view name) const = 0;
  // The text of a part that is JSON. kNotFound if it is absent.
  virtual absl::StatusOr<std::string> Document(std::string_view name) = 0;
  // A layer; its status is kNotFound if it is absent. Call once per layer.
  virtual LayerContents Layer(const std::string& name) = 0;
  // The target of the link `name`, or `name` itself.
  virtual std::string RealName(const std::string& name) const { return name; }
  // Layers that were not requested by Layer().
  virtual std::vector<std::string> UnusedLayers() const { return {}; }
};

// Reads a whole tar, compressed or not, and scans each of its layers on the way. An error is the tar's; a damaged layer
// is an error in that layer's status.
absl::StatusOr<std::unique_ptr<ImageParts>> ReadImageArchive(ByteSource source, const SecretFinder& secrets,
                                                             ScanBudget& budget, bool keep_packages);

// The parts of a folder, each of which is read on request; links in it are not followed.
std::unique_ptr<ImageParts> OpenImageLayout(std::string folder, const SecretFinder& secrets, ScanBudget& budget,
                                            bool keep_packages);

}  // namespace syscarve
