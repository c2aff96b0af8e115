// SPDX-License-Identifier: Apache-2.0
// Architectures and calling conventions. A system call number means nothing without one: number 2 is open on x86_64,
// fork on i386 and io_submit on aarch64. SyscallId keeps the two together everywhere.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace syscarve {

// Every architecture that the OCI runtime spec names. Of the ABIs that one kernel serves, the native one comes first.
enum class Abi : uint8_t {
  kX86_64,
  kI386,
  kX32,
  kAarch64,
  kArm,
  kMips64,
  kMips64N32,
  kMips,
  kMipsel64,
  kMipsel64N32,
  kMipsel,
  kPpc64,
  kPpc,
  kPpc64le,
  kS390x,
  kS390,
  kParisc64,
  kParisc,
  kRiscv64,
  kLoongarch64,
  kM68k,
  kSh,
  kSheb,
};

inline constexpr Abi kAllAbis[] = {
    Abi::kX86_64,    Abi::kI386,        Abi::kX32,      Abi::kAarch64,     Abi::kArm,      Abi::kMips64,
    Abi::kMips64N32, Abi::kMips,        Abi::kMipsel64, Abi::kMipsel64N32, Abi::kMipsel,   Abi::kPpc64,
    Abi::kPpc,       Abi::kPpc64le,     Abi::kS390x,    Abi::kS390,        Abi::kParisc64, Abi::kParisc,
    Abi::kRiscv64,   Abi::kLoongarch64, Abi::kM68k,     Abi::kSh,          Abi::kSheb,
};

// x32 shares AUDIT_ARCH_X86_64 with x86_64; its numbers carry this bit on the wire (arch/x86/include/uapi/asm/unistd.h,
// __X32_SYSCALL_BIT). SyscallId::nr never carries it.
inline constexpr uint32_t kX32Bit = 0x40000000;

// The index of the last of a call's six arguments.
inline constexpr unsigned kLastArgument = 5;

struct SyscallId {
  Abi abi = Abi::kX86_64;
  int nr = 0;  // The number in the ABI's own table, without x32's bit; 0 or greater.
  auto operator<=>(const SyscallId&) const = default;
};

// "x86_64", "i386", "x32", "aarch64", "arm"; for the others libseccomp's name in lower case, such as "s390x".
std::string_view AbiName(Abi abi);
std::optional<Abi> AbiFromName(std::string_view name);

// OCI's constant: "SCMP_ARCH_X86_64", "SCMP_ARCH_X86" for i386, and so on.
std::string_view ScmpArchName(Abi abi);
std::optional<Abi> AbiFromScmpArchName(std::string_view name);

// AUDIT_ARCH_* of linux/audit.h, the value of seccomp_data.arch. x86_64 and x32 share one value.
uint32_t AuditArch(Abi abi);
// SCMP_ARCH_*, the parameter of libseccomp's functions: equal to AUDIT_ARCH_* except for x32.
uint32_t ScmpArchToken(Abi abi);

// Whether the high half of a 64-bit argument comes first in seccomp_data. libseccomp rejects a filter that covers ABIs
// of both byte orders.
bool IsBigEndian(Abi abi);
bool IsBigEndian(uint32_t audit_arch);
// Whether registers have 32 bits, in which case libseccomp compares only the low half of an argument.
bool HasNarrowArguments(Abi abi);

// The first number of an ABI: 4000, 5000 and 6000 on MIPS (arch/mips/include/uapi/asm/unistd.h), else 0.
int FirstNumber(Abi abi);
// The ABI's column of profiles/rules/syscalls.txt: ABIs that differ only in byte order share one.
std::string_view SyscallTableName(Abi abi);

// The call that seccomp_data identifies by (arch, nr with x32's bit). nullopt for an arch without an Abi, and for a
// negative number, which is not a system call.
std::optional<SyscallId> SyscallIdFromSeccompData(uint32_t audit_arch, int nr);
// The number for seccomp_data: `id.nr`, with x32's bit added on x32.
uint32_t SeccompDataNumber(SyscallId id);

// The ABI that this build is compiled for.
Abi NativeAbi();

// Every ABI that a kernel of the architecture of `native` may serve, `native` first: x86_64 -> x86_64, i386, x32;
// aarch64 -> aarch64, arm; s390x -> s390x, s390.
std::span<const Abi> AbisServedBeside(Abi native);

}  // namespace syscarve
