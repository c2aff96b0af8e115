// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/call_evidence.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>

#include "userspace/trace/evidence_keeper.h"

namespace syscarve {
namespace {

class FakeMemory : public WaitingMemory {
 public:
  std::map<uint64_t, std::string> texts;  // Whole strings.
  std::map<uint64_t, std::string> bytes;

  std::optional<TaskString> StringAt(uint64_t address) const override {
    const auto text = texts.find(address);
    if (text == texts.end()) return std::nullopt;
    return TaskString{.bytes = text->second, .whole = true};
  }
  std::optional<uint64_t> WordAt(uint64_t) const override { return std::nullopt; }
  std::optional<std::string> BytesAt(uint64_t address, size_t size) const override {
    const auto found = bytes.find(address);
    if (found == bytes.end() || found->second.size() < size) return std::nullopt;
    return found->second.substr(0, size);
  }
  std::optional<OpenFile> FileOf(unsigned) const override { return std::nullopt; }
};

// Files by the name that they are asked for.
class FakeFiles : public TaskFileView {
 public:
  std::map<std::string, TaskFile> files;
  std::map<std::string, std::string> unknown;
  mutable int looks = 0;

  void Add(const std::string& name, mode_t mode, const std::string& path = "") {
    files[name] = {.path = path.empty() ? "/work/" + name : path, .mode = mode};
  }
  std::optional<std::string> Root() const override { return "/"; }
  std::optional<std::string> Base(int directory) const override {
    if (directory == AT_FDCWD) return "/work";
    return directory == 5 ? std::optional<std::string>("/five") : std::nullopt;
  }
  FoundFile Find(int, const std::string& name, bool follow) const override {
    ++looks;
    if (unknown.contains(name)) return {};
    const auto file = files.find(name);
    if (file == files.end()) return {.presence = Presence::kNotThere, .file = {}};
    if (follow && S_ISLNK(file->second.mode)) return Find(0, file->second.target, follow);
    return {.presence = Presence::kThere, .file = file->second};
  }
  FoundFile OfDescriptor(int descriptor) const override { return Find(0, "fd" + std::to_string(descriptor), true); }
  FoundFile Executable() const override { return Find(0, "exe", true); }
  std::vector<std::string> ExecutableMappings() const override { return {"/work/exe", "/lib/ld.so"}; }
  int SocketType(int) const override { return SOCK_STREAM; }
  std::optional<MountPlace> PlaceOf(uint64_t) const override { return std::nullopt; }
  std::optional<ProcessIds> Ids() const override { return std::nullopt; }
  pid_t Process() const override { return 1; }
};

class CallEvidenceTest : public testing::Test {
 protected:
  CallEvidenceTest() {
    files_.Add(".", S_IFDIR, "/work");
    files_.Add("folder", S_IFDIR);
    files_.Add("file", S_IFREG);
  }

  EvidenceOfCall Of(const std::string& name, std::array<uint64_t, 6> registers, bool look_up = true) {
    const auto call = std::ranges::find(EvidenceCalls(), name, &EvidenceCall::name);
    EXPECT_NE(call, EvidenceCalls().end()) << name;
    return CallEvidenceReader(memory_, files_, look_up).Of(*call, NativeAbi(), registers);
  }
  EvidenceOfCall Open(const std::string& name, int flags, bool look_up = true) {
    memory_.texts[100] = name;
    return Of("openat", {static_cast<uint32_t>(AT_FDCWD), 100, static_cast<uint64_t>(flags), 0600, 0, 0}, look_up);
  }
  // Of each file; of the others of a folder by "/*" behind it.
  static std::map<std::string, FileUses> Files(const EvidenceOfCall& evidence) {
    std::map<std::string, FileUses> uses;
    for (const EvidenceOfCall::File& file : evidence.files) {
      uses[file.path.path + (file.path.others ? "/*" : "")] |= file.uses;
    }
    return uses;
  }
  using Uses = std::map<std::string, FileUses>;

