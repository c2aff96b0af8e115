// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/resource_meter.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace syscarve {
namespace {

using std::chrono::milliseconds;

class ResourceMeterTest : public testing::Test {
 protected:
  ResourceMeterTest() : root_(testing::TempDir() + "/resource_meter_XXXXXX") {
    EXPECT_NE(mkdtemp(root_.data()), nullptr);
    std::filesystem::create_directories(root_ + "/docker/one");
  }
  ~ResourceMeterTest() override { std::filesystem::remove_all(root_); }

  void Write(const std::string& name, std::string_view text) const {
    std::ofstream(root_ + "/docker/one/" + name) << text;
  }
  ResourceMeter Meter() const {
    return {{.memory = {"/nowhere", root_}, .pids = {root_}, .cpu = {root_}}, "/docker/one"};
  }
  static ResourceMeter::Clock::time_point At(int ms) {
    return ResourceMeter::Clock::time_point(std::chrono::hours(1) + milliseconds(ms));
  }

  std::string root_;
};

TEST_F(ResourceMeterTest, PeaksOfTheKernelAreTaken) {
  Write("memory.peak", "8192\n");
  Write("memory.current", "4096\n");
  Write("memory.stat", "anon 1000\nfile 9\n");
  Write("pids.peak", "7\n");
  ResourceMeter meter = Meter();
  meter.Read(At(0));
  EXPECT_EQ(meter.peaks(), (Peaks{.memory_bytes = 8192, .anonymous_bytes = 1000, .tasks = 7}));
}

TEST_F(ResourceMeterTest, OtherwiseTheLargestReading) {
  ResourceMeter meter = Meter();
  for (const char* const used : {"10\n", "30\n", "20\n"}) {
    Write("memory.current", used);
    Write("pids.current", used);
    meter.Read(At(0));
  }
  EXPECT_EQ(meter.peaks(), (Peaks{.memory_bytes = 30, .tasks = 30, .memory_sampled = true, .tasks_sampled = true}));
}

TEST_F(ResourceMeterTest, TheFirstVersionOfCgroups) {
  Write("memory.max_usage_in_bytes", "8192\n");
  Write("memory.stat", "rss 1\ntotal_rss 2000\n");
  Write("pids.current", "3\n");
  Write("cpuacct.usage", "0\n");
  ResourceMeter meter = Meter();
  meter.Read(At(0));
  Write("cpuacct.usage", "750000000\n");
  meter.Read(At(500));
  EXPECT_EQ(meter.peaks(), (Peaks{.memory_bytes = 8192,
                                  .anonymous_bytes = 2000,
                                  .tasks = 3,
                                  .cpu_milli = 1500,
                                  .processors = sysconf(_SC_NPROCESSORS_ONLN),
                                  .tasks_sampled = true}));
}

TEST_F(ResourceMeterTest, CpuIsOfTheBusiestInterval) {
  Write("memory.peak", "1\n");
  ResourceMeter meter = Meter();
  int at = 0;
  for (const char* const used : {"0", "100000", "400000", "410000"}) {
    Write("cpu.stat", std::string("usage_usec ") + used + "\nuser_usec 1\n");
    meter.Read(At(at));
    at += 500;
  }
  // Too short after the one before to say anything.
  Write("cpu.stat", "usage_usec 1000000\n");
  meter.Read(At(at - 490));
  EXPECT_EQ(meter.peaks().value_or(Peaks()).cpu_milli, 600u);
}

TEST_F(ResourceMeterTest, OneThatHasGoneKeepsWhatWasRead) {
  Write("memory.peak", "8192\n");
  ResourceMeter meter = Meter();
  meter.Read(At(0));
  std::filesystem::remove_all(root_);
  meter.Read(At(500));
  EXPECT_EQ(meter.peaks(), (Peaks{.memory_bytes = 8192}));
}

TEST_F(ResourceMeterTest, WithoutAccountsThereAreNoPeaks) {
  Write("memory.peak", "much\n");
  ResourceMeter meter = Meter();
  meter.Read(At(0));
  EXPECT_EQ(meter.peaks(), std::nullopt);
}

}  // namespace
}  // namespace syscarve
