// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/signal.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <string.h>

namespace syscarve {
namespace {

TEST(SignalTest, NamesAreTheCLibrarys) {
  for (int signal = 1; signal <= SIGSYS; ++signal) {
    if (signal == SIGIO) continue;  // SIGPOLL there.
    EXPECT_EQ(SignalName(signal), std::string("SIG") + sigabbrev_np(signal)) << signal;
  }
  EXPECT_EQ(SignalName(SIGRTMIN), "SIGRTMIN");
  EXPECT_EQ(SignalName(SIGRTMIN + 3), "SIGRTMIN+3");
}

TEST(SignalTest, NamesAreReadBack) {
  for (int signal = 1; signal <= kSignalCount; ++signal) EXPECT_EQ(SignalFromName(SignalName(signal)), signal);
  EXPECT_EQ(SignalFromName("TERM"), std::nullopt);
}

TEST(SignalTest, WhatImagesWriteIsRead) {
  for (const char* text : {"SIGQUIT", "QUIT", "quit", "SigQuit", "3"}) EXPECT_EQ(SignalFromText(text), SIGQUIT) << text;
  EXPECT_EQ(SignalFromText("RTMIN+3"), SIGRTMIN + 3);
  EXPECT_EQ(SignalFromText("SIGRTMAX-1"), SIGRTMAX - 1);
  EXPECT_EQ(SignalFromText("SIGRTMAX"), SIGRTMAX);
  for (const char* text : {"", "0", "65", "-1", "SIG", "SIGNONE", "SIGRTMIN+31", "SIGRTMAX-31", "SIGRTMAX-", "15 "}) {
    EXPECT_EQ(SignalFromText(text), std::nullopt) << text;
  }
}

TEST(SignalTest, SetsAreListedInOrder) {
  const SignalSet set = SignalBit(SIGUSR1) | SignalBit(SIGHUP) | SignalBit(64);
  EXPECT_EQ(SignalsOf(set), (std::vector<int>{SIGHUP, SIGUSR1, 64}));
  EXPECT_EQ(SignalNames(set), "SIGHUP, SIGUSR1, SIGRTMIN+30");
}

// What /proc/PID/status shows of programs of Debian 12.
TEST(SignalTest, ARuntimeThatTakesEverySignalIsToldFromAProgramThatMeansIt) {
  constexpr SignalSet kGo = 0xfffffffd7fc1feff;
  constexpr SignalSet kNginx = 0x0000000198016a07;
  constexpr SignalSet kJava = 0x2000000181005ccf;
  EXPECT_TRUE(CatchesEverything(kGo));
  EXPECT_FALSE(CatchesEverything(kNginx));
  EXPECT_FALSE(CatchesEverything(kJava));
  EXPECT_FALSE(CatchesEverything(0));
}

}  // namespace
}  // namespace syscarve
