// SPDX-License-Identifier: Apache-2.0
// What AppArmor and SELinux log, as recordings. The lines are a Linux 6.1's.
#include "userspace/read/lsm_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <map>
#include <string>

#include "userspace/model/recording_json.h"
#include "userspace/model/syscall_table.h"
#include "userspace/read/audit.h"
#include "userspace/read/recording_reader.h"

namespace syscarve {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Key;
using testing::Pair;
using testing::SizeIs;

Recording Read(const std::string& text) {
  const absl::StatusOr<Recording> recording = ReadRecordingText(text, Abi::kX86_64);
  EXPECT_TRUE(recording.ok()) << recording.status();
  if (!recording.ok()) return {};
  const auto again = ParseRecording(FormatRecording(*recording));
  EXPECT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, *recording);
  EXPECT_FALSE(recording->complete()) << "audit is never complete";
  return *recording;
}

std::string Apparmor(std::string_view fields, std::string_view verdict = "DENIED") {
  return "[   54.023895] audit: type=1400 audit(1795968699.240:806): apparmor=\"" + std::string(verdict) + "\" " +
         std::string(fields) + "\n";
}

std::string File(std::string_view operation, std::string_view name, std::string_view mask) {
  return Apparmor("operation=\"" + std::string(operation) + "\" profile=\"web\" name=" + std::string(name) +
                  " pid=195 comm=\"sh\" requested_mask=\"" + std::string(mask) + "\" denied_mask=\"" +
                  std::string(mask) + "\" fsuid=0 ouid=0");
}

std::string Vector(std::string_view permissions, std::string_view rest, std::string_view verdict = "denied") {
  return "type=AVC msg=audit(1700000000.101:11): avc:  " + std::string(verdict) + "  { " + std::string(permissions) +
         " } for  pid=7 comm=\"cat\" " + std::string(rest) + "\n";
}

// "/etc/passwd", "/srv others" and their uses, of all programs together.
std::map<std::string, FileUses> Files(const Recording& recording) {
  std::map<std::string, FileUses> files;
  if (recording.subjects.empty() || !recording.subjects[0].hardening.has_value()) return files;
  for (const auto& [path, file] : recording.subjects[0].hardening->files) {
    for (const auto& [program, uses] : file.uses) files[path.path] |= uses;
  }
  return files;
}

std::map<std::string, uint64_t> Losses(const Recording& recording) {
  std::map<std::string, uint64_t> losses;
  for (const Loss& loss : recording.losses) losses[loss.what] = loss.count;
  return losses;
}

TEST(Apparmor, FilesByTheirMasks) {
  const Recording recording = Read(
      File("open", "\"/etc/web.conf\"", "r") + File("open", "\"/srv/log\"", "wc") + File("open", "\"/srv/log\"", "a") +
      File("exec", "\"/usr/bin/rm\"", "x") + File("file_mmap", "\"/usr/lib/libc.so.6\"", "rm") +
      File("mkdir", "\"/srv/made/\"", "c") + File("unlink", "\"/srv/gone\"", "d") +
      File("rename_src", "\"/srv/old\"", "wrd") + File("rename_dest", "\"/srv/new\"", "wc") +
      File("chmod", "\"/srv/mode\"", "w") + File("connect", "\"/run/db.sock\"", "wr") +
      File("open", "2F746D702F610A62", "r") + File("mount", "\"/mnt/\"", ""));
  EXPECT_THAT(Files(recording),
              ElementsAre(Pair("/etc/web.conf", FileUse::kRead), Pair("/mnt", FileUse::kMounted),
                          Pair("/run/db.sock", FileUse::kConnected | FileUse::kRead),
                          Pair("/srv/gone", FileUse::kRemoved), Pair("/srv/log", FileUse::kWritten | FileUse::kCreated),
                          Pair("/srv/made", FileUse::kCreated), Pair("/srv/mode", FileUse::kChanged),
                          Pair("/srv/new", FileUse::kCreated), Pair("/srv/old", FileUse::kRead | FileUse::kRemoved),
                          Pair("/tmp/a\nb", FileUse::kRead), Pair("/usr/bin/rm", FileUse::kExecuted),
                          Pair("/usr/lib/libc.so.6", FileUse::kRead | FileUse::kMapped)));
  EXPECT_EQ(recording.subjects[0].name, "web");
  EXPECT_EQ(recording.subjects[0].hardening->files.at({.path = "/srv/made"}).kind, FileKind::kDirectory);
  EXPECT_THAT(Losses(recording), ElementsAre(Key("unreliable_log")));
}

