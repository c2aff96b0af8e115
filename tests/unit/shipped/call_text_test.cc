// SPDX-License-Identifier: Apache-2.0
#include "userspace/shipped/call_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "userspace/model/syscall_table.h"
#include "userspace/shipped/argument_table.h"
#include "userspace/shipped/shipped_data.h"

namespace syscarve {
namespace {

using Registers = std::array<uint64_t, 6>;
constexpr uint64_t kRubbish = 0x7fff12345678;

const ArgumentTable& Table() {
  static const absl::StatusOr<const ArgumentTable*> table = ShippedArgumentTable();
  EXPECT_TRUE(table.ok()) << table.status();
  return **table;
}

SyscallId Id(const std::string& name, Abi abi = Abi::kX86_64) {
  const std::optional<SyscallId> id = FindSyscall(abi, name);
  EXPECT_TRUE(id.has_value()) << name;
  return id.value_or(SyscallId());
}

std::string Text(const std::string& name, Registers registers, const CallTextOptions& options = {},
                 Abi abi = Abi::kX86_64) {
  return CallText(Table(), Id(name, abi), name, registers, options);
}

TEST(CallTextTest, NamesConstantsAndLeavesOutWhatTheCallDoesNotHave) {
  EXPECT_EQ(Text("socket", {40, 1, 0, kRubbish, kRubbish, kRubbish}), "socket(AF_VSOCK, SOCK_STREAM, 0)");
  EXPECT_EQ(Text("socket", {2, 0x80003, 1}), "socket(AF_INET, SOCK_RAW|SOCK_CLOEXEC, IPPROTO_ICMP)");
  EXPECT_EQ(Text("socket", {16, 3, 15}), "socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT)");
  EXPECT_EQ(Text("prctl", {4, 0, kRubbish, kRubbish}), "prctl(PR_SET_DUMPABLE, 0)");
  EXPECT_EQ(Text("ioctl", {1, 0x5412, 0x7ffe1000}), "ioctl(1, TIOCSTI, 0x7ffe1000)");
  EXPECT_EQ(Text("clone", {0x10000011, 0, 0, 0, 0}), "clone(CLONE_NEWUSER|SIGCHLD, 0, NULL, NULL, 0)");
  EXPECT_EQ(Text("fcntl", {3, 4, 0x802}), "fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK)");
  EXPECT_EQ(Text("fcntl", {3, 1, kRubbish}), "fcntl(3, F_GETFD)");
  EXPECT_EQ(Text("setsockopt", {3, 1, 2, 0x1000, 4}), "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, 0x1000, 4)");
  EXPECT_EQ(Text("mprotect", {0x1000, 4096, 7}), "mprotect(4096, 4096, PROT_READ|PROT_WRITE|PROT_EXEC)");
  EXPECT_EQ(Text("quotactl", {0x80000701, 0, 0, 0}), "quotactl(Q_GETQUOTA|GRPQUOTA, NULL, 0, NULL)");
  EXPECT_EQ(Text("access", {0, 0}), "access(NULL, F_OK)");
  EXPECT_EQ(Text("getpid", {1, 2, 3, 4, 5, 6}), "getpid()");
}

TEST(CallTextTest, UnknownBitsAndValuesStayNumbers) {
  EXPECT_EQ(Text("socket", {99, 0x1000001, 0}), "socket(99, SOCK_STREAM|0x1000000, 0)");
  EXPECT_EQ(Text("ioctl", {1, 0xdeadbeef, 0}), "ioctl(1, 0xdeadbeef, 0)");
  EXPECT_EQ(Text("unshare", {0}), "unshare(0)");
}

TEST(CallTextTest, PathsAreQuotedAndEncoded) {
  const auto with = [](std::string bytes, bool whole) {
    return Text("openat", {0xffffffffffffff9c, 0x1000, 0x80000, kRubbish}, {.paths = {{1, {std::move(bytes), whole}}}});
  };
  EXPECT_EQ(with("/etc/shadow", true), "openat(AT_FDCWD, \"/etc/shadow\", O_RDONLY|O_CLOEXEC)");
  EXPECT_EQ(with("/a", false), "openat(AT_FDCWD, \"/a\"…, O_RDONLY|O_CLOEXEC)");
  EXPECT_EQ(with("x\", O_RDWR) %\xff", true), "openat(AT_FDCWD, \"x%22, O_RDWR) %25%FF\", O_RDONLY|O_CLOEXEC)");
  EXPECT_EQ(Text("openat", {0xffffff9c, 0x1000, 0x241, 0644}),
            "openat(AT_FDCWD, 0x1000, O_WRONLY|O_CREAT|O_TRUNC, 0644)");
  EXPECT_EQ(PathArguments(Table(), Id("renameat2"), Registers{}), (std::vector<unsigned>{1, 3}));
  EXPECT_TRUE(PathArguments(Table(), Id("socket"), Registers{}).empty());
}

// A filter sees 64 bits where the kernel looks at 32: what is refused for its upper half must not look like the other.
TEST(CallTextTest, DirtyUpperHalvesAreShown) {
  EXPECT_EQ(Text("socket", {0x100000002, 1, 0}), "socket(0x100000002, SOCK_STREAM, IPPROTO_IP)");
  EXPECT_EQ(Text("close", {0xffffffffffffffff}), "close(-1)");
  EXPECT_EQ(Text("close", {0xffffffff}), "close(-1)");
  EXPECT_EQ(Text("personality", {0xffffffff}, {.exact = true}).find("0xffffffffffffffff"), std::string::npos);
  EXPECT_EQ(Text("personality", {~uint64_t{0}}, {.exact = true}), "personality(0xffffffffffffffff)");
  EXPECT_EQ(Text("getpid", {0, 0, 7}, {.exact = true}), "getpid(0, 0, 7)");
}

TEST(CallTextTest, EachAbiHasItsOwn) {
  EXPECT_EQ(Text("clone", {0x11, 0, 0, 0x1000, 0x2000}, {}, Abi::kI386), "clone(SIGCHLD, 0, NULL, 4096, 0x2000)");
  EXPECT_EQ(Text("openat", {0xffffff9c, 0x1000, 0x4000, 0}, {}, Abi::kAarch64),
            "openat(AT_FDCWD, 0x1000, O_RDONLY|O_DIRECTORY)");
  EXPECT_EQ(Text("openat", {0xffffff9c, 0x1000, 0x10000, 0}, {}, Abi::kX86_64),
            "openat(AT_FDCWD, 0x1000, O_RDONLY|O_DIRECTORY)");
  EXPECT_EQ(Text("socketcall", {1, 0x1000}, {}, Abi::kI386), "socketcall(SYS_SOCKET, 0x1000)");
  // An offset of 64 bits is in two registers; on 32-bit ARM in an even one and the next.
  EXPECT_EQ(Text("pread64", {3, 0x1000, 5, 7, 1, 99}, {}, Abi::kI386), "pread64(3, 0x1000, 5, 7, 1)");
  EXPECT_EQ(Text("pread64", {3, 0x1000, 5, 99, 7, 1}, {}, Abi::kArm), "pread64(3, 0x1000, 5, 99, 7, 1)");
}

TEST(CallTextTest, UnknownArgumentsAndUnknownCalls) {
  EXPECT_EQ(CallText(Table(), Id("socket"), "socket", std::array<uint64_t, 1>{16}), "socket(AF_NETLINK, …)");
  EXPECT_EQ(CallText(Table(), Id("socket"), "socket", {}), "socket(…)");
  EXPECT_EQ(CallText(Table(), Id("getpid"), "getpid", {}), "getpid()");
  EXPECT_EQ(CallText(Table(), {Abi::kX86_64, kBeyondAllTables}, "#1", Registers{1, 2, 3, 4, 5, 0x10000}),
            "#1(1, 2, 3, 4, 5, 0x10000)");
}

TEST(CallTextTest, NamesAreReadToo) {
  EXPECT_EQ(ArgumentFromNames(Table(), Id("socket"), {}, "AF_VSOCK"), 40);
  EXPECT_EQ(ArgumentFromNames(Table(), Id("openat"), std::array<uint64_t, 2>{}, "O_RDWR|O_CLOEXEC"), 0x80002);
  EXPECT_EQ(ArgumentFromNames(Table(), Id("socket"), std::array<uint64_t, 2>{16, 3}, "NETLINK_ROUTE"), 0);
  EXPECT_EQ(ArgumentFromNames(Table(), Id("socket"), {}, "O_RDWR"), std::nullopt);
  EXPECT_EQ(ArgumentFromNames(Table(), Id("socket"), {}, ""), std::nullopt);
  EXPECT_EQ(ArgumentFromNames(Table(), Id("getpid"), {}, "AF_INET"), std::nullopt);
}

// Every name is found again by its value, and every value of it alone is written by that name.
TEST(ArgumentTableTest, NamesAndValuesAreInverse) {
  for (const auto& [name, signatures] : Table().calls) {
    for (const Abi abi : {Abi::kX86_64, Abi::kI386, Abi::kX32, Abi::kAarch64, Abi::kArm}) {
      const std::optional<SyscallId> id = FindSyscall(abi, name);
      if (!id.has_value()) continue;
      const CallSignature* const signature = Table().Find(abi, name);
      ASSERT_NE(signature, nullptr) << name;
      for (size_t i = 0; i < signature->parameters.size(); ++i) {
        const ArgumentValues* const values = Table().ValuesOf(signature->parameters[i]);
        // Behind an offset in two registers of 32 bits an argument is not at its parameter's place.
        const auto before = std::span(signature->parameters).first(i);
        const bool split = std::ranges::any_of(before, [](const Parameter& other) { return other.bits == 64; });
        if (values == nullptr || (split && HasNarrowArguments(abi))) continue;
        for (const ValuePart& part : values->parts) {
          if (!part.IsOn(abi)) continue;
          for (const auto& [word, bits] : part.names) {
            std::vector<uint64_t> known(i);
            EXPECT_EQ(ArgumentFromNames(Table(), *id, known, word), bits << part.shift) << name << " " << word;
            known.push_back(bits << part.shift);
            if (bits == 0) continue;
            EXPECT_NE(CallText(Table(), *id, name, known).find(word), std::string::npos) << name << " " << word;
          }
        }
      }
    }
  }
}

TEST(ArgumentTableTest, RefusesWhatIsNoSuchFile) {
  const auto parses = [](const std::string& values, const std::string& calls) {
    return ParseArgumentTable(
               R"({"schema": "syscarve.arguments/2", "source": "x", "types": [{"type": "int", "bits": 32}],
      "values": [)" +
               values + R"(], "calls": [)" + calls + "]}")
        .ok();
  };
  const std::string set = R"({"id": "v", "headers": ["h"], "parts": [{"options": {"A": 1}}, {"flags": {"B": 2}}]})";
  const auto call = [](const std::string& parameter, const std::string& more = "") {
    return R"({"name": "c", "parameters": [)" + parameter + "]" + more + "}";
  };
  const std::string good = R"({"name": "p", "type": "int", "values": "v"})";
  const auto variant = [](const std::string& when) {
    return R"(, "variants": [{"argument": 0, )" + when + R"(, "then": []}])";
  };
  EXPECT_TRUE(parses(set, call(good, variant(R"("is": ["A"])"))));
  EXPECT_TRUE(parses(set, call(good, variant(R"("lacks": ["B"])"))));
  EXPECT_FALSE(parses(set, call(good, variant(R"("is": ["B"])"))));
  EXPECT_FALSE(parses(set, call(good, variant(R"("is": ["A"], "lacks": ["B"])"))));
  EXPECT_FALSE(parses(set, call(good) + "," + call(good)));
  EXPECT_FALSE(parses("", call(good)));
  EXPECT_FALSE(parses(set + "," + set, call(good)));
  EXPECT_FALSE(parses(set, call(R"({"name": "p", "type": "short"})")));
  EXPECT_FALSE(parses(set, call(R"({"name": "p", "type": "int", "kind": "path"})")));
  EXPECT_FALSE(parses(set, call(R"({"name": "p", "type": "int", "kind": "x"})")));
  for (const std::string part :
       {R"({"options": {"A": 1, "B": 1}})", R"({"flags": {"A": 0}})", R"({"mask": 1, "options": {"A": 2}})",
        R"({"flags": {"A": 1, "B": 3}})", R"({})", R"({"options": {}, "flags": {}})"}) {
    EXPECT_FALSE(parses(R"({"id": "v", "headers": ["h"], "parts": [)" + part + "]}", "")) << part;
  }
}

}  // namespace
}  // namespace syscarve
