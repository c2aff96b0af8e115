// SPDX-License-Identifier: Apache-2.0
// Modules of SELinux, each of them compiled by secilc against tests/support/selinux_base.cil.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/confine/file_recordings.h"
#include "userspace/emit/emit.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

using testing::HasSubstr;
using testing::Not;

// What secilc says of the module, "" when it compiles.
std::string Objections(const std::string& text) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / ("module-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "module.cil") << text;
  const std::string command =
      "/usr/bin/secilc -M true -o " + (folder / "policy").string() + " -f " + (folder / "contexts").string() +
      " " SYSCARVE_SOURCE_DIR "/tests/support/selinux_base.cil " + (folder / "module.cil").string() + " 2>&1";
  FILE* const pipe = popen(command.c_str(), "r");
  std::string words;
  std::array<char, 4096> buffer;
  for (size_t got; (got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) words.append(buffer.data(), got);
  const int status = pclose(pipe);
  std::filesystem::remove_all(folder);
  return status == 0 ? "" : "exit status " + std::to_string(status) + ": " + words;
}

Emitted Made(const Recording& recording, const EmitOptions& options = {.name = "web", .capabilities = {{}}}) {
  const absl::StatusOr<AccessPolicy> policy = MakeAccessPolicy(std::vector<Recording>{recording}, AccessOptions{});
  EXPECT_TRUE(policy.ok()) << policy.status();
  if (!policy.ok()) return {};
  const absl::StatusOr<Emitted> emitted = EmitSelinux(*policy, options);
  EXPECT_TRUE(emitted.ok()) << emitted.status();
  if (!emitted.ok()) return {};
  EXPECT_EQ(Objections(emitted->text), "") << emitted->text;
  return *emitted;
}

TEST(Selinux, FilesHaveOneTypeByClass) {
  const std::string text =
      Made(WithFiles({{{.path = "/etc/web.conf"}, File(FileUse::kRead)},
                      {{.path = "/usr/bin/web"}, File(FileUse::kExecuted)},
                      {{.path = "/run/web.sock"}, File(FileUse::kCreated, FileKind::kSocket)},
                      {{.path = "/dev/null"}, File(FileUse::kWritten, FileKind::kCharacterDevice)}}))
          .text;
  EXPECT_THAT(text, HasSubstr("(block web\n"));
  EXPECT_THAT(text, HasSubstr("`--security-opt label=type:web.process`"));
  EXPECT_THAT(
      text,
      HasSubstr("(allow process files (file (entrypoint execute execute_no_trans getattr ioctl lock map open read)))"));
  EXPECT_THAT(text, HasSubstr("(allow process files (sock_file (create getattr setattr)))"));
  EXPECT_THAT(text, HasSubstr("(allow process files (dir (add_name getattr search write)))"));
  EXPECT_THAT(text, Not(HasSubstr("files (file (append")));
  EXPECT_THAT(text, Not(HasSubstr("(allow process self (capability ")));
}

TEST(Selinux, VolumesAndTheKernelsFilesHaveTheirOwn) {
  UsedFile data = File(FileUse::kWritten | FileUse::kCreated);
  data.mount = "/var/lib/data";
  data.filesystem = "ext4";
  UsedFile other = data;
  other.mount = "/var/lib/data\n";
  UsedFile setting = File(FileUse::kRead);
  setting.mount = "/srv/root/proc";
  setting.filesystem = "proc";
  const std::string text = Made(WithFiles({{{.path = "/var/lib/data/x"}, data},
                                           {{.path = "/srv/root/proc/sys/net/core/somaxconn"}, setting},
                                           {{.path = "/srv/root/proc/12/stat"}, setting},
                                           {{.path = "/var/lib/data\n/x"}, other},
                                           {{.path = "/proc/sys/kernel/pid_max"}, File(FileUse::kRead)},
                                           {{.path = "/proc/kcore"}, File(FileUse::kRead)},
                                           {{.path = "/proc/7/status"}, File(FileUse::kRead)}}))
                               .text;
  EXPECT_THAT(text, HasSubstr("; Of the volume at /var/lib/data\\n: `chcon -R -t web.volume_var_lib_data DIR`.\n"));
  EXPECT_THAT(text, HasSubstr("; Of the volume at /var/lib/data: `chcon -R -t web.volume_var_lib_data_2 DIR`.\n"));
  EXPECT_THAT(text, HasSubstr("(allow process volume_var_lib_data (file (append create getattr"));
  EXPECT_THAT(text, HasSubstr("(optional kernel_sysctl_kernel_t\n"));
  EXPECT_THAT(text, HasSubstr("(optional kernel_sysctl_net_t\n")) << "below another root";
  EXPECT_THAT(text, HasSubstr("(allow process self (file (getattr ioctl lock map open read)))"));
  EXPECT_THAT(text, HasSubstr("(allow process sysctl_t (dir (getattr search)))")) << "it is on the way";
  EXPECT_THAT(text, Not(HasSubstr("files (file (append")));
}

TEST(Selinux, SocketsAndCapabilities) {
  Recording recording = WithFiles({});
  syscarve::Run run = {.id = std::string(32, '0'), .subjects = {{0, {}}}};
  run.subjects[0].calls[*FindSyscall(Abi::kX86_64, "socket")] = {
      .count = 1,
      .programs = {{0, 1}},
      .arguments =
          SeenArguments{.indexes = {0, 1, 2},
                        .values = {{{AF_INET, SOCK_STREAM, 0}, {0}}, {{AF_NETLINK, SOCK_RAW, NETLINK_GENERIC}, {0}}}}};
  recording.runs.push_back(run);
  recording.subjects[0].hardening->endpoints = {
      {{.use = EndpointUse::kBound, .scope = AddressScope::kAny, .socket_type = SOCK_STREAM, .port = 80}, {0}}};
  const std::string text = Made(recording, {.name = "web", .capabilities = {{"CAP_NET_BIND_SERVICE", "CAP_BPF"}}}).text;
  EXPECT_THAT(text, HasSubstr("(allow process self (tcp_socket (accept append bind"));
  EXPECT_THAT(text, HasSubstr("(allow process port_type (tcp_socket (name_bind)))"));
  EXPECT_THAT(text, Not(HasSubstr("name_connect")));
  EXPECT_THAT(text, HasSubstr("netlink_generic_socket"));
  EXPECT_THAT(text, HasSubstr("(allow process self (capability (net_bind_service)))"));
  EXPECT_THAT(text, HasSubstr("(allow process self (capability2 (bpf)))"));
  EXPECT_THAT(text, Not(HasSubstr("udp_socket")));
}

TEST(Selinux, WhatIsNotKnownIsSaid) {
  Recording recording = WithFiles({});
  recording.subjects[0].kind = SubjectKind::kCommand;
  syscarve::Run run = {.id = std::string(32, '0'), .subjects = {{0, {}}}};
  run.subjects[0].calls[*FindSyscall(Abi::kX86_64, "socket")] = {.count = 1, .programs = {{0, 1}}};
  recording.runs.push_back(run);
  const Emitted made = Made(recording, {.name = "web"});
  EXPECT_EQ(made.warnings.size(), 3U);
  EXPECT_THAT(made.text, HasSubstr("alg_socket"));
}

TEST(Selinux, NamesAreIdentifiers) {
  EXPECT_EQ(SelinuxBlock("web"), "web");
  EXPECT_EQ(SelinuxBlock("we b\n(x)"), "we_b_x");
  EXPECT_EQ(SelinuxBlock("1"), "service_1");
  EXPECT_EQ(SelinuxBlock("\xff"), "service_");
  EXPECT_EQ(SelinuxBlock(std::string(300, 'x')).size(), 64U);
}

TEST(Selinux, HostileNamesCompile) {
  std::mt19937 random(11);
  for (int round = 0; round < 20; ++round) {
    std::map<UsedPath, UsedFile> files;
    for (int i = 0; i < 40; ++i) {
      std::string path = i % 4 == 0 ? "/proc/" : i % 4 == 1 ? "/sys/" : "/";
      for (int j = 0; j < 12; ++j) path += static_cast<char>(1 + random() % 255);
      UsedFile file = File(static_cast<FileUse>(random() % kFileUseCount), static_cast<FileKind>(random() % 8));
      if (i % 5 == 0) file.mount = path;
      if (i % 5 == 0) file.filesystem = "xfs";
      files[{.path = path, .others = random() % 6 == 0}] = file;
    }
    Made(WithFiles(files), {.name = std::string(1, static_cast<char>(1 + random() % 255)), .capabilities = {{}}});
  }
}

}  // namespace
}  // namespace syscarve
