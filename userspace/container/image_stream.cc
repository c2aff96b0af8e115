// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/image_stream.h"

#include <chrono>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"

namespace syscarve {
namespace {

// An engine packs a layer before it sends the layer's first byte.
constexpr std::chrono::seconds kStreamPatience{60};

}  // namespace

absl::StatusOr<std::unique_ptr<ImageStream>> ImageStream::Open(const std::string& socket, std::string_view reference) {
  if (reference.empty() || reference.front() == '.' || reference.find("/.") != std::string_view::npos) {
    return absl::InvalidArgumentError(Concat("\"", EscapeForTerminal(reference), "\" is no image"));
  }
  std::unique_ptr<ImageStream> stream(new ImageStream());
  HttpRequest request{.path = Concat("/images/", EncodeForUrl(reference), "/get"),
                      .timeout = std::chrono::milliseconds(0)};
  SYSCARVE_ASSIGN_OR_RETURN(
      std::unique_ptr<HttpTransfer> transfer,
      HttpTransfer::Create(socket, std::move(request), [self = stream.get()](std::string_view bytes) {
        self->waiting_ += bytes;
        return true;
      }));
  stream->transfers_.Add(std::move(transfer), [self = stream.get()](const absl::StatusOr<HttpAnswer>& answer) {
    self->end_ = answer.status();
  });
  return stream;
}

absl::StatusOr<std::string_view> ImageStream::Next() {
  const auto deadline = std::chrono::steady_clock::now() + kStreamPatience;
  piece_.clear();
  while (waiting_.empty()) {
    if (end_.has_value()) {
      if (!end_->ok()) return *end_;
      return std::string_view();
    }
    transfers_.Perform();
    if (!waiting_.empty() || end_.has_value()) continue;
    if (std::chrono::steady_clock::now() > deadline) {
      return absl::DeadlineExceededError(
          Concat("read the image from the engine: nothing came within ", kStreamPatience.count(), " s"));
    }
    transfers_.Wait(std::chrono::seconds(1));
  }
  std::swap(piece_, waiting_);
  return std::string_view(piece_);
}

}  // namespace syscarve
