// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/engine_watcher.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "tests/unit/container/fake_engine.h"

namespace syscarve {
namespace {

using std::chrono::milliseconds;

std::string WatchedId(char digit) {
  return std::string(64, digit);
}

std::string Event(std::string_view action, const std::string& id, std::string_view name, std::string_view more = "") {
  return "{\"Type\":\"container\",\"Action\":\"" + std::string(action) + "\",\"Actor\":{\"ID\":\"" + id +
         "\",\"Attributes\":{\"image\":\"bb:1\",\"name\":\"" + std::string(name) + "\"" + std::string(more) +
         "}},\"timeNano\":1795508287653337324}";
}

class EngineWatcherTest : public testing::Test {
 protected:
  void Start() {
    auto started = EngineWatcher::Start(engine_.path(), options_);
    ASSERT_TRUE(started.ok()) << started.status();
    watcher_ = *std::move(started);
  }
  // The engine knows this container and says so when asked.
  void Have(const std::string& id, const std::string& name, int pid = 7) {
    engine_.On(
        "/containers/" + id + "/json",
        FakeEngine::Json("{\"Id\":\"" + id + "\",\"Name\":\"/" + name + "\",\"State\":{\"Pid\":" + std::to_string(pid) +
                         "},\"Config\":{\"Image\":\"bb:1\",\"User\":\"1000\",\"Labels\":{\"name\":\"own\"}}}"));
  }
  void Running(const std::string& id) { engine_.On("/containers/json", FakeEngine::Json("[{\"Id\":\"" + id + "\"}]")); }
  // What is known of `id` once it is all there is to know. No test gets to the deadline.
  std::optional<Container> Wait(const std::string& id) {
    const auto start = std::chrono::steady_clock::now();
    const auto found = watcher_->WaitFor({id}, start + std::chrono::seconds(20));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(15));
    return found.contains(id) ? std::optional(found.at(id)) : std::nullopt;
  }
  // Returns when every event emitted so far has been read.
  void CatchUp() {
    engine_.Emit(Event("destroy", WatchedId('f'), "marker"));
    while (!watcher_->Find(WatchedId('f')).has_value()) std::this_thread::yield();
  }
  bool HasProblem(std::string_view part) const {
    const auto problems = watcher_->problems();
    return std::ranges::any_of(problems, [&](const std::string& each) { return each.find(part) != std::string::npos; });
  }

