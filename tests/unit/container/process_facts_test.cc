#include "userspace/container/process_facts.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace syscarve {
namespace {

namespace fs = std::filesystem;

const std::string kId(64, 'a');
constexpr pid_t kPid = 77;

class ProcessFactsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "syscarve-process-facts-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    proc_ = pattern;
    fs::create_directory(proc_ + "/77");
  }
  void TearDown() override { fs::remove_all(proc_); }

  void Put(std::string_view cgroup, std::string_view status) const {
    std::ofstream(proc_ + "/77/cgroup") << cgroup;
    std::ofstream(proc_ + "/77/status") << status;
  }
  ProcessFacts Facts() const {
    const auto facts = ReadProcessFacts(kPid, proc_);
    EXPECT_TRUE(facts.ok()) << facts.status();
    return facts.value_or(ProcessFacts());
  }

  std::string proc_;
};

TEST_F(ProcessFactsTest, ReadsAContainersProcess) {
  Put("1:cpu:/docker/" + kId + "\n0::/docker/" + kId + "/child\n",
      "Name:\tnginx\nUmask:\t0022\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n");
  const ProcessFacts facts = Facts();
  EXPECT_EQ(facts.cgroup, "/docker/" + kId + "/child");
  EXPECT_EQ(facts.container, (ContainerCgroup{"docker", kId, "/docker/" + kId}));
  EXPECT_EQ(facts.no_new_privs, true);
  EXPECT_EQ(facts.seccomp_mode, 2);
  EXPECT_EQ(ContainerOfProcess(facts), (Container{.id = kId, .no_new_privs = true}));
}

TEST_F(ProcessFactsTest, SaysUnconfinedOnlyWhereNoFilterIsInForce) {
  Put("0::/docker/" + kId + "\n", "Name:\tx\nNoNewPrivs:\t0\nSeccomp:\t0\n");
  EXPECT_EQ(ContainerOfProcess(Facts()), (Container{.id = kId, .no_new_privs = false, .seccomp = "unconfined"}));
  Put("0::/docker/" + kId + "\n", "Name:\tx\n");
  EXPECT_EQ(ContainerOfProcess(Facts()), (Container{.id = kId}));
}

TEST_F(ProcessFactsTest, FindsTheIdInAnotherHierarchy) {
  Put("12:memory:/user.slice\n4:name=systemd:/system.slice/docker-" + kId + ".scope\n0::/\n", "Name:\tx\n");
  EXPECT_EQ(Facts().cgroup, "/");
  EXPECT_EQ(Facts().container->id, kId);
}

TEST_F(ProcessFactsTest, KnowsTheKernelsMarkOfARemovedCgroup) {
  Put("0::/docker/" + kId + " (deleted)\n", "Name:\tx\n");
  EXPECT_EQ(Facts().container->id, kId);
}

TEST_F(ProcessFactsTest, AnOrdinaryProcessIsInNoContainer) {
  Put("0::/user.slice/user-0.slice\n", "Name:\tx\nNoNewPrivs:\t0\nSeccomp:\t0\n");
  EXPECT_EQ(Facts().container, std::nullopt);
  EXPECT_EQ(ContainerOfProcess(Facts()), std::nullopt);
}

TEST_F(ProcessFactsTest, StandsAnyText) {
  Put("", "");
  EXPECT_EQ(Facts().cgroup, "");
  Put("0:\n::\n\n\x01\x02:x\n0::\n", "NoNewPrivs\nNoNewPrivs:\nNoNewPrivs:\tyes\nSeccomp:\t99999999999\n");
  const ProcessFacts facts = Facts();
  EXPECT_EQ(facts.container, std::nullopt);
  EXPECT_EQ(facts.no_new_privs, std::nullopt);
  EXPECT_EQ(facts.seccomp_mode, std::nullopt);
}

TEST_F(ProcessFactsTest, SaysThatAProcessHasGone) {
  EXPECT_EQ(ReadProcessFacts(78, proc_).status().code(), absl::StatusCode::kNotFound);
}

TEST(ReadProcessFacts, ReadsTheRealProc) {
  const auto facts = ReadProcessFacts(getpid());
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->no_new_privs, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
  EXPECT_EQ(facts->seccomp_mode, prctl(PR_GET_SECCOMP));
}

}  // namespace
}  // namespace syscarve
