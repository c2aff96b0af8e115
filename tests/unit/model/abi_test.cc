// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/abi.h"

#include <gtest/gtest.h>
#include <linux/audit.h>

#include <vector>

namespace syscarve {
namespace {

TEST(AbiTest, EveryNameLeadsBack) {
  for (const Abi abi : kAllAbis) {
    EXPECT_EQ(AbiFromName(AbiName(abi)), abi);
    EXPECT_EQ(AbiFromScmpArchName(ScmpArchName(abi)), abi);
  }
  EXPECT_EQ(AbiName(Abi::kX86_64), "x86_64");
  EXPECT_EQ(AbiName(Abi::kI386), "i386");
  EXPECT_EQ(AbiName(Abi::kX32), "x32");
  EXPECT_EQ(AbiName(Abi::kAarch64), "aarch64");
  EXPECT_EQ(AbiName(Abi::kArm), "arm");
  EXPECT_EQ(ScmpArchName(Abi::kI386), "SCMP_ARCH_X86");
}

TEST(AbiTest, UnknownNamesAreRefused) {
  for (const char* name : {"", "X86_64", "amd64", "arm64", "x86_64 "})
    EXPECT_EQ(AbiFromName(name), std::nullopt) << name;
  for (const char* name : {"", "SCMP_ARCH_", "SCMP_ARCH_I386", "x86_64"}) {
    EXPECT_EQ(AbiFromScmpArchName(name), std::nullopt) << name;
  }
}

TEST(AbiTest, SeccompDataAndSyscallIdAreInverses) {
  for (const Abi abi : kAllAbis) {
    for (const int nr : {0, 1, 59, 335, 512, 547, 0x0fffffff}) {
      const SyscallId id = {abi, nr};
      EXPECT_EQ(SyscallIdFromSeccompData(AuditArch(abi), static_cast<int>(SeccompDataNumber(id))), id);
    }
  }
}

TEST(AbiTest, TheX32BitChoosesBetweenTheTwoAbisOfOneArchitecture) {
  EXPECT_EQ(AuditArch(Abi::kX86_64), AuditArch(Abi::kX32));
  EXPECT_EQ(SyscallIdFromSeccompData(AUDIT_ARCH_X86_64, 520), (SyscallId{Abi::kX86_64, 520}));
  EXPECT_EQ(SyscallIdFromSeccompData(AUDIT_ARCH_X86_64, 0x40000000 + 520), (SyscallId{Abi::kX32, 520}));
  EXPECT_EQ(SeccompDataNumber({Abi::kX32, 520}), 0x40000000u + 520);
  // Elsewhere the bit is part of a number that no table has.
  EXPECT_EQ(SyscallIdFromSeccompData(AUDIT_ARCH_I386, 0x40000001), (SyscallId{Abi::kI386, 0x40000001}));
}

TEST(AbiTest, WhatIsNoSystemCallHasNoId) {
  EXPECT_EQ(SyscallIdFromSeccompData(AUDIT_ARCH_X86_64, -1), std::nullopt);
  EXPECT_EQ(SyscallIdFromSeccompData(AUDIT_ARCH_ALPHA, 1), std::nullopt);
}

TEST(AbiTest, TheOrderOfBytesIsTheAuditArchitectures) {
  for (const Abi abi :
       {Abi::kMips, Abi::kMips64N32, Abi::kPpc, Abi::kPpc64, Abi::kS390x, Abi::kParisc64, Abi::kM68k, Abi::kSheb}) {
    EXPECT_TRUE(IsBigEndian(abi)) << AbiName(abi);
  }
  for (const Abi abi :
       {Abi::kX32, Abi::kArm, Abi::kMipsel64, Abi::kPpc64le, Abi::kRiscv64, Abi::kLoongarch64, Abi::kSh}) {
    EXPECT_FALSE(IsBigEndian(abi)) << AbiName(abi);
  }
}

TEST(AbiTest, AKernelServesItsNativeAbiFirst) {
  const auto served = [](Abi native) {
    const std::span<const Abi> abis = AbisServedBeside(native);
    return std::vector<Abi>(abis.begin(), abis.end());
  };
  EXPECT_EQ(served(Abi::kX86_64), (std::vector{Abi::kX86_64, Abi::kI386, Abi::kX32}));
  EXPECT_EQ(served(Abi::kAarch64), (std::vector{Abi::kAarch64, Abi::kArm}));
  EXPECT_EQ(served(Abi::kMipsel64), (std::vector{Abi::kMipsel64, Abi::kMipsel64N32, Abi::kMipsel}));
  EXPECT_EQ(served(Abi::kS390x), (std::vector{Abi::kS390x, Abi::kS390}));
  EXPECT_EQ(served(Abi::kPpc64le), (std::vector{Abi::kPpc64le}));
  EXPECT_EQ(served(Abi::kArm), (std::vector{Abi::kArm}));
  for (const Abi abi : kAllAbis) {
    EXPECT_EQ(served(abi).front(), abi);
    for (const Abi beside : served(abi)) EXPECT_EQ(IsBigEndian(beside), IsBigEndian(abi));
  }
}

TEST(AbiTest, SyscallIdsAreOrderedByAbiThenNumber) {
  EXPECT_LT((SyscallId{Abi::kX86_64, 400}), (SyscallId{Abi::kI386, 1}));
  EXPECT_LT((SyscallId{Abi::kI386, 1}), (SyscallId{Abi::kI386, 2}));
}

}  // namespace
}  // namespace syscarve
