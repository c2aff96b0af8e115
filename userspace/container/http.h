// SPDX-License-Identifier: Apache-2.0
// HTTP over a unix socket, for this folder only: requests as libcurl transfers, with limits on time and on the size of
// the response, and with errors that name the engine and the request.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/base/status.h"

namespace syscarve {

struct HttpRequest {
  std::string method = "GET";
  std::string path;  // With its query, encoded (EncodeForUrl).
  std::string content_type;
  std::string body;
  // For the whole exchange; 0 for no limit.
  std::chrono::milliseconds timeout{std::chrono::seconds(10)};
  size_t max_answer_bytes = 0;
};

struct HttpAnswer {
  long status = 0;
  std::string body;
};

// Encodes a part of a path or query: everything except letters, digits and "-._~" as %NN.
std::string EncodeForUrl(std::string_view text);

// One request to the engine at `socket`. It runs while its handle() is in an HttpTransfers.
class HttpTransfer {
 public:
  // Receives the body of a successful response piece by piece, instead of its being kept; false ends the transfer.
  using Sink = std::function<bool(std::string_view)>;

  static absl::StatusOr<std::unique_ptr<HttpTransfer>> Create(const std::string& socket, HttpRequest request,
                                                              Sink sink = {});
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;
  ~HttpTransfer();

  CURL* handle() const { return handle_; }
  // Whether the response's headers have arrived, with a status that means success.
  bool succeeding() const { return headers_done_ && status_ < kFirstErrorStatus; }

  // Call once the transfer has ended with `code`. Returns the response, or one of these errors:
  //   - kUnavailable, kPermissionDenied: there is no listener on the socket, or it may not be opened; or the connection
  //     broke
  //   - kDeadlineExceeded: no response in time
  //   - kResourceExhausted: more than max_answer_bytes
  //   - kNotFound: the engine does not have the object of the request
  //   - kInvalidArgument, kFailedPrecondition: its other refusals, with the engine's own message
  absl::StatusOr<HttpAnswer> Finish(CURLcode code);

 private:
  static constexpr long kFirstErrorStatus = 300;

  HttpTransfer(const std::string& socket, HttpRequest request, Sink sink)
      : socket_(socket), request_(std::move(request)), sink_(std::move(sink)) {}

  absl::Status SetUp();
  absl::Status Refused() const;
  std::string What() const;
  static size_t OnHeader(char* data, size_t size, size_t count, void* self);
  static size_t OnBody(char* data, size_t size, size_t count, void* self);

  const std::string socket_;
  const HttpRequest request_;
  const Sink sink_;
  CURL* handle_ = nullptr;
  curl_slist* headers_ = nullptr;
  char problem_[CURL_ERROR_SIZE] = "";
  bool headers_done_ = false;
  bool too_large_ = false;
  long status_ = 0;
  std::string body_;
};

// Transfers in progress, all driven by one thread. Its descriptors are closed on exec.
class HttpTransfers {
 public:
  using Done = std::function<void(absl::StatusOr<HttpAnswer>)>;

  HttpTransfers();
  HttpTransfers(const HttpTransfers&) = delete;
  HttpTransfers& operator=(const HttpTransfers&) = delete;
  ~HttpTransfers();

  // Starts `transfer`. `done` is called by Perform, and may itself add and clear.
  void Add(std::unique_ptr<HttpTransfer> transfer, Done done);
  // Drops all transfers; their `done` is not called any more.
  void Clear();

  // Makes the progress that is possible without waiting.
  void Perform();
  // Waits until Perform may have something to do, Wake is called, or `longest` has passed.
  void Wait(std::chrono::milliseconds longest);
  // Ends Wait, the next one if none is in progress. From any thread.
  void Wake();

 private:
  struct Job;

  CURLM* multi_;
  std::vector<std::unique_ptr<Job>> jobs_;
};

// Performs one request.
absl::StatusOr<HttpAnswer> Exchange(const std::string& socket, HttpRequest request);

}  // namespace syscarve
