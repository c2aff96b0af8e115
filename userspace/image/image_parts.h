// SPDX-License-Identifier: Apache-2.0
// Where an image's parts come from: a tar that is read once from its beginning to its end, whatever the order of what
// is in it, or a folder in OCI's layout. The parts' names are those that manifests use.
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
  // The text of a part that is JSON. kNotFound when it is not there.
  virtual absl::StatusOr<std::string> Document(std::string_view name) = 0;
  // A layer; its status is kNotFound when it is not there. To be asked for once.
  virtual LayerContents Layer(const std::string& name) = 0;
  // What `name` is a link to, or itself.
  virtual std::string RealName(const std::string& name) const { return name; }
  // Layers that nobody has asked for.
  virtual std::vector<std::string> UnusedLayers() const { return {}; }
};

// Reads all of a tar, compressed or not, and looks at each of its layers as it comes by. An error is the tar's own: a
// damaged layer is one of the layer.
absl::StatusOr<std::unique_ptr<ImageParts>> ReadImageArchive(ByteSource source, const SecretFinder& secrets,
                                                             ScanBudget& budget, bool keep_packages);

// The parts of a folder, each of which is read when it is asked for; no link in it is followed.
std::unique_ptr<ImageParts> OpenImageLayout(std::string folder, const SecretFinder& secrets, ScanBudget& budget,
                                            bool keep_packages);

}  // namespace syscarve
