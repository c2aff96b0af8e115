// Architectures and calling conventions. A system call number means nothing without one: number 2 is open on x86_64,
// fork on i386 and io_submit on aarch64. SyscallId keeps the two together everywhere.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace syscarve {

enum class Abi : uint8_t { kX86_64, kI386, kX32, kAarch64, kArm };

inline constexpr Abi kAllAbis[] = {Abi::kX86_64, Abi::kI386, Abi::kX32, Abi::kAarch64, Abi::kArm};

// x32 shares AUDIT_ARCH_X86_64 with x86_64; its numbers carry this bit on the wire (arch/x86/include/uapi/asm/unistd.h,
// __X32_SYSCALL_BIT). SyscallId::nr never carries it.
inline constexpr uint32_t kX32Bit = 0x40000000;

struct SyscallId {
  Abi abi = Abi::kX86_64;
  int nr = 0;  // The number as the ABI's own table has it, without x32's bit; 0 or greater.
  auto operator<=>(const SyscallId&) const = default;
};

// "x86_64", "i386", "x32", "aarch64", "arm".
std::string_view AbiName(Abi abi);
std::optional<Abi> AbiFromName(std::string_view name);

// libseccomp's and OCI's token: "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_AARCH64",
// "SCMP_ARCH_ARM".
std::string_view ScmpArchName(Abi abi);
std::optional<Abi> AbiFromScmpArchName(std::string_view name);

// AUDIT_ARCH_* of linux/audit.h, as seccomp_data.arch carries it. x86_64 and x32 share one value.
uint32_t AuditArch(Abi abi);

// The identity of a call as seccomp_data spells it: (arch, nr with x32's bit). nullopt for an arch no Abi has, or for a
// negative number, which is no system call.
std::optional<SyscallId> SyscallIdFromSeccompData(uint32_t audit_arch, int nr);
// The inverse's number: `id.nr` with x32's bit where it belongs.
uint32_t SeccompDataNumber(SyscallId id);

// The ABI that this build's own programs use.
Abi NativeAbi();

// Every ABI a kernel of the same architecture as `native` may serve, `native` first: x86_64 -> x86_64, i386, x32;
// aarch64 -> aarch64, arm.
std::span<const Abi> AbisServedBeside(Abi native);

}  // namespace syscarve
