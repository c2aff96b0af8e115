// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/http.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/text.h"
#include "userspace/container/engine_json.h"

namespace syscarve {
namespace {

constexpr long kConnectMillis = 5000;
// The limit for an engine's message in a refusal.
constexpr size_t kMaxProblemBytes = size_t{64} << 10;

constexpr std::string_view kHangsHint =
    "The engine listens and does not respond: see its log, and restart it if it hangs";
constexpr std::string_view kSocketHint =
    "Start the engine, or name the unix socket of one that runs; root may open every engine's";

void InitialiseOnce() {
  // A unix socket needs no TLS.
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_NOTHING); });
}

std::set<int> InheritableDescriptors() {
  std::set<int> descriptors;
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) return descriptors;
  while (const dirent* entry = readdir(folder)) {
    const auto fd = ParseNumber<int>(entry->d_name);
    if (!fd.has_value()) continue;
    const int flags = fcntl(*fd, F_GETFD);
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0) descriptors.insert(*fd);
  }
  closedir(folder);
  return descriptors;
}

// libcurl creates a pair of sockets for wake-ups that, before 8.9, a recorded command would inherit.
CURLM* NewMulti() {
  InitialiseOnce();
  const std::set<int> before = InheritableDescriptors();
  CURLM* multi = curl_multi_init();
  for (const int fd : InheritableDescriptors()) {
    if (!before.contains(fd)) fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  return multi;
}

// An engine's socket gives full access to the host: no child may inherit the connection.
curl_socket_t OpenSocket(void*, curlsocktype, curl_sockaddr* address) {
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

}  // namespace

std::string EncodeForUrl(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += kDigits[byte >> 4];
      encoded += kDigits[byte & 0xf];
    }
  }
  return encoded;
}

absl::StatusOr<std::unique_ptr<HttpTransfer>> HttpTransfer::Create(const std::string& socket, HttpRequest request,
                                                                   Sink sink) {
  InitialiseOnce();
  std::unique_ptr<HttpTransfer> transfer(new HttpTransfer(socket, std::move(request), std::move(sink)));
  SYSCARVE_RETURN_IF_ERROR(transfer->SetUp());
  return transfer;
}

HttpTransfer::~HttpTransfer() {
  if (handle_ != nullptr) curl_easy_cleanup(handle_);
  curl_slist_free_all(headers_);
}

absl::Status HttpTransfer::SetUp() {
  if (socket_.empty() || socket_.size() >= sizeof(sockaddr_un::sun_path) || socket_.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError(
        Concat("\"", EscapeForTerminal(socket_), "\" cannot be a unix socket's path: it is empty or too long"));
  }
  handle_ = curl_easy_init();
  bool ok = handle_ != nullptr;
  const auto set = [&](CURLoption option, auto value) {
    ok = ok && curl_easy_setopt(handle_, option, value) == CURLE_OK;
  };
  set(CURLOPT_URL, Concat("http://engine", request_.path).c_str());
  set(CURLOPT_UNIX_SOCKET_PATH, socket_.c_str());
  set(CURLOPT_PROXY, "");  // Regardless of the environment.
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, kConnectMillis);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(request_.timeout.count()));
  set(CURLOPT_FRESH_CONNECT, 1L);
  set(CURLOPT_FORBID_REUSE, 1L);
  set(CURLOPT_ERRORBUFFER, static_cast<char*>(problem_));
  set(CURLOPT_OPENSOCKETFUNCTION, &OpenSocket);
  set(CURLOPT_HEADERFUNCTION, &OnHeader);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_WRITEFUNCTION, &OnBody);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  const auto header = [&](const std::string& line) {
    curl_slist* longer = curl_slist_append(headers_, line.c_str());
    ok = ok && longer != nullptr;
    if (longer != nullptr) headers_ = longer;
  };
  header("Accept: application/json");
  // Sends a body at once, without "Expect: 100-continue": the engine is on the same host.
  header("Expect:");
  if (request_.method == "POST") {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDS, request_.body.data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    header(Concat("Content-Type: ", request_.content_type));
  }
  set(CURLOPT_HTTPHEADER, headers_);
  if (!ok) return absl::InternalError(Concat(What(), ": libcurl cannot set up the request"));
  return absl::OkStatus();
}

std::string HttpTransfer::What() const {
  return Concat("ask the container engine at ", EscapeForTerminal(socket_), " for ", request_.method, " ",
                EscapeForTerminal(std::string_view(request_.path).substr(0, request_.path.find('?'))));
}

size_t HttpTransfer::OnHeader(char* data, size_t size, size_t count, void* self) {
  auto* transfer = static_cast<HttpTransfer*>(self);
  const size_t length = size * count;
  // The empty line after the headers of the response itself, not of a "100 Continue" before it.
  if (std::string_view(data, length).find_first_not_of("\r\n") == std::string_view::npos) {
    constexpr long kFirstFinalStatus = 200;
    curl_easy_getinfo(transfer->handle_, CURLINFO_RESPONSE_CODE, &transfer->status_);
    transfer->headers_done_ = transfer->status_ >= kFirstFinalStatus;
  }
  return length;
}

