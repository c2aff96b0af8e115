// SPDX-License-Identifier: Apache-2.0
// Which arguments the kernel side keeps, of a workload that calls with given ones.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bpf/recorder.h"
#include "tests/bpf/record_command.h"
#include "userspace/base/unique_fd.h"
#include "userspace/model/syscall_table.h"
#include "userspace/trace/bpf_event_source.h"
#include "userspace/trace/bpf_recorder.h"

#if defined(__x86_64__)
#include "tests/unit/seccomp/kernel_calls.h"
#endif

namespace syscarve {
namespace {

using Values = std::vector<std::vector<uint64_t>>;

SyscallId Call(std::string_view name, Abi abi = NativeAbi()) {
  const auto id = FindSyscall(abi, name);
  EXPECT_TRUE(id.has_value()) << name;
  return id.value_or(SyscallId{});
}

// For the workload `calls`.
std::string Made(SyscallId id, const std::vector<std::string>& arguments, int count = 1) {
  const char* const prefix = id.abi == Abi::kI386 ? "i386:" : id.abi == Abi::kX32 ? "x32:" : "";
  return absl::StrCat(prefix, id.nr, ":", count, ":", absl::StrJoin(arguments, ","));
}

class ArgumentsTest : public testing::Test {
 protected:
  void SetUp() override {
    const absl::Status probe = ProbeBpfRecording().status();
    if (!probe.ok()) GTEST_SKIP() << "BPF cannot be used here: " << probe.message();
  }

  // The calls of the workload.
  std::map<SyscallId, Observation> Record(std::vector<std::string> calls) {
    calls.insert(calls.begin(), absl::StrCat(SYSCARVE_WORKLOADS, "/calls"));
    recording_ = RecordedCommand(calls, {.run_name = "test", .subject_name = "workload"}, 0);
    for (const Loss& loss : recording_.losses) ADD_FAILURE() << loss.what << ": " << loss.detail;
    return recording_.runs.empty() ? std::map<SyscallId, Observation>() : recording_.runs[0].subjects.at(0).calls;
  }

  static Values ValuesOf(const std::map<SyscallId, Observation>& calls, SyscallId id) {
    const auto call = calls.find(id);
    if (call == calls.end() || !call->second.arguments.has_value()) return {};
    Values values;
    for (const auto& [one, programs] : call->second.arguments->values) values.push_back(one);
    return values;
  }

