// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/syscall_table.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <algorithm>
#include <set>

namespace syscarve {
namespace {

class SyscallTableTest : public testing::TestWithParam<Abi> {};

INSTANTIATE_TEST_SUITE_P(EveryAbi, SyscallTableTest, testing::ValuesIn(kAllAbis),
                         [](const auto& abi) { return std::string(AbiName(abi.param)); });

TEST_P(SyscallTableTest, IsSortedAndWithinItsBounds) {
  const auto table = SyscallTable(GetParam());
  ASSERT_GT(table.size(), 300u);
  EXPECT_TRUE(std::ranges::is_sorted(table, {}, &SyscallEntry::nr));
  EXPECT_EQ(std::ranges::adjacent_find(table, {}, &SyscallEntry::nr), table.end());
  EXPECT_GE(table.front().nr, FirstNumber(GetParam()));
  EXPECT_LE(table.front().nr, FirstNumber(GetParam()) + 1);
}

TEST_P(SyscallTableTest, NamesAndNumbersAreABijection) {
  std::set<std::string> names;
  for (const SyscallEntry& entry : SyscallTable(GetParam())) {
    const SyscallId id = {GetParam(), entry.nr};
    EXPECT_EQ(SyscallName(id), entry.name);
    EXPECT_EQ(FindSyscall(GetParam(), entry.name), id);
    EXPECT_TRUE(IsKnownSyscallName(entry.name));
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_FALSE(entry.name.empty());
  }
}

TEST_P(SyscallTableTest, NumbersOutsideTheTableHaveNoName) {
  const int first = FirstNumber(GetParam());
  size_t named = 0;
  for (int nr = 0; nr < kSyscallTableEnd; ++nr) named += SyscallName({GetParam(), first + nr}).has_value();
  constexpr size_t kPrivateToArm = 6;
  EXPECT_EQ(named + (GetParam() == Abi::kArm ? kPrivateToArm : 0), SyscallTable(GetParam()).size());
  for (const int nr : {-1, -101, first + kSyscallTableEnd, first - 1, 0x40000000, 0x0f0000, 0x0f0007}) {
    EXPECT_EQ(SyscallName({GetParam(), nr}), std::nullopt) << nr;
  }
}

TEST_P(SyscallTableTest, CallsSince424HaveOneNumberEverywhere) {
  for (const auto& [nr, name] :
       std::initializer_list<std::pair<int, const char*>>{{424, "pidfd_send_signal"}, {435, "clone3"},
                                                          {439, "faccessat2"},        {448, "process_mrelease"},
                                                          {449, "futex_waitv"},       {451, "cachestat"},
                                                          {452, "fchmodat2"},         {454, "futex_wake"},
                                                          {455, "futex_wait"},        {456, "futex_requeue"},
                                                          {457, "statmount"},         {458, "listmount"},
                                                          {459, "lsm_get_self_attr"}, {460, "lsm_set_self_attr"},
                                                          {461, "lsm_list_modules"},  {462, "mseal"},
                                                          {463, "setxattrat"},        {464, "getxattrat"},
                                                          {465, "listxattrat"},       {466, "removexattrat"},
                                                          {467, "open_tree_attr"},    {468, "file_getattr"},
                                                          {469, "file_setattr"}}) {
    if (name == std::string_view("clone3") && SyscallTableName(GetParam()) == "sh") continue;  // It has none.
    EXPECT_EQ(FindSyscall(GetParam(), name), (SyscallId{GetParam(), FirstNumber(GetParam()) + nr})) << name;
  }
  const bool has_shadow_stack = FindSyscall(GetParam(), "map_shadow_stack").has_value();
  EXPECT_EQ(has_shadow_stack, GetParam() != Abi::kX32);
}

struct Sample {
  SyscallId id;
  const char* name;
};

// From the kernel's tables, not from libseccomp.
constexpr Sample kSamples[] = {
    {{Abi::kX86_64, 0}, "read"},
    {{Abi::kX86_64, 13}, "rt_sigaction"},
    {{Abi::kX86_64, 17}, "pread64"},
    {{Abi::kX86_64, 59}, "execve"},
    {{Abi::kX86_64, 166}, "umount2"},
    {{Abi::kX86_64, 262}, "newfstatat"},
    {{Abi::kX86_64, 334}, "rseq"},
    {{Abi::kX86_64, 335}, "uretprobe"},
    {{Abi::kX86_64, 336}, "uprobe"},
    {{Abi::kX86_64, 447}, "memfd_secret"},
    {{Abi::kX86_64, 453}, "map_shadow_stack"},
    {{Abi::kI386, 2}, "fork"},
    {{Abi::kI386, 5}, "open"},
    {{Abi::kI386, 102}, "socketcall"},
    {{Abi::kI386, 117}, "ipc"},
    {{Abi::kI386, 243}, "set_thread_area"},
    {{Abi::kI386, 335}, "rt_tgsigqueueinfo"},
    {{Abi::kI386, 336}, "perf_event_open"},
    {{Abi::kI386, 337}, "recvmmsg"},
    {{Abi::kI386, 345}, "sendmmsg"},
    {{Abi::kI386, 359}, "socket"},
    {{Abi::kI386, 364}, "accept4"},
    {{Abi::kI386, 373}, "shutdown"},
    {{Abi::kI386, 393}, "semget"},
    {{Abi::kI386, 397}, "shmat"},
    {{Abi::kI386, 402}, "msgctl"},
    {{Abi::kI386, 403}, "clock_gettime64"},
    {{Abi::kI386, 453}, "map_shadow_stack"},
    {{Abi::kX32, 0}, "read"},
    {{Abi::kX32, 512}, "rt_sigaction"},
    {{Abi::kX32, 520}, "execve"},
    {{Abi::kX32, 547}, "pwritev2"},
    {{Abi::kAarch64, 2}, "io_submit"},
    {{Abi::kAarch64, 56}, "openat"},
    {{Abi::kAarch64, 198}, "socket"},
    {{Abi::kAarch64, 221}, "execve"},
    {{Abi::kArm, 5}, "open"},
    {{Abi::kArm, 281}, "socket"},
    {{Abi::kArm, 0xf0002}, "cacheflush"},
    {{Abi::kArm, 0xf0005}, "set_tls"},
    {{Abi::kMips, 4003}, "read"},
    {{Abi::kMipsel, 4246}, "exit_group"},
    {{Abi::kMips64, 5000}, "read"},
    {{Abi::kMips64N32, 6205}, "exit_group"},
    {{Abi::kPpc64le, 221}, "futex"},
    {{Abi::kS390x, 293}, "newfstatat"},
    {{Abi::kS390, 102}, "socketcall"},
    {{Abi::kParisc, 356}, "cacheflush"},
    {{Abi::kRiscv64, 258}, "riscv_hwprobe"},
    {{Abi::kLoongarch64, 79}, "newfstatat"},
    {{Abi::kM68k, 335}, "atomic_cmpxchg_32"},
    {{Abi::kSheb, 1}, "exit"},
};

TEST(SyscallNameTest, SamplesAgreeWithTheKernelsTables) {
  for (const Sample& sample : kSamples) {
    EXPECT_EQ(SyscallName(sample.id), sample.name);
    EXPECT_EQ(FindSyscall(sample.id.abi, sample.name), sample.id) << sample.name;
  }
}

TEST(SyscallNameTest, CallsOfOneAbiAreUnknownToOthers) {
  EXPECT_EQ(FindSyscall(Abi::kX86_64, "socketcall"), std::nullopt);
  EXPECT_EQ(FindSyscall(Abi::kAarch64, "open"), std::nullopt);
  EXPECT_EQ(FindSyscall(Abi::kArm, "memfd_secret"), std::nullopt);
  EXPECT_EQ(FindSyscall(Abi::kLoongarch64, "renameat"), std::nullopt);
  EXPECT_EQ(FindSyscall(Abi::kAarch64, "set_tls"), std::nullopt);
  EXPECT_EQ(FindSyscall(Abi::kI386, "uretprobe"), std::nullopt);
  EXPECT_EQ(SyscallName({Abi::kX32, 13}), std::nullopt);
  EXPECT_EQ(FindSyscall(Abi::kX86_64, "pread"), std::nullopt);
  EXPECT_EQ(FindSyscall(Abi::kX86_64, ""), std::nullopt);
  EXPECT_TRUE(IsKnownSyscallName("socketcall"));
  EXPECT_FALSE(IsKnownSyscallName("pread"));
}

#if defined(__x86_64__)
TEST(SyscallNameTest, NativeSamplesAgreeWithTheCompilersHeaders) {
  const auto expect = [](int nr, const char* name) { EXPECT_EQ(SyscallName({NativeAbi(), nr}), name); };
  expect(SYS_openat, "openat");
  expect(SYS_clone3, "clone3");
  expect(SYS_prlimit64, "prlimit64");
  expect(SYS_getdents64, "getdents64");
  expect(SYS_statx, "statx");
  expect(SYS_close_range, "close_range");
}

TEST(DisplayNameTest, NamesTheAbiOnlyWhenItIsNotTheNativeOne) {
  EXPECT_EQ(DisplayName({Abi::kX86_64, 39}), "getpid");
  EXPECT_EQ(DisplayName({Abi::kI386, 20}), "getpid:i386");
  EXPECT_EQ(DisplayName({Abi::kX86_64, 999}), "#999");
  EXPECT_EQ(DisplayName({Abi::kX32, 999}), "#999:x32");
}
#endif

TEST(LibseccompKnowsTest, AnswersForTheLibraryAlone) {
  EXPECT_TRUE(LibseccompKnows(Abi::kX86_64, "read"));
  EXPECT_TRUE(LibseccompKnows(Abi::kI386, "socket"));
  EXPECT_TRUE(LibseccompKnows(Abi::kAarch64, "openat"));
  EXPECT_FALSE(LibseccompKnows(Abi::kX86_64, "pread"));
  EXPECT_FALSE(LibseccompKnows(Abi::kX86_64, ""));
  EXPECT_FALSE(LibseccompKnows(Abi::kX86_64, std::string_view("read\0x", 6)));
}

TEST(IsExemptFromSeccompTest, OnlyTheUprobeCallsOfX86_64) {
  EXPECT_TRUE(IsExemptFromSeccomp({Abi::kX86_64, 335}));
  EXPECT_TRUE(IsExemptFromSeccomp({Abi::kX86_64, 336}));
  EXPECT_FALSE(IsExemptFromSeccomp({Abi::kX86_64, 334}));
  EXPECT_FALSE(IsExemptFromSeccomp({Abi::kX86_64, 337}));
  EXPECT_FALSE(IsExemptFromSeccomp({Abi::kI386, 335}));
  EXPECT_FALSE(IsExemptFromSeccomp({Abi::kX32, 336}));
}

}  // namespace
}  // namespace syscarve
