// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/privileges.h"

#include <gtest/gtest.h>
#include <linux/capability.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <thread>

#include "userspace/base/file.h"

namespace syscarve {
namespace {

std::map<std::string, std::string> OwnStatus() {
  std::istringstream text(ReadFile("/proc/thread-self/status", 1 << 16).value_or(""));
  std::map<std::string, std::string> fields;
  for (std::string key, value; std::getline(text, key, ':') && std::getline(text, value);) {
    fields[key] = value.substr(std::min(value.find_first_not_of("\t "), value.size()));
  }
  return fields;
}

uint64_t Set(const std::map<std::string, std::string>& status, const std::string& name) {
  return std::stoull(status.at(name), nullptr, 16);
}

// In a thread of its own, which takes what it has given up with it.
TEST(PrivilegesTest, KeepsWhatWasAskedForOfWhatWasHeldAndNothingElse) {
  const auto before = OwnStatus();
  std::map<std::string, std::string> after;
  absl::Status status;
  std::thread([&] {
    status = KeepOnlyCapabilities({CAP_KILL, CAP_BPF});
    after = OwnStatus();
  }).join();
  ASSERT_TRUE(status.ok()) << status;
  const uint64_t kept = uint64_t{1} << CAP_KILL | uint64_t{1} << CAP_BPF;
  EXPECT_EQ(Set(after, "CapPrm"), Set(before, "CapPrm") & kept);
  EXPECT_EQ(Set(after, "CapEff"), Set(after, "CapPrm"));
  EXPECT_EQ(Set(after, "CapInh"), 0u);
  EXPECT_EQ(Set(after, "CapAmb"), 0u);
  if ((Set(before, "CapEff") >> CAP_SETPCAP & 1) != 0) {
    EXPECT_EQ(Set(after, "CapBnd"), Set(before, "CapBnd") & kept);
  }
  EXPECT_EQ(after.at("NoNewPrivs"), "1");
  EXPECT_EQ(OwnStatus().at("CapEff"), before.at("CapEff"));
}

}  // namespace
}  // namespace syscarve