  Recording recording_;
};

TEST_F(ArgumentsTest, AreKeptTogetherAndOnce) {
  const SyscallId socket = Call("socket");
  const auto calls =
      Record({Made(socket, {"2", "1", "6"}, 5), Made(socket, {"10", "2", "0"}), Made(socket, {"2", "1", "6"})});
  ASSERT_TRUE(calls.contains(socket));
  EXPECT_EQ(calls.at(socket).count, 7u);
  EXPECT_EQ(ValuesOf(calls, socket), (Values{{2, 1, 6}, {10, 2, 0}}));
  const SeenArguments& seen = *calls.at(socket).arguments;
  EXPECT_EQ(seen.indexes, (std::vector<int>{0, 1, 2}));
  EXPECT_FALSE(seen.open);
  EXPECT_FALSE(seen.dirty);
  EXPECT_FALSE(seen.pointed_to);
  ASSERT_EQ(seen.values.begin()->second.size(), 1u);
  EXPECT_TRUE(recording_.programs[*seen.values.begin()->second.begin()].path.ends_with("/calls"));
}

TEST_F(ArgumentsTest, OfCallsThatNobodyNarrowsNoneAreKept) {
  const auto calls = Record({Made(Call("sched_rr_get_interval"), {"7"})});
  ASSERT_TRUE(calls.contains(Call("sched_rr_get_interval")));
  EXPECT_FALSE(calls.at(Call("sched_rr_get_interval")).arguments.has_value());
}

// An int is what is in the lower half; what is above is told, unless it is the sign.
TEST_F(ArgumentsTest, UpperHalvesAreCutAndTold) {
  const SyscallId socket = Call("socket");
  const SyscallId personality = Call("personality");
  const auto calls = Record({Made(socket, {"0x700000002", "1", "0"}), Made(socket, {"2", "1", "0"}),
                             Made(personality, {"0xffffffffffffffff"}), Made(personality, {"0xffffffff"})});
  EXPECT_EQ(ValuesOf(calls, socket), (Values{{2, 1, 0}}));
  EXPECT_TRUE(calls.at(socket).arguments->dirty);
  EXPECT_EQ(ValuesOf(calls, personality), (Values{{0xffffffff}}));
  EXPECT_FALSE(calls.at(personality).arguments->dirty);
}

TEST_F(ArgumentsTest, TheSecondOfPrctlIsKeptWhereTheOptionSaysWhatItIs) {
  const SyscallId prctl = Call("prctl");
  const auto calls =
      Record({Made(prctl, {absl::StrCat(PR_SET_NAME), "@7"}), Made(prctl, {absl::StrCat(PR_SET_DUMPABLE), "1"}),
              Made(prctl, {absl::StrCat(PR_SET_PTRACER), "123"})});
  EXPECT_EQ(ValuesOf(calls, prctl), (Values{{PR_SET_DUMPABLE, 1}, {PR_SET_NAME, 0}, {PR_SET_PTRACER, 0}}));
}

// clone3's flags are in memory; a size of 0 makes nothing of them.
TEST_F(ArgumentsTest, AWordInMemoryIsRead) {
  const SyscallId clone3 = Call("clone3");
  const auto calls = Record({Made(clone3, {absl::StrCat("@", CLONE_NEWUSER | CLONE_VM), "0"})});
  EXPECT_EQ(ValuesOf(calls, clone3), (Values{{CLONE_NEWUSER | CLONE_VM}}));
  EXPECT_TRUE(calls.at(clone3).arguments->pointed_to);
  EXPECT_FALSE(calls.at(clone3).arguments->open);
}

TEST_F(ArgumentsTest, AWordThatIsNotThereLeavesTheCallOpen) {
  const SyscallId clone3 = Call("clone3");
  const auto calls = Record({Made(clone3, {"8", "0"})});
  EXPECT_EQ(ValuesOf(calls, clone3), Values());
  EXPECT_TRUE(calls.at(clone3).arguments->open);
}

TEST_F(ArgumentsTest, AFloodOfValuesLeavesTheCallOpenAndTakesNoRoomFromOthers) {
  const SyscallId ioctl = Call("ioctl");
  std::vector<std::string> made;
  for (int number = 0; number < 500; ++number) {
    made.push_back(Made(ioctl, {"0xffffffffffffffff", absl::StrCat(0x5000 + number)}));
  }
  made.push_back(Made(Call("socket"), {"2", "1", "0"}));
  const auto calls = Record(made);
  EXPECT_EQ(calls.at(ioctl).count, 500u);
  EXPECT_TRUE(calls.at(ioctl).arguments->open);
  EXPECT_EQ(ValuesOf(calls, ioctl).size(), size_t{RECORDER_ARGUMENT_VALUES});
  EXPECT_EQ(ValuesOf(calls, Call("socket")), (Values{{2, 1, 0}}));
  EXPECT_FALSE(calls.at(Call("socket")).arguments->open);
}

// Descriptors from here on are the workload's.
class DescriptorsTest : public ArgumentsTest {
 protected:
  static constexpr int kFirst = 100;

  // Gives the workload what `descriptor` is, and returns its number there.
  int Inherited(int descriptor) {
    EXPECT_GE(descriptor, 0) << strerror(errno);
    const int there = kFirst + static_cast<int>(given_.size());
    EXPECT_EQ(dup2(descriptor, there), there);
    close(descriptor);
    given_.emplace_back(there);
    return there;
  }

  static FileKinds On(const std::map<SyscallId, Observation>& calls, uint64_t number) {
    const auto call = calls.find(Call("ioctl"));
    if (call == calls.end() || !call->second.arguments.has_value()) return {};
    const auto files = call->second.arguments->files.find({number});
    return files == call->second.arguments->files.end() ? FileKinds() : files->second;
  }