size_t HttpTransfer::OnBody(char* data, size_t size, size_t count, void* self) {
  auto* transfer = static_cast<HttpTransfer*>(self);
  const size_t length = size * count;
  if (transfer->succeeding() && transfer->sink_) return transfer->sink_({data, length}) ? length : 0;
  const size_t limit = transfer->succeeding() ? transfer->request_.max_answer_bytes : kMaxProblemBytes;
  if (length > limit - std::min(limit, transfer->body_.size())) {
    transfer->too_large_ = true;
    return 0;
  }
  transfer->body_.append(data, length);
  return length;
}

absl::Status HttpTransfer::Refused() const {
  constexpr long kBadRequest = 400;
  constexpr long kNotFound = 404;
  std::string words = ParseEngineError(body_);
  if (words.empty()) words = Concat("HTTP status ", status_);
  const std::string message = Concat(What(), ": ", words);
  // Podman reports this with status 500 for a container that is being removed.
  if (status_ == kNotFound || words.ends_with("no such container")) return absl::NotFoundError(message);
  if (status_ == kBadRequest) return absl::InvalidArgumentError(message);
  return absl::FailedPreconditionError(message);
}

absl::StatusOr<HttpAnswer> HttpTransfer::Finish(CURLcode code) {
  constexpr long kNotModified = 304;
  if (too_large_ && succeeding()) {
    return absl::ResourceExhaustedError(
        Concat(What(), ": the answer is larger than ", request_.max_answer_bytes, " bytes, the most that is read"));
  }
  if (code == CURLE_COULDNT_CONNECT) {
    long error = 0;
    curl_easy_getinfo(handle_, CURLINFO_OS_ERRNO, &error);
    const absl::Status reason = PosixError(What(), error != 0 ? static_cast<int>(error) : ECONNREFUSED);
    // A missing socket must not look like an engine's "no such container".
    const absl::StatusCode kind =
        absl::IsPermissionDenied(reason) ? absl::StatusCode::kPermissionDenied : absl::StatusCode::kUnavailable;
    return WithHint(absl::Status(kind, reason.message()), kSocketHint);
  }
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return WithHint(absl::DeadlineExceededError(Concat(What(), ": no answer within ", request_.timeout.count(), " ms")),
                    kHangsHint);
  }
  // For a refusal, the part that has arrived is sufficient.
  if (headers_done_ && !succeeding() && status_ != kNotModified) return Refused();
  if (code != CURLE_OK) {
    const std::string_view problem = problem_[0] != '\0' ? problem_ : curl_easy_strerror(code);
    return absl::UnavailableError(Concat(What(), ": ", EscapeForTerminal(problem)));
  }
  // libcurl accepts incomplete headers as a response without a body.
  if (!headers_done_) return absl::UnavailableError(Concat(What(), ": the answer breaks off"));
  return HttpAnswer{.status = status_, .body = std::move(body_)};
}

struct HttpTransfers::Job {
  std::unique_ptr<HttpTransfer> transfer;
  Done done;
};

HttpTransfers::HttpTransfers() : multi_(NewMulti()) {}

HttpTransfers::~HttpTransfers() {
  Clear();
  curl_multi_cleanup(multi_);
}

void HttpTransfers::Add(std::unique_ptr<HttpTransfer> transfer, Done done) {
  curl_multi_add_handle(multi_, transfer->handle());
  jobs_.push_back(std::make_unique<Job>(Job{std::move(transfer), std::move(done)}));
}

void HttpTransfers::Clear() {
  for (const auto& job : jobs_) curl_multi_remove_handle(multi_, job->transfer->handle());
  jobs_.clear();
}

void HttpTransfers::Perform() {
  int running = 0;
  curl_multi_perform(multi_, &running);
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    // Removing a handle invalidates the message.
    CURL* const handle = message->easy_handle;
    const CURLcode code = message->data.result;
    const auto found = std::ranges::find_if(jobs_, [&](const auto& job) { return job->transfer->handle() == handle; });
    curl_multi_remove_handle(multi_, handle);
    if (found == jobs_.end()) continue;
    const std::unique_ptr<Job> job = std::move(*found);
    jobs_.erase(found);
    job->done(job->transfer->Finish(code));
  }
}

void HttpTransfers::Wait(std::chrono::milliseconds longest) {
  curl_multi_poll(multi_, nullptr, 0, static_cast<int>(std::max<int64_t>(longest.count(), 0)), nullptr);
}

void HttpTransfers::Wake() {
  curl_multi_wakeup(multi_);
}

absl::StatusOr<HttpAnswer> Exchange(const std::string& socket, HttpRequest request) {
  SYSCARVE_ASSIGN_OR_RETURN(std::unique_ptr<HttpTransfer> transfer, HttpTransfer::Create(socket, std::move(request)));
  std::optional<absl::StatusOr<HttpAnswer>> result;
  HttpTransfers transfers;
  transfers.Add(std::move(transfer), [&](absl::StatusOr<HttpAnswer> answer) { result = std::move(answer); });
  while (true) {
    transfers.Perform();
    if (result.has_value()) return *std::move(result);
    // libcurl's own timers end the wait earlier.
    transfers.Wait(std::chrono::seconds(1));
  }
}

}  // namespace syscarve
