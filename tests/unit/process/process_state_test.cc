// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/process_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "userspace/base/unique_fd.h"

namespace syscarve {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr char kStatus[] =
    "Name:\tx\nUmask:\t0022\nUid:\t0\t33\t33\t33\nGid:\t5\t5\t5\t5\nGroups:\t4 27 100 \n"
    "CapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\nCapEff:\t0000000000000400\nNoNewPrivs:\t1\n";

TEST(ProcessStateTest, ReadsStatus) {
  const std::optional<ProcessState> state = StateFrom(TaskStatus(kStatus));
  ASSERT_TRUE(state.has_value());
  EXPECT_THAT(state->users, ElementsAre(0, 33, 33, 33));
  EXPECT_THAT(state->groups, ElementsAre(5, 5, 5, 5));
  EXPECT_THAT(state->more_groups, ElementsAre(4, 27, 100));
  EXPECT_EQ(state->permitted, 0xa80425fbU);
  EXPECT_EQ(state->effective, 0x400U);
  EXPECT_TRUE(state->no_new_privs);
}

TEST(ProcessStateTest, WhatIsNoStatusIsNothing) {
  for (const char* text : {"", "Uid:\t0\t0\t0\t0\n", "Uid:\t0\nGid:\t0\t0\t0\t0\nCapPrm:\t0\nCapEff:\t0\n",
                           "Uid:\t0\t0\t0\tx\nGid:\t0\t0\t0\t0\nCapPrm:\t0\nCapEff:\t0\n"}) {
    EXPECT_EQ(StateFrom(TaskStatus(text)), std::nullopt) << text;
  }
}

TEST(ProcessStateTest, OfTheTableOnlyListeningSocketsCount) {
  EXPECT_THAT(ParseListening(
                  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
                  "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 77 1\n"
                  "   1: 0100007F:1F91 0100007F:0050 01 00000000:00000000 00:00000000 00000000     0        0 78 1\n"
                  "   2: broken\n"),
              ElementsAre(Pair(77, 8080)));
  EXPECT_THAT(ParseListening(""), IsEmpty());
}

TEST(ProcessStateTest, ReadsItsOwn) {
  const UniqueFd socket_fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(socket_fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(listen(socket_fd.get(), 1), 0);
  const std::optional<ProcessState> state = ReadProcessState(getpid());
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->users[1], geteuid());
  EXPECT_EQ(state->root, "/");
  EXPECT_THAT(state->listens, ElementsAre(0)) << "of the kernel's choice";
}

}  // namespace
}  // namespace syscarve
