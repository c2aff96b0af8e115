// SPDX-License-Identifier: Apache-2.0
// A container engine for tests: HTTP on a unix socket, answers as they are given to it, every kind of bad behaviour on
// request. A thread for each connection. Nothing sleeps: tests wait for what has happened.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "userspace/base/unique_fd.h"

namespace syscarve {

class FakeEngine {
 public:
  struct Request {
    std::string method;
    std::string target;  // With its query.
    std::string headers;
    std::string body;
  };
  // What is written, byte by byte as it is. The connection is closed behind it, except for `hang`, which keeps it open
  // without another byte, and `events`, to which Emit writes.
  struct Reply {
    std::string bytes;
    bool hang = false;
    bool events = false;
    bool in_single_bytes = false;
  };
  using Handler = std::function<Reply(const Request&)>;

  static Reply Json(std::string_view body, int status = 200) {
    return {.bytes = "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\nContent-Length: " +
                     std::to_string(body.size()) + "\r\n\r\n" + std::string(body)};
  }
  static Reply Events() {
    return {.bytes = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
            .events = true};
  }
  static std::string Chunk(std::string_view bytes) {
    char size[32];
    std::snprintf(size, sizeof(size), "%zx\r\n", bytes.size());
    return size + std::string(bytes) + "\r\n";
  }

  FakeEngine() {
    std::string pattern = testing::TempDir() + "syscarve-fake-engine-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    folder_ = pattern;
    path_ = folder_ + "/engine.sock";
    // A hanging question must not look like an answer.
    On("/version", Json(R"({"Version":"20.10.24","Components":[{"Name":"runc","Version":"1.1.5"}]})"));
    On("/info", Json(R"({"DefaultRuntime":"runc","Runtimes":{"runc":{"path":"runc"}},
                         "SecurityOptions":["name=seccomp,profile=default"]})"));
    On("/containers/json", Json("[]"));
    On("/events", Events());
    Listen();
  }
  ~FakeEngine() {
    Stop();
    rmdir(folder_.c_str());
  }

  const std::string& path() const { return path_; }

  // What is answered to a target from now on, the query left out. Anything else is Docker's 404.
  void On(const std::string& target, Reply reply) {
    On(target, [reply = std::move(reply)](const Request&) { return reply; });
  }
  void On(const std::string& target, Handler handler) {
    const std::lock_guard lock(mutex_);
    handlers_[target] = std::make_shared<Handler>(std::move(handler));
  }

  // Dies: all connections break, and the socket is gone.
  void Stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      for (const auto& connection : connections_) shutdown(connection.fd.get(), SHUT_RDWR);
      changed_.notify_all();
    }
    if (listener_.valid()) shutdown(listener_.get(), SHUT_RDWR);
    if (acceptor_.joinable()) acceptor_.join();
    for (auto& connection : connections_) connection.thread.join();
    connections_.clear();
    listener_.reset();
    unlink(path_.c_str());
  }
  void Restart() {
    Stop();
    Listen();
  }

  // Writes to every open stream of events; waits until there is one.
  void EmitRaw(std::string_view bytes) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return std::ranges::any_of(connections_, &Connection::events); });
    for (const Connection& connection : connections_) {
      if (connection.events) Write(connection.fd.get(), bytes);
    }
  }
  void Emit(std::string_view line) { EmitRaw(Chunk(std::string(line) + "\n")); }
  // Ends the streams of events, properly or by breaking the connection; waits until there is one.
  void EndEvents(bool properly) {
    EmitRaw(properly ? "0\r\n\r\n" : "");
    const std::lock_guard lock(mutex_);
    for (Connection& connection : connections_) {
      if (connection.events) shutdown(connection.fd.get(), SHUT_RDWR);
      connection.events = false;
    }
  }

  // Waits until a target, the query left out, has been asked for `count` times, and returns the last such request.
  Request WaitForRequest(const std::string& target, size_t count = 1) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return requests_[target].size() >= count; });
    return requests_[target].back();
  }
  size_t Requests(const std::string& target) {
    const std::lock_guard lock(mutex_);
    return requests_[target].size();
  }

 private:
  struct Connection {
    UniqueFd fd;
    std::thread thread;
    bool events = false;
  };

  static bool Write(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (written <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return true;
  }

  void Listen() {
    stopping_ = false;
    listener_ = UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof(address.sun_path), "%s", path_.c_str());
    if (bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
        listen(listener_.get(), SOMAXCONN) != 0) {
      std::abort();
    }
    acceptor_ = std::thread([this, listener = listener_.get()] {
      while (true) {
        UniqueFd fd(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
        if (!fd.valid()) return;
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        connections_.push_back({.fd = std::move(fd)});
        Connection& connection = connections_.back();
        connection.thread = std::thread([this, &connection] { Serve(connection); });
      }
    });
  }

  static bool ReadUntil(int fd, std::string& text, const std::function<bool()>& enough) {
    char buffer[65536];
    while (!enough()) {
      const ssize_t count = read(fd, buffer, sizeof(buffer));
      if (count <= 0) return false;
      text.append(buffer, static_cast<size_t>(count));
    }
    return true;
  }

  void Serve(Connection& connection) {
    const int fd = connection.fd.get();
    std::string text;
    size_t end = 0;
    if (!ReadUntil(fd, text, [&] { return (end = text.find("\r\n\r\n")) != std::string::npos; })) return;
    Request request;
    request.headers = text.substr(0, end + 2);
    text.erase(0, end + 4);
    const size_t space = request.headers.find(' ');
    request.method = request.headers.substr(0, space);
    request.target = request.headers.substr(space + 1, request.headers.find(' ', space + 1) - space - 1);
    const std::string field = "\r\nContent-Length: ";
    if (const size_t at = request.headers.find(field); at != std::string::npos) {
      const auto length = static_cast<size_t>(std::atoll(request.headers.c_str() + at + field.size()));
      if (!ReadUntil(fd, text, [&] { return text.size() >= length; })) return;
      request.body = text;
    }
    const std::string target = request.target.substr(0, request.target.find('?'));
    std::shared_ptr<Handler> handler;
    {
      const std::lock_guard lock(mutex_);
      requests_[target].push_back(request);
      if (const auto found = handlers_.find(target); found != handlers_.end()) handler = found->second;
      changed_.notify_all();
    }
    const Reply reply = handler ? (*handler)(request) : Json(R"({"message":"No such container: x"})", 404);
    const size_t step = reply.in_single_bytes ? 1 : std::max<size_t>(reply.bytes.size(), 1);
    for (size_t at = 0; at < reply.bytes.size(); at += step) {
      if (!Write(fd, std::string_view(reply.bytes).substr(at, step))) return;
    }
    if (reply.events) {
      const std::lock_guard lock(mutex_);
      connection.events = true;
      changed_.notify_all();
    }
    // Until the client goes, or Stop comes.
    char byte;
    if (reply.hang || reply.events) {
      while (read(fd, &byte, 1) > 0) {
      }
      const std::lock_guard lock(mutex_);
      connection.events = false;
    } else {
      shutdown(fd, SHUT_RDWR);
    }
  }

  std::string folder_;
  std::string path_;
  UniqueFd listener_;
  std::thread acceptor_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::list<Connection> connections_;
  std::map<std::string, std::shared_ptr<Handler>> handlers_;
  std::map<std::string, std::vector<Request>> requests_;
};

}  // namespace syscarve
