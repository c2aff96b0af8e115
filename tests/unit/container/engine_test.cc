// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/engine.h"

#include <dirent.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <set>
#include <string>

#include "tests/unit/container/fake_engine.h"
#include "userspace/container/http.h"

namespace syscarve {
namespace {

using testing::ElementsAre;

const std::string kAskedId(64, 'a');

// Whether `text` contains `part`, with both shown when it does not.
testing::AssertionResult Says(std::string_view text, std::string_view part) {
  if (text.find(part) != std::string_view::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "\"" << text << "\" does not say \"" << part << "\"";
}

std::string_view Message(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

class EngineTest : public testing::Test {
 protected:
  Engine Connect() {
    const auto connected = Engine::Connect(engine_.path());
    EXPECT_TRUE(connected.ok()) << connected.status();
    return *connected;
  }
  // What comes of listing the containers when the engine answers with `reply`.
  absl::Status ListAgainst(FakeEngine::Reply reply) {
    const Engine engine = Connect();
    engine_.On("/containers/json", std::move(reply));
    return engine.List().status();
  }

  FakeEngine engine_;
};

TEST_F(EngineTest, AsksWhoTheEngineIs) {
  const Engine engine = Connect();
  EXPECT_EQ(engine.Info().name, "docker");
  EXPECT_EQ(engine.Info().version, "20.10.24");
  EXPECT_EQ(engine.Info().runtimes.at("runc").version, "1.1.5");
}

TEST_F(EngineTest, ListsAndInspects) {
  engine_.On("/containers/json", FakeEngine::Json("[{\"Id\":\"" + kAskedId + "\"}]"));
  engine_.On("/containers/web/json",
             FakeEngine::Json("{\"Id\":\"" + kAskedId + "\",\"Name\":\"/web\",\"State\":{\"Pid\":7}}"));
  const Engine engine = Connect();
  EXPECT_EQ(*engine.List(), std::vector<std::string>{kAskedId});
  const auto web = engine.Inspect("web");
  ASSERT_TRUE(web.ok()) << web.status();
  EXPECT_EQ(web->container.name, "web");
  EXPECT_EQ(web->container.runtime, (ContainerRuntime{"runc", "1.1.5"}));
  EXPECT_EQ(web->pid, 7);
}

TEST_F(EngineTest, ToldFromAnotherErrorIsThatThereIsNoSuchContainer) {
  const auto web = Connect().Inspect("web");
  EXPECT_EQ(web.status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(Says(Message(web.status()), "GET /containers/web/json: No such container: x"));
}

TEST_F(EngineTest, KnowsPodmansWordsForAContainerThatGoes) {
  engine_.On("/containers/web/json",
             FakeEngine::Json(R"({"message":"container x does not exist in database: no such container"})", 500));
  EXPECT_EQ(Connect().Inspect("web").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(EngineTest, RemovesAContainerThatJustEnds) {
  engine_.On("/containers/" + kAskedId, [first = true](const FakeEngine::Request&) mutable {
    return std::exchange(first, false) ? FakeEngine::Json(R"({"message":"container state improper: stopped"})", 500)
                                       : FakeEngine::Json("", 200);
  });
  EXPECT_TRUE(Connect().Remove(kAskedId).ok());
  EXPECT_EQ(engine_.Requests("/containers/" + kAskedId), 2u);
}

TEST_F(EngineTest, ANameNeverBecomesAnotherPath) {
  const Engine engine = Connect();
  for (const char* name :
       {"", "..", "../images", "a/b", "a?all=1", "a b", "-a", ".a", "a%2f", "a\r\nX: y", "\xc3\xbc"}) {
    EXPECT_EQ(engine.Inspect(name).status().code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(engine.Start(name).code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(engine.Kill(name).code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(engine.Remove(name).code(), absl::StatusCode::kInvalidArgument) << name;
  }
  EXPECT_EQ(engine.RemoveImage("../containers").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(engine.CreateContainer("{}", "a&b").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(EngineTest, CreatesStartsKillsAndRemoves) {
  engine_.On("/containers/create", FakeEngine::Json("{\"Id\":\"" + kAskedId + "\",\"Warnings\":[]}", 201));
  engine_.On("/containers/" + kAskedId + "/start", FakeEngine::Reply{.bytes = "HTTP/1.1 204 No Content\r\n\r\n"});
  engine_.On("/containers/" + kAskedId + "/kill", FakeEngine::Json(R"({"message":"is not running"})", 409));
  engine_.On("/containers/" + kAskedId, FakeEngine::Reply{.bytes = "HTTP/1.1 204 No Content\r\n\r\n"});
  const Engine engine = Connect();
  EXPECT_EQ(*engine.CreateContainer(R"({"Image":"bb"})", "probe"), kAskedId);
  const FakeEngine::Request create = engine_.WaitForRequest("/containers/create");
  EXPECT_EQ(create.target, "/containers/create?name=probe");
  EXPECT_EQ(create.body, R"({"Image":"bb"})");
  EXPECT_TRUE(Says(create.headers, "Content-Type: application/json\r\n"));
  EXPECT_TRUE(engine.Start(kAskedId).ok());
  EXPECT_EQ(engine_.WaitForRequest("/containers/" + kAskedId + "/start").method, "POST");
  engine_.On("/containers/" + kAskedId + "/start", FakeEngine::Reply{.bytes = "HTTP/1.1 304 Not Modified\r\n\r\n"});
  EXPECT_TRUE(engine.Start(kAskedId).ok());
  const absl::Status kill = engine.Kill(kAskedId);
  EXPECT_EQ(kill.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Says(Message(kill), "is not running"));
  EXPECT_TRUE(engine.Remove(kAskedId).ok());
  const FakeEngine::Request remove = engine_.WaitForRequest("/containers/" + kAskedId);
  EXPECT_EQ(remove.method + " " + remove.target, "DELETE /containers/" + kAskedId + "?force=1&v=1");
}

TEST_F(EngineTest, SignalsStopsAndRestarts) {
  const FakeEngine::Reply done = {.bytes = "HTTP/1.1 204 No Content\r\n\r\n"};
  for (const char* verb : {"kill", "stop", "restart"}) engine_.On("/containers/" + kAskedId + "/" + verb, done);
  const Engine engine = Connect();
  EXPECT_TRUE(engine.Signal(kAskedId, "SIGRTMIN+3").ok());
  EXPECT_EQ(engine_.WaitForRequest("/containers/" + kAskedId + "/kill").target,
            "/containers/" + kAskedId + "/kill?signal=SIGRTMIN%2B3");
  EXPECT_TRUE(engine.Stop(kAskedId, std::chrono::seconds(20)).ok());
  EXPECT_TRUE(engine.Restart(kAskedId, std::chrono::seconds(20)).ok());
  EXPECT_EQ(engine_.WaitForRequest("/containers/" + kAskedId + "/restart").method, "POST");
  EXPECT_EQ(engine.Stop("../x", std::chrono::seconds(1)).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(EngineTest, ExecutesACommandInAContainer) {
  const std::string exec(64, 'e');
  const std::vector<std::string> command = {"sh", "-c", "say \"hello\""};
  engine_.On("/containers/" + kAskedId + "/exec", FakeEngine::Json("{\"Id\":\"" + exec + "\"}", 201));
  engine_.On("/exec/" + exec + "/start", FakeEngine::Reply{.bytes = "HTTP/1.1 200 OK\r\n\r\nits output"});
  engine_.On("/exec/" + exec + "/json", FakeEngine::Json(R"({"Running":false,"ExitCode":3})"));
  const Engine engine = Connect();
  EXPECT_EQ(*engine.Exec(kAskedId, command), 3);
  EXPECT_TRUE(
      Says(engine_.WaitForRequest("/containers/" + kAskedId + "/exec").body, R"("Cmd":["sh","-c","say \"hello\""])"));
  engine_.On("/exec/" + exec + "/json", FakeEngine::Json(R"({"Running":true,"ExitCode":null})"));
  EXPECT_EQ(engine.Exec(kAskedId, command).status().code(), absl::StatusCode::kDeadlineExceeded);
  engine_.On("/exec/" + exec + "/start", FakeEngine::Json(R"({"message":"no such file"})", 400));
  engine_.On("/exec/" + exec + "/json", FakeEngine::Json(R"({"Running":false,"ExitCode":127})"));
  EXPECT_TRUE(Says(Message(engine.Exec(kAskedId, command).status()), "no such file"));
}

TEST_F(EngineTest, ImportsAndRemovesAnImage) {
  const std::string image = "sha256:" + kAskedId;
  engine_.On("/images/create", FakeEngine::Json("{\"status\":\"" + image + "\"}\r\n"));
  engine_.On("/images/" + image + "/tag", FakeEngine::Json("", 201));
  engine_.On("/images/localhost%3A5000%2Fa%3A1", FakeEngine::Json("[]"));
  const Engine engine = Connect();
  // Larger than what libcurl sends without asking.
  const std::string tar(3 << 20, '\0');
  EXPECT_EQ(*engine.ImportImage(tar, "localhost:5000/a:1"), image);
  EXPECT_EQ(engine_.WaitForRequest("/images/create").body, tar);
  const std::string tag = "/images/" + image + "/tag";
  EXPECT_EQ(engine_.WaitForRequest(tag).target, tag + "?repo=localhost%3A5000%2Fa&tag=1");
  EXPECT_TRUE(engine.ImportImage("x", "localhost:5000/a").ok());
  EXPECT_EQ(engine_.WaitForRequest(tag, 2).target, tag + "?repo=localhost%3A5000%2Fa&tag=latest");
  EXPECT_TRUE(engine.RemoveImage("localhost:5000/a:1").ok());
}

TEST_F(EngineTest, LeavesNoImageThatCouldNotBeNamed) {
  const std::string image = "sha256:" + kAskedId;
  engine_.On("/images/create", FakeEngine::Json("{\"status\":\"" + image + "\"}"));
  engine_.On("/images/" + image + "/tag", FakeEngine::Json(R"({"message":"invalid tag"})", 400));
  const auto imported = Connect().ImportImage("x", "a:\n");
  EXPECT_EQ(imported.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(Says(Message(imported.status()), "import the image a:\\n: "));
  EXPECT_EQ(engine_.WaitForRequest("/images/sha256%3A" + kAskedId).method, "DELETE");
}

TEST_F(EngineTest, ReadsAnAnswerInAnyPieces) {
  FakeEngine::Reply chunked = {.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                               .in_single_bytes = true};
  for (const char c : "[{\"Id\":\"" + kAskedId + "\"}]") chunked.bytes += FakeEngine::Chunk(std::string(1, c));
  chunked.bytes += "0\r\n\r\n";
  EXPECT_TRUE(ListAgainst(chunked).ok());
}

TEST_F(EngineTest, GivesAnErrorForEveryBadAnswer) {
  const std::string headers = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
  EXPECT_EQ(ListAgainst({.bytes = ""}).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ListAgainst({.bytes = headers}).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ListAgainst({.bytes = headers + "[{\"Id\""}).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ListAgainst({.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}).code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(ListAgainst({.bytes = "SSH-2.0-OpenSSH_9.2\r\n"}).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ListAgainst({.bytes = std::string(1 << 16, '\xff')}).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ListAgainst(FakeEngine::Json("<html>hello</html>")).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ListAgainst(FakeEngine::Json("{}")).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ListAgainst(FakeEngine::Json("", 500)).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Says(Message(ListAgainst(FakeEngine::Json("oops", 503))), "HTTP status 503"));
  // Nowhere else is it asked, wherever the answer points.
  EXPECT_EQ(ListAgainst({.bytes = "HTTP/1.1 302 Found\r\nLocation: /info\r\nContent-Length: 0\r\n\r\n"}).code(),
            absl::StatusCode::kFailedPrecondition);
}

// Headers without an end are no answer with an empty body: an engine that dies is asked again.
TEST_F(EngineTest, AnAnswerThatBreaksOffIsNone) {
  EXPECT_TRUE(absl::IsUnavailable(ListAgainst({.bytes = "HTTP/1.1 200 OK\r\n"})));
}

TEST_F(EngineTest, AnErrorShowsNothingThatATerminalActsOn) {
  const absl::Status status = ListAgainst(FakeEngine::Json("{\"message\":\"\\u001b[2J\\nroot# \"}", 500));
  EXPECT_TRUE(Says(Message(status), "\\x1b[2J\\nroot# "));
}

TEST_F(EngineTest, StopsReadingBeyondTheLimit) {
  engine_.On("/endless", FakeEngine::Reply{.bytes = "HTTP/1.1 200 OK\r\n\r\n" + std::string(1 << 20, 'x')});
  const auto answer = Exchange(engine_.path(), {.path = "/endless", .max_answer_bytes = 1000});
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kResourceExhausted);
  // A long refusal is a refusal.
  engine_.On("/endless", FakeEngine::Reply{.bytes = "HTTP/1.1 500 X\r\n\r\n" + std::string(1 << 20, 'x')});
  EXPECT_EQ(Exchange(engine_.path(), {.path = "/endless"}).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(EngineTest, DoesNotWaitForever) {
  engine_.On("/silent", FakeEngine::Reply{.bytes = "HTTP/1.1 200 OK\r\n", .hang = true});
  const auto answer = Exchange(engine_.path(), {.path = "/silent", .timeout = std::chrono::milliseconds(20)});
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(Says(Message(answer.status()), "no answer within 20 ms. Hint: The engine listens"));
}

TEST_F(EngineTest, SaysThatNobodyListens) {
  engine_.Stop();
  const auto gone = Engine::Connect(engine_.path());
  EXPECT_EQ(gone.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(Says(Message(gone.status()), "No such file or directory. Hint: "));
  EXPECT_EQ(Engine::Connect("").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Engine::Connect(std::string(200, 'x')).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Engine::Connect("/dev/null").status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(EngineTest, DoesNotAskTheProxyOfTheEnvironment) {
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  setenv("ALL_PROXY", "socks5://127.0.0.1:1", 1);
  EXPECT_TRUE(Engine::Connect(engine_.path()).ok());
  unsetenv("http_proxy");
  unsetenv("ALL_PROXY");
}

std::set<std::string> InheritableDescriptors() {
  std::set<std::string> descriptors;
  DIR* folder = opendir("/proc/self/fd");
  while (const dirent* entry = readdir(folder)) {
    const int flags = fcntl(std::atoi(entry->d_name), F_GETFD);
    if (entry->d_name[0] != '.' && flags >= 0 && (flags & FD_CLOEXEC) == 0) descriptors.insert(entry->d_name);
  }
  closedir(folder);
  return descriptors;
}

TEST_F(EngineTest, LeavesNoDescriptorToARecordedCommand) {
  const std::set<std::string> before = InheritableDescriptors();
  std::set<std::string> during;
  engine_.On("/info", [&](const FakeEngine::Request&) {
    during = InheritableDescriptors();
    return FakeEngine::Json("{}");
  });
  EXPECT_TRUE(Engine::Connect(engine_.path()).ok());
  EXPECT_EQ(during, before);
}

TEST_F(EngineTest, TheUserChoosesTheSocket) {
  const std::string usual[] = {"/nonexistent/docker.sock", "/dev/null", engine_.path()};
  EXPECT_THAT(*ChooseEngineSockets(std::nullopt, usual), ElementsAre(engine_.path()));
  EXPECT_THAT(*ChooseEngineSockets("", usual), ElementsAre(engine_.path()));
  EXPECT_THAT(*ChooseEngineSockets("unix:///run/user/1000/docker.sock", usual),
              ElementsAre("/run/user/1000/docker.sock"));
  for (const char* remote : {"tcp://10.0.0.1:2376", "ssh://host", "unix://", "/run/docker.sock"}) {
    EXPECT_EQ(ChooseEngineSockets(remote, usual).status().code(), absl::StatusCode::kInvalidArgument) << remote;
  }
  const auto none = ChooseEngineSockets(std::nullopt, std::span(usual).first(2));
  EXPECT_EQ(none.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Says(Message(none.status()), "listens at /nonexistent/docker.sock nor at /dev/null. Hint: "));
}

TEST_F(EngineTest, EveryUsualEngineIsMeant) {
  const FakeEngine podman;
  const std::string usual[] = {engine_.path(), podman.path()};
  EXPECT_THAT(*ChooseEngineSockets(std::nullopt, usual), ElementsAre(engine_.path(), podman.path()));
}

TEST(EncodeForUrl, LeavesOnlyWhatMeansNothing) {
  EXPECT_EQ(EncodeForUrl("a-b.c_d~9"), "a-b.c_d~9");
  EXPECT_EQ(EncodeForUrl("a/?&=%\n\xff"), "a%2F%3F%26%3D%25%0A%FF");
}

}  // namespace
}  // namespace syscarve
