// SPDX-License-Identifier: Apache-2.0
#include "userspace/image/file_capability.h"

#include "userspace/base/concat.h"
#include "userspace/model/capability.h"

namespace syscarve {
namespace {

constexpr uint32_t kRevisionMask = 0xff000000;
constexpr uint32_t kEffective = 0x000001;

// Little-endian, on any machine.
uint32_t WordAt(std::string_view bytes, size_t index) {
  uint32_t word = 0;
  for (size_t i = 0; i < 4; ++i) {
    word |= static_cast<uint32_t>(static_cast<unsigned char>(bytes[index * 4 + i])) << (8 * i);
  }
  return word;
}

std::vector<int> Numbers(uint64_t bits) {
  std::vector<int> numbers;
  for (int i = 0; i < 64; ++i) {
    if ((bits >> i & 1) != 0) numbers.push_back(i);
  }
  return numbers;
}

std::string Names(const std::vector<int>& capabilities) {
  std::string names;
  for (const int capability : capabilities) names += Concat(names.empty() ? "" : ", ", CapabilityName(capability));
  return names;
}

}  // namespace

std::optional<FileCapabilities> DecodeFileCapabilities(std::string_view attribute) {
  if (attribute.size() < 4) return std::nullopt;
  const uint32_t magic = WordAt(attribute, 0);
  const uint32_t revision = (magic & kRevisionMask) >> 24;
  constexpr size_t kSizes[] = {0, 12, 20, 24};
  if (revision < 1 || revision > 3 || attribute.size() != kSizes[revision]) return std::nullopt;
  uint64_t permitted = WordAt(attribute, 1);
  uint64_t inheritable = WordAt(attribute, 2);
  if (revision > 1) {
    permitted |= uint64_t{WordAt(attribute, 3)} << 32;
    inheritable |= uint64_t{WordAt(attribute, 4)} << 32;
  }
  FileCapabilities capabilities;
  capabilities.permitted = Numbers(permitted);
  capabilities.inheritable = Numbers(inheritable);
  capabilities.effective = (magic & kEffective) != 0;
  if (revision == 3) capabilities.root = WordAt(attribute, 5);
  return capabilities;
}

std::string FileCapabilityWords(const FileCapabilities& capabilities) {
  std::string words = Names(capabilities.permitted);
  if (!capabilities.inheritable.empty()) {
    words += Concat(words.empty() ? "" : "; ", "inheritable: ", Names(capabilities.inheritable));
  }
  return words;
}

}  // namespace syscarve
