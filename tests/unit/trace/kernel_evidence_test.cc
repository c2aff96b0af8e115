// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/kernel_evidence.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "userspace/trace/aggregator.h"
#include "userspace/trace/kernel_snapshot.h"

namespace syscarve {
namespace {

using namespace std::string_view_literals;

recorder_path PathOf(std::string_view components, uint32_t in_mount) {
  recorder_path path = {.length = static_cast<uint32_t>(components.size()), .truncated = 0, .in_mount = in_mount};
  std::ranges::copy(components, path.bytes);
  return path;
}

recorder_name_key Named(std::string_view name, uint16_t uses) {
  recorder_name_key key = {.slot = 1, .uses = uses};
  std::ranges::copy(name, key.name);
  return key;
}

TEST(KernelEvidenceTest, AFileIsItsComponentsBackwards) {
  const auto seen = FileFromKernel(recorder_used_file_key{.dentry = 1, .slot = 3},
                                   recorder_used_file{.uses = RECORDER_FILE_READ | RECORDER_FILE_CONNECTED,
                                                      .mode = S_IFCHR | 0600,
                                                      .device = 136U << 20 | 5,
                                                      .filesystem = "devpts",
                                                      .path = PathOf("5\0pts\0dev\0"sv, 2)});
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->slot, 3u);
  EXPECT_EQ(seen->path, (UsedPath{.path = "/dev/pts/5"}));
  EXPECT_EQ(seen->file.kind, FileKind::kCharacterDevice);
  EXPECT_EQ(seen->file.device_major, 136u);
  EXPECT_EQ(seen->file.device_minor, 5u);
  EXPECT_EQ(seen->file.mount, "/dev/pts");
  EXPECT_EQ(seen->file.filesystem, "devpts");
  EXPECT_EQ(seen->uses, FileUse::kRead | FileUse::kConnected);
}

TEST(KernelEvidenceTest, WhatIsLeftOfAFolderHasNoDentry) {
  const auto seen =
      FileFromKernel(recorder_used_file_key{.parent = 7},
                     recorder_used_file{.uses = RECORDER_FILE_CREATED, .path = PathOf("cache\0var\0"sv, 10)});
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->path, (UsedPath{.path = "/var/cache", .others = true}));
  EXPECT_EQ(seen->file.mount, "/");
}

TEST(KernelEvidenceTest, APathThatWasCutIsNone) {
  recorder_used_file file = {.path = PathOf("a\0b\0"sv, 4)};
  file.path.truncated = 1;
  EXPECT_FALSE(FileFromKernel(recorder_used_file_key{.dentry = 1}, file).has_value());
}

TEST(KernelEvidenceTest, ANameBeginsWhereItsProgramWas) {
  const recorder_named_file base = {.filesystem = "overlay", .path = PathOf("work\0srv\0"sv, 9)};
  const auto path = [&base](std::string_view name, uint16_t others = 0) {
    recorder_name_key key = Named(name, RECORDER_FILE_REMOVED);
    key.others = others;
    return FileFromKernel(key, base).value_or(SeenFile()).path;
  };
  EXPECT_EQ(path("a/b"), (UsedPath{.path = "/srv/work/a/b"}));
  EXPECT_EQ(path("../a//./b/"), (UsedPath{.path = "/srv/a/b"}));
  EXPECT_EQ(path("../../../.."), (UsedPath{.path = "/"}));
  EXPECT_EQ(path("spool/", 1), (UsedPath{.path = "/srv/work/spool", .others = true}));
  EXPECT_EQ(path("", 1), (UsedPath{.path = "/srv/work", .others = true}));
}

TEST(KernelEvidenceTest, BytesThatAreNoPathDoNoHarm) {
  recorder_used_file file = {};
  std::memset(&file, 0xff, sizeof(file));
  EXPECT_FALSE(FileFromKernel(recorder_used_file_key{}, file).has_value());
  file.path.truncated = 0;
  const auto seen = FileFromKernel(recorder_used_file_key{}, file);
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->path.path.size(), 1u + RECORDER_FILE_PATH_BYTES);
  recorder_name_key key;
  std::memset(&key, 0xff, sizeof(key));
  recorder_named_file named = {};
  EXPECT_EQ(FileFromKernel(key, named).value_or(SeenFile()).path.path.size(), 1u + RECORDER_NAME_BYTES);
}

TEST(KernelEvidenceTest, AddressesOfKnownFamilies) {
  const recorder_endpoint_key key = {
      .slot = 1, .family = AF_INET6, .port = 443, .scope = RECORDER_SCOPE_PUBLIC, .connected = 1, .type = SOCK_STREAM};
  EXPECT_EQ(EndpointFromKernel(key), (Endpoint{.use = EndpointUse::kConnected,
                                               .family = AddressFamily::kInet6,
                                               .scope = AddressScope::kPublic,
                                               .socket_type = SOCK_STREAM,
                                               .port = 443}));
  EXPECT_EQ(EndpointFromKernel({.family = 4711}).value_or(Endpoint()).family, AddressFamily::kOther);
  EXPECT_FALSE(EndpointFromKernel({.family = AF_INET, .scope = 77}).has_value());
}

