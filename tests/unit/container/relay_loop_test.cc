// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/relay_loop.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/container/http_head.h"

namespace syscarve {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

sockaddr_un AddressOf(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

UniqueFd ListenAt(const std::string& path) {
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = AddressOf(path);
  EXPECT_EQ(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(listen(fd.get(), 16), 0);
  return fd;
}

void Send(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (put <= 0) return;
    text.remove_prefix(static_cast<size_t>(put));
  }
}

std::string ReadToEnd(int fd) {
  std::string text;
  std::array<char, 4096> buffer;
  ssize_t got = 0;
  while ((got = recv(fd, buffer.data(), buffer.size(), 0)) > 0) text.append(buffer.data(), static_cast<size_t>(got));
  return text;
}

// Until `text` ends with `end`.
std::string ReadUntil(int fd, std::string_view end) {
  std::string text;
  char byte = 0;
  while (!text.ends_with(end) && recv(fd, &byte, 1, 0) == 1) text += byte;
  return text;
}

std::string ReadHead(int fd) {
  return ReadUntil(fd, "\r\n\r\n");
}

// An engine that the test plays itself, one connection after the other, and a relay to it.
class RelayLoopTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "relay.XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    engine_ = ListenAt(folder_ + "/engine");
    options_.engine_socket = folder_ + "/engine";
    options_.folder = folder_;
    options_.confine = [](const CreateRequest& request) -> std::optional<Confinement> {
      if (request.container.name != "web") return std::nullopt;
      return Confinement{.profile = "{}", .cap_add = std::nullopt, .label = "ours"};
    };
    UniqueFd listening = ListenAt(folder_ + "/relay");
    std::array<int, 2> control;
    std::array<int, 2> ready;
    ASSERT_EQ(pipe2(control.data(), O_CLOEXEC), 0);
    ASSERT_EQ(pipe2(ready.data(), O_CLOEXEC), 0);
    control_ = UniqueFd(control[1]);
    ready_ = UniqueFd(ready[0]);
    report_ = UniqueFd(memfd_create("report", MFD_CLOEXEC));
    std::array<int, 2> ends;
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    ends_ = UniqueFd(ends[0]);
    thread_ = std::thread(
        [this](UniqueFd a, UniqueFd b, UniqueFd c, UniqueFd d, UniqueFd e) {
          RunRelay(options_, std::move(a), std::move(b), std::move(c), std::move(d), std::move(e));
        },
        std::move(listening), UniqueFd(control[0]), UniqueFd(ready[1]), UniqueFd(dup(report_.get())),
        options_.hold_ends ? UniqueFd(ends[1]) : UniqueFd());
    if (!options_.hold_ends) close(ends[1]);
    events_ = Engine();
    const std::string head = ReadHead(events_.get());
    EXPECT_THAT(head, StartsWith("GET /events?since="));
    Send(events_.get(), "HTTP/1.0 200 OK\r\n\r\n");
    char byte = 0;
    EXPECT_EQ(read(ready_.get(), &byte, 1), 1);
    EXPECT_EQ(byte, '1');
  }

  void TearDown() override {
    End();
    unlink((folder_ + "/engine").c_str());
    unlink((folder_ + "/relay").c_str());
    rmdir(folder_.c_str());
  }

  // The engine's side of the next connection.
  UniqueFd Engine() { return UniqueFd(accept4(engine_.get(), nullptr, nullptr, SOCK_CLOEXEC)); }

  UniqueFd Client() {
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un address = AddressOf(folder_ + "/relay");
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    return fd;
  }

  // Ends the relay; what it reported.
  std::string End() {
    control_.reset();
    events_.reset();
    if (thread_.joinable()) thread_.join();
    std::string text(size_t{1} << 16, '\0');
    text.resize(static_cast<size_t>(std::max<ssize_t>(pread(report_.get(), text.data(), text.size(), 0), 0)));
    return text;
  }

  // What a client gets for what the relay must not pass on.
  std::string Refused(const std::string& request) {
    const UniqueFd client = Client();
    Send(client.get(), request);
    return ReadToEnd(client.get());
  }

  std::string folder_;
  RelayOptions options_;
  UniqueFd engine_;
  UniqueFd events_;
  UniqueFd control_;
  UniqueFd ready_;
  UniqueFd ends_;
  UniqueFd report_;
  std::thread thread_;
};