  FakeMemory memory_;
  FakeFiles files_;
};

constexpr FileUse kRead = FileUse::kRead;
constexpr FileUse kWritten = FileUse::kWritten;
constexpr FileUse kCreated = FileUse::kCreated;

TEST_F(CallEvidenceTest, WhatIsOpenedIsUsed) {
  EXPECT_EQ(Files(Open("file", O_RDONLY)), (Uses{{"/work/file", kRead}}));
  EXPECT_EQ(Files(Open("file", O_RDWR | O_CREAT)), (Uses{{"/work/file", kRead | kWritten}}));
  EXPECT_EQ(Files(Open("file", O_RDONLY | O_TRUNC)), (Uses{{"/work/file", kRead | FileUse::kChanged}}));
  EXPECT_EQ(Files(Open("folder", O_RDONLY | O_DIRECTORY)), (Uses{{"/work/folder", kRead}}));
  EXPECT_EQ(Files(Open("new", O_WRONLY | O_CREAT)), (Uses{{"/work/new", kWritten | kCreated}}));
  EXPECT_EQ(Files(Open("folder/new", O_WRONLY | O_CREAT | O_EXCL)), (Uses{{"/work/folder/new", kWritten | kCreated}}));
  EXPECT_EQ(Files(Open("folder", O_RDWR | O_TMPFILE)), (Uses{{"/work/folder/*", kRead | kWritten | kCreated}}));
}

TEST_F(CallEvidenceTest, WhatCannotBeOpenedIsNot) {
  for (const auto& [name, flags] : std::vector<std::pair<std::string, int>>{{"missing", O_RDWR},
                                                                            {"missing", O_PATH | O_CREAT},
                                                                            {"nowhere/new", O_WRONLY | O_CREAT},
                                                                            {"file/new", O_WRONLY | O_CREAT},
                                                                            {"new/", O_WRONLY | O_CREAT},
                                                                            {"file", O_CREAT | O_EXCL},
                                                                            {"file", O_RDONLY | O_DIRECTORY},
                                                                            {"folder", O_WRONLY},
                                                                            {"", O_RDONLY}}) {
    EXPECT_EQ(Files(Open(name, flags)), Uses()) << name << " " << flags;
  }
  files_.Add("link", S_IFLNK);
  EXPECT_EQ(Files(Open("link", O_RDONLY | O_NOFOLLOW)), Uses());
  files_.Add("socket", S_IFSOCK);
  EXPECT_EQ(Files(Open("socket", O_RDWR)), Uses());
}

TEST_F(CallEvidenceTest, NothingIsMadeInAFolderThatIsGone) {
  files_.files["."].removed = true;
  memory_.texts[1] = "new";
  EXPECT_EQ(Files(Open("new", O_WRONLY | O_CREAT)), Uses());
  EXPECT_EQ(Files(Of("mkdir", {1})), Uses());
  EXPECT_EQ(Files(Open(".", O_RDONLY)), (Uses{{"/work", kRead}}));
}

TEST_F(CallEvidenceTest, ALinkToWhatIsNotThereMakesThat) {
  files_.Add("link", S_IFLNK);
  files_.files["link"].target = "folder/made";
  files_.Add("./folder", S_IFDIR, "/work/folder");
  EXPECT_EQ(Files(Open("link", O_WRONLY | O_CREAT)), (Uses{{"/work/folder/made", kWritten | kCreated}}));
}

TEST_F(CallEvidenceTest, WhatIsNotKnownCounts) {
  files_.unknown["odd/../x"];
  EXPECT_EQ(Files(Open("odd/../x", O_WRONLY | O_CREAT)), (Uses{{"/work/x", kWritten | kCreated}}));
  EXPECT_EQ(Files(Open("/a//b", O_RDONLY, /*look_up=*/false)), (Uses{{"/a/b", kRead}}));
  const int looks = files_.looks;
  Open("c", O_RDWR | O_CREAT, /*look_up=*/false);
  EXPECT_EQ(files_.looks, looks) << "a file was looked at";
}

TEST_F(CallEvidenceTest, WhatIsNamedIsUsedWhereThatCanBe) {
  memory_.texts = {{1, "file"}, {2, "new"}, {3, "missing"}, {4, "nowhere/new"}};
  EXPECT_EQ(Files(Of("mkdir", {2})), (Uses{{"/work/new", kCreated}}));
  EXPECT_EQ(Files(Of("mkdir", {1})), Uses());
  EXPECT_EQ(Files(Of("mkdir", {4})), Uses());
  EXPECT_EQ(Files(Of("unlinkat", {5, 1})), (Uses{{"/five/file", FileUse::kRemoved}}));
  EXPECT_EQ(Files(Of("unlink", {3})), Uses());
  EXPECT_EQ(Files(Of("rename", {1, 2})), (Uses{{"/work/file", FileUse::kRemoved}, {"/work/new", kCreated}}));
  EXPECT_EQ(Files(Of("rename", {1, 4})), Uses());
  EXPECT_EQ(Files(Of("rename", {3, 1})), Uses());
  EXPECT_EQ(Files(Of("chmod", {1})), (Uses{{"/work/file", FileUse::kChanged}}));
  // The descriptor itself is meant.
  EXPECT_EQ(Of("utimensat", {5, 0}).files_unread, 0u);
}

TEST_F(CallEvidenceTest, ANameThatCannotBeReadIsALoss) {
  EXPECT_EQ(Of("mkdir", {99}).files_unread, 1u);
  EXPECT_EQ(Of("connect", {3, 99, 16}).addresses_unread, 1u);
}

TEST_F(CallEvidenceTest, WhatServesUsIsNoticed) {
  files_.Add("/dev/fuse", S_IFCHR, "/dev/fuse");
  files_.files["/dev/fuse"].major = 10;
  files_.files["/dev/fuse"].minor = 229;
  EXPECT_TRUE(Open("/dev/fuse", O_RDWR).serves_files);
  EXPECT_FALSE(Open("file", O_RDWR).serves_files);
}

TEST_F(CallEvidenceTest, OnlyMapsThatCanBeExecutedAreKept) {
  files_.Add("fd7", S_IFREG, "/lib/x.so");
  EXPECT_EQ(Files(Of("mmap", {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, 7, 0})),
            (Uses{{"/lib/x.so", FileUse::kMapped}}));
  EXPECT_EQ(Files(Of("mmap", {0, 4096, PROT_READ, MAP_PRIVATE, 7, 0})), Uses());
  EXPECT_EQ(Files(Of("mmap", {0, 4096, PROT_EXEC, MAP_ANONYMOUS, 7, 0})), Uses());
}

TEST_F(CallEvidenceTest, WhatIsExecutedIsKeptWithItsLoader) {
  files_.Add("exe", S_IFREG | S_ISUID);
  const EvidenceOfCall evidence = CallEvidenceReader(memory_, files_, true).OfExecutable();
  EXPECT_EQ(Files(evidence), (Uses{{"/work/exe", FileUse::kExecuted}, {"/lib/ld.so", FileUse::kMapped}}));
  EXPECT_EQ(evidence.executable, mode_t{S_IFREG | S_ISUID});
}

TEST_F(CallEvidenceTest, AddressesAreReadFromMessages) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(53);
  address.sin_addr.s_addr = htonl(0x0a010203);
  memory_.bytes[1000] = std::string(reinterpret_cast<const char*>(&address), sizeof(address));
  std::string head(16, '\0');
  const uint64_t where = 1000;
  const uint32_t length = sizeof(address);
  std::memcpy(head.data(), &where, sizeof(where));
  std::memcpy(head.data() + 8, &length, sizeof(length));
  memory_.bytes[2000] = head;
  memory_.bytes[2064] = head;
  const std::vector<Endpoint> expected = {
      {.use = EndpointUse::kConnected, .scope = AddressScope::kPrivate, .socket_type = SOCK_STREAM, .port = 53}};
  EXPECT_EQ(Of("connect", {3, 1000, sizeof(address)}).endpoints, expected);
  EXPECT_EQ(Of("sendmsg", {3, 2000}).endpoints, expected);
  EXPECT_EQ(Of("sendmmsg", {3, 2000, 2}).endpoints.size(), 2u);
  // More than there are: reading ends where it cannot go on.
  EXPECT_EQ(Of("sendmmsg", {3, 2000, ~0ULL}).addresses_unread, 1u);
  EXPECT_EQ(Of("sendto", {3, 0, 0, 0, 0, 0}).addresses_unread, 0u);
  EXPECT_TRUE(Of("connect", {3, 1000, 4096}).endpoints.empty());
}

TEST_F(CallEvidenceTest, SocketsWithAPathAreFiles) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, "new");
  memory_.bytes[1000] = std::string(reinterpret_cast<const char*>(&address), sizeof(address));
  EXPECT_EQ(Files(Of("bind", {3, 1000, sizeof(address)})), (Uses{{"/work/new", kCreated}}));
  EXPECT_EQ(Files(Of("connect", {3, 1000, sizeof(address)})), Uses());
  files_.Add("new", S_IFSOCK);
  EXPECT_EQ(Files(Of("connect", {3, 1000, sizeof(address)})), (Uses{{"/work/new", FileUse::kConnected}}));
  EXPECT_EQ(Files(Of("bind", {3, 1000, sizeof(address)})), Uses());
}

