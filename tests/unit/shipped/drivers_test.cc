// SPDX-License-Identifier: Apache-2.0
#include "userspace/shipped/drivers.h"

#include <asm/ioctls.h>
#include <gtest/gtest.h>
#include <linux/btrfs.h>
#include <linux/fuse.h>
#include <linux/kvm.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <linux/random.h>
#include <linux/sockios.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "userspace/base/concat.h"
#include "userspace/shipped/recorded_arguments.h"

namespace syscarve {
namespace {

const Drivers& Shipped() {
  return **ShippedDrivers();
}

std::string On(uint64_t number, std::string_view name, const FileKinds& kinds) {
  return OnFilesText(Shipped(), number, name, kinds);
}

TEST(DriversTest, TheShippedFileHasTheKernelsNumbers) {
  const auto drivers = ShippedDrivers();
  ASSERT_TRUE(drivers.ok()) << drivers.status();
  std::map<std::string, uint64_t> numbers;
  for (const Drivers::Own& own : (*drivers)->own) {
    for (const auto& [number, name] : own.names) numbers[name] = number;
  }
#define NUMBER(name) {#name, static_cast<uint32_t>(name)}
  EXPECT_EQ(numbers, (std::map<std::string, uint64_t>{NUMBER(SIOCOUTQ),
                                                      NUMBER(SIOCINQ),
                                                      NUMBER(RNDGETENTCNT),
                                                      NUMBER(RNDADDTOENTCNT),
                                                      NUMBER(RNDADDENTROPY),
                                                      NUMBER(RNDZAPENTCNT),
                                                      NUMBER(RNDCLEARPOOL),
                                                      NUMBER(RNDRESEEDCRNG),
                                                      NUMBER(KVM_GET_API_VERSION),
                                                      NUMBER(KVM_CREATE_VM),
                                                      NUMBER(KVM_CHECK_EXTENSION),
                                                      NUMBER(KVM_GET_VCPU_MMAP_SIZE),
                                                      NUMBER(KVM_CREATE_VCPU),
                                                      NUMBER(KVM_SET_USER_MEMORY_REGION),
                                                      NUMBER(KVM_CREATE_IRQCHIP),
                                                      NUMBER(KVM_IRQ_LINE),
                                                      NUMBER(KVM_RUN),
                                                      NUMBER(FUSE_DEV_IOC_CLONE),
                                                      NUMBER(LOOP_CTL_ADD),
                                                      NUMBER(LOOP_CTL_REMOVE),
                                                      NUMBER(LOOP_CTL_GET_FREE),
                                                      NUMBER(LOOP_SET_FD),
                                                      NUMBER(LOOP_CLR_FD),
                                                      NUMBER(LOOP_SET_STATUS),
                                                      NUMBER(LOOP_GET_STATUS),
                                                      NUMBER(LOOP_SET_STATUS64),
                                                      NUMBER(LOOP_GET_STATUS64),
                                                      NUMBER(LOOP_CONFIGURE),
                                                      NUMBER(BTRFS_IOC_SNAP_CREATE),
                                                      NUMBER(BTRFS_IOC_SUBVOL_CREATE),
                                                      NUMBER(BTRFS_IOC_SNAP_DESTROY),
                                                      NUMBER(BTRFS_IOC_SNAP_CREATE_V2),
                                                      NUMBER(BTRFS_IOC_SUBVOL_CREATE_V2),
                                                      NUMBER(BTRFS_IOC_TREE_SEARCH)}));
#undef NUMBER
  EXPECT_TRUE((*drivers)->devices.contains(Concat("block device ", LOOP_MAJOR)));
  EXPECT_TRUE((*drivers)->devices.contains(Concat("block device ", SCSI_DISK0_MAJOR)));
  for (const unsigned major : {TTY_MAJOR, TTYAUX_MAJOR, PTY_MASTER_MAJOR, PTY_SLAVE_MAJOR, UNIX98_PTY_MASTER_MAJOR,
                               UNIX98_PTY_SLAVE_MAJOR, UNIX98_PTY_SLAVE_MAJOR + UNIX98_PTY_MAJOR_COUNT - 1}) {
    EXPECT_TRUE((*drivers)->terminals.contains(major)) << major;
  }
}

TEST(DriversTest, FilesHaveOneWordForEachDriver) {
  EXPECT_EQ(KindOfFile(Shipped(), S_IFCHR | 0620, 136, 7, ""), "tty");
  EXPECT_EQ(KindOfFile(Shipped(), S_IFCHR, 5, 2, ""), "tty");
  EXPECT_EQ(KindOfFile(Shipped(), S_IFCHR, 10, 200, ""), "character device 10:200");
  EXPECT_EQ(KindOfFile(Shipped(), S_IFBLK, 7, 3, ""), "block device 7");
  EXPECT_EQ(KindOfFile(Shipped(), S_IFREG, 0, 0, "ext4"), "file ext4");
  EXPECT_EQ(KindOfFile(Shipped(), S_IFREG, 0, 0, ""), "file");
  EXPECT_EQ(KindOfFile(Shipped(), S_IFDIR, 0, 0, "overlay"), "directory overlay");
  EXPECT_EQ(KindOfFile(Shipped(), S_IFIFO, 0, 0, ""), "pipe");
  EXPECT_EQ(KindOfFile(Shipped(), S_IFSOCK, 0, 0, ""), "socket");
  EXPECT_EQ(KindOfSocket(**ShippedArgumentTable(), AF_INET6), "socket AF_INET6");
  EXPECT_EQ(KindOfSocket(**ShippedArgumentTable(), 4000), "socket 4000");
  EXPECT_EQ(KindOfAnonymousFile("[eventpoll]"), "anonymous [eventpoll]");
  EXPECT_EQ(KindOfAnonymousFile("kvm-vcpu:12"), "anonymous kvm-vcpu");
  // Whatever a log makes up.
  EXPECT_TRUE(IsFileKind(KindOfAnonymousFile(std::string(500, '\x1b'))));
}

TEST(DriversTest, ANameIsThatOfTheDriverThatReadsTheNumber) {
  EXPECT_EQ(On(TIOCSTI, "TIOCSTI", {"tty"}), " on a tty");
  EXPECT_EQ(On(TCGETS, "TCGETS", {"file ext4", "no file", "pipe", "tty"}),
            " on a file (ext4), no open descriptor, a pipe, a tty");
  EXPECT_EQ(On(TIOCOUTQ, "TIOCOUTQ", {"socket AF_INET", "tty"}), " on a tty, as SIOCOUTQ on a socket (AF_INET)");
  EXPECT_EQ(On(0xae01, "44545", {"character device 10:232"}),
            " as KVM_CREATE_VM on /dev/kvm (character device 10:232)");
  EXPECT_EQ(On(0xae01, "44545", {"character device 10:99"}), " on a character device (10:99)");
  EXPECT_EQ(On(FIONBIO, "FIONBIO", {"socket AF_UNIX", "unknown"}), " on a socket (AF_UNIX), others that are not known");
  EXPECT_EQ(On(TCGETS, "TCGETS", {}), "");
}

// A sound card's 0x5401 is no terminal's, and /dev/null's is nothing else.
TEST(DriversTest, ANumberOfAnotherDriverIsNotNamedAsIfItWereItsOwn) {
  EXPECT_EQ(On(TCGETS, "TCGETS", {"character device 14:3", "tty"}),
            " on a tty, on a character device (14:3), where 0x5401 can mean something else");
  EXPECT_EQ(On(TCGETS, "TCGETS", {"character device 1:3"}), " on /dev/null (character device 1:3)");
  EXPECT_EQ(On(0x89ff, "SIOCX", {"anonymous [eventpoll]"}),
            " on an anonymous file ([eventpoll]), where 0x89ff can mean something else");
  EXPECT_EQ(NameOnFile(Shipped(), TCGETS, "TCGETS", "block device 8"),
            (NumberOnFile{.kind = "block device 8", .name = "", .foreign = true}));
}

TEST(DriversTest, WhatIsWrongIsSaid) {
  const auto error = [](std::string_view devices) {
    const auto parsed = ParseDrivers(Concat(
        R"({"schema": "syscarve.drivers/1", "terminals": {"majors": [4], "source": "x"}, "names": [], "own": [], "devices": [)",
        devices, "]}"));
    return parsed.ok() ? "" : std::string(parsed.status().message());
  };
  EXPECT_EQ(error(""), "");
  EXPECT_EQ(error(R"({"device": "", "path": "/dev/x", "own_numbers": true, "source": "x"})"),
            "devices[0].device: expected a kind of file that is not there yet");
  EXPECT_EQ(error(R"({"device": "block device 9", "path": "/dev/x", "own_numbers": true, "source": ""})"),
            "devices[0].source: says nothing");
}

}  // namespace
}  // namespace syscarve
