// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/strace_arguments.h"

#include <gtest/gtest.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "userspace/base/concat.h"
#include "userspace/model/syscall_table.h"
#include "userspace/read/strace.h"

namespace syscarve {
namespace {

using Values = std::vector<std::vector<uint64_t>>;

SeenArguments Read(std::string_view name, std::string_view text) {
  const RecordedCalls& calls = **ShippedRecordedCalls();
  return StraceArguments(**ShippedArgumentTable(), **ShippedDrivers(), calls.find(name)->second,
                         FindSyscall(Abi::kX86_64, name).value(), text, 3);
}

// Of a line that says all.
std::vector<uint64_t> ValuesOf(std::string_view name, std::string_view text) {
  const SeenArguments seen = Read(name, text);
  EXPECT_FALSE(seen.open) << text;
  EXPECT_TRUE(seen.dirty);
  EXPECT_EQ(seen.values.size(), 1U) << text;
  return seen.values.empty() ? std::vector<uint64_t>() : seen.values.begin()->first;
}

TEST(StraceArgumentsTest, NamesAndNumbers) {
  EXPECT_EQ(ValuesOf("socket", "AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 3"),
            (std::vector<uint64_t>{AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0}));
  EXPECT_EQ(ValuesOf("socket", "AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE) = 3"),
            (std::vector<uint64_t>{AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0}));
  EXPECT_EQ(ValuesOf("socket", "0xfa /* AF_??? */, 0x3, 17) = -1 EAFNOSUPPORT (Address family not supported)"),
            (std::vector<uint64_t>{250, 3, 17}));
  EXPECT_EQ(ValuesOf("mmap", "NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000"),
            (std::vector<uint64_t>{PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS}));
  EXPECT_EQ(ValuesOf("ioctl", "0</dev/pts/0>, TCGETS, {c_iflag=ICRNL|IXON, c_oflag=NL0}) = 0"),
            (std::vector<uint64_t>{0x5401}));
  EXPECT_EQ(ValuesOf("personality", "0xffffffff) = 0 (PER_LINUX)"), (std::vector<uint64_t>{0xffffffff}));
  EXPECT_EQ(ValuesOf("prctl", "PR_SET_NAME, \"a, b) (\\\"c\") = 0"), (std::vector<uint64_t>{PR_SET_NAME, 0}));
  EXPECT_EQ(ValuesOf("prctl", "PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) = 0"), (std::vector<uint64_t>{PR_SET_NO_NEW_PRIVS, 1}));
  EXPECT_EQ(ValuesOf("mprotect", "0x7f00, 4096, PROT_READ <unfinished ...>"), (std::vector<uint64_t>{PROT_READ}));
}

TEST(StraceArgumentsTest, NumbersOfIoctlWithoutANameAreInParts) {
  EXPECT_EQ(ValuesOf("ioctl", "3, _IOC(_IOC_NONE, 0x5f, 0x1, 0), 0) = -1 ENOTTY"), (std::vector<uint64_t>{0x5f01}));
  EXPECT_EQ(ValuesOf("ioctl", "3, _IOC(_IOC_READ|_IOC_WRITE, 0x58, 0x79, 0x18), 0x7f) = 0"),
            (std::vector<uint64_t>{0xc0185879}));
  EXPECT_EQ(ValuesOf("ioctl", "3, _IOC(_IOC_WRITE, 0x54, 0xca, 0x4), 0x7f) = 0"), (std::vector<uint64_t>{0x400454ca}));
  for (const std::string_view text :
       {"3, _IOC(_IOC_READ, 0x58, 0x79)", "3, _IOC(_IOC_OTHER, 1, 2, 3)", "3, _IOC(_IOC_READ, 0x158, 1, 2)",
        "3, _IOC(_IOC_READ, 1, 2, 0x4000)", "3, _IOC("}) {
    EXPECT_TRUE(Read("ioctl", Concat(text, ", 0x7f) = 0")).open) << text;
  }
}

// What -y and -yy print beside a descriptor.
TEST(StraceArgumentsTest, KindsOfFileAreToldWhereTheLogHasThem) {
  const auto on = [](std::string_view descriptor) {
    const SeenArguments seen = Read("ioctl", Concat(descriptor, ", TCGETS, 0x7f) = -1 ENOTTY (Inappropriate ioctl)"));
    EXPECT_FALSE(seen.open) << descriptor;
    return seen.files.empty() ? "" : *seen.files.at({0x5401}).begin();
  };
  EXPECT_EQ(on("0</dev/pts/0>"), "tty");
  EXPECT_EQ(on("0</dev/pts/0<char 136:0>>"), "tty");
  EXPECT_EQ(on("3</dev/net/tun<char 10:200>>"), "character device 10:200");
  EXPECT_EQ(on("3</dev/loop0<block 7:0>>"), "block device 7");
  EXPECT_EQ(on("3</dev/net/tun>"), "");
  EXPECT_EQ(on("3<socket:[4711]>"), "socket");
  EXPECT_EQ(on("3<TCP:[127.0.0.1:80->127.0.0.1:4711]>"), "socket AF_INET");
  EXPECT_EQ(on("3<TCPv6:[[::1]:80->[::1]:4711]>"), "socket AF_INET6");
  EXPECT_EQ(on("3<UNIX-STREAM:[4711->4712,\"/run/a, b)\"]>"), "socket AF_UNIX");
  EXPECT_EQ(on("3<NETLINK:[ROUTE:4711]>"), "socket AF_NETLINK");
  EXPECT_EQ(on("3<pipe:[4711]>"), "pipe");
  EXPECT_EQ(on("3<anon_inode:[eventpoll]>"), "anonymous [eventpoll]");
  EXPECT_EQ(on("3</srv/a, b) = 0 [>"), "file");
  EXPECT_EQ(on("-1"), "no file");
  EXPECT_EQ(on("3"), "");
}

TEST(StraceArgumentsTest, FlagsOfCloneHaveNames) {
  EXPECT_EQ(ValuesOf("clone",
                     "child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f) = 7"),
            (std::vector<uint64_t>{CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | 17}));
  const SeenArguments clone3 =
      Read("clone3", "{flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD, stack=0x7f} => {parent_tid=[0]}, 88) = 7");
  EXPECT_TRUE(clone3.pointed_to);
  EXPECT_FALSE(clone3.open);
  EXPECT_EQ(clone3.values.begin()->first, (std::vector<uint64_t>{CLONE_VM | CLONE_VFORK}));
}

TEST(StraceArgumentsTest, WhatIsNotKnownLeavesTheCallOpen) {
  for (const std::string_view text :
       {"", "AF_INET", "AF_INET, SOCK_STREAM", "AF_NONE, SOCK_STREAM, 0) = 3", "AF_INET, SOCK_STREAM|, IP) = 3",
        "<unfinished ...>", "resumed>) = 0", "AF_INET, [1, 2], 0) = 3", "0777, 1, 0) = 3"}) {
    EXPECT_TRUE(Read("socket", text).open) << text;
    EXPECT_TRUE(Read("socket", text).values.empty()) << text;
  }
  EXPECT_TRUE(Read("clone3", "0x7ffe, 88) = -1 EFAULT (Bad address)").open);
}

TEST(StraceArgumentsTest, ALogGivesThemToItsPrograms) {
  const auto recording = ReadStrace(
      "1 execve(\"/bin/a\", [\"a\"], 0x7f /* 1 var */) = 0\n"
      "1 socket(AF_UNIX, SOCK_STREAM, 0) = 3\n"
      "1 execve(\"/bin/b\", [\"b\"], 0x7f /* 1 var */) = 0\n"
      "1 socket(AF_INET, SOCK_DGRAM, IPPROTO_IP) = 3\n"
      "1 exit_group(0) = ?\n"
      "1 +++ exited with 0 +++\n",
      Abi::kX86_64);
  ASSERT_TRUE(recording.ok()) << recording.status();
  const syscarve::Run run = recording->runs.at(0);
  const Observation& socket = run.subjects.at(0).calls.at(FindSyscall(Abi::kX86_64, "socket").value());
  ASSERT_TRUE(socket.arguments.has_value());
  ASSERT_EQ(socket.arguments->values.size(), 2U);
  const auto path = [&](const std::vector<uint64_t>& values) {
    return recording->programs[*socket.arguments->values.at(values).begin()].path;
  };
  EXPECT_EQ(path({AF_UNIX, SOCK_STREAM, 0}), "/bin/a");
  EXPECT_EQ(path({AF_INET, SOCK_DGRAM, 0}), "/bin/b");
}

}  // namespace
}  // namespace syscarve
