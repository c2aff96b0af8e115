// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/hook_words.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace syscarve {
namespace {

using Words = std::vector<std::string>;

TEST(HookWordsTest, SwitchesTakeAValueBehindAnEqualsSign) {
  for (const char* word : {"-version", "--version", "-version=true", "--version=1", "-version=T", "-version=True"}) {
    const auto parsed = ParseHookWords({word});
    ASSERT_TRUE(parsed.ok()) << word << ": " << parsed.status();
    EXPECT_TRUE(parsed->version) << word;
  }
  EXPECT_TRUE(ParseHookWords({"-s", "-version=false"})->start);
  EXPECT_TRUE(ParseHookWords({"-s=false", "-s=t"})->start);
  for (const char* word : {"-version=", "-version=yes", "-s=2", "-s=tRUE"})
    EXPECT_FALSE(ParseHookWords({word}).ok()) << word;
}

TEST(HookWordsTest, ProcessIdsAreGosIntegers) {
  const std::pair<const char*, pid_t> ids[] = {{"1234", 1234}, {"0x1f", 31}, {"0X1F", 31}, {"0b101", 5},
                                               {"0o17", 15},   {"017", 15},  {"+7", 7},    {"1_000", 1000},
                                               {"0x_1f", 31},  {"0_7", 7}};
  for (const auto& [text, pid] : ids) {
    for (const Words& words : {Words{"-r", text, "-o", "/f"}, Words{std::string("--r=") + text, "--o=/f"}}) {
      const auto parsed = ParseHookWords(words);
      ASSERT_TRUE(parsed.ok()) << text << ": " << parsed.status();
      EXPECT_EQ(parsed->pid, pid) << text;
      EXPECT_EQ(parsed->output, "/f");
    }
  }
  for (const char* text :
       {"", "0", "-1", "1.5", "1e3", "09", "0x", "0b2", "_1", "1__0", "1_", "99999999999", "1 ", "0x-1"}) {
    EXPECT_FALSE(ParseHookWords({"-r", text, "-o", "/f"}).ok()) << text;
  }
}

TEST(HookWordsTest, TheLastOneCountsAndAValueMayLookLikeAnOption) {
  const auto parsed = ParseHookWords({"-r", "1", "-o", "/a", "-o", "-b", "-i=", "-config=a=b", "-r=2", "--"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->pid, 2);
  EXPECT_EQ(parsed->output, "-b");
  EXPECT_EQ(parsed->input, "");
  EXPECT_EQ(parsed->config, "a=b");
}

TEST(HookWordsTest, HelpEndsTheReading) {
  for (const char* word : {"-h", "--h", "-help", "--help", "-h=1"}) {
    const auto parsed = ParseHookWords({word, "--nonsense"});
    ASSERT_TRUE(parsed.ok()) << word;
    EXPECT_TRUE(parsed->help);
  }
}

TEST(HookWordsTest, WhatGoRefusesIsRefused) {
  for (const Words& words : {Words{}, Words{"-"}, Words{"start"}, Words{"---s"}, Words{"-=x"}, Words{"--=x"},
                             Words{"-x"}, Words{"-s", "true"}, Words{"-r"}, Words{"-s", "-r", "1", "-o", "/f"},
                             Words{"-r", "1"}, Words{"-s", "--", "-version"}}) {
    EXPECT_EQ(ParseHookWords(words).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace syscarve
