// SPDX-License-Identifier: Apache-2.0
// Profiles of AppArmor, each of them compiled by AppArmor's own parser, which needs no kernel with AppArmor for that.
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

namespace syscarve {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Compiled {
  int status = -1;
  std::string words;
};

// What the parser says of `text`. `dump` is one of its own words for what it prints.
Compiled Compile(const std::string& text, const std::string& dump = "") {
  const std::string path =
      (std::filesystem::path(testing::TempDir()) / ("profile-" + std::to_string(getpid()) + ".apparmor")).string();
  std::ofstream(path) << text;
  const std::string command =
      "/usr/sbin/apparmor_parser -Q -K " + (dump.empty() ? "" : "-D " + dump + " ") + path + " 2>&1";
  Compiled compiled;
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return compiled;
  std::array<char, 4096> buffer;
  for (size_t got; (got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) compiled.words.append(buffer.data(), got);
  compiled.status = pclose(pipe);
  std::filesystem::remove(path);
  return compiled;
}

Emitted Made(const Recording& recording, const EmitOptions& options = {.name = "web", .capabilities = {{}}},
             const AccessOptions& access = {}) {
  const absl::StatusOr<AccessPolicy> policy = MakeAccessPolicy(std::vector<Recording>{recording}, access);
  EXPECT_TRUE(policy.ok()) << policy.status();
  if (!policy.ok()) return {};
  const absl::StatusOr<Emitted> emitted = EmitApparmor(*policy, options);
  EXPECT_TRUE(emitted.ok()) << emitted.status();
  if (!emitted.ok()) return {};
  const Compiled compiled = Compile(emitted->text);
  EXPECT_EQ(compiled.status, 0) << compiled.words << "\n" << emitted->text;
  return *emitted;
}

TEST(Apparmor, RightsAreThoseOfTheUses) {
  const std::string text =
      Made(
          WithFiles({
              {{.path = "/etc/web.conf"}, File(FileUse::kRead)},
              {{.path = "/etc/web.d"}, File(FileUse::kRead, FileKind::kDirectory)},
              {{.path = "/srv/made"}, File(FileUse::kCreated, FileKind::kDirectory)},
              {{.path = "/srv/log"}, File(FileUse::kWritten)},
              {{.path = "/srv/gone"}, File(FileUse::kRemoved)},
              {{.path = "/srv/odd"}, File(FileUse::kRead, FileKind::kUnknown)},
              {{.path = "/srv/run"}, File(FileUse::kExecuted, FileKind::kUnknown)},
              {{.path = "/srv/spool", .others = true}, File(FileUse::kCreated | FileUse::kRemoved, FileKind::kUnknown)},
              {{.path = "/usr/bin/web"}, File(FileUse::kExecuted)},
              {{.path = "/usr/lib/libz.so.1"}, File(FileUse::kRead | FileUse::kMapped)},
              {{.path = "/run/db.sock"}, File(FileUse::kConnected, FileKind::kSocket)},
              {{.path = "/proc/7/status"}, File(FileUse::kRead)},
              {{.path = "/usr/share/zoneinfo/Europe"}, File(FileUse::kRead, FileKind::kDirectory)},
              {{.path = "/"}, File(FileUse::kRead, FileKind::kDirectory)},
          }))
          .text;
  for (const char* line : {"  /etc/web.conf r,\n",
                           "  /etc/web.d/ r,\n",
                           "  /srv/made/ w,\n",
                           "  /srv/log w,\n",
                           "  /srv/gone w,\n",
                           "  /srv/odd r,\n",
                           "  /srv/odd/ r,\n",
                           "  /srv/spool/* w,\n",
                           "  /srv/spool/*/ w,\n",
                           "  /usr/bin/web mrix,\n",
                           "  /usr/lib/libz.so* mr,\n",
                           "  /run/db.sock rw,\n",
                           "  @{PROC}/@{pid}/status r,\n",
                           "  /usr/share/zoneinfo/** r,\n",
                           "  / r,\n",
                           "  /dev/null rw,\n",
                           "  deny mount,\n",
                           "  deny /sys/** wklx,\n",
                           "profile web flags=(attach_disconnected,mediate_deleted) {\n",
                           "abi <abi/3.0>,\n",
                           "  signal (receive) peer=runc,\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, Not(HasSubstr("/srv/run/")));
  EXPECT_THAT(text, Not(HasSubstr("/usr/share/zoneinfo/**/ ")));
  EXPECT_THAT(text, Not(HasSubstr("\n  capability")));
}

TEST(Apparmor, HabitsGiveLocksLinksAndReadsOfOldNames) {
  const std::map<UsedPath, UsedFile> files = {{{.path = "/srv/a"}, File(FileUse::kWritten | FileUse::kCreated)},
                                              {{.path = "/srv/b"}, File(FileUse::kRemoved)},
                                              {{.path = "/srv/c"}, File(FileUse::kWritten, FileKind::kRegular, 1)},
                                              {{.path = "/srv/d"}, File(FileUse::kRead, FileKind::kDirectory)}};
  Recording recording = WithFiles(files);
  AddCall(recording, "flock");
  AddCall(recording, "link");
  AddCall(recording, "rename");
  const std::string text = Made(recording).text;
  EXPECT_THAT(text, HasSubstr("  /srv/a wkl,\n"));
  EXPECT_THAT(text, HasSubstr("  /srv/b rw,\n"));
  EXPECT_THAT(text, HasSubstr("  /srv/c w,\n")) << "another program locks";
  EXPECT_THAT(text, HasSubstr("  /srv/d/ r,\n"));
}

TEST(Apparmor, SocketsByFamilyAndType) {
  Recording recording = WithFiles({});
  AddCall(
      recording, "socket",
      SeenArguments{.indexes = {0, 1, 2},
                    .values = {{{AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0}, {0}}, {{AF_MAX + 1, SOCK_RAW, 0}, {0}}}});
  const Emitted made = Made(recording);
  for (const char* line : {"  network inet stream,\n", "  network inet6 stream,\n", "  network netlink raw,\n",
                           "  network unix stream,\n", "  unix peer=(label=web),\n"}) {
    EXPECT_THAT(made.text, HasSubstr(line));
  }
  EXPECT_THAT(made.text, Not(HasSubstr("dgram")));
  ASSERT_EQ(made.warnings.size(), 1U);
  EXPECT_THAT(made.warnings[0], HasSubstr("no word in this language"));
  AddCall(recording, "socket");
  EXPECT_THAT(Made(recording).text, HasSubstr("  network,\n"));
  Recording abstract = WithFiles({});
  abstract.subjects[0].hardening->endpoints = {
      {{.use = EndpointUse::kConnected, .family = AddressFamily::kUnixAbstract, .socket_type = SOCK_DGRAM}, {0}}};
  EXPECT_THAT(Made(abstract).text, HasSubstr("  unix,\n"));
  EXPECT_THAT(Made(abstract).text, HasSubstr("  network unix dgram,\n"));
}

TEST(Apparmor, CapabilitiesAreThoseThatAreNeeded) {
  const std::string text =
      Made(WithFiles({}), {.name = "web", .capabilities = {{"CAP_NET_BIND_SERVICE", "CAP_CHOWN"}}}).text;
  EXPECT_THAT(text, HasSubstr("  capability chown,\n  capability net_bind_service,\n"));
  const Emitted unknown = Made(WithFiles({}), {.name = "web"});
  EXPECT_THAT(unknown.text, HasSubstr("  capability,\n"));
  ASSERT_EQ(unknown.warnings.size(), 1U);
}

TEST(Apparmor, MountsAndOtherRareThings) {
  Recording recording = WithFiles({{{.path = "/mnt/a b"}, File(FileUse::kMounted, FileKind::kDirectory)},
                                   {{.path = "/proc/sys/vm/x"}, File(FileUse::kWritten)}});
  AddCall(recording, "pivot_root");
  AddCall(recording, "ptrace");
  const std::string text = Made(recording).text;
  EXPECT_THAT(text, HasSubstr("  mount -> \"/mnt/a b/\",\n"));
  EXPECT_THAT(text, HasSubstr("  umount \"/mnt/a b/\",\n"));
  EXPECT_THAT(text, HasSubstr("  pivot_root,\n"));
  EXPECT_THAT(text, HasSubstr("  ptrace (read, readby, trace, tracedby) peer=web,\n"));
  EXPECT_THAT(text, Not(HasSubstr("deny mount")));
  EXPECT_THAT(text, Not(HasSubstr("deny @{PROC}/sys/**"))) << "a deny rule would be stronger";
  EXPECT_THAT(text, HasSubstr("deny @{PROC}/kcore rwklx,\n"));
}

TEST(Apparmor, NamesAreWhatThePartiesTake) {
  EXPECT_EQ(ApparmorName("web-1.2_x"), "web-1.2_x");
  EXPECT_EQ(ApparmorName("we b\n\xff/"), "we_b___");
  EXPECT_EQ(ApparmorName("-x"), "p-x");
  EXPECT_EQ(ApparmorName(""), "p");
  EXPECT_EQ(ApparmorName("unconfined"), "unconfined_service");
  EXPECT_EQ(ApparmorName("docker-default"), "docker-default_service");
  EXPECT_EQ(ApparmorName(std::string(300, 'x')).size(), 100U);
  for (const std::string name : {"//null", "@{PROC}", "a//b", "\"", ":ns:x", "&a"}) {
    Made(WithFiles({}), {.name = name, .capabilities = {{}}});
  }
}

// What the parser's own engine is given for a path is a literal for each of its bytes.
TEST(Apparmor, EveryByteOfAPathIsItself) {
  // One profile of all, as most of a test is the parser's start: a number at the end tells them apart.
  std::map<UsedPath, UsedFile> files;
  for (int byte = 1; byte < 256; ++byte) {
    if (byte == '/') continue;
    files[{.path = std::string("/first") + static_cast<char>(byte) + "last" + std::to_string(byte)}] =
        File(FileUse::kRead);
  }
  const std::string dump =
      Compile(Made(WithFiles(files), {.name = "web", .capabilities = {{}}}, {.generalise = false}).text, "rule-exprs")
          .words;
  for (const auto& [path, file] : files) {
    const size_t end = dump.find(path.path.substr(7) + " (");
    ASSERT_NE(end, std::string::npos) << path.path;
    constexpr std::string_view kStart = "->  /first";
    const size_t start = dump.rfind(kStart, end) + kStart.size();
    const std::string words = dump.substr(start, end - start);
    const char byte = path.path[6];
    // As the parser prints a byte of a pattern: itself, escaped, or in brackets.
    std::array<char, 8> hex;
    (void)snprintf(hex.data(), hex.size(), "\\x%x", static_cast<unsigned char>(byte));
    const std::map<char, std::string> named = {{'\a', "\\a"}, {'\033', "\\e"}, {'\f', "\\f"},
                                               {'\n', "\\n"}, {'\r', "\\r"},   {'\t', "\\t"}};
    const auto name = named.find(byte);
    const std::vector<std::string> expected = {std::string(1, byte), std::string("\\") + byte,
                                               std::string("[") + byte + "]", hex.data(),
                                               name == named.end() ? "" : name->second};
    EXPECT_THAT(expected, testing::Contains(words)) << "byte " << static_cast<int>(static_cast<unsigned char>(byte));
    if (byte == '?' || byte == '*' || byte == '[') EXPECT_NE(words, std::string(1, byte)) << "it would be a pattern";
  }
}

TEST(Apparmor, HostileNamesCompile) {
  std::mt19937 random(7);
  constexpr std::string_view kBytes = "*?[]{}^@{}\"\\,# \t\n\r\x01\x7f\xff\xc3\xa4/.$()|+-:;=<>!~&%'`aZ0{@{PROC}";
  for (int round = 0; round < 40; ++round) {
    std::map<UsedPath, UsedFile> files;
    for (int i = 0; i < 25; ++i) {
      std::string path = "/";
      const size_t length = random() % 60;
      for (size_t j = 0; j < length; ++j) {
        const char c = kBytes[random() % kBytes.size()];
        if (c != '/' || !path.ends_with('/')) path += c;
      }
      if (path.size() > 1 && path.ends_with('/')) path.pop_back();
      files[{.path = path, .others = random() % 6 == 0}] =
          File(static_cast<FileUse>(random() % kFileUseCount), static_cast<FileKind>(random() % 8), random() % 2);
    }
    Recording recording = WithFiles(files);
    recording.programs[1].path = "/bin/\"\n}\nprofile x {";
    Made(recording);
  }
}

TEST(Apparmor, AProfileOfSeccompSaysNothingOfFiles) {
  EXPECT_FALSE(Emit(OutputFormat::kApparmor, {}, {}).ok());
  EXPECT_FALSE(Emit(OutputFormat::kSelinux, {}, {}).ok());
  EXPECT_EQ(OutputFormatSuffix(OutputFormat::kApparmor), ".apparmor");
  EXPECT_EQ(OutputFormatSuffix(OutputFormat::kSelinux), ".cil");
  EXPECT_EQ(OutputFormatFromName("apparmor"), OutputFormat::kApparmor);
}

}  // namespace
}  // namespace syscarve
