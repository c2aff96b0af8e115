// SPDX-License-Identifier: Apache-2.0
// An image of a container engine, as `docker save` writes it: a tar that comes piece by piece and is kept nowhere.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "userspace/base/status.h"
#include "userspace/container/http.h"

namespace syscarve {

class ImageStream {
 public:
  // Asks the engine at `socket` for the image with this name or id. What it answers is the first piece's business.
  static absl::StatusOr<std::unique_ptr<ImageStream>> Open(const std::string& socket, std::string_view reference);

  // The next piece, which stays good until the next call; empty at the end. kNotFound when the engine does not know the
  // image, kDeadlineExceeded when nothing comes for a minute, and the others of engine.h.
  absl::StatusOr<std::string_view> Next();

 private:
  ImageStream() = default;

  HttpTransfers transfers_;
  std::string waiting_;  // What has come and was not given away.
  std::string piece_;    // What was given away last.
  std::optional<absl::Status> end_;
};

}  // namespace syscarve
