// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/http_head.h"

#include <algorithm>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/text.h"

namespace syscarve {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr size_t kShown = 60;
constexpr size_t kMaxChunkLine = 256;
constexpr size_t kMaxTrailerBytes = size_t{64} << 10;

// RFC 9110, 5.6.2.
bool IsToken(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool IsVisible(char c) {
  return c > ' ' && c < 0x7f;
}

bool IsValueByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= ' ' && byte != 0x7f);
}

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

absl::Status NotHttp(std::string_view what, std::string_view line) {
  return absl::InvalidArgumentError(
      Concat(what, ": \"", EscapeForTerminal(line.substr(0, kShown)), line.size() > kShown ? "…" : "", "\""));
}

bool IsVersion(std::string_view text) {
  return text == "HTTP/1.1" || text == "HTTP/1.0";
}

// Splits off the first line.
struct Split {
  std::string_view first;
  HttpHeaders headers;
};

absl::StatusOr<Split> SplitHead(std::string_view head) {
  if (head.size() > kMaxHeadBytes) {
    return absl::ResourceExhaustedError(Concat("a head of more than ", kMaxHeadBytes, " bytes"));
  }
  if (!head.ends_with(kHeadEnd)) return absl::InvalidArgumentError("a head without an end");
  head.remove_suffix(kLineEnd.size());
  Split split;
  bool first = true;
  while (!head.empty()) {
    const size_t end = head.find(kLineEnd);
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + kLineEnd.size());
    if (first) {
      split.first = line;
      first = false;
      continue;
    }
    if (split.headers.size() == kMaxHeaders) {
      return absl::ResourceExhaustedError(Concat("a head of more than ", kMaxHeaders, " headers"));
    }
    const size_t colon = line.find(':');
    // A name that begins with a blank is a folded line, which must not be sent.
    if (colon == std::string_view::npos || !IsToken(line.substr(0, colon))) return NotHttp("not a header", line);
    const std::string_view value = Trimmed(line.substr(colon + 1));
    if (!std::ranges::all_of(value, IsValueByte)) return NotHttp("not a header", line);
    split.headers.push_back({std::string(line.substr(0, colon)), std::string(value)});
  }
  return split;
}

void AppendHeaders(const HttpHeaders& headers, std::string& text) {
  for (const HttpHeader& header : headers) text += Concat(header.name, ": ", header.value, kLineEnd);
  text += kLineEnd;
}

}  // namespace

std::string RequestHead::Print() const {
  std::string text = Concat(method, " ", target, " HTTP/1.1", kLineEnd);
  AppendHeaders(headers, text);
  return text;
}

std::string ResponseHead::Print() const {
  std::string text = Concat("HTTP/1.1 ", status, " ", reason, kLineEnd);
  AppendHeaders(headers, text);
  return text;
}

std::optional<size_t> HeadSize(std::string_view buffer) {
  const size_t end = buffer.find(kHeadEnd);
  if (end == std::string_view::npos) return std::nullopt;
  return end + kHeadEnd.size();
}

absl::StatusOr<RequestHead> ParseRequestHead(std::string_view head) {
  SYSCARVE_ASSIGN_OR_RETURN(Split split, SplitHead(head));
  const size_t first = split.first.find(' ');
  const size_t last = split.first.rfind(' ');
  if (first == std::string_view::npos || first == last) return NotHttp("not a request", split.first);
  RequestHead request;
  request.method = split.first.substr(0, first);
  request.target = split.first.substr(first + 1, last - first - 1);
  if (!IsToken(request.method) || !request.target.starts_with('/') || !std::ranges::all_of(request.target, IsVisible) ||
      !IsVersion(split.first.substr(last + 1))) {
    return NotHttp("not a request", split.first);
  }
  request.headers = std::move(split.headers);
  return request;
}

absl::StatusOr<ResponseHead> ParseResponseHead(std::string_view head) {
  SYSCARVE_ASSIGN_OR_RETURN(Split split, SplitHead(head));
  constexpr size_t kVersion = 8;
  constexpr size_t kStatus = kVersion + 1;
  constexpr size_t kReason = kStatus + 3;
  const std::string_view line = split.first;
  const std::optional<int> status = line.size() >= kReason ? ParseNumber<int>(line.substr(kStatus, 3)) : std::nullopt;
  if (!status.has_value() || *status < 100 || !IsVersion(line.substr(0, kVersion)) || line[kVersion] != ' ' ||
      (line.size() > kReason && line[kReason] != ' ') || !std::ranges::all_of(line, IsValueByte)) {
    return NotHttp("not a response", line);
  }
  ResponseHead response;
  response.status = *status;
  if (line.size() > kReason) response.reason = line.substr(kReason + 1);
  response.headers = std::move(split.headers);
  return response;
}

