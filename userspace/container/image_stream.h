// SPDX-License-Identifier: Apache-2.0
// A container engine's image, in the format of `docker save`: a tar that arrives piece by piece and is not stored.
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
  // Requests the image with this name or id from the engine at `socket`. Does not wait for the response: Next() reports
  // errors.
  static absl::StatusOr<std::unique_ptr<ImageStream>> Open(const std::string& socket, std::string_view reference);

  // The next piece, valid until the next call; empty at the end. kNotFound if the engine does not have the image,
  // kDeadlineExceeded if nothing arrives for a minute, and the other errors of engine.h.
  absl::StatusOr<std::string_view> Next();

 private:
  ImageStream() = default;

  HttpTransfers transfers_;
  std::string waiting_;  // Received and not yet returned.
  std::string piece_;    // Returned last.
  std::optional<absl::Status> end_;
};

}  // namespace syscarve
