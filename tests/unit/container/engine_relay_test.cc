// SPDX-License-Identifier: Apache-2.0
// The relay as a process; what it does with each request is relay_loop_test.cc's.
#include "userspace/container/engine_relay.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>
#include <utility>

#include "tests/unit/container/fake_engine.h"
#include "userspace/base/concat.h"
#include "userspace/base/unix_socket.h"

namespace syscarve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// An engine in a process of its own: whoever starts a relay has one thread. It says of a container what it was created
// with, tells of a start when it is asked for one, and ends its events when it is to.
class EngineProcess {
 public:
  EngineProcess() {
    std::array<int, 2> path;
    std::array<int, 2> end;
    if (pipe2(path.data(), O_CLOEXEC) != 0 || pipe2(end.data(), O_CLOEXEC) != 0) std::abort();
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      close(end[1]);
      Serve(path[1], end[0]);
      _exit(0);
    }
    close(path[1]);
    close(end[0]);
    end_ = UniqueFd(end[1]);
    char byte = 0;
    while (read(path[0], &byte, 1) == 1) path_ += byte;
    close(path[0]);
  }
  ~EngineProcess() { Stop(); }

  const std::string& path() const { return path_; }

  void Stop() {
    const pid_t pid = std::exchange(pid_, 0);
    if (pid <= 0) return;
    // Its end would not be enough: a relay has inherited it.
    (void)!write(end_.get(), "e", 1);
    waitpid(pid, nullptr, 0);
  }

 private:
  static void Serve(int path, int end) {
    FakeEngine engine;
    // To a client of HTTP/1.0, as engines answer.
    engine.On("/events", {.bytes = "HTTP/1.0 200 OK\r\n\r\n", .events = true});
    engine.On("/containers/create", [](const FakeEngine::Request& request) { return FakeEngine::Json(request.body); });
    engine.On("/containers/web/start", [&engine](const FakeEngine::Request&) {
      engine.EmitRaw(R"({"Type":"container","Action":"start","Actor":{"ID":")" + std::string(64, 'a') +
                     R"(","Attributes":{"name":"web"}},)"
                     R"("time":5,"timeNano":5000000000})"
                     "\n");
      return FakeEngine::Json("{}");
    });
    engine.On("/containers/web/stop", FakeEngine::Json("{}"));
    (void)!write(path, engine.path().data(), engine.path().size());
    close(path);
    char byte = 0;
    (void)!read(end, &byte, 1);
  }

  pid_t pid_ = 0;
  UniqueFd end_;
  std::string path_;
};

class EngineRelayTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "engine-relay.XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    options_.engine_socket = engine_.path();
    options_.folder = folder_;
    options_.confine = [](const CreateRequest& request) -> std::optional<Confinement> {
      if (request.container.name != "web") return std::nullopt;
      return Confinement{.profile = "{}", .cap_add = std::nullopt, .line = std::nullopt, .label = "ours"};
    };
  }
  void TearDown() override {
    // Its socket is removed with it.
    EXPECT_EQ(rmdir(folder_.c_str()), 0) << folder_;
  }

  static std::string Ask(const std::string& socket_path, const std::string& request) {
    const UniqueFd client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const absl::StatusOr<sockaddr_un> address = UnixAddress(socket_path);
    if (connect(client.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) != 0) return "";
    (void)!send(client.get(), request.data(), request.size(), MSG_NOSIGNAL);
    std::string answer;
    char byte = 0;
    while (recv(client.get(), &byte, 1, 0) == 1) answer += byte;
    return answer;
  }
  static std::string Ask(const EngineRelay& relay, const std::string& head, const std::string& body = "") {
    return Ask(relay.path(), Concat(head, " HTTP/1.1\r\nContent-Length: ", body.size(), "\r\n\r\n", body));
  }

  EngineProcess engine_;
  std::string folder_;
  RelayOptions options_;
};