std::string_view HeaderValue(const HttpHeaders& headers, std::string_view name) {
  for (const HttpHeader& header : headers) {
    if (EqualsIgnoringCase(header.name, name)) return header.value;
  }
  return {};
}

bool HeaderHasToken(const HttpHeaders& headers, std::string_view name, std::string_view token) {
  for (const HttpHeader& header : headers) {
    if (!EqualsIgnoringCase(header.name, name)) continue;
    for (std::string_view rest = header.value; !rest.empty();) {
      const size_t comma = rest.find(',');
      if (EqualsIgnoringCase(Trimmed(rest.substr(0, comma)), token)) return true;
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    }
  }
  return false;
}

void RemoveHeader(HttpHeaders& headers, std::string_view name) {
  std::erase_if(headers, [&](const HttpHeader& header) { return EqualsIgnoringCase(header.name, name); });
}

absl::StatusOr<BodyFraming> FramingOf(const HttpHeaders& headers) {
  BodyFraming framing;
  bool has_length = false;
  for (const HttpHeader& header : headers) {
    if (EqualsIgnoringCase(header.name, "Transfer-Encoding")) {
      if (framing.chunked || !EqualsIgnoringCase(header.value, "chunked")) {
        return NotHttp("a body of another encoding than chunked", header.value);
      }
      framing.chunked = true;
    } else if (EqualsIgnoringCase(header.name, "Content-Length")) {
      const bool digits = std::ranges::all_of(header.value, [](char c) { return c >= '0' && c <= '9'; });
      const std::optional<uint64_t> length = digits ? ParseNumber<uint64_t>(header.value) : std::nullopt;
      if (!length.has_value()) return NotHttp("not a length", header.value);
      if (has_length) return absl::InvalidArgumentError("two lengths of one body");
      framing.length = *length;
      has_length = true;
    }
  }
  if (framing.chunked && has_length) return absl::InvalidArgumentError("a body with a length and in chunks");
  return framing;
}

absl::Status BodyCollector::Take(std::string& buffer) {
  if (framing_.chunked) return TakeChunks(buffer);
  if (framing_.length > limit_) {
    return absl::ResourceExhaustedError(Concat("a body of more than ", limit_, " bytes"));
  }
  const size_t taken = std::min<size_t>(buffer.size(), framing_.length - body_.size());
  body_.append(buffer, 0, taken);
  buffer.erase(0, taken);
  done_ = body_.size() == framing_.length;
  return absl::OkStatus();
}

absl::Status BodyCollector::BeginChunk(std::string_view line) {
  // Extensions follow a semicolon; none is in use.
  const std::optional<uint64_t> size = ParseNumber<uint64_t>(Trimmed(line.substr(0, line.find(';'))), 16);
  if (!size.has_value()) return NotHttp("not a chunk", line);
  if (*size > limit_ - body_.size()) {
    return absl::ResourceExhaustedError(Concat("a body of more than ", limit_, " bytes"));
  }
  left_ = *size;
  at_ = left_ == 0 ? At::kTrailer : At::kData;
  return absl::OkStatus();
}

absl::Status BodyCollector::TakeChunks(std::string& buffer) {
  size_t used = 0;
  absl::Status status = absl::OkStatus();
  while (!done_ && status.ok()) {
    const std::string_view rest = std::string_view(buffer).substr(used);
    if (at_ == At::kData) {
      const size_t taken = std::min<size_t>(rest.size(), left_);
      body_.append(rest.substr(0, taken));
      used += taken;
      left_ -= taken;
      if (left_ > 0) break;
      at_ = At::kDataEnd;
      continue;
    }
    const size_t end = rest.find(kLineEnd);
    if (end == std::string_view::npos) {
      if (rest.size() > kMaxChunkLine && at_ != At::kTrailer) status = NotHttp("not a chunk", rest);
      if (rest.size() > kMaxTrailerBytes) status = absl::ResourceExhaustedError("a trailer that is too long");
      break;
    }
    used += end + kLineEnd.size();
    const std::string_view line = rest.substr(0, end);
    if (at_ == At::kSize) {
      status = BeginChunk(line);
    } else if (at_ == At::kDataEnd) {
      if (!line.empty()) status = NotHttp("a chunk that is longer than its size", line);
      at_ = At::kSize;
    } else {
      trailer_bytes_ += line.size();
      if (trailer_bytes_ > kMaxTrailerBytes) status = absl::ResourceExhaustedError("a trailer that is too long");
      done_ = line.empty();
    }
  }
  buffer.erase(0, used);
  return status;
}

}  // namespace syscarve
