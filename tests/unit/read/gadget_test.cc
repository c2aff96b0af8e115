// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/gadget.h"

#include <gtest/gtest.h>

#include "userspace/model/profile_json.h"
#include "userspace/read/profile_reader.h"

namespace syscarve {
namespace {

constexpr std::string_view kOutput = R"(// web
{
  "defaultAction": "SCMP_ACT_ERRNO",
  "architectures": [
    "SCMP_ARCH_X86_64",
    "SCMP_ARCH_X86",
    "SCMP_ARCH_X32"
  ],
  "syscalls": [
    {
      "names": [
        "read",
        "syscall_1f4",
        "unknown_500",
        "write"
      ],
      "action": "SCMP_ACT_ALLOW"
    }
  ]
}
)";

TEST(GadgetTest, ReadsAProfileAndSaysWhichNamesItLeavesOut) {
  const auto reading = ReadProfileText(kOutput, {});
  ASSERT_TRUE(reading.ok()) << reading.status();
  EXPECT_EQ(reading->format, "Inspektor Gadget");
  EXPECT_EQ(
      reading->warnings,
      std::vector<std::string>{"names that stand for numbers without a name are left out: syscall_1f4, unknown_500"});
  ASSERT_EQ(reading->source.profile.rules.size(), 1u);
  EXPECT_EQ(reading->source.profile.rules[0].names, (std::vector<std::string>{"read", "write"}));
}

TEST(GadgetTest, AnEntryOfMadeUpNamesGoes) {
  const auto reading = ReadProfileText(
      "// a\n{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"names\": [\"unknown\"], \"action\": "
      "\"SCMP_ACT_ALLOW\"}]}",
      {});
  ASSERT_TRUE(reading.ok()) << reading.status();
  EXPECT_TRUE(reading->source.profile.rules.empty());
}

struct Case {
  std::string text;
  std::string error;  // "" when it is read.
};

class GadgetTextTest : public testing::TestWithParam<Case> {};

TEST_P(GadgetTextTest, IsReadOrRefused) {
  const auto reading = ReadProfileText(GetParam().text, {});
  EXPECT_EQ(std::string(reading.status().message()), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    All, GadgetTextTest,
    testing::Values(
        Case{"// a\r\n{\"defaultAction\": \"SCMP_ACT_ERRNO\"}\r\n", ""},
        Case{"\n // a\n// b\n\n{\"defaultAction\":\n\"SCMP_ACT_ERRNO\"}", ""},
        Case{"// a\n{\"defaultAction\": \"SCMP_ACT_ERRNO\"}\n//", ""},
        Case{"// a", "not a seccomp profile: there is no profile below the container's name"},
        Case{"// a\n  \n// b\n", "not a seccomp profile: there is no profile below the container's name"},
        Case{"// a\n{\"defaultAction\": }", "not a seccomp profile: line 2, column 19: expected a value, found }"},
        Case{
            "// a\n{}\n// b\x1b[2J\n{}\n",
            "not a seccomp profile: there are several profiles: a, b\\x1b[2J. Hint: Keep one of them, from its // line "
            "on."},
        Case{"// a\n{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"names\": [], \"action\": "
             "\"SCMP_ACT_ALLOW\"}]}",
             ""}));  // An entry that names nothing says nothing.

}  // namespace
}  // namespace syscarve
