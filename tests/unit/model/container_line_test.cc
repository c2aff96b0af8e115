// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/container_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syscarve {
namespace {

using testing::HasSubstr;

constexpr JsonLimits kLimits = {.bytes = 1 << 20, .values = 10000, .depth = 16};

ContainerLine Read(std::string_view text, std::string& error) {
  const absl::StatusOr<JsonValue> value = ParseStrictJson(text, kLimits);
  EXPECT_TRUE(value.ok()) << value.status();
  const JsonReader root(*value, &error);
  return ReadContainerLine(root);
}

std::string ErrorOf(std::string_view text) {
  std::string error;
  (void)Read(text, error);
  return error;
}

TEST(ContainerLineTest, ComesBackAsItWas) {
  ContainerLine line;
  for (int step = 0; step < 2; ++step) {
    std::string error;
    EXPECT_EQ(Read(PrintCompactJson(ContainerLineToJson(line)), error), line);
    EXPECT_EQ(error, "");
    line.no_new_privileges = true;
    line.user = "a\xff";
    line.read_only_root = true;
    line.writable = {{"/run", {.size = "16m", .executable = true}}, {"/a\n\xfe%", {.volume = true}}};
    line.cap_add = {"CAP_CHOWN"};
    line.memory_bytes = uint64_t{1} << 40;
    line.cpu_milli = 250;
    line.pids = 64;
    line.open_files = 1024;
    line.no_network = true;
    line.private_ipc = true;
    line.devices = {"/dev/kvm"};
    line.sysctls = {{"a.b", "0"}};
    line.apparmor = "web";
    line.selinux_type = "web_t";
  }
}

TEST(ContainerLineTest, RefusesWhatIsNotWritten) {
  EXPECT_THAT(ErrorOf(R"({"memory_bytes": 0})"), HasSubstr("memory_bytes"));
  EXPECT_THAT(ErrorOf(R"({"other": 1})"), HasSubstr("unknown field"));
  EXPECT_THAT(ErrorOf(R"({"writable": {}})"), HasSubstr("goes with read_only_root"));
  EXPECT_THAT(ErrorOf(R"({"read_only_root": true, "writable": {"run": {"kind": "tmpfs"}}})"),
              HasSubstr("absolute path"));
  EXPECT_THAT(ErrorOf(R"({"read_only_root": true, "writable": {"/run": {"kind": "bind"}}})"), HasSubstr("expected"));
  EXPECT_THAT(ErrorOf(R"({"read_only_root": true, "writable": {"/run": {"kind": "tmpfs", "size": "1m,exec"}}})"),
              HasSubstr("expected a size"));
  EXPECT_THAT(ErrorOf(R"({"cap_add": ["CAP_NONE_SUCH"]})"), HasSubstr("no capability"));
}

TEST(ContainerLineTest, OptionsOfATmpfs) {
  EXPECT_EQ(TmpfsOptions({}), "rw,nosuid,nodev,noexec,mode=1777");
  EXPECT_EQ(TmpfsOptions({.size = "64m", .executable = true}), "rw,nosuid,nodev,exec,size=64m,mode=1777");
}

}  // namespace
}  // namespace syscarve