TEST(Apparmor, WhatWasAllowedAndWhatWasRefusedWasWanted) {
  const std::string open = "operation=\"open\" profile=\"web//null-/bin/cat\" name=\"/a\" requested_mask=\"r\"";
  EXPECT_THAT(Files(Read(Apparmor(open, "ALLOWED"))), ElementsAre(Key("/a")));
  EXPECT_THAT(Files(Read(Apparmor(open, "DENIED"))), ElementsAre(Key("/a")));
  EXPECT_FALSE(ReadRecordingText(Apparmor("operation=\"profile_load\" profile=\"unconfined\" name=\"web\"", "STATUS"),
                                 Abi::kX86_64)
                   .ok());
}

TEST(Apparmor, LocksAndLinksAreCalls) {
  const Recording recording = Read(File("file_lock", "\"/srv/a\"", "k") + File("link", "\"/srv/b\"", "l"));
  const auto calls = recording.runs.at(0).subjects.at(0).calls;
  EXPECT_TRUE(calls.contains(*FindSyscall(Abi::kX86_64, "flock")));
  EXPECT_TRUE(calls.contains(*FindSyscall(Abi::kX86_64, "linkat")));
}

TEST(Apparmor, SocketsAndCapabilities) {
  const Recording recording = Read(
      Apparmor("operation=\"create\" profile=\"web\" pid=1 comm=\"x\" family=\"inet\" sock_type=\"stream\" protocol=6 "
               "requested_mask=\"create\" denied_mask=\"create\"") +
      Apparmor(
          "operation=\"create\" profile=\"web\" pid=1 comm=\"x\" family=\"netlink\" sock_type=\"raw\" protocol=16") +
      Apparmor("operation=\"capable\" profile=\"web\" pid=1 comm=\"x\" capability=24  capname=\"sys_resource\"") +
      Apparmor("operation=\"capable\" info=\"optional: no audit\" error=-1 profile=\"web\" pid=1 comm=\"x\" "
               "capability=12  capname=\"net_admin\""));
  const SubjectTrace trace = recording.runs.at(0).subjects.at(0);
  const Observation& seen = trace.calls.at(*FindSyscall(Abi::kX86_64, "socket"));
  ASSERT_TRUE(seen.arguments.has_value());
  EXPECT_FALSE(seen.arguments->open);
  EXPECT_THAT(seen.arguments->values, ElementsAre(Key(ElementsAre(AF_INET, SOCK_STREAM, 0)),
                                                  Key(ElementsAre(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC))));
  EXPECT_THAT(trace.capabilities, ElementsAre(Key(24)));
  EXPECT_EQ(recording.method.capabilities, "audit");
}

TEST(Apparmor, TheProgramIsTheCallsRecords) {
  const Recording recording =
      Read(File("open", "\"/a\"", "r") +
           "type=SYSCALL msg=audit(1795968699.240:806): arch=c000003e syscall=257 comm=\"sh\" exe=\"/usr/bin/dash\"\n");
  ASSERT_THAT(recording.programs, SizeIs(1));
  EXPECT_EQ(recording.programs[0].path, "/usr/bin/dash");
}

