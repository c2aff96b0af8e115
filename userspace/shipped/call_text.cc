// SPDX-License-Identifier: Apache-2.0
#include "userspace/shipped/call_text.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/text.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

constexpr unsigned kRegisterBits = 64;
constexpr uint64_t kLargestDecimal = 0xffff;

uint64_t LowBits(unsigned bits) {
  return bits >= kRegisterBits ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
}

uint64_t SignExtended(uint64_t value, unsigned bits) {
  if (bits >= kRegisterBits) return value;
  const uint64_t sign = uint64_t{1} << (bits - 1);
  return ((value & LowBits(bits)) ^ sign) - sign;
}

std::string Number(uint64_t value) {
  return value <= kLargestDecimal ? Concat(value) : absl::StrFormat("0x%x", value);
}

// A parameter, or a register without a known one.
struct Slot {
  const Parameter* parameter = nullptr;
};

// The registers of a call, in order. A parameter of 64 bits takes two of 32; 32-bit ARM begins it at an even one.
class Slots {
 public:
  Slots(const ArgumentTable& table, SyscallId id) : table_(table), id_(id) {
    const std::optional<std::string> name = SyscallName(id);
    if (name.has_value()) signature_ = table.Find(id.abi, *name);
  }

  bool known() const { return signature_ != nullptr; }

  // The parameters when the registers hold `values`.
  std::vector<Slot> Of(std::span<const uint64_t> values) const {
    std::vector<Slot> slots;
    if (!known()) return slots;
    for (const Parameter& parameter : signature_->parameters) Add(parameter, slots);
    for (const ParameterVariant& variant : signature_->variants) {
      if (!Applies(variant, values)) continue;
      slots.resize(variant.argument + 1);
      for (const Parameter& parameter : variant.then) Add(parameter, slots);
    }
    return slots;
  }

  unsigned BitsOf(const Parameter& parameter) const {
    const unsigned word = HasNarrowArguments(id_.abi) ? 32 : kRegisterBits;
    return parameter.bits == 0 ? word : std::min(parameter.bits, word);
  }

 private:
  void Add(const Parameter& parameter, std::vector<Slot>& slots) const {
    const bool split = HasNarrowArguments(id_.abi) && parameter.bits == kRegisterBits;
    if (!split) {
      slots.push_back({&parameter});
      return;
    }
    if (id_.abi == Abi::kArm && slots.size() % 2 == 1) slots.emplace_back();
    slots.resize(slots.size() + 2);
  }

  bool Applies(const ParameterVariant& variant, std::span<const uint64_t> values) const {
    if (variant.argument >= values.size()) return false;
    const Parameter& parameter = signature_->parameters[variant.argument];
    const ArgumentValues& names = *table_.ValuesOf(parameter);
    const uint64_t value = values[variant.argument] & LowBits(BitsOf(parameter));
    bool has = false;
    for (const ValuePart& part : names.parts) {
      if (!part.IsOn(id_.abi)) continue;
      for (const auto& [name, bits] : part.names) {
        if (!variant.is.empty()) {
          has |= !part.flags && ((value & part.mask) >> part.shift) == bits && Contains(variant.is, name);
        } else {
          has |= part.flags && (value & bits) == bits && Contains(variant.lacks, name);
        }
      }
    }
    return variant.is.empty() ? !has : has;
  }

  static bool Contains(const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
  }

  const ArgumentTable& table_;
  const SyscallId id_;
  const CallSignature* signature_ = nullptr;
};

// The names of flags and fields, and the rest of the value as a number.
std::string NamedText(const ArgumentValues& values, Abi abi, uint64_t value) {
  std::vector<std::string> words;
  std::string zero;
  uint64_t left = value;
  for (const ValuePart& part : values.parts) {
    if (!part.IsOn(abi)) continue;
    for (const auto& [name, bits] : part.names) {
      const uint64_t field = part.flags ? bits : part.mask;
      if ((part.flags ? left & bits : ((value & part.mask) >> part.shift)) != bits) continue;
      // A field with the value 0 is written if that has a name: O_RDONLY, but no signal of clone.
      if (!part.flags && (left & field) == 0 && bits != 0) continue;
      words.push_back(name);
      left &= ~field;
      if (!part.flags) break;
    }
  }
  if (left != 0 || words.empty()) words.push_back(Number(left));
  return absl::StrJoin(words, "|");
}

// Percent-encoded, as paths are in JSON: nothing in it can look like the quotes around it.
std::string Quoted(const PathText& path) {
  return Concat("\"", absl::StrReplaceAll(EncodePercent(path.bytes), {{"\"", "%22"}}), path.whole ? "\"" : "\"…");
}

