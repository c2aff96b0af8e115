// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/abi.h"

#include <linux/audit.h>
#include <linux/elf-em.h>

#include <iterator>

namespace syscarve {
namespace {

struct AbiRow {
  Abi abi;
  std::string_view name;
  std::string_view scmp_name;
  uint32_t audit_arch;
  std::string_view table;
  int first_number;
  bool narrow;
};

// In the order of the enumerators, so that an Abi is its own index.
constexpr AbiRow kAbis[] = {
    {Abi::kX86_64, "x86_64", "SCMP_ARCH_X86_64", AUDIT_ARCH_X86_64, "x86_64", 0, false},
    {Abi::kI386, "i386", "SCMP_ARCH_X86", AUDIT_ARCH_I386, "i386", 0, true},
    {Abi::kX32, "x32", "SCMP_ARCH_X32", AUDIT_ARCH_X86_64, "x32", 0, true},
    {Abi::kAarch64, "aarch64", "SCMP_ARCH_AARCH64", AUDIT_ARCH_AARCH64, "aarch64", 0, false},
    {Abi::kArm, "arm", "SCMP_ARCH_ARM", AUDIT_ARCH_ARM, "arm", 0, true},
    {Abi::kMips64, "mips64", "SCMP_ARCH_MIPS64", AUDIT_ARCH_MIPS64, "mips64", 5000, false},
    {Abi::kMips64N32, "mips64n32", "SCMP_ARCH_MIPS64N32", AUDIT_ARCH_MIPS64N32, "mips64n32", 6000, true},
    {Abi::kMips, "mips", "SCMP_ARCH_MIPS", AUDIT_ARCH_MIPS, "mips", 4000, true},
    {Abi::kMipsel64, "mipsel64", "SCMP_ARCH_MIPSEL64", AUDIT_ARCH_MIPSEL64, "mips64", 5000, false},
    {Abi::kMipsel64N32, "mipsel64n32", "SCMP_ARCH_MIPSEL64N32", AUDIT_ARCH_MIPSEL64N32, "mips64n32", 6000, true},
    {Abi::kMipsel, "mipsel", "SCMP_ARCH_MIPSEL", AUDIT_ARCH_MIPSEL, "mips", 4000, true},
    {Abi::kPpc64, "ppc64", "SCMP_ARCH_PPC64", AUDIT_ARCH_PPC64, "ppc64", 0, false},
    {Abi::kPpc, "ppc", "SCMP_ARCH_PPC", AUDIT_ARCH_PPC, "ppc", 0, true},
    {Abi::kPpc64le, "ppc64le", "SCMP_ARCH_PPC64LE", AUDIT_ARCH_PPC64LE, "ppc64", 0, false},
    {Abi::kS390x, "s390x", "SCMP_ARCH_S390X", AUDIT_ARCH_S390X, "s390x", 0, false},
    {Abi::kS390, "s390", "SCMP_ARCH_S390", AUDIT_ARCH_S390, "s390", 0, true},
    {Abi::kParisc64, "parisc64", "SCMP_ARCH_PARISC64", AUDIT_ARCH_PARISC64, "parisc64", 0, false},
    {Abi::kParisc, "parisc", "SCMP_ARCH_PARISC", AUDIT_ARCH_PARISC, "parisc", 0, true},
    {Abi::kRiscv64, "riscv64", "SCMP_ARCH_RISCV64", AUDIT_ARCH_RISCV64, "riscv64", 0, false},
    {Abi::kLoongarch64, "loongarch64", "SCMP_ARCH_LOONGARCH64", AUDIT_ARCH_LOONGARCH64, "loongarch64", 0, false},
    {Abi::kM68k, "m68k", "SCMP_ARCH_M68K", AUDIT_ARCH_M68K, "m68k", 0, true},
    {Abi::kSh, "sh", "SCMP_ARCH_SH", AUDIT_ARCH_SHEL, "sh", 0, true},
    {Abi::kSheb, "sheb", "SCMP_ARCH_SHEB", AUDIT_ARCH_SH, "sh", 0, true},
};
static_assert(std::size(kAbis) == std::size(kAllAbis));

const AbiRow& RowOf(Abi abi) {
  return kAbis[static_cast<size_t>(abi)];
}

// The ABIs of kernels that serve several, the native one first.
constexpr Abi kX86Family[] = {Abi::kX86_64, Abi::kI386, Abi::kX32};
constexpr Abi kArmFamily[] = {Abi::kAarch64, Abi::kArm};
constexpr Abi kMipsFamily[] = {Abi::kMips64, Abi::kMips64N32, Abi::kMips};
constexpr Abi kMipselFamily[] = {Abi::kMipsel64, Abi::kMipsel64N32, Abi::kMipsel};
constexpr Abi kPpcFamily[] = {Abi::kPpc64, Abi::kPpc};
constexpr Abi kS390Family[] = {Abi::kS390x, Abi::kS390};
constexpr Abi kPariscFamily[] = {Abi::kParisc64, Abi::kParisc};
constexpr std::span<const Abi> kFamilies[] = {kX86Family, kArmFamily,  kMipsFamily,  kMipselFamily,
                                              kPpcFamily, kS390Family, kPariscFamily};

}  // namespace

std::string_view AbiName(Abi abi) {
  return RowOf(abi).name;
}

std::optional<Abi> AbiFromName(std::string_view name) {
  for (const AbiRow& row : kAbis) {
    if (row.name == name) return row.abi;
  }
  return std::nullopt;
}

std::string_view ScmpArchName(Abi abi) {
  return RowOf(abi).scmp_name;
}

std::optional<Abi> AbiFromScmpArchName(std::string_view name) {
  for (const AbiRow& row : kAbis) {
    if (row.scmp_name == name) return row.abi;
  }
  return std::nullopt;
}

uint32_t AuditArch(Abi abi) {
  return RowOf(abi).audit_arch;
}

uint32_t ScmpArchToken(Abi abi) {
  return abi == Abi::kX32 ? EM_X86_64 | __AUDIT_ARCH_LE : AuditArch(abi);
}

bool IsBigEndian(uint32_t audit_arch) {
  return (audit_arch & __AUDIT_ARCH_LE) == 0;
}

bool IsBigEndian(Abi abi) {
  return IsBigEndian(AuditArch(abi));
}

bool HasNarrowArguments(Abi abi) {
  return RowOf(abi).narrow;
}

int FirstNumber(Abi abi) {
  return RowOf(abi).first_number;
}

std::string_view SyscallTableName(Abi abi) {
  return RowOf(abi).table;
}

std::optional<SyscallId> SyscallIdFromSeccompData(uint32_t audit_arch, int nr) {
  if (nr < 0) return std::nullopt;
  const bool has_x32_bit = (static_cast<uint32_t>(nr) & kX32Bit) != 0;
  if (audit_arch == AUDIT_ARCH_X86_64 && has_x32_bit) {
    return SyscallId{Abi::kX32, static_cast<int>(static_cast<uint32_t>(nr) & ~kX32Bit)};
  }
  for (const AbiRow& row : kAbis) {
    if (row.audit_arch == audit_arch) return SyscallId{row.abi, nr};
  }
  return std::nullopt;
}

uint32_t SeccompDataNumber(SyscallId id) {
  return static_cast<uint32_t>(id.nr) | (id.abi == Abi::kX32 ? kX32Bit : 0);
}

Abi NativeAbi() {
#if defined(__x86_64__) && defined(__ILP32__)
  return Abi::kX32;
#elif defined(__x86_64__)
  return Abi::kX86_64;
#elif defined(__i386__)
  return Abi::kI386;
#elif defined(__aarch64__)
  return Abi::kAarch64;
#elif defined(__arm__)
  return Abi::kArm;
#else
#error "This architecture has no Abi yet."
#endif
}

std::span<const Abi> AbisServedBeside(Abi native) {
  for (const std::span<const Abi> family : kFamilies) {
    if (family.front() == native) return family;
  }
  return std::span(kAllAbis).subspan(static_cast<size_t>(native), 1);
}

}  // namespace syscarve