TEST(Apparmor, HostileLinesAreLosses) {
  const Recording recording =
      Read(File("open", "\"/ok\"", "r") + File("open", "\"relative\"", "r") + File("open", "\"/a/../b\"", "r") +
           File("open", "2F0", "r") + File("open", "2F6100", "r") +
           File("open", "\"/" + std::string(100'000, 'a') + "\"", "r") + File("open", "\"/mask\"", "") +
           Apparmor("operation=\"capable\" capability=999") +
           Apparmor("operation=\"create\" family=\"martian\" sock_type=\"stream\"") + Apparmor(""));
  EXPECT_THAT(Files(recording), ElementsAre(Key("/ok")));
  EXPECT_EQ(Losses(recording).at("unplaced_file"), 5U);
  EXPECT_EQ(Losses(recording).at("unreadable_line"), 4U);
}

TEST(Apparmor, WordsOfOtherRecordsAreNotRead) {
  const std::string user =
      "type=USER_AVC msg=audit(1.1:1): msg='apparmor=\"DENIED\" operation=\"open\" name=\"/a\" "
      "requested_mask=\"r\"'\n";
  EXPECT_FALSE(ReadRecordingText(user, Abi::kX86_64).ok());
  EXPECT_THAT(Files(Read(user + File("open", "\"/b\"", "r"))), ElementsAre(Key("/b")));
}

TEST(Apparmor, BesideSeccompBothAreRead) {
  const Recording recording =
      Read(File("open", "\"/a\"", "r") +
           "[ 4547.3] audit: type=1326 audit(1795512116.608:58): auid=0 uid=0 gid=0 ses=1 pid=1 comm=\"web\" "
           "exe=\"/usr/bin/web\" sig=0 arch=c000003e syscall=39 compat=0 ip=0x7f code=0x7ffc0000\n");
  EXPECT_THAT(Files(recording), ElementsAre(Key("/a")));
  EXPECT_TRUE(recording.runs.at(0).subjects.at(0).calls.contains(*FindSyscall(Abi::kX86_64, "getpid")));
}

TEST(Selinux, FilesByClassAndPermissions) {
  const std::string contexts =
      " scontext=system_u:system_r:web.process:s0:c1,c2 tcontext=system_u:object_r:shadow_t:s0 tclass=";
  const Recording recording =
      Read(Vector("read open", "path=\"/etc/shadow\" dev=\"vda\" ino=1" + contexts + "file permissive=1") +
           Vector("open", "path=\"/etc/other\" dev=\"vda\" ino=1" + contexts + "file permissive=1") +
           Vector("execute_no_trans", "path=\"/bin/rm\" dev=\"vda\" ino=1" + contexts + "file") +
           Vector("map execute", "path=\"/lib/libc.so.6\" dev=\"vda\" ino=1" + contexts + "file") +
           Vector("write", "path=\"/run/db.sock\" dev=\"vda\" ino=1" + contexts + "sock_file") +
           Vector("read", "path=\"/srv\" dev=\"vda\" ino=1" + contexts + "dir") +
           Vector("write add_name", "path=\"/srv\" dev=\"vda\" ino=1" + contexts + "dir") +
           Vector("setattr", "path=2F61 dev=\"vda\" ino=1" + contexts + "file", "granted") +
           Vector("unlink", "name=\"x\" dev=\"vda\" ino=1" + contexts + "file"));
  EXPECT_THAT(Files(recording),
              ElementsAre(Pair("/a", FileUse::kChanged), Pair("/bin/rm", FileUse::kExecuted),
                          Pair("/etc/other", FileUse::kRead), Pair("/etc/shadow", FileUse::kRead),
                          Pair("/lib/libc.so.6", FileUse::kMapped),
                          Pair("/run/db.sock", FileUse::kWritten | FileUse::kConnected), Pair("/srv", FileUse::kRead)));
  EXPECT_EQ(Losses(recording).at("unplaced_file"), 1U);
  EXPECT_EQ(recording.subjects[0].name, "web");
}

TEST(Selinux, SocketsPortsAndCapabilities) {
  const std::string contexts = " scontext=u:r:web.process:s0 tcontext=u:r:web.process:s0 tclass=";
  const Recording recording =
      Read(Vector("create", contexts + "udp_socket") + Vector("name_bind", "src=8080 " + contexts + "tcp_socket") +
           Vector("name_connect", "dest=5432 " + contexts + "tcp_socket") +
           Vector("net_admin", "capability=12 " + contexts + "capability") +
           Vector("bpf", "capability=39 " + contexts + "capability2"));
  const SubjectTrace trace = recording.runs.at(0).subjects.at(0);
  EXPECT_THAT(trace.calls.at(*FindSyscall(Abi::kX86_64, "socket")).arguments->values,
              ElementsAre(Key(ElementsAre(AF_INET, SOCK_DGRAM, 0))));
  EXPECT_THAT(trace.capabilities, ElementsAre(Key(12), Key(39)));
  EXPECT_THAT(recording.subjects[0].hardening->endpoints, SizeIs(2));
  EXPECT_EQ(recording.subjects[0].hardening->endpoints.begin()->first.port, 8080);
}

TEST(Selinux, BrokenLinesAreLosses) {
  const Recording recording =
      Read("avc:  denied  { read\navc:  denied  { read } for\n" + Vector("read", "path=\"/a\" tclass=file"));
  EXPECT_EQ(Losses(recording).at("unreadable_line"), 2U);
  EXPECT_THAT(Files(recording), ElementsAre(Key("/a")));
}

}  // namespace
}  // namespace syscarve