std::string SignedText(uint64_t value, unsigned bits, bool is_signed) {
  const auto number = static_cast<int64_t>(SignExtended(value, bits));
  return is_signed && number < 0 && number >= INT32_MIN ? Concat(number) : Number(value);
}

std::string ArgumentText(const ArgumentTable& table, const Slots& slots, SyscallId id, const Slot& slot, uint64_t value,
                         bool exact) {
  if (slot.parameter == nullptr) return Number(value);
  const Parameter& parameter = *slot.parameter;
  const unsigned bits = slots.BitsOf(parameter);
  const uint64_t low = value & LowBits(bits);
  const bool extended = value == low || (!exact && value == SignExtended(value, bits));
  if (!extended) return absl::StrFormat("0x%x", value);
  if (const ArgumentValues* const values = table.ValuesOf(parameter); values != nullptr) {
    std::string text = NamedText(*values, id.abi, low);
    if (parameter.kind != ArgumentKind::kDescriptor || !absl::ascii_isdigit(text.front())) return text;
  }
  switch (parameter.kind) {
    case ArgumentKind::kPath:
    case ArgumentKind::kPointer:
      return low == 0 ? "NULL" : absl::StrFormat("0x%x", low);
    case ArgumentKind::kMode:
      return low == 0 ? "0" : absl::StrFormat("0%o", low);
    case ArgumentKind::kDescriptor:
      return exact ? Number(low) : SignedText(low, std::min(bits, 32U), /*is_signed=*/true);
    case ArgumentKind::kValue:
    case ArgumentKind::kFlags:
    case ArgumentKind::kOption:
      break;
  }
  return exact ? Number(low) : SignedText(low, bits, parameter.is_signed);
}

}  // namespace

std::string CallText(const ArgumentTable& table, SyscallId id, std::string_view display_name,
                     std::span<const uint64_t> arguments, const CallTextOptions& options) {
  const Slots slots(table, id);
  const std::vector<Slot> known = slots.Of(arguments);
  size_t shown = slots.known() ? std::min(known.size(), arguments.size()) : arguments.size();
  if (options.exact) {
    for (size_t i = shown; i < arguments.size(); ++i) shown = arguments[i] != 0 ? i + 1 : shown;
  }
  std::vector<std::string> words;
  for (unsigned i = 0; i < shown; ++i) {
    const Slot slot = i < known.size() ? known[i] : Slot();
    const auto path = options.paths.find(i);
    words.push_back(path != options.paths.end() ? Quoted(path->second)
                                                : ArgumentText(table, slots, id, slot, arguments[i], options.exact));
  }
  constexpr size_t kRegisters = 6;
  if (arguments.size() < (slots.known() ? known.size() : kRegisters)) words.emplace_back("…");
  return Concat(display_name, "(", absl::StrJoin(words, ", "), ")");
}

std::string LastArgumentText(const ArgumentTable& table, SyscallId id, std::span<const uint64_t> arguments) {
  const Slots slots(table, id);
  const std::vector<Slot> known = slots.Of(arguments);
  const size_t last = arguments.size() - 1;
  return ArgumentText(table, slots, id, last < known.size() ? known[last] : Slot(), arguments[last], /*exact=*/false);
}

std::vector<unsigned> PathArguments(const ArgumentTable& table, SyscallId id, std::span<const uint64_t> arguments) {
  std::vector<unsigned> paths;
  const std::vector<Slot> known = Slots(table, id).Of(arguments);
  for (unsigned i = 0; i < std::min(known.size(), arguments.size()); ++i) {
    if (known[i].parameter != nullptr && known[i].parameter->kind == ArgumentKind::kPath) paths.push_back(i);
  }
  return paths;
}

std::optional<uint64_t> ArgumentFromNames(const ArgumentTable& table, SyscallId id, std::span<const uint64_t> known,
                                          std::string_view text) {
  const std::vector<Slot> slots = Slots(table, id).Of(known);
  if (known.size() >= slots.size() || slots[known.size()].parameter == nullptr) return std::nullopt;
  const ArgumentValues* const values = table.ValuesOf(*slots[known.size()].parameter);
  const std::vector<std::string_view> words = SplitNonEmpty(text, '|');
  if (values == nullptr || words.empty()) return std::nullopt;
  uint64_t value = 0;
  for (const std::string_view word : words) {
    bool found = false;
    for (const ValuePart& part : values->parts) {
      if (!part.IsOn(id.abi)) continue;
      for (const auto& [name, bits] : part.names) {
        if (name != word) continue;
        value |= bits << part.shift;
        found = true;
      }
    }
    if (!found) return std::nullopt;
  }
  return value;
}

}  // namespace syscarve