TEST_F(RelayLoopTest, PassesARequestOnAndEndsTheConnectionWithIt) {
  const UniqueFd client = Client();
  Send(client.get(), "POST /exec HTTP/1.1\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\nbody");
  const UniqueFd engine = Engine();
  EXPECT_EQ(ReadUntil(engine.get(), "body"),
            "POST /exec HTTP/1.1\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody");
  Send(engine.get(), "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  shutdown(engine.get(), SHUT_RDWR);
  EXPECT_EQ(ReadToEnd(client.get()), "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
}

TEST_F(RelayLoopTest, ConfinesAContainerWhoseBodyComesInPieces) {
  const UniqueFd client = Client();
  Send(client.get(),
       "POST /v1.41/containers/create?name=web HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(ReadHead(client.get()), "HTTP/1.1 100 Continue\r\n\r\n");
  for (const char* piece : {"2\r\n", "{}", "\r\n0\r\n", "\r\n"}) Send(client.get(), piece);
  const UniqueFd engine = Engine();
  const std::string head = ReadHead(engine.get());
  EXPECT_THAT(head, Not(HasSubstr("chunked")));
  EXPECT_THAT(head, Not(HasSubstr("Expect")));
  const std::string body = R"({"HostConfig":{"SecurityOpt":["seccomp={}"]},"Labels":{"ours":"1"}})";
  EXPECT_THAT(head, HasSubstr(Concat("Content-Length: ", body.size(), "\r\n")));
  EXPECT_EQ(ReadUntil(engine.get(), "}}"), body);
}

TEST_F(RelayLoopTest, LeavesOtherContainersAlone) {
  const UniqueFd client = Client();
  Send(client.get(), "POST /containers/create?name=other HTTP/1.1\r\nContent-Length: 16\r\n\r\n{ \"Image\": \"a\" }");
  const UniqueFd engine = Engine();
  ReadHead(engine.get());
  EXPECT_EQ(ReadUntil(engine.get(), "}"), "{ \"Image\": \"a\" }");
}

TEST_F(RelayLoopTest, SaysThatAPrivilegedContainerIsNotConfined) {
  const std::string body = R"({"HostConfig":{"Privileged":true}})";
  {
    const UniqueFd client = Client();
    Send(client.get(),
         Concat("POST /containers/create?name=web HTTP/1.1\r\nContent-Length: ", body.size(), "\r\n\r\n", body));
    const UniqueFd engine = Engine();
    ReadHead(engine.get());
    EXPECT_EQ(ReadUntil(engine.get(), "}}"), body);
  }
  EXPECT_THAT(End(), HasSubstr("Pweb is privileged"));
}

TEST_F(RelayLoopTest, SaysThatPodmansOwnRequestsAreNotUnderstood) {
  {
    const UniqueFd client = Client();
    Send(client.get(), "POST /v4.3.1/libpod/containers/create HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}");
    const UniqueFd engine = Engine();
    ReadHead(engine.get());
    EXPECT_EQ(ReadUntil(engine.get(), "{}"), "{}");
  }
  EXPECT_THAT(End(), HasSubstr("Podman's own API"));
}

TEST_F(RelayLoopTest, NoRequestHidesBehindAnother) {
  const UniqueFd client = Client();
  Send(
      client.get(),
      "POST /containers/create?name=web HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}POST /containers/create HTTP/1.1\r\n\r\n");
  const UniqueFd engine = Engine();
  ReadHead(engine.get());
  shutdown(client.get(), SHUT_WR);
  EXPECT_THAT(ReadToEnd(engine.get()), Not(HasSubstr("POST")));
}

TEST_F(RelayLoopTest, HandsAConnectionOverInBothDirections) {
  const UniqueFd client = Client();
  Send(client.get(), "POST /containers/a/attach HTTP/1.1\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n");
  const UniqueFd engine = Engine();
  EXPECT_THAT(ReadHead(engine.get()), HasSubstr("Connection: Upgrade"));
  Send(engine.get(), "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nfirst");
  EXPECT_THAT(ReadHead(client.get()), StartsWith("HTTP/1.1 101"));
  EXPECT_EQ(ReadUntil(client.get(), "first"), "first");
  // Whatever it looks like, it is the container's now.
  Send(client.get(), "GET \r\n\r\n\x01");
  EXPECT_EQ(ReadUntil(engine.get(), "\x01"), "GET \r\n\r\n\x01");
  // The end of what is typed is not the end of what is answered.
  shutdown(client.get(), SHUT_WR);
  EXPECT_EQ(ReadToEnd(engine.get()), "");
  Send(engine.get(), "last");
  shutdown(engine.get(), SHUT_RDWR);
  EXPECT_EQ(ReadToEnd(client.get()), "last");
}

TEST_F(RelayLoopTest, AConnectionThatIsNotHandedOverCarriesNoOtherRequest) {
  const UniqueFd client = Client();
  Send(client.get(), "POST /containers/a/attach HTTP/1.1\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n");
  const UniqueFd engine = Engine();
  ReadHead(engine.get());
  Send(engine.get(), "HTTP/1.1 404 Not Found\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nno");
  const std::string head = ReadHead(client.get());
  EXPECT_THAT(head, HasSubstr("Connection: close"));
  EXPECT_THAT(head, Not(HasSubstr("keep-alive")));
  Send(client.get(), "POST /containers/create?name=web HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_EQ(ReadToEnd(engine.get()), "");
  shutdown(engine.get(), SHUT_RDWR);
  EXPECT_EQ(ReadToEnd(client.get()), "no");
}

TEST_F(RelayLoopTest, RefusesWhatItCannotUnderstand) {
  EXPECT_THAT(Refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Refused("GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Refused("POST /containers/create HTTP/1.1\r\nContent-Length: 1\r\n\r\n{"),
              HasSubstr("the request to create a container"));
  EXPECT_THAT(Refused("POST /containers/create HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n{"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Refused(Concat("GET /", std::string(kMaxHeadBytes + 100, 'x'))), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(End(), HasSubstr("Pa request was not passed on"));
}

TEST_F(RelayLoopTest, SaysThatTheEngineIsGone) {
  unlink(options_.engine_socket.c_str());
  EXPECT_THAT(Refused("GET /info HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(End(), HasSubstr("G\n"));
}

class HoldingRelayTest : public RelayLoopTest {
 protected:
  HoldingRelayTest() { options_.hold_ends = true; }

  std::string Held() {
    std::array<char, 256> message;
    const ssize_t size = recv(ends_.get(), message.data(), message.size(), 0);
    return {message.data(), static_cast<size_t>(std::max<ssize_t>(size, 0))};
  }
};

TEST_F(HoldingRelayTest, AnEndWaitsAndOthersPass) {
  const UniqueFd stopping = Client();
  Send(stopping.get(), "POST /containers/web/stop HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_EQ(Held(), "1 web");
  // The engine's next connection is of a request that came later.
  const UniqueFd other = Client();
  Send(other.get(), "GET /info HTTP/1.1\r\n\r\n");
  const UniqueFd first = Engine();
  EXPECT_THAT(ReadHead(first.get()), StartsWith("GET /info"));
  Send(ends_.get(), "7");  // Nobody's.
  Send(ends_.get(), "1");
  const UniqueFd second = Engine();
  EXPECT_THAT(ReadHead(second.get()), StartsWith("POST /containers/web/stop"));
  EXPECT_EQ(ReadUntil(second.get(), "{}"), "{}");
  Send(second.get(), "HTTP/1.1 204 X\r\n\r\n");
  EXPECT_THAT(ReadHead(stopping.get()), StartsWith("HTTP/1.1 204"));
}

TEST_F(HoldingRelayTest, AClientThatDoesNotWaitIsForgotten) {
  UniqueFd stopping = Client();
  Send(stopping.get(), "DELETE /containers/web?force=1 HTTP/1.1\r\n\r\n");
  EXPECT_EQ(Held(), "1 web");
  stopping.reset();
  Send(ends_.get(), "1");
  const UniqueFd client = Client();
  Send(client.get(), "GET /info HTTP/1.1\r\n\r\n");
  const UniqueFd engine = Engine();
  EXPECT_THAT(ReadHead(engine.get()), AnyOf(StartsWith("GET /info"), StartsWith("DELETE ")));
}

TEST_F(RelayLoopTest, ReportsEventsAndThatTheyEnd) {
  Send(events_.get(), "{\"Type\":\"container\"}\n{\"Type\":");
  Send(events_.get(), "\"other\"}\n");
  EXPECT_EQ(End(), "E{\"Type\":\"container\"}\nE{\"Type\":\"other\"}\nG\n");
}

TEST_F(RelayLoopTest, AClientThatGoesAwayHurtsNobody) {
  {
    const UniqueFd client = Client();
    Send(client.get(), "GET /containers/a/logs?follow=1 HTTP/1.1\r\n\r\n");
  }
  {
    const UniqueFd half = Client();
    Send(half.get(), "POST /containers/create HTTP/1.1\r\nContent-Length: 100\r\n\r\n{");
  }
  const UniqueFd client = Client();
  Send(client.get(), "GET /info HTTP/1.1\r\n\r\n");
  std::string seen;
  UniqueFd engine = Engine();
  while (!(seen = ReadHead(engine.get())).starts_with("GET /info")) engine = Engine();
  Send(engine.get(), "HTTP/1.1 204 X\r\n\r\n");
  shutdown(engine.get(), SHUT_RDWR);
  EXPECT_THAT(ReadToEnd(client.get()), StartsWith("HTTP/1.1 204"));
}

}  // namespace
}  // namespace syscarve
