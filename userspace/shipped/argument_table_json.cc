// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <optional>
#include <set>

#include "userspace/base/concat.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/syscall_table.h"
#include "userspace/shipped/argument_table.h"
#include "userspace/shipped/shipped_data.h"
#include "userspace/shipped/shipped_file.h"

namespace syscarve {
namespace {

using shipped::kMaxElements;
using shipped::kMaxText;
using shipped::Parse;
using shipped::Shipped;

constexpr size_t kArguments = 6;

struct CType {
  unsigned bits = 0;
  bool is_signed = false;
};
using CTypes = std::map<std::string, CType, std::less<>>;

std::vector<std::string> Texts(const JsonReader& list) {
  std::vector<std::string> texts;
  list.ForEach(kMaxElements, [&](const JsonReader& element) {
    texts.push_back(element.Text(kMaxText));
    if (texts.back().empty()) element.Fail("expected a name");
  });
  return texts;
}

std::vector<Abi> ReadAbis(const JsonReader& list) {
  std::vector<Abi> abis;
  if (!list.exists()) return abis;
  list.ForEach(kMaxElements, [&](const JsonReader& element) {
    const std::optional<Abi> abi = AbiFromName(element.Text(kMaxText));
    if (!abi.has_value()) element.Fail("expected an ABI");
    abis.push_back(abi.value_or(Abi::kX86_64));
  });
  if (abis.empty()) list.Fail("expected at least one ABI");
  return abis;
}

bool IsPointer(std::string_view type) {
  return type.find('*') != std::string_view::npos;
}

CTypes ReadTypes(const JsonReader& list) {
  CTypes types;
  list.ForEach(kMaxElements, [&](const JsonReader& value) {
    value.AllowOnly({"type", "bits", "signed"});
    CType type;
    if (const JsonReader bits = value.Optional("bits"); bits.exists()) {
      type.bits = static_cast<unsigned>(bits.Uint(8, 64));
    }
    if (const JsonReader is_signed = value.Optional("signed"); is_signed.exists()) type.is_signed = is_signed.Bool();
    if (!types.emplace(value.Required("type").Text(kMaxText), type).second) value.Fail("the type is there twice");
  });
  return types;
}

ValuePart ReadPart(const JsonReader& value) {
  value.AllowOnly({"abis", "mask", "shift", "options", "flags"});
  ValuePart part;
  part.abis = ReadAbis(value.Optional("abis"));
  if (const JsonReader mask = value.Optional("mask"); mask.exists()) part.mask = mask.Uint(1);
  if (const JsonReader shift = value.Optional("shift"); shift.exists()) {
    part.shift = static_cast<unsigned>(shift.Uint(1, 31));
  }
  const JsonReader options = value.Optional("options");
  const JsonReader flags = value.Optional("flags");
  if (options.exists() == flags.exists()) value.Fail("expected either options or flags");
  part.flags = flags.exists();
  std::set<uint64_t> values;
  const JsonReader& names = part.flags ? flags : options;
  if (!names.exists()) return part;
  names.ForEachMember(kMaxElements, [&](std::string_view name, const JsonReader& number) {
    const uint64_t bits = number.Uint(part.flags ? 1 : 0);
    if (!values.insert(bits).second) number.Fail("another name has this value");
    if (!part.flags && ((bits << part.shift) & ~part.mask) != 0) number.Fail("does not fit the mask");
    for (const auto& [earlier, earlier_bits] : part.names) {
      if (part.flags && (bits & earlier_bits) == earlier_bits) number.Fail(Concat("contains ", earlier, ", before it"));
    }
    part.names.emplace_back(name, bits);
  });
  return part;
}

ArgumentKind KindOf(const JsonReader& value, const Parameter& parameter, const ArgumentValues* values) {
  if (const JsonReader kind = value.Optional("kind"); kind.exists()) {
    const std::string word = kind.Text(kMaxText);
    if (word == "descriptor") return ArgumentKind::kDescriptor;
    if (word == "mode") return ArgumentKind::kMode;
    // After a name for the type.
    if (word == "pointer") return ArgumentKind::kPointer;
    if (word != "path") kind.Fail("expected \"descriptor\", \"mode\", \"path\" or \"pointer\"");
    return ArgumentKind::kPath;
  }
  if (values != nullptr) {
    const bool flags = std::ranges::any_of(values->parts, [](const ValuePart& part) { return part.flags; });
    return flags ? ArgumentKind::kFlags : ArgumentKind::kOption;
  }
  return IsPointer(parameter.type) ? ArgumentKind::kPointer : ArgumentKind::kValue;
}

std::vector<Parameter> ReadParameters(const JsonReader& list, const CTypes& types, const ArgumentTable& table) {
  std::vector<Parameter> parameters;
  list.ForEach(kArguments, [&](const JsonReader& value) {
    value.AllowOnly({"name", "type", "bits", "kind", "values"});
    Parameter parameter{.name = value.Required("name").Text(kMaxText), .type = value.Required("type").Text(kMaxText)};
    if (!IsPointer(parameter.type)) {
      const auto type = types.find(parameter.type);
      if (type == types.end()) return value.Fail(Concat("the type \"", parameter.type, "\" is not among the types"));
      parameter.bits = type->second.bits;
      parameter.is_signed = type->second.is_signed;
    }
    if (const JsonReader bits = value.Optional("bits"); bits.exists()) {
      parameter.bits = static_cast<unsigned>(bits.Uint(8, 64));
    }
    if (const JsonReader id = value.Optional("values"); id.exists()) {
      parameter.values = id.Text(kMaxText);
      if (!table.values.contains(parameter.values)) id.Fail("no such set of values");
    }
    parameter.kind = KindOf(value, parameter, table.ValuesOf(parameter));
    if (parameter.kind == ArgumentKind::kPath && !IsPointer(parameter.type)) value.Fail("a path is a pointer");
    parameters.push_back(std::move(parameter));
  });
  return parameters;
}

bool HasName(const ArgumentValues& values, std::string_view name, bool flags) {
  return std::ranges::any_of(values.parts, [&](const ValuePart& part) {
    return part.flags == flags &&
           std::ranges::any_of(part.names, [&](const auto& value) { return value.first == name; });
  });
}

ParameterVariant ReadVariant(const JsonReader& value, const CallSignature& signature, const CTypes& types,
                             const ArgumentTable& table) {
  value.AllowOnly({"argument", "is", "lacks", "then"});
  ParameterVariant variant;
  variant.argument = value.Required("argument").Uint(0, kArguments - 1);
  const JsonReader is = value.Optional("is");
  const JsonReader lacks = value.Optional("lacks");
  if (is.exists() == lacks.exists()) value.Fail("expected either is or lacks");
  if (is.exists()) variant.is = Texts(is);
  if (lacks.exists()) variant.lacks = Texts(lacks);
  variant.then = ReadParameters(value.Required("then"), types, table);
  if (variant.argument + 1 + variant.then.size() > kArguments) value.Fail("too many arguments");
  const ArgumentValues* const values =
      variant.argument < signature.parameters.size() ? table.ValuesOf(signature.parameters[variant.argument]) : nullptr;
  for (const std::string& name : is.exists() ? variant.is : variant.lacks) {
    if (values == nullptr || !HasName(*values, name, lacks.exists())) {
      value.Fail(Concat("the argument has no value \"", name, "\""));
    }
  }
  return variant;
}

void ReadCall(const JsonReader& value, const CTypes& types, ArgumentTable& table) {
  value.AllowOnly({"name", "abis", "parameters", "variants", "why"});
  CallSignature signature;
  signature.abis = ReadAbis(value.Optional("abis"));
  signature.parameters = ReadParameters(value.Required("parameters"), types, table);
  if (const JsonReader variants = value.Optional("variants"); variants.exists()) {
    variants.ForEach(kMaxElements, [&](const JsonReader& variant) {
      signature.variants.push_back(ReadVariant(variant, signature, types, table));
    });
  }
  std::vector<CallSignature>& all = table.calls[value.Required("name").Text(kMaxText)];
  for (const CallSignature& other : all) {
    const bool both = signature.abis.empty()
                          ? other.abis.empty()
                          : std::ranges::find_first_of(signature.abis, other.abis) != signature.abis.end();
    if (both) value.Fail("the call is there twice");
  }
  all.push_back(std::move(signature));
}

}  // namespace

bool ValuePart::IsOn(Abi abi) const {
  return abis.empty() || std::ranges::find(abis, abi) != abis.end();
}

const CallSignature* ArgumentTable::Find(Abi abi, std::string_view call) const {
  const auto found = calls.find(call);
  if (found == calls.end()) return nullptr;
  const CallSignature* general = nullptr;
  for (const CallSignature& signature : found->second) {
    if (std::ranges::find(signature.abis, abi) != signature.abis.end()) return &signature;
    if (signature.abis.empty()) general = &signature;
  }
  return general;
}

const ArgumentValues* ArgumentTable::ValuesOf(const Parameter& parameter) const {
  const auto found = values.find(parameter.values);
  return found == values.end() ? nullptr : &found->second;
}

absl::StatusOr<ArgumentTable> ParseArgumentTable(std::string_view text) {
  const auto read = [](const JsonReader& root, ArgumentTable& table) {
    root.AllowOnly({"schema", "source", "types", "values", "calls"});
    root.Required("source").Text(kMaxText);
    const CTypes types = ReadTypes(root.Required("types"));
    root.Required("values").ForEach(kMaxElements, [&](const JsonReader& value) {
      value.AllowOnly({"id", "headers", "parts"});
      ArgumentValues values{.headers = Texts(value.Required("headers")), .parts = {}};
      value.Required("parts").ForEach(kMaxElements,
                                      [&](const JsonReader& part) { values.parts.push_back(ReadPart(part)); });
      if (!table.values.emplace(value.Required("id").Text(kMaxText), std::move(values)).second) {
        value.Fail("the id is taken");
      }
    });
    root.Required("calls").ForEach(kMaxElements, [&](const JsonReader& value) { ReadCall(value, types, table); });
  };
  return Parse<ArgumentTable>(text, "syscarve.arguments/2", read);
}

absl::StatusOr<const ArgumentTable*> ShippedArgumentTable() {
  return Shipped<ArgumentTable>("rules/arguments.json", ParseArgumentTable);
}

NarrowArguments NarrowArgumentsOf(const ArgumentTable& table) {
  constexpr unsigned kNarrow = 32;
  NarrowArguments all;
  for (const auto& [name, signatures] : table.calls) {
    const CallSignature* const signature = table.Find(Abi::kX86_64, name);
    if (signature == nullptr || !FindSyscall(Abi::kX86_64, name).has_value()) continue;
    for (unsigned i = 0; i < signature->parameters.size(); ++i) {
      const unsigned bits = signature->parameters[i].bits;
      if (bits != 0 && bits <= kNarrow) all[name].insert(i);
    }
  }
  return all;
}

absl::StatusOr<const NarrowArguments*> ShippedNarrowArguments() {
  SYSCARVE_ASSIGN_OR_RETURN(const ArgumentTable* const table, ShippedArgumentTable());
  static const NarrowArguments* const narrow = new NarrowArguments(NarrowArgumentsOf(*table));
  return narrow;
}

}  // namespace syscarve