TEST_F(EngineRelayTest, PassesOnConfinesAndReportsEvents) {
  absl::StatusOr<EngineRelay> relay = EngineRelay::Start(options_);
  ASSERT_TRUE(relay.ok()) << relay.status();
  EXPECT_EQ(relay->path(), folder_ + "/docker.sock");
  EXPECT_THAT(Ask(*relay, "GET /version"), HasSubstr("20.10.24"));
  EXPECT_THAT(Ask(*relay, "POST /containers/create?name=web", "{}"),
              HasSubstr(R"({"HostConfig":{"SecurityOpt":["seccomp={}"]},"Labels":{"ours":"1"}})"));
  EXPECT_THAT(Ask(*relay, "POST /containers/create?name=other", R"({ "a": 1 })"), HasSubstr(R"({ "a": 1 })"));
  EXPECT_THAT(Ask(*relay, "POST /containers/web/start"), HasSubstr("200"));
  const absl::StatusOr<RelayReport> report = relay->Finish();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->problems, IsEmpty());
  EXPECT_FALSE(report->engine_gone);
  ASSERT_EQ(report->events.size(), 1u);
  EXPECT_EQ(report->events[0].kind, EngineEventKind::kStart);
  EXPECT_EQ(report->events[0].id, std::string(64, 'a'));
}

TEST_F(EngineRelayTest, ReportsWhatItCouldNotConfine) {
  absl::StatusOr<EngineRelay> relay = EngineRelay::Start(options_);
  ASSERT_TRUE(relay.ok()) << relay.status();
  Ask(*relay, "POST /containers/create?name=web", R"({"HostConfig":{"Privileged":true}})");
  const absl::StatusOr<RelayReport> report = relay->Finish();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->problems, ElementsAre(HasSubstr("privileged")));
}

TEST_F(EngineRelayTest, AnEndWaitsUntilItMayPass) {
  options_.hold_ends = true;
  absl::StatusOr<EngineRelay> relay = EngineRelay::Start(options_);
  ASSERT_TRUE(relay.ok()) << relay.status();
  EXPECT_FALSE(relay->TakeEnd().has_value());
  std::string answer;
  std::thread client([&] { answer = Ask(*relay, "POST /containers/web/stop"); });
  pollfd waiting = {.fd = relay->ends(), .events = POLLIN};
  EXPECT_EQ(poll(&waiting, 1, -1), 1);
  const std::optional<HeldEnd> end = relay->TakeEnd();
  if (end.has_value()) relay->LetPass(*end);
  client.join();
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->container, "web");
  EXPECT_THAT(answer, HasSubstr("200"));
  EXPECT_TRUE(relay->Finish().ok());
}

TEST_F(EngineRelayTest, AnEngineThatGoesIsReported) {
  absl::StatusOr<EngineRelay> relay = EngineRelay::Start(options_);
  ASSERT_TRUE(relay.ok()) << relay.status();
  EXPECT_THAT(Ask(*relay, "GET /version"), HasSubstr("200"));
  engine_.Stop();
  EXPECT_EQ(Ask(*relay, "GET /version").find("200"), std::string::npos);
  const absl::StatusOr<RelayReport> report = relay->Finish();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->engine_gone);
}

TEST_F(EngineRelayTest, WithoutAnEngineThereIsNone) {
  engine_.Stop();
  const absl::Status status = EngineRelay::Start(options_).status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(status.message(), HasSubstr("engine"));
  options_.folder = folder_ + "/none";
  EXPECT_TRUE(absl::IsNotFound(EngineRelay::Start(options_).status()));
}

TEST_F(EngineRelayTest, OneThatIsForgottenEnds) {
  std::string path;
  {
    absl::StatusOr<EngineRelay> relay = EngineRelay::Start(options_);
    ASSERT_TRUE(relay.ok()) << relay.status();
    path = relay->path();
  }
  EXPECT_NE(access(path.c_str(), F_OK), 0);
}

}  // namespace
}  // namespace syscarve