TEST(EndpointOfAddressTest, TellsScopes) {
  const auto scope = [](const char* text) {
    sockaddr_in6 six = {};
    sockaddr_in four = {};
    const bool is_six = inet_pton(AF_INET6, text, &six.sin6_addr) == 1;
    six.sin6_family = AF_INET6;
    four.sin_family = AF_INET;
    if (!is_six) inet_pton(AF_INET, text, &four.sin_addr);
    const std::string_view bytes = is_six ? std::string_view(reinterpret_cast<const char*>(&six), sizeof(six))
                                          : std::string_view(reinterpret_cast<const char*>(&four), sizeof(four));
    return EndpointOfAddress(bytes, EndpointUse::kBound, 0)->scope;
  };
  for (const char* const text : {"0.0.0.0", "::"}) EXPECT_EQ(scope(text), AddressScope::kAny) << text;
  for (const char* const text : {"127.1.2.3", "::1", "::ffff:127.0.0.1"})
    EXPECT_EQ(scope(text), AddressScope::kLoopback) << text;
  for (const char* const text : {"10.1.2.3", "172.31.0.1", "192.168.1.1", "100.127.0.1", "fd00::1"})
    EXPECT_EQ(scope(text), AddressScope::kPrivate) << text;
  for (const char* const text : {"169.254.1.1", "fe80::1"}) EXPECT_EQ(scope(text), AddressScope::kLinkLocal) << text;
  for (const char* const text : {"224.0.0.1", "255.255.255.255", "ff02::1"})
    EXPECT_EQ(scope(text), AddressScope::kMulticast) << text;
  for (const char* const text : {"8.8.8.8", "172.32.0.1", "100.128.0.1", "2001:db8::1"})
    EXPECT_EQ(scope(text), AddressScope::kPublic) << text;
}

