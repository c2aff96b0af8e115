// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/image_stream.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/container/fake_engine.h"
#include "userspace/base/concat.h"

namespace syscarve {
namespace {

absl::StatusOr<std::string> ReadAll(const std::string& socket, std::string_view reference) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::unique_ptr<ImageStream> stream, ImageStream::Open(socket, reference));
  std::string all;
  while (true) {
    SYSCARVE_ASSIGN_OR_RETURN(const std::string_view piece, stream->Next());
    if (piece.empty()) return all;
    all += piece;
  }
}

FakeEngine::Reply Tar(const std::string& bytes, size_t announced) {
  return {.bytes = Concat("HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\nContent-Length: ", announced,
                          "\r\n\r\n", bytes)};
}

TEST(ImageStream, GivesAllBytesInTheirOrder) {
  FakeEngine engine;
  std::string tar;
  for (int i = 0; i < 200'000; ++i) tar += std::to_string(i);
  engine.On("/images/docker.io%2Fweb%3A1/get", Tar(tar, tar.size()));
  const auto read = ReadAll(engine.path(), "docker.io/web:1");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(*read == tar);
}

TEST(ImageStream, WhatBreaksOffIsAnError) {
  FakeEngine engine;
  engine.On("/images/web/get", Tar("half", 8));
  EXPECT_EQ(ReadAll(engine.path(), "web").status().code(), absl::StatusCode::kUnavailable);
}

TEST(ImageStream, AnImageThatTheEngineDoesNotKnowIsNotFound) {
  FakeEngine engine;
  EXPECT_EQ(ReadAll(engine.path(), "nginx").status().code(), absl::StatusCode::kNotFound);
}

TEST(ImageStream, ANameThatIsAPathIsNone) {
  FakeEngine engine;
  EXPECT_EQ(ReadAll(engine.path(), "../containers").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadAll(engine.path(), "a/../b").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadAll(engine.path(), "").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ImageStream, NoEngineIsNoMissingImage) {
  EXPECT_EQ(ReadAll("/nowhere/engine.sock", "web").status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace syscarve
