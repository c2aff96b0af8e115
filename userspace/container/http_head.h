// SPDX-License-Identifier: Apache-2.0
// The heads of HTTP/1.1 messages, for the relay between a command and an engine (engine_relay.h): strictly by RFC 9112,
// without the leniency that it allows receivers, because two readers of one connection must never disagree about where
// a message ends.
//
//   const std::optional<size_t> size = HeadSize(buffer);     // nullopt: its end is not there yet
//   SYSCARVE_ASSIGN_OR_RETURN(RequestHead head, ParseRequestHead(buffer.substr(0, *size)));
//   SYSCARVE_ASSIGN_OR_RETURN(const BodyFraming framing, FramingOf(head.headers));
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"

namespace syscarve {

// The limit of Go's server, and so of every engine; registries' credentials are sent in heads.
inline constexpr size_t kMaxHeadBytes = size_t{1} << 20;
inline constexpr size_t kMaxHeaders = 512;

struct HttpHeader {
  std::string name;  // As spelled; compared without regard to case.
  std::string value;
  bool operator==(const HttpHeader&) const = default;
};
using HttpHeaders = std::vector<HttpHeader>;

struct RequestHead {
  std::string method;
  std::string target;  // "/v1.41/containers/create?name=web"
  HttpHeaders headers;
  std::string Print() const;
};

struct ResponseHead {
  int status = 0;
  std::string reason;
  HttpHeaders headers;
  std::string Print() const;
};

// The size of the head at the beginning of `buffer`, including the empty line that ends it; nullopt if it is
// incomplete.
std::optional<size_t> HeadSize(std::string_view buffer);

// Parse a whole head, of the size returned by HeadSize. kInvalidArgument if it is no HTTP/1 head, kResourceExhausted
// beyond kMaxHeadBytes and kMaxHeaders.
absl::StatusOr<RequestHead> ParseRequestHead(std::string_view head);
absl::StatusOr<ResponseHead> ParseResponseHead(std::string_view head);

// The value of the first header of that name; "" if there is none.
std::string_view HeaderValue(const HttpHeaders& headers, std::string_view name);
// Whether `token` is in the lists of the headers of that name, without regard to case: "keep-alive, Upgrade" contains
// "upgrade".
bool HeaderHasToken(const HttpHeaders& headers, std::string_view name, std::string_view token);
// Removes every header of that name.
void RemoveHeader(HttpHeaders& headers, std::string_view name);

struct BodyFraming {
  bool chunked = false;
  uint64_t length = 0;  // Unless chunked.
};
// The framing of a request's body. kInvalidArgument if its headers contradict each other, or specify neither a length
// nor chunks.
absl::StatusOr<BodyFraming> FramingOf(const HttpHeaders& headers);

// Collects a whole body.
class BodyCollector {
 public:
  BodyCollector(const BodyFraming& framing, size_t limit) : framing_(framing), limit_(limit) {}

  // Moves the bytes of the body from the front of `buffer`. kInvalidArgument for malformed chunks, kResourceExhausted
  // if the body exceeds the limit.
  absl::Status Take(std::string& buffer);
  bool done() const { return done_; }
  const std::string& body() const { return body_; }

 private:
  enum class At { kSize, kData, kDataEnd, kTrailer };

  absl::Status TakeChunks(std::string& buffer);
  absl::Status BeginChunk(std::string_view line);

  BodyFraming framing_;
  size_t limit_;
  std::string body_;
  bool done_ = false;
  At at_ = At::kSize;
  uint64_t left_ = 0;  // Of the chunk.
  size_t trailer_bytes_ = 0;
};

}  // namespace syscarve