EvidenceOfCall::File Used(const std::string& path) {
  return {.path = {.path = path}, .file = {.kind = FileKind::kRegular}, .uses = FileUse::kRead};
}

TEST(EvidenceKeeperTest, OfAFolderAProgramsFilesAreBounded) {
  EvidenceKeeper keeper;
  for (int i = 0; i < 300; ++i) keeper.AddFile(Used("/many/" + std::to_string(i)), 1);
  keeper.AddFile(Used("/many/0"), 1);
  keeper.AddFile(Used("/many/299"), 2);
  const HardeningEvidence evidence = keeper.Evidence();
  // Each once, the others, and the one of another program.
  EXPECT_EQ(evidence.files.size(), size_t{RECORDER_DIRECTORY_FILES} + 2);
  EXPECT_TRUE(evidence.files.contains({.path = "/many", .others = true}));
  EXPECT_TRUE(evidence.missing.empty());
}

TEST(EvidenceKeeperTest, AllIsBoundedAndWhatIsLeftOutIsALoss) {
  EvidenceKeeper keeper;
  for (size_t i = 0; i < EvidenceKeeper::kMostFiles + 5; ++i) keeper.AddFile(Used("/" + std::to_string(i) + "/x"), 1);
  for (size_t i = 0; i < EvidenceKeeper::kMostEndpoints + 5; ++i) keeper.AddEndpoint({.port = static_cast<int>(i)}, 1);
  for (uint32_t i = 0; i < EvidenceKeeper::kMostIds + 5; ++i) keeper.AddIds({.user = i}, 1);
  keeper.AddFile(Used("/" + std::string(EvidenceKeeper::kMostPathBytes, 'x')), 1);
  // Known already.
  keeper.AddFile(Used("/0/x"), 1);
  EXPECT_EQ(keeper.losses().files_full, 5u);
  EXPECT_EQ(keeper.losses().files_unread, 1u);
  EXPECT_EQ(keeper.losses().endpoints_full, 5u);
  EXPECT_EQ(keeper.losses().ids_full, 5u);
  EXPECT_EQ(keeper.Evidence().files.size(), EvidenceKeeper::kMostFiles);
  EXPECT_EQ(keeper.Evidence().missing, (std::set<std::string>{"some_files", "endpoints", "ids"}));
}

}  // namespace
}  // namespace syscarve
