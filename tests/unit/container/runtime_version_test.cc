// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/runtime_version.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace syscarve {
namespace {

TEST(RuntimeVersionTest, ReadsTheFirstLine) {
  EXPECT_EQ(ParseRuntimeVersion("runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1+deb12u1\n"),
            (ContainerRuntime{.name = "runc", .version = "1.1.5"}));
  EXPECT_EQ(ParseRuntimeVersion("crun version 1.8.1\n"), (ContainerRuntime{.name = "crun", .version = "1.8.1"}));
  EXPECT_EQ(ParseRuntimeVersion("runc version 1.2.0-rc.1"),
            (ContainerRuntime{.name = "runc", .version = "1.2.0-rc.1"}));
}

TEST(RuntimeVersionTest, DoesNotTakeOtherTextsForOne) {
  for (const char* text : {"", "runc", "runc version", "version 1", "Python 3.11.2", "a/b version 1",
                           "runc version ../1", "runc version +ds1", "\x1b[m version 1", "\nrunc version 1.1.5"}) {
    EXPECT_EQ(ParseRuntimeVersion(text), std::nullopt) << text;
  }
}

class AskTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "syscarve-runtime-test-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Script(std::string_view body) const {
    const std::string path = folder_ + "/runtime";
    std::ofstream(path) << "#!/bin/sh\n" << body << "\n";
    chmod(path.c_str(), 0755);
    return path;
  }

  std::string folder_;
};

TEST_F(AskTest, ExecutesIt) {
  const auto runtime = AskRuntimeVersion(Script("[ \"$1\" = --version ] && echo 'runc version 1.3.3+x'"));
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  EXPECT_EQ(*runtime, (ContainerRuntime{.name = "runc", .version = "1.3.3"}));
}

TEST_F(AskTest, SaysWhyNot) {
  EXPECT_EQ(AskRuntimeVersion(folder_ + "/none").status().code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(AskRuntimeVersion(Script("echo hello")).ok());
  EXPECT_FALSE(AskRuntimeVersion(Script("exec cat /dev/zero")).ok()) << "more than is read";
}

}  // namespace
}  // namespace syscarve