class AggregateHardeningTest : public testing::Test {
 protected:
  AggregateHardeningTest() {
    snapshot_.evidence.kept = true;
    snapshot_.subjects = {{.started = true, .started_at = 1}};
    snapshot_.slots = {{.number = 1, .phase = Phase::kMain, .program = {.path = "/bin/a"}, .descriptors = 7},
                       {.number = 2, .phase = Phase::kMain, .program = {.path = "/bin/b"}, .set_user = true},
                       {.number = 3, .phase = Phase::kRuntime}};
  }

  HardeningEvidence Aggregated(const std::vector<std::optional<Peaks>>& peaks = {
                                   Peaks{.memory_bytes = 1, .tasks = 1}}) {
    Aggregator aggregator({}, {});
    aggregator.AddSubject({});
    aggregator.BeginRun("id", "name", 0);
    AggregateHardening(snapshot_, peaks, aggregator);
    return aggregator.Finish(1).subjects.at(0).hardening.value_or(HardeningEvidence{.missing = {"all"}});
  }

  KernelSnapshot snapshot_;
};

TEST_F(AggregateHardeningTest, WithoutEvidenceThereIsNone) {
  snapshot_.evidence.kept = false;
  EXPECT_EQ(Aggregated().missing, std::set<std::string>{"all"});
}

TEST_F(AggregateHardeningTest, UsesOfOneFileAreOne) {
  snapshot_.evidence.files = {{.slot = 1, .path = {.path = "/x"}, .file = {.mount = "/"}, .uses = FileUse::kRead},
                              {.slot = 1, .path = {.path = "/x"}, .file = {}, .uses = FileUse::kRemoved},
                              {.slot = 2, .path = {.path = "/x"}, .file = {.mount = "/"}, .uses = FileUse::kWritten},
                              // A container runtime's are not the subject's.
                              {.slot = 3, .path = {.path = "/y"}, .file = {}, .uses = FileUse::kMounted},
                              {.slot = 9, .path = {.path = "/z"}, .file = {}, .uses = FileUse::kRead}};
  const HardeningEvidence evidence = Aggregated();
  EXPECT_EQ(evidence.missing, std::set<std::string>());
  ASSERT_EQ(evidence.files.size(), 1u);
  const UsedFile& file = evidence.files.at({.path = "/x"});
  EXPECT_EQ(file.mount, "/");
  EXPECT_EQ(file.uses,
            (std::map<ProgramId, FileUses>{{0, FileUse::kRead | FileUse::kRemoved}, {1, FileUse::kWritten}}));
  EXPECT_EQ(evidence.privileges, (std::map<ProgramId, ProgramPrivileges>{{1, {.set_user = true}}}));
  EXPECT_EQ(evidence.peaks.open_files, 7u);
}

TEST_F(AggregateHardeningTest, WhatWasOnlyNamedIsOfTheInnermostMountThatIsKnown) {
  snapshot_.evidence.files = {
      {.slot = 1, .path = {.path = "/etc/x"}, .file = {.mount = "/", .filesystem = "overlay"}, .uses = FileUse::kRead},
      {.slot = 1, .path = {.path = "/run/a"}, .file = {.mount = "/run", .filesystem = "tmpfs"}, .uses = FileUse::kRead},
      {.slot = 1, .path = {.path = "/run/b"}, .file = {}, .uses = FileUse::kCreated},
      {.slot = 1, .path = {.path = "/running"}, .file = {}, .uses = FileUse::kCreated}};
  const HardeningEvidence evidence = Aggregated();
  EXPECT_EQ(evidence.files.at({.path = "/run/b"}).mount, "/run");
  EXPECT_EQ(evidence.files.at({.path = "/run/b"}).filesystem, "tmpfs");
  EXPECT_EQ(evidence.files.at({.path = "/running"}).mount, "/");
}

TEST_F(AggregateHardeningTest, WhatIsMissingIsSaid) {
  snapshot_.losses.files_full = 1;
  snapshot_.losses.endpoints_full = 1;
  snapshot_.losses.ids_full = 1;
  snapshot_.subjects[0].started_at = 0;
  snapshot_.calls = {{1, {Abi::kX86_64, 425}, 1}};  // io_uring_setup
  EXPECT_EQ(Aggregated({}).missing,
            (std::set<std::string>{"some_files", "endpoints", "ids", "earlier", "io_uring", "peaks"}));
}

TEST_F(AggregateHardeningTest, AnAddressThatCouldNotBeReadIsMissing) {
  snapshot_.losses.addresses_unread = 1;
  EXPECT_EQ(Aggregated().missing, (std::set<std::string>{"endpoints"}));
}

TEST_F(AggregateHardeningTest, AnEndSeenByTheKernelSideBeatsAnEarlierReading) {
  snapshot_.subjects[0].most_pages = 100;
  snapshot_.subjects[0].most_tasks = 5;
  const Peaks peaks =
      Aggregated({Peaks{.memory_bytes = 4096, .tasks = 3, .memory_sampled = false, .tasks_sampled = true}}).peaks;
  EXPECT_GE(peaks.memory_bytes.value_or(0), 100u * 4096);
  EXPECT_EQ(peaks.tasks, 5u);
  EXPECT_FALSE(peaks.tasks_sampled);
}

}  // namespace
}  // namespace syscarve