  EngineWatcherOptions options_ = {
      .first_pause = milliseconds(1), .longest_pause = milliseconds(5), .straggler = milliseconds(10)};
  FakeEngine engine_;
  std::unique_ptr<EngineWatcher> watcher_;
};

TEST_F(EngineWatcherTest, AsksAboutAContainerItHearsOf) {
  Start();
  Have(WatchedId('a'), "web");
  engine_.Emit(Event("create", WatchedId('a'), "web"));
  EXPECT_EQ(Wait(WatchedId('a')), (Container{.id = WatchedId('a'),
                                             .name = "web",
                                             .image = "bb:1",
                                             .runtime = {"runc", "1.1.5"},
                                             .labels = {{"name", "own"}},
                                             .user = "1000",
                                             .health_check = false}));
  EXPECT_TRUE(watcher_->problems().empty());
  EXPECT_EQ(watcher_->Info().default_runtime, "runc");
}

TEST_F(EngineWatcherTest, AsksForEventsFromBeforeItBegan) {
  const auto before = std::chrono::system_clock::now().time_since_epoch();
  Start();
  const std::string target = engine_.WaitForRequest("/events").target;
  const std::string since = "/events?since=";
  ASSERT_TRUE(target.starts_with(since)) << target;
  const double asked = std::atof(target.c_str() + since.size());
  EXPECT_LT(asked, std::chrono::duration<double>(before).count());
  EXPECT_GT(asked, std::chrono::duration<double>(before).count() - 10);
  EXPECT_NE(target.find("&filters=%7B%22type%22%3A%5B%22container%22%5D%7D"), std::string::npos) << target;
}

TEST_F(EngineWatcherTest, KeepsWhatEventsSaidOfAContainerThatIsGone) {
  Start();
  engine_.Emit(Event("create", WatchedId('a'), "brief", R"(,"com.docker.compose.service":"job","exitCode":"0")"));
  engine_.Emit(Event("start", WatchedId('a'), "brief", R"(,"com.docker.compose.service":"job")"));
  engine_.Emit(Event("die", WatchedId('a'), "brief", R"(,"com.docker.compose.service":"job","exitCode":"0")"));
  engine_.Emit(Event("destroy", WatchedId('a'), "brief", R"(,"com.docker.compose.service":"job")"));
  EXPECT_EQ(
      Wait(WatchedId('a')),
      (Container{
          .id = WatchedId('a'), .name = "brief", .image = "bb:1", .labels = {{"com.docker.compose.service", "job"}}}));
  EXPECT_TRUE(watcher_->problems().empty());
}

TEST_F(EngineWatcherTest, WaitsForAnEventThatIsLateAndNotForever) {
  options_.straggler = std::chrono::seconds(10);
  Start();
  // The engine has forgotten it before it is heard of.
  std::thread late([this] {
    engine_.WaitForRequest("/containers/" + WatchedId('a') + "/json");
    engine_.Emit(Event("create", WatchedId('a'), "late"));
  });
  EXPECT_EQ(Wait(WatchedId('a'))->name, "late");
  late.join();
}

TEST_F(EngineWatcherTest, AnIdThatNobodyKnowsIsMissing) {
  Start();
  EXPECT_EQ(Wait(WatchedId('a')), std::nullopt);
  EXPECT_EQ(Wait("../../info"), std::nullopt);
  EXPECT_EQ(watcher_->Find(WatchedId('a')), std::nullopt);
  EXPECT_EQ(engine_.Requests("/info"), 1u);
}

TEST_F(EngineWatcherTest, KnowsWhatRanBefore) {
  Running(WatchedId('a'));
  Have(WatchedId('a'), "old");
  Start();
  engine_.WaitForRequest("/containers/" + WatchedId('a') + "/json");
  EXPECT_EQ(Wait(WatchedId('a'))->name, "old");
  EXPECT_EQ(engine_.Requests("/containers/" + WatchedId('a') + "/json"), 1u);
}

TEST_F(EngineWatcherTest, TheNameIsThatOfTheFirstStart) {
  Start();
  Have(WatchedId('a'), "final", /*pid=*/0);
  engine_.Emit(Event("create", WatchedId('a'), "draft"));
  engine_.Emit(Event("rename", WatchedId('a'), "final", R"(,"oldName":"/draft")"));
  EXPECT_EQ(Wait(WatchedId('a'))->name, "final");
  engine_.Emit(Event("start", WatchedId('a'), "final"));
  engine_.Emit(Event("rename", WatchedId('a'), "0123_final"));
  engine_.Emit(Event("die", WatchedId('a'), "0123_final"));
  engine_.Emit(Event("start", WatchedId('a'), "0123_final"));
  CatchUp();
  EXPECT_EQ(watcher_->Find(WatchedId('a'))->name, "final");
}

TEST_F(EngineWatcherTest, AnAnswerThatComesAfterARenamingDoesNotCount) {
  Start();
  std::atomic<bool> renamed = false;
  engine_.On("/containers/" + WatchedId('a') + "/json", [&](const FakeEngine::Request&) {
    while (!renamed) std::this_thread::yield();
    return FakeEngine::Json("{\"Id\":\"" + WatchedId('a') + "\",\"Name\":\"/0123_web\",\"State\":{\"Pid\":7}}");
  });
  engine_.Emit(Event("create", WatchedId('a'), "web"));
  engine_.Emit(Event("start", WatchedId('a'), "web"));
  engine_.Emit(Event("rename", WatchedId('a'), "0123_web"));
  CatchUp();
  renamed = true;
  EXPECT_EQ(Wait(WatchedId('a'))->name, "web");
}

TEST_F(EngineWatcherTest, TellsWhatWasStartedWhen) {
  constexpr UnixNanos kEventTime = 1795508287653337324;
  Start();
  engine_.Emit(Event("create", WatchedId('a'), "never"));
  engine_.Emit(Event("start", WatchedId('b'), "web"));
  engine_.Emit(Event("die", WatchedId('b'), "web"));
  CatchUp();
  const auto started = watcher_->StartedBetween(kEventTime, kEventTime);
  ASSERT_EQ(started.size(), 1u);
  EXPECT_EQ(started[0].id, WatchedId('b'));
  EXPECT_EQ(started[0].name, "web");
  EXPECT_TRUE(watcher_->StartedBetween(kEventTime + 1, UINT64_MAX).empty());
  EXPECT_TRUE(watcher_->StartedBetween(0, kEventTime - 1).empty());
}

TEST_F(EngineWatcherTest, TwoContainersOfOneNameAreTwo) {
  Start();
  Have(WatchedId('b'), "web");
  for (const char* action : {"create", "start", "die", "destroy"}) engine_.Emit(Event(action, WatchedId('a'), "web"));
  engine_.Emit(Event("create", WatchedId('b'), "web"));
  EXPECT_EQ(Wait(WatchedId('a'))->name, "web");
  EXPECT_EQ(Wait(WatchedId('a'))->user, "");
  EXPECT_EQ(Wait(WatchedId('b'))->user, "1000");
}

TEST_F(EngineWatcherTest, ReadsEventsInAnyPieces) {
  Start();
  Have(WatchedId('a'), "web");
  const std::string lines =
      Event("create", WatchedId('a'), "web") + "\r\n\n" + Event("start", WatchedId('a'), "web") + "\n";
  for (const char c : lines) engine_.EmitRaw(FakeEngine::Chunk(std::string(1, c)));
  EXPECT_EQ(Wait(WatchedId('a'))->name, "web");
  CatchUp();
  EXPECT_TRUE(watcher_->problems().empty());
}

TEST_F(EngineWatcherTest, PassesOverEventsItCannotReadAndLooksWhatRuns) {
  Start();
  engine_.WaitForRequest("/containers/json");
  Have(WatchedId('a'), "web");
  Have(WatchedId('b'), "missed");
  Running(WatchedId('b'));
  engine_.Emit("not json");
  engine_.Emit("[]");
  engine_.Emit("{\"Type\":\"container\",\"Action\":\"start\",\"Actor\":{\"ID\":\"../x\"}}");
  engine_.Emit(std::string(1000, '['));
  engine_.Emit(std::string("\0\xff\x1b", 3));
  engine_.Emit(Event("create", WatchedId('a'), "web"));
  EXPECT_EQ(Wait(WatchedId('a'))->name, "web");
  engine_.WaitForRequest("/containers/" + WatchedId('b') + "/json");
  EXPECT_EQ(Wait(WatchedId('b'))->name, "missed");
  EXPECT_TRUE(HasProblem("cannot be read"));
}

TEST_F(EngineWatcherTest, SkipsAnEventThatIsTooLong) {
  Start();
  Have(WatchedId('a'), "web");
  for (size_t sent = 0; sent <= kMaxEngineEventBytes; sent += 1 << 20) {
    engine_.EmitRaw(FakeEngine::Chunk(std::string(1 << 20, 'x')));
  }
  engine_.Emit("");
  engine_.Emit(Event("create", WatchedId('a'), "web"));
  EXPECT_EQ(Wait(WatchedId('a'))->name, "web");
  EXPECT_TRUE(HasProblem("it is larger than"));
}

TEST_F(EngineWatcherTest, BoundsWhatItComplainsAbout) {
  Start();
  for (int i = 0; i < 200; ++i) engine_.Emit("{\"" + std::to_string(i) + "\"");
  for (int i = 0; i < 200; ++i) engine_.Emit("{" + std::string(i, ' ') + "!");
  CatchUp();
  EXPECT_EQ(watcher_->problems().size(), 64u);
  EXPECT_LE(engine_.Requests("/containers/json"), 17u);
}

TEST_F(EngineWatcherTest, SurvivesARestartOfTheEngine) {
  Start();
  Have(WatchedId('a'), "before");
  engine_.Emit(Event("create", WatchedId('a'), "before"));
  EXPECT_EQ(Wait(WatchedId('a'))->name, "before");
  Running(WatchedId('b'));
  Have(WatchedId('b'), "meanwhile");
  engine_.Restart();
  EXPECT_EQ(Wait(WatchedId('b'))->name, "meanwhile");
  EXPECT_TRUE(HasProblem("the container engine went away"));
  // What is known stays, and what comes is heard of.
  EXPECT_EQ(watcher_->Find(WatchedId('a'))->name, "before");
  Have(WatchedId('c'), "after");
  engine_.Emit(Event("create", WatchedId('c'), "after"));
  EXPECT_EQ(Wait(WatchedId('c'))->name, "after");
}

TEST_F(EngineWatcherTest, AQuestionThatTheEngineDiedOverIsAskedAgain) {
  Start();
  engine_.On("/containers/" + WatchedId('a') + "/json",
             FakeEngine::Reply{.bytes = "HTTP/1.1 200 OK\r\n", .hang = true});
  engine_.Emit(Event("create", WatchedId('a'), "web"));
  engine_.WaitForRequest("/containers/" + WatchedId('a') + "/json");
  engine_.Stop();
  Have(WatchedId('a'), "web");
  engine_.Restart();
  EXPECT_EQ(Wait(WatchedId('a'))->user, "1000");
}

TEST_F(EngineWatcherTest, SubscribesAgainWhenTheStreamEnds) {
  Start();
  for (const bool properly : {true, false}) {
    const size_t count = engine_.Requests("/events");
    engine_.EndEvents(properly);
    engine_.WaitForRequest("/events", count + 1);
  }
  Have(WatchedId('a'), "web");
  engine_.Emit(Event("create", WatchedId('a'), "web"));
  EXPECT_EQ(Wait(WatchedId('a'))->name, "web");
}

TEST_F(EngineWatcherTest, AfterAnInterruptionItAsksForEventsFromTheLastOneOn) {
  Start();
  std::string event = Event("create", WatchedId('a'), "web");
  const std::string time = "1795508287653337324";
  // A little from now: later than all that was asked for at first.
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto later = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count() + 500'000'000;
  engine_.Emit(event.replace(event.find(time), time.size(), std::to_string(later)));
  CatchUp();
  engine_.EndEvents(true);
  const std::string target = engine_.WaitForRequest("/events", 2).target;
  const double asked = std::atof(target.c_str() + std::string("/events?since=").size());
  EXPECT_NEAR(asked, static_cast<double>(later) / 1e9 - 1, 0.01) << target;
}

TEST_F(EngineWatcherTest, ABadAnswerCostsThatContainerOnly) {
  Start();
  Have(WatchedId('d'), "good");
  engine_.On("/containers/" + WatchedId('a') + "/json", FakeEngine::Json("{\"Id\":7}"));
  engine_.On("/containers/" + WatchedId('b') + "/json", FakeEngine::Json("{\"Id\":\"" + WatchedId('c') + "\"}"));
  engine_.On("/containers/" + WatchedId('c') + "/json", FakeEngine::Reply{.bytes = "garbage"});
  for (const char digit : {'a', 'b', 'c', 'd'})
    engine_.Emit(Event("create", WatchedId(digit), std::string("n") + digit));
  EXPECT_EQ(Wait(WatchedId('a'))->name, "na");
  EXPECT_EQ(Wait(WatchedId('b'))->name, "nb");
  EXPECT_EQ(Wait(WatchedId('c'))->name, "nc");
  EXPECT_EQ(Wait(WatchedId('d'))->user, "1000");
  EXPECT_TRUE(HasProblem("container aaaaaaaaaaaa is not fully known"));
  EXPECT_TRUE(HasProblem("container bbbbbbbbbbbb is not fully known"));
  EXPECT_TRUE(HasProblem("container cccccccccccc is not fully known"));
}

TEST_F(EngineWatcherTest, AQuestionWithoutAnAnswerHoldsUpNothingElse) {
  options_.patience = std::chrono::seconds(60);
  Start();
  engine_.On("/containers/" + WatchedId('a') + "/json", FakeEngine::Reply{.bytes = "", .hang = true});
  Have(WatchedId('b'), "good");
  engine_.Emit(Event("create", WatchedId('a'), "hangs"));
  engine_.Emit(Event("create", WatchedId('b'), "good"));
  EXPECT_EQ(Wait(WatchedId('b'))->user, "1000");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(watcher_->WaitFor({WatchedId('a')}, start + milliseconds(20)).at(WatchedId('a')).name, "hangs");
  watcher_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST_F(EngineWatcherTest, TwoHundredAtOnce) {
  Start();
  std::set<std::string> ids;
  for (int i = 0; i < 200; ++i) {
    std::string id = std::to_string(i);
    id.insert(0, 64 - id.size(), '0');
    if (i % 2 == 0) Have(id, "n" + std::to_string(i));
    for (const char* action : {"create", "start", "die", "destroy"})
      engine_.Emit(Event(action, id, "n" + std::to_string(i)));
    ids.insert(id);
  }
  const auto found = watcher_->WaitFor(ids, std::chrono::steady_clock::now() + std::chrono::seconds(20));
  ASSERT_EQ(found.size(), 200u);
  int number = 0;
  for (const auto& [id, container] : found) {
    EXPECT_EQ(container.name, "n" + std::to_string(number));
    EXPECT_EQ(container.user, number % 2 == 0 ? "1000" : "");
    ++number;
  }
  EXPECT_TRUE(watcher_->problems().empty());
}

TEST_F(EngineWatcherTest, SaysWhyItCannotStart) {
  const auto code = [this] { return EngineWatcher::Start(engine_.path(), options_).status().code(); };
  engine_.On("/events", FakeEngine::Json(R"({"message":"no"})", 403));
  EXPECT_EQ(code(), absl::StatusCode::kFailedPrecondition);
  engine_.On("/events", FakeEngine::Reply{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"});
  EXPECT_EQ(code(), absl::StatusCode::kUnavailable);
  engine_.On("/events", FakeEngine::Reply{.bytes = "garbage"});
  EXPECT_EQ(code(), absl::StatusCode::kUnavailable);
  const milliseconds patience = std::exchange(options_.patience, milliseconds(20));
  engine_.On("/events", FakeEngine::Reply{.bytes = "HTTP/1.1 200 OK\r\n", .hang = true});
  EXPECT_EQ(code(), absl::StatusCode::kDeadlineExceeded);
  engine_.On("/info", FakeEngine::Reply{.bytes = "", .hang = true});
  EXPECT_EQ(code(), absl::StatusCode::kDeadlineExceeded);
  // What answers may take its time on a machine under load.
  options_.patience = patience;
  engine_.On("/info", FakeEngine::Json("[]"));
  EXPECT_EQ(code(), absl::StatusCode::kInvalidArgument);
  engine_.Stop();
  EXPECT_EQ(code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(EngineWatcher::Start("", options_).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(EngineWatcherTest, EndsAtOnceWhileTheEngineIsAway) {
  options_.first_pause = options_.longest_pause = std::chrono::seconds(60);
  Start();
  engine_.Stop();
  const auto start = std::chrono::steady_clock::now();
  watcher_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

}  // namespace
}  // namespace syscarve
