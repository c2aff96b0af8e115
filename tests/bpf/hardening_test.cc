// SPDX-License-Identifier: Apache-2.0
// Which hardening evidence the kernel side keeps, of a workload that uses files, addresses and ids in known ways.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "tests/bpf/record_command.h"
#include "userspace/trace/bpf_event_source.h"
#include "userspace/trace/bpf_recorder.h"

#if defined(__x86_64__)
#include "tests/unit/seccomp/kernel_calls.h"
#endif

namespace syscarve {
namespace {

class HardeningTest : public testing::Test {
 protected:
  void SetUp() override {
    const absl::Status probe = ProbeBpfRecording().status();
    if (!probe.ok()) GTEST_SKIP() << "BPF cannot be used here: " << probe.message();
    std::string folder = std::filesystem::temp_directory_path() / "syscarve-uses-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = std::filesystem::canonical(folder);
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  void Record(const std::vector<std::string>& command) {
    recording_ = RecordedCommand(command, {.run_name = "test", .subject_name = "workload", .hardening = true}, 0);
    for (const Loss& loss : recording_.losses) ADD_FAILURE() << loss.what << ": " << loss.detail;
    ASSERT_EQ(recording_.subjects.size(), 1u);
    ASSERT_TRUE(recording_.subjects[0].hardening.has_value());
    evidence_ = *recording_.subjects[0].hardening;
  }

  std::string Path(const std::string& name) const { return name.empty() ? folder_ : folder_ + "/" + name; }

  // What all programs did with a file of the folder.
  FileUses Uses(const std::string& path, bool others = false) const {
    FileUses uses;
    const auto file = evidence_.files.find({.path = path, .others = others});
    if (file == evidence_.files.end()) return uses;
    for (const auto& [program, of_program] : file->second.uses) uses |= of_program;
    return uses;
  }
  UsedFile File(const std::string& name) const {
    const auto file = evidence_.files.find({.path = Path(name)});
    return file == evidence_.files.end() ? UsedFile() : file->second;
  }
  bool Has(const Endpoint& endpoint) const { return evidence_.endpoints.contains(endpoint); }

  std::string folder_;
  Recording recording_;
  HardeningEvidence evidence_;
};

constexpr FileUse kRead = FileUse::kRead;
constexpr FileUse kWritten = FileUse::kWritten;
constexpr FileUse kCreated = FileUse::kCreated;
constexpr FileUse kRemoved = FileUse::kRemoved;
constexpr FileUse kChanged = FileUse::kChanged;

TEST_F(HardeningTest, EveryUseOfFilesIsKept) {
  Record({SYSCARVE_WORKLOADS "/uses", folder_});
  const std::vector<std::pair<std::string, FileUses>> expected = {
      {"written", kWritten | kCreated | kRead | kChanged},
      {"old", kWritten | kCreated | kRemoved},
      {"new", kCreated},
      {"folder", FileUses(kCreated) | kRead | kRemoved},
      {"folder/inner", kWritten | kCreated | kChanged | kRead | kRemoved},
      {"link", kCreated},
      {"second", kCreated | kRemoved},
      {"pipe", kCreated},
      {"folder/beside", kRead | kWritten | kCreated | kRemoved},
      {"outer", kCreated | kRead | kWritten | kChanged | FileUse::kMapped},
      {"many", kCreated},
      {"named", kCreated},
      {"mounted", kCreated | FileUse::kMounted},
      {"mounted/file", kWritten | kCreated},
      {"mounted/folder", kCreated},
      {"socket", kCreated | FileUse::kConnected},
      {"datagrams", kCreated | FileUse::kConnected},
  };
  for (const auto& [name, uses] : expected) EXPECT_EQ(Uses(Path(name)), uses) << name;
  EXPECT_FALSE(evidence_.files.contains({.path = Path("missing")}));
  EXPECT_FALSE(evidence_.files.contains({.path = Path("link/inner")}));
  EXPECT_FALSE(evidence_.files.contains({.path = Path("datagrams beyond the end")}));
  EXPECT_EQ(Uses("/dev/null"), FileUses(kWritten));
  EXPECT_EQ(Uses(SYSCARVE_WORKLOADS "/uses"), FileUses(FileUse::kExecuted));
}

TEST_F(HardeningTest, OfManyFilesOfAFolderTheRestIsToldTogether) {
  Record({SYSCARVE_WORKLOADS "/uses", folder_});
  EXPECT_EQ(Uses(Path("many"), /*others=*/true), kWritten | kCreated);
  EXPECT_EQ(Uses(Path("named"), /*others=*/true), FileUses(kCreated));
  for (const char* const name : {"many", "named"}) {
    EXPECT_EQ(std::ranges::count_if(evidence_.files,
                                    [&](const auto& file) { return file.first.path.starts_with(Path(name) + "/"); }),
              RECORDER_DIRECTORY_FILES)
        << name;
  }
}

TEST_F(HardeningTest, FilesAreDescribed) {
  Record({SYSCARVE_WORKLOADS "/uses", folder_});
  EXPECT_EQ(File("written").kind, FileKind::kRegular);
  EXPECT_EQ(File("socket").kind, FileKind::kSocket);
  EXPECT_EQ(File("mounted/file").mount, Path("mounted"));
  EXPECT_EQ(File("mounted/file").filesystem, "tmpfs");
  // Only named, but it is clear where.
  EXPECT_EQ(File("mounted/folder").mount, Path("mounted"));
  EXPECT_EQ(File("pipe").filesystem, File("written").filesystem);
  const UsedFile& null = evidence_.files.at({.path = "/dev/null"});
  EXPECT_EQ(null.kind, FileKind::kCharacterDevice);
  EXPECT_EQ(null.device_major, 1u);
  EXPECT_EQ(null.device_minor, 3u);
}

TEST_F(HardeningTest, AddressesAndIdsAreKept) {
  Record({SYSCARVE_WORKLOADS "/uses", folder_});
  EXPECT_TRUE(Has({.use = EndpointUse::kBound, .scope = AddressScope::kLoopback, .socket_type = SOCK_STREAM}));
  EXPECT_TRUE(
      Has({.use = EndpointUse::kConnected, .scope = AddressScope::kLoopback, .socket_type = SOCK_DGRAM, .port = 53}));
  EXPECT_TRUE(Has({.use = EndpointUse::kBound, .family = AddressFamily::kUnixAbstract, .socket_type = SOCK_DGRAM}));
  std::set<ProcessIds> ids;
  for (const auto& [program, of_program] : evidence_.identities) ids.insert(of_program.begin(), of_program.end());
  EXPECT_TRUE(ids.contains(ProcessIds{0, 0, 0, 0}));
  EXPECT_TRUE(ids.contains(ProcessIds{65534, 65534, 65534, 65534}));
  EXPECT_TRUE(ids.contains(ProcessIds{0, 0, 65534, 65534}));
  // Descriptors up to 200 were used.
  EXPECT_GE(evidence_.peaks.open_files.value_or(0), 201u);
  EXPECT_LT(evidence_.peaks.open_files.value_or(0), 300u);
}

// The ports of the loopback interface, from 54 on, to which datagrams were sent.
std::set<int> Sent(const HardeningEvidence& evidence) {
  std::set<int> ports;
  for (const auto& [endpoint, programs] : evidence.endpoints) {
    if (endpoint.use == EndpointUse::kConnected && endpoint.scope == AddressScope::kLoopback && endpoint.port > 53)
      ports.insert(endpoint.port);
  }
  return ports;
}

TEST_F(HardeningTest, AddressesOfMessagesAreKept) {
  Record({SYSCARVE_WORKLOADS "/uses", folder_});
  // The last one was connected to. 55 and 60 were in messages that were not sent.
  EXPECT_EQ(Sent(evidence_), (std::set<int>{54, 56, 57, 58, 59, 61}));
  EXPECT_FALSE(evidence_.missing.contains(std::string(kMissingMessages)));
}

#if defined(__x86_64__)
TEST_F(HardeningTest, AddressesOf32BitCallsAreKept) {
  if (!HasIa32Emulation()) GTEST_SKIP() << "this kernel makes no 32-bit calls";
  Record({SYSCARVE_WORKLOADS "/uses", folder_, "i386"});
  EXPECT_EQ(Sent(evidence_), (std::set<int>{70, 71, 72, 73, 74}));
  EXPECT_TRUE(
      Has({.use = EndpointUse::kBound, .scope = AddressScope::kLoopback, .socket_type = SOCK_DGRAM, .port = 75}));
}
#endif

TEST_F(HardeningTest, AnAddressThatIsNotInMemoryAnyMoreIsALoss) {
  const Recording recording = RecordedCommand({SYSCARVE_WORKLOADS "/uses", folder_, "unmapped"},
                                              {.run_name = "test", .subject_name = "workload", .hardening = true}, 0);
  ASSERT_EQ(recording.losses.size(), 1u);
  EXPECT_EQ(recording.losses[0].what, "address_unread");
  EXPECT_EQ(recording.losses[0].count, 1u);
  EXPECT_TRUE(recording.subjects.at(0).hardening.value().missing.contains(std::string(kMissingEndpoints)));
}

TEST_F(HardeningTest, TheLoaderAndTheScriptOfAProgramAreKept) {
  const std::string script = Path("script");
  FILE* const file = std::fopen(script.c_str(), "w");
  ASSERT_NE(file, nullptr);
  std::fputs("#!/bin/sh\n/bin/true\n", file);
  std::fclose(file);
  ASSERT_EQ(chmod(script.c_str(), 0755), 0);
  Record({script});
  EXPECT_TRUE(Uses(script).has(FileUse::kExecuted));
  EXPECT_TRUE(Uses(std::filesystem::canonical("/bin/true")).has(FileUse::kExecuted));
  const bool has_loader = std::ranges::any_of(evidence_.files, [](const auto& used) {
    return used.first.path.find("/ld-linux") != std::string::npos &&
           std::ranges::any_of(used.second.uses, [](const auto& uses) { return uses.second.has(FileUse::kMapped); });
  });
  EXPECT_TRUE(has_loader);
}

TEST_F(HardeningTest, AProgramThatGainsPrivilegesIsTold) {
  const std::string program = Path("id");
  std::filesystem::permissions(folder_, std::filesystem::perms(0755));
  std::filesystem::copy_file(std::filesystem::canonical("/usr/bin/id"), program);
  ASSERT_EQ(chmod(program.c_str(), 04755), 0);
  const auto privileges = [&] {
    for (const auto& [id, of_program] : evidence_.privileges) {
      if (recording_.programs.at(id).path == program) return of_program;
    }
    return ProgramPrivileges();
  };
  Record({"/usr/bin/setpriv", "--reuid=65534", "--clear-groups", program});
  EXPECT_EQ(privileges(), (ProgramPrivileges{.set_user = true, .set_group = false, .gained = true}));
  // To root it gives nothing.
  Record({program});
  EXPECT_EQ(privileges(), (ProgramPrivileges{.set_user = true, .set_group = false, .gained = false}));
  Record({"/usr/bin/setpriv", "--reuid=65534", "--clear-groups", "--no-new-privs", program});
  EXPECT_EQ(privileges(), (ProgramPrivileges{.set_user = true, .set_group = false, .gained = false}));
}

}  // namespace
}  // namespace syscarve
