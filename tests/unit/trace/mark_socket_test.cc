// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/mark_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "userspace/base/unique_fd.h"

namespace syscarve {
namespace {

// Serves until `count` marks were answered; returns their names.
std::vector<std::string> ServeMarks(MarkSocket& marks, size_t count, absl::Status answer = absl::OkStatus()) {
  std::vector<std::string> names;
  while (names.size() < count) {
    std::vector<pollfd> descriptors;
    marks.AddDescriptors(descriptors);
    if (poll(descriptors.data(), descriptors.size(), 10'000) <= 0) return names;
    marks.Serve([&](const std::string& name) {
      names.push_back(name);
      return answer;
    });
  }
  return names;
}

std::string Where(const MarkSocket& marks) {
  const std::string environment = marks.Environment();
  return environment.substr(environment.find('=') + 1);
}

TEST(MarkSocket, AnswersOneMarkAfterAnother) {
  auto marks = MarkSocket::Listen(std::nullopt, std::nullopt);
  ASSERT_TRUE(marks.ok()) << marks.status();
  std::vector<absl::Status> answers;
  std::thread client([&] {
    for (const char* name : {"first", "second test", "\xff\x1b[31m"}) answers.push_back(SendMark(Where(*marks), name));
  });
  const auto names = ServeMarks(*marks, 3);
  client.join();
  EXPECT_EQ(names, (std::vector<std::string>{"first", "second test", "\xff\x1b[31m"}));
  ASSERT_EQ(answers.size(), 3u);
  for (const absl::Status& answer : answers) EXPECT_TRUE(answer.ok()) << answer;
}

TEST(MarkSocket, WorksThroughAnInheritedDescriptor) {
  auto marks = MarkSocket::Connected();
  ASSERT_TRUE(marks.ok()) << marks.status();
  EXPECT_EQ(Where(*marks).substr(0, 3), "fd:");
  absl::Status answer;
  std::thread client([&] { answer = SendMark(Where(*marks), "x"); });
  EXPECT_EQ(ServeMarks(*marks, 1), std::vector<std::string>{"x"});
  client.join();
  EXPECT_TRUE(answer.ok()) << answer;
  marks->CloseInherited();
  EXPECT_FALSE(SendMark(Where(*marks), "y").ok());
}

TEST(MarkSocket, SaysWhyAMarkWasRefused) {
  auto marks = MarkSocket::Listen(std::nullopt, std::nullopt);
  ASSERT_TRUE(marks.ok());
  absl::Status answer;
  std::thread client([&] { answer = SendMark(Where(*marks), "x"); });
  ServeMarks(*marks, 1, absl::InternalError("no\nway"));
  client.join();
  EXPECT_EQ(answer.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(answer.message().find("no way"), absl::string_view::npos) << answer;
}

TEST(MarkSocket, RefusesNamesThatAreNone) {
  for (const std::string& name : {std::string(), std::string("a\nb"), std::string(kMaxMarkName + 1, 'x')}) {
    EXPECT_EQ(SendMark("/nowhere", name).code(), absl::StatusCode::kInvalidArgument) << name;
  }
  EXPECT_FALSE(SendMark("fd:nonsense", "x").ok());
  EXPECT_FALSE(SendMark("fd:-1", "x").ok());
  EXPECT_FALSE(SendMark(std::string(4096, '/'), "x").ok());
  EXPECT_EQ(SendMark("/nowhere/at/all", "x").code(), absl::StatusCode::kFailedPrecondition);
}

TEST(MarkSocket, ClosesWhoSendsALineWithoutEnd) {
  auto marks = MarkSocket::Connected();
  ASSERT_TRUE(marks.ok());
  const int fd = std::stoi(Where(*marks).substr(3));
  const std::string flood(4 * kMaxMarkName, 'x');
  ASSERT_EQ(send(fd, flood.data(), flood.size(), 0), static_cast<ssize_t>(flood.size()));
  marks->Serve([](const std::string&) -> absl::Status { return absl::InternalError("no line was complete"); });
  std::string answer(256, '\0');
  const ssize_t size = recv(fd, answer.data(), answer.size(), 0);
  ASSERT_GT(size, 0);
  EXPECT_EQ(answer.substr(0, 6), "error:");
  EXPECT_EQ(recv(fd, answer.data(), answer.size(), 0), 0);
  std::vector<pollfd> descriptors;
  marks->AddDescriptors(descriptors);
  EXPECT_TRUE(descriptors.empty());
}

UniqueFd ConnectTo(const std::string& path) {
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  EXPECT_EQ(connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  return fd;
}

void Say(const UniqueFd& fd, std::string_view text) {
  EXPECT_EQ(send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

// What has been answered by now; "" when nothing has, "closed" when the other side has hung up.
std::string Answered(const UniqueFd& fd) {
  char text[64];
  const ssize_t size = recv(fd.get(), text, sizeof(text), MSG_DONTWAIT);
  if (size < 0) return errno == EAGAIN ? "" : "closed";
  return size == 0 ? "closed" : std::string(text, static_cast<size_t>(size));
}

TEST(MarkSocket, SilentConnectionsKeepNobodyOut) {
  auto marks = MarkSocket::Listen(std::nullopt, std::nullopt);
  ASSERT_TRUE(marks.ok());
  const auto serve = [&] { marks->Serve([](const std::string&) { return absl::OkStatus(); }); };
  std::vector<UniqueFd> silent;
  for (int i = 0; i < 300; ++i) {
    silent.push_back(ConnectTo(Where(*marks)));
    if (i % 7 == 0) Say(silent.back(), "half a li");
    serve();
  }
  const UniqueFd client = ConnectTo(Where(*marks));
  Say(client, "test\n");
  serve();
  EXPECT_EQ(Answered(client), "ok\n");
  // Still bounded, and the silent longest went.
  std::vector<pollfd> descriptors;
  marks->AddDescriptors(descriptors);
  EXPECT_LE(descriptors.size(), 65u);
  EXPECT_EQ(Answered(silent.front()), "closed");
  EXPECT_EQ(Answered(silent.back()), "");
  Say(silent.back(), "late but heard\n");
  serve();
  EXPECT_EQ(Answered(silent.back()), "ok\n");
}

TEST(MarkSocket, ARequestThatWaitsAtTheDoorIsAnsweredBeforeItsConnectionCouldBeDropped) {
  auto marks = MarkSocket::Listen(std::nullopt, std::nullopt);
  ASSERT_TRUE(marks.ok());
  std::vector<std::string> names;
  const auto serve = [&] {
    marks->Serve([&](const std::string& name) {
      names.push_back(name);
      return absl::OkStatus();
    });
  };
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 60; ++i) {
    clients.push_back(ConnectTo(Where(*marks)));
    Say(clients.back(), std::to_string(i) + "\n");
  }
  for (int i = 0; i < 3; ++i) serve();
  EXPECT_EQ(names.size(), 60u);
  for (const UniqueFd& client : clients) EXPECT_EQ(Answered(client), "ok\n");
}

TEST(MarkSocket, RemovesWhatAKilledRecorderLeft) {
  std::string left;
  int tell[2];
  ASSERT_EQ(pipe(tell), 0);
  const pid_t child = fork();
  if (child == 0) {
    auto marks = MarkSocket::Listen(std::nullopt, std::nullopt);
    const std::string path = marks.ok() ? Where(*marks) : "";
    (void)!write(tell[1], path.data(), path.size());
    _exit(0);  // Without its destructor.
  }
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  left.resize(256);
  left.resize(static_cast<size_t>(std::max<ssize_t>(read(tell[0], left.data(), left.size()), 0)));
  struct stat info;
  ASSERT_EQ(stat(left.c_str(), &info), 0) << left;
  auto marks = MarkSocket::Listen(std::nullopt, std::nullopt);
  ASSERT_TRUE(marks.ok());
  EXPECT_NE(stat(left.c_str(), &info), 0);
  EXPECT_NE(stat(left.substr(0, left.rfind('/')).c_str(), &info), 0);
}

TEST(MarkSocket, LeavesNothingBehind) {
  std::string path;
  struct stat info;
  {
    auto marks = MarkSocket::Listen(std::nullopt, std::nullopt);
    ASSERT_TRUE(marks.ok());
    path = Where(*marks);
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
    MarkSocket moved = *std::move(marks);
    EXPECT_EQ(Where(moved), path);
  }
  EXPECT_NE(stat(path.c_str(), &info), 0);
  EXPECT_NE(stat(path.substr(0, path.rfind('/')).c_str(), &info), 0);
}

}  // namespace
}  // namespace syscarve
