// SPDX-License-Identifier: Apache-2.0
#include "userspace/shipped/recorded_arguments.h"

#include <asm/ioctls.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "userspace/base/concat.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

const ArgumentTable& ShippedTable() {
  return **ShippedArgumentTable();
}

std::string ErrorOf(std::string_view call) {
  const auto parsed = ParseRecordedCalls(
      Concat(R"({"schema": "syscarve.recorded-arguments/1", "calls": [)", call, "]}"), ShippedTable());
  return parsed.ok() ? "" : std::string(parsed.status().message());
}

TEST(RecordedArgumentsTest, TheShippedFileIsGood) {
  const auto calls = ShippedRecordedCalls();
  ASSERT_TRUE(calls.ok()) << calls.status();
  for (const auto& [name, call] : **calls) {
    EXPECT_FALSE(call.why.empty()) << name;
    const Abi abi = FindSyscall(Abi::kX86_64, name).has_value() ? Abi::kX86_64 : Abi::kI386;
    const auto masks = ArgumentMasks(ShippedTable(), call, abi);
    ASSERT_TRUE(masks.has_value()) << name;
    EXPECT_EQ(masks->size(), call.indexes.size());
  }
  const RecordedCall& socket = (*calls)->at("socket");
  EXPECT_EQ(socket.indexes, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(ArgumentMasks(ShippedTable(), socket, Abi::kX86_64), (std::vector<uint64_t>(3, 0xffffffff)));
  // All of a register, on an ABI whose registers have 64 bits.
  EXPECT_EQ(ArgumentMasks(ShippedTable(), (*calls)->at("mprotect"), Abi::kX86_64),
            (std::vector<uint64_t>{~uint64_t{0}}));
  EXPECT_EQ(ArgumentMasks(ShippedTable(), (*calls)->at("mprotect"), Abi::kI386), (std::vector<uint64_t>{0xffffffff}));
  EXPECT_EQ(ArgumentMasks(ShippedTable(), (*calls)->at("mmap"), Abi::kI386), std::nullopt)
      << "a pointer to all of them";
  EXPECT_EQ(ArgumentMasks(ShippedTable(), (*calls)->at("arch_prctl"), Abi::kAarch64), std::nullopt) << "no such call";
}

// What types for others, or into a console, is never among what is allowed beside something else.
TEST(RecordedArgumentsTest, TerminalInjectionIsNeverAllowedUnseen) {
  const RecordedCall& call = (*ShippedRecordedCalls())->at("ioctl");
  for (const auto& values : call.always) EXPECT_TRUE(values[0] != TIOCSTI && values[0] != TIOCLINUX);
  for (const ArgumentField& field : call.fields) EXPECT_TRUE(field.together.empty());
  EXPECT_TRUE(call.beside.empty());
}

TEST(RecordedArgumentsTest, SaysWhichBitsAValueTells) {
  const RecordedCalls& calls = **ShippedRecordedCalls();
  const auto told = [&](Abi abi, std::string_view name, const std::vector<uint64_t>& values, size_t place) {
    return DeterminedBits(ShippedTable(), calls, FindSyscall(abi, name).value(), calls.find(name)->second.indexes,
                          values, place);
  };
  EXPECT_EQ(told(Abi::kX86_64, "socket", {AF_INET, 1, 0}, 2), 0xffffffff);
  EXPECT_EQ(told(Abi::kX86_64, "mprotect", {1}, 0), ~uint64_t{0});
  EXPECT_EQ(told(Abi::kX86_64, "prctl", {PR_SET_DUMPABLE, 0}, 1), ~uint64_t{0});
  EXPECT_EQ(told(Abi::kX86_64, "prctl", {PR_SET_NAME, 0}, 1), 0);
  EXPECT_EQ(told(Abi::kX86_64, "prctl", {PR_SET_NAME, 0}, 0), 0xffffffff);
}

TEST(RecordedArgumentsTest, OnlyNamedCallsHaveOthersInTheirPlace) {
  const RecordedCalls& calls = **ShippedRecordedCalls();
  EXPECT_TRUE(HasCallWithRegisters(calls, "clone3"));
  EXPECT_TRUE(HasCallWithRegisters(calls, "socketcall"));
  EXPECT_FALSE(HasCallWithRegisters(calls, "clone"));
  EXPECT_FALSE(HasCallWithRegisters(calls, "statx"));
  EXPECT_FALSE(HasCallWithRegisters(calls, ""));
}

TEST(RecordedArgumentsTest, WritesCallsAsPeopleDo) {
  const RecordedCalls& calls = **ShippedRecordedCalls();
  const auto text = [&](std::string_view name, const std::vector<uint64_t>& values) {
    return RecordedCallText(ShippedTable(), calls.find(name)->second, FindSyscall(Abi::kX86_64, name).value(), values);
  };
  EXPECT_EQ(text("socket", {AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0}),
            "socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE)");
  EXPECT_EQ(text("ioctl", {TCGETS}), "ioctl(…, TCGETS)");
  EXPECT_EQ(text("clone3", {0x100}), "clone3({0x100})");
}

TEST(RecordedArgumentsTest, RefusesWhatMakesNoSense) {
  const auto in_calls = [](std::string_view text) { return Concat("calls[0]", text); };
  EXPECT_EQ(ErrorOf(R"({"name": "socket", "arguments": [0], "why": "x"})"), "");
  EXPECT_EQ(ErrorOf(R"({"name": "sockets", "arguments": [0], "why": "x"})"), in_calls(".name: \"sockets\" is no call"));
  EXPECT_EQ(ErrorOf(R"({"name": "socket", "arguments": [3], "why": "x"})"),
            in_calls(".arguments[0]: there is no such argument"));
  EXPECT_EQ(ErrorOf(R"({"name": "openat", "arguments": [1], "why": "x"})"),
            in_calls(".arguments[0]: there is no such argument"));
  EXPECT_EQ(ErrorOf(R"({"name": "socket", "arguments": [1, 0], "why": "x"})"),
            in_calls(".arguments[1]: the indexes are not ascending"));
  EXPECT_EQ(ErrorOf(R"({"name": "socket", "arguments": [0], "fields": [{"argument": 1}], "why": "x"})"),
            in_calls(".fields[0].argument: it is not recorded"));
  EXPECT_EQ(
      ErrorOf(R"({"name": "socket", "arguments": [0], "fields": [{"argument": 0, "of": ["AF_NONE"]}], "why": "x"})"),
      in_calls(".fields[0].of[0]: the argument has no such value"));
  EXPECT_EQ(ErrorOf(R"({"name": "socket", "arguments": [0], "always": [["AF_UNIX"]], "why": "x"})"),
            in_calls(": nothing is narrowed"));
  EXPECT_EQ(
      ErrorOf(
          R"({"name": "socket", "arguments": [0, 1], "fields": [{"argument": 0}], "always": [["AF_UNIX"]], "why": "x"})"),
      in_calls(".always[0]: expected a value of each argument"));
  EXPECT_EQ(ErrorOf(R"({"name": "prctl", "arguments": [0, 1], "options": [128], "why": "x"})"),
            in_calls(".options: too great a number"));
}

}  // namespace
}  // namespace syscarve
