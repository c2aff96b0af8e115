#include "userspace/model/abi.h"

#include <linux/audit.h>

#include <iterator>

namespace syscarve {
namespace {

struct AbiRow {
  Abi abi;
  std::string_view name;
  std::string_view scmp_name;
  uint32_t audit_arch;
};

// In the order of the enumerators, so that an Abi is its own index.
constexpr AbiRow kAbis[] = {
    {Abi::kX86_64, "x86_64", "SCMP_ARCH_X86_64", AUDIT_ARCH_X86_64},
    {Abi::kI386, "i386", "SCMP_ARCH_X86", AUDIT_ARCH_I386},
    {Abi::kX32, "x32", "SCMP_ARCH_X32", AUDIT_ARCH_X86_64},
    {Abi::kAarch64, "aarch64", "SCMP_ARCH_AARCH64", AUDIT_ARCH_AARCH64},
    {Abi::kArm, "arm", "SCMP_ARCH_ARM", AUDIT_ARCH_ARM},
};
static_assert(std::size(kAbis) == std::size(kAllAbis));

const AbiRow& Row(Abi abi) {
  return kAbis[static_cast<size_t>(abi)];
}

constexpr Abi kX86Family[] = {Abi::kX86_64, Abi::kI386, Abi::kX32};
constexpr Abi kArmFamily[] = {Abi::kAarch64, Abi::kArm};

}  // namespace

std::string_view AbiName(Abi abi) {
  return Row(abi).name;
}

std::optional<Abi> AbiFromName(std::string_view name) {
  for (const AbiRow& row : kAbis) {
    if (row.name == name) return row.abi;
  }
  return std::nullopt;
}

std::string_view ScmpArchName(Abi abi) {
  return Row(abi).scmp_name;
}

std::optional<Abi> AbiFromScmpArchName(std::string_view name) {
  for (const AbiRow& row : kAbis) {
    if (row.scmp_name == name) return row.abi;
  }
  return std::nullopt;
}

uint32_t AuditArch(Abi abi) {
  return Row(abi).audit_arch;
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
  switch (native) {
    case Abi::kX86_64:
      return kX86Family;
    case Abi::kAarch64:
      return kArmFamily;
    case Abi::kI386:
      return std::span(kX86Family).subspan(1, 1);
    case Abi::kX32:
      return std::span(kX86Family).subspan(2, 1);
    case Abi::kArm:
      return std::span(kArmFamily).subspan(1, 1);
  }
  return {};
}

}  // namespace syscarve