 private:
  std::vector<UniqueFd> given_;
};

TEST_F(DescriptorsTest, TheKindOfFileIsKeptBesideTheNumber) {
  std::array<int, 2> ends;
  ASSERT_EQ(pipe(ends.data()), 0);
  const UniqueFd writing(ends[1]);
  const std::vector<std::pair<int, std::string>> files = {{posix_openpt(O_RDWR | O_NOCTTY), "tty"},
                                                          {open("/dev/null", O_RDONLY), "character device 1:3"},
                                                          {open("/proc", O_RDONLY | O_DIRECTORY), "directory proc"},
                                                          {open("/proc/self/status", O_RDONLY), "file proc"},
                                                          {open("/proc/self/ns/uts", O_RDONLY), "file nsfs"},
                                                          {ends[0], "pipe"},
                                                          {socket(AF_UNIX, SOCK_STREAM, 0), "socket AF_UNIX"},
                                                          {socket(AF_INET, SOCK_DGRAM, 0), "socket AF_INET"},
                                                          {socket(AF_NETLINK, SOCK_RAW, 0), "socket AF_NETLINK"},
                                                          {epoll_create1(0), "anonymous [eventpoll]"},
                                                          {inotify_init1(0), "anonymous inotify"},
                                                          {memfd_create("anon_inode", 0), "file tmpfs"}};
  std::vector<std::string> made;
  FileKinds all;
  uint64_t number = 0x5f00;
  for (const auto& [descriptor, kind] : files) {
    const std::string there = absl::StrCat(Inherited(descriptor));
    made.push_back(Made(Call("ioctl"), {there, absl::StrCat(++number)}, 3));
    made.push_back(Made(Call("ioctl"), {there, absl::StrCat(0x5e00)}));
    all.insert(kind);
  }
  // None, and one beyond all tables, with an upper half that the kernel does not look at.
  made.push_back(Made(Call("ioctl"), {"99", absl::StrCat(0x5e01)}));
  made.push_back(Made(Call("ioctl"), {"0xffffffffffffffff", absl::StrCat(0x5e01)}));
  made.push_back(Made(Call("ioctl"), {absl::StrCat(0x700000000 + kFirst), absl::StrCat(0x5e02)}));
  const auto calls = Record(made);
  number = 0x5f00;
  for (const auto& [descriptor, kind] : files) EXPECT_EQ(On(calls, ++number), FileKinds{kind});
  EXPECT_EQ(On(calls, 0x5e00), all);
  EXPECT_EQ(On(calls, 0x5e01), FileKinds{"no file"});
  EXPECT_EQ(On(calls, 0x5e02), FileKinds{"tty"});
}

// However many terminals there are, they are one kind; so many pairs of number and kind that there is no room are told.
TEST_F(DescriptorsTest, AFloodOfPairsIsToldAndDoesNotOpenTheCall) {
  const std::vector<int> given = {Inherited(open("/dev/null", O_RDONLY)), Inherited(epoll_create1(0)),
                                  Inherited(socket(AF_UNIX, SOCK_STREAM, 0)), Inherited(open("/proc", O_RDONLY))};
  std::vector<std::string> made;
  constexpr int kNumbers = RECORDER_ARGUMENT_FILES / 3;
  for (int number = 0; number < kNumbers; ++number) {
    for (const int descriptor : given) {
      made.push_back(Made(Call("ioctl"), {absl::StrCat(descriptor), absl::StrCat(0x5f00 + number)}));
    }
  }
  const auto calls = Record(made);
  ASSERT_TRUE(calls.contains(Call("ioctl")));
  EXPECT_FALSE(calls.at(Call("ioctl")).arguments->open);
  EXPECT_EQ(On(calls, 0x5f00).size(), given.size());
  EXPECT_FALSE(On(calls, 0x5f00).contains("unknown"));
  size_t kept = 0;
  for (int number = 0; number < kNumbers; ++number) {
    FileKinds kinds = On(calls, static_cast<uint64_t>(0x5f00 + number));
    kinds.erase("unknown");
    kept += kinds.size();
  }
  EXPECT_EQ(kept, size_t{RECORDER_ARGUMENT_FILES});
}

#if defined(__x86_64__)
TEST_F(ArgumentsTest, EachTableHasItsOwnRegisters) {
  const SyscallId x32 = Call("socket", Abi::kX32);
  const SyscallId i386 = Call("socket", Abi::kI386);
  const SyscallId mmap2 = Call("mmap2", Abi::kI386);
  std::vector<std::string> made = {Made(x32, {"16", "3", "4"})};
  const bool ia32 = HasIa32Emulation();
  if (ia32) {
    made.push_back(Made(i386, {"0x900000011", "3", "5"}));
    made.push_back(Made(mmap2, {"0", "0", "3", "34", "0"}));
  }
  const auto calls = Record(made);
  EXPECT_EQ(ValuesOf(calls, x32), (Values{{16, 3, 4}}));
  if (!ia32) GTEST_SKIP() << "this kernel makes no 32-bit calls";
  EXPECT_EQ(ValuesOf(calls, i386), (Values{{17, 3, 5}}));
  EXPECT_TRUE(calls.at(i386).arguments->dirty);
  EXPECT_EQ(ValuesOf(calls, mmap2), (Values{{3, 34}}));
}
#endif

}  // namespace
}  // namespace syscarve
