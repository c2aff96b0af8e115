// SPDX-License-Identifier: Apache-2.0
#include "userspace/shipped/recorded_arguments.h"

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/syscall_table.h"
#include "userspace/shipped/call_text.h"
#include "userspace/shipped/shipped_file.h"

namespace syscarve {
namespace {

using shipped::kMaxElements;
using shipped::kMaxText;

constexpr uint64_t kMaxOption = 127;

// The ABI whose names of values are used: the first that has the call.
std::optional<SyscallId> Namesake(std::string_view name) {
  for (const Abi abi : {Abi::kX86_64, Abi::kI386, Abi::kAarch64}) {
    if (const std::optional<SyscallId> id = FindSyscall(abi, name)) return id;
  }
  return std::nullopt;
}

const Parameter* ParameterOf(const ArgumentTable& table, Abi abi, std::string_view name, int index) {
  const CallSignature* const signature = table.Find(abi, name);
  if (signature == nullptr || static_cast<size_t>(index) >= signature->parameters.size()) return nullptr;
  return &signature->parameters[static_cast<size_t>(index)];
}

// The bits that the kernel reads. For a 32-bit call they are the lower half, although a filter on x86_64 sees the whole
// register (arch/x86/include/asm/syscall.h).
uint64_t MaskOf(const Parameter& parameter, Abi abi) {
  const unsigned word = HasNarrowArguments(abi) ? 32 : 64;
  const unsigned bits = parameter.bits == 0 ? word : std::min(parameter.bits, word);
  return bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
}

class CallReader {
 public:
  CallReader(const ArgumentTable& table, RecordedCall& call) : table_(table), call_(call) {}

  void Read(const JsonReader& value) {
    value.AllowOnly({"name", "arguments", "pointed_to", "descriptor", "options", "whole", "fields", "always", "beside",
                     "in_memory", "why"});
    const JsonReader name = value.Required("name");
    call_.name = name.Text(kMaxText);
    const std::optional<SyscallId> id = Namesake(call_.name);
    if (!id.has_value()) return name.Fail(Concat("\"", call_.name, "\" is no call"));
    id_ = *id;
    call_.why = value.Required("why").Text(kMaxText);
    if (const JsonReader pointed_to = value.Optional("pointed_to"); pointed_to.exists()) {
      call_.pointed_to = pointed_to.Bool();
    }
    ReadIndexes(value.Required("arguments"));
    if (call_.indexes.empty()) return;
    if (const JsonReader descriptor = value.Optional("descriptor"); descriptor.exists()) {
      const int index = static_cast<int>(descriptor.Uint(0, kLastArgument));
      const Parameter* const parameter = ParameterOf(table_, id_.abi, call_.name, index);
      if (parameter == nullptr || parameter->kind != ArgumentKind::kDescriptor) descriptor.Fail("it is no descriptor");
      if (call_.indexes.size() != 1 || call_.pointed_to) descriptor.Fail("expected it beside one argument");
      call_.descriptor = index;
    }
    if (const JsonReader options = value.Optional("options"); options.exists()) {
      call_.options = Values(options, 0);
      if (*call_.options->rbegin() > kMaxOption) options.Fail("too great a number");
      if (call_.indexes.size() < 2) options.Fail("there is no second argument");
    }
    if (const JsonReader whole = value.Optional("whole"); whole.exists()) {
      whole.ForEach(kMaxRecordedArguments, [&](const JsonReader& element) {
        const int index = static_cast<int>(element.Uint(0, kLastArgument));
        if (std::ranges::find(call_.indexes, index) == call_.indexes.end()) element.Fail("it is not recorded");
        call_.whole.insert(index);
      });
    }
    if (const JsonReader fields = value.Optional("fields"); fields.exists()) {
      fields.ForEach(kMaxRecordedArguments, [&](const JsonReader& field) { call_.fields.push_back(ReadField(field)); });
    }
    if (const JsonReader always = value.Optional("always"); always.exists()) call_.always = Tuples(always);
    if (const JsonReader beside = value.Optional("beside"); beside.exists()) {
      beside.ForEach(kMaxElements, [&](const JsonReader& entry) {
        entry.AllowOnly({"when", "add"});
        call_.beside.push_back({Values(entry.Required("when"), 0), Tuples(entry.Required("add"))});
      });
    }
    if (const JsonReader in_memory = value.Optional("in_memory"); in_memory.exists()) {
      call_.in_memory = in_memory.Text(kMaxText);
      if (!Namesake(call_.in_memory).has_value()) in_memory.Fail("is no call");
    }
    if (call_.fields.empty() && !(call_.always.empty() && call_.beside.empty() && call_.in_memory.empty())) {
      value.Fail("nothing is narrowed");
    }
  }

 private:
  void ReadIndexes(const JsonReader& list) {
    list.ForEach(kMaxRecordedArguments, [&](const JsonReader& element) {
      const int index = static_cast<int>(element.Uint(0, kLastArgument));
      if (!call_.indexes.empty() && index <= call_.indexes.back()) element.Fail("the indexes are not ascending");
      const Parameter* const parameter = ParameterOf(table_, id_.abi, call_.name, index);
      const bool is_address =
          parameter != nullptr && (parameter->kind == ArgumentKind::kPointer || parameter->kind == ArgumentKind::kPath);
      if (parameter == nullptr || is_address != call_.pointed_to) element.Fail("there is no such argument");
      call_.indexes.push_back(index);
    });
    if (call_.indexes.empty() || (call_.pointed_to && call_.indexes.size() > 1)) list.Fail("expected one argument");
  }

  // A number, or names of the argument at `place`, if those before it are `known`.
  uint64_t Value(const JsonReader& element, size_t place, std::span<const uint64_t> known) {
    if (!element.IsText()) return element.Uint();
    // The arguments before it, as far as they are recorded.
    std::vector<uint64_t> before;
    for (int index = 0; index < call_.indexes[place]; ++index) {
      const auto at = std::ranges::find(call_.indexes, index);
      const auto recorded = static_cast<size_t>(at - call_.indexes.begin());
      before.push_back(at == call_.indexes.end() || recorded >= known.size() ? 0 : known[recorded]);
    }
    const std::optional<uint64_t> value = ArgumentFromNames(table_, id_, before, element.Text(kMaxText));
    if (!value.has_value()) element.Fail("the argument has no such value");
    return value.value_or(0);
  }

  std::set<uint64_t> Values(const JsonReader& list, size_t place) {
    std::set<uint64_t> values;
    list.ForEach(kMaxElements, [&](const JsonReader& element) {
      if (!values.insert(Value(element, place, {})).second) element.Fail("the value is there twice");
    });
    if (values.empty()) list.Fail("expected at least one value");
    return values;
  }

  std::vector<std::vector<uint64_t>> Tuples(const JsonReader& list) {
    std::vector<std::vector<uint64_t>> tuples;
    list.ForEach(kMaxElements, [&](const JsonReader& entry) {
      std::vector<uint64_t> tuple;
      entry.ForEach(kMaxRecordedArguments, [&](const JsonReader& element) {
        if (tuple.size() < call_.indexes.size()) tuple.push_back(Value(element, tuple.size(), tuple));
      });
      if (tuple.size() != call_.indexes.size()) return entry.Fail("expected a value of each argument");
      tuples.push_back(std::move(tuple));
    });
    if (tuples.empty()) list.Fail("expected at least one");
    return tuples;
  }

  ArgumentField ReadField(const JsonReader& value) {
    value.AllowOnly({"argument", "refuse", "mask", "any_number", "together", "of", "not_of"});
    ArgumentField field;
    const JsonReader argument = value.Required("argument");
    const auto at = std::ranges::find(call_.indexes, static_cast<int>(argument.Uint(0, kLastArgument)));
    if (at == call_.indexes.end()) {
      argument.Fail("it is not recorded");
      return field;
    }
    field.place = static_cast<size_t>(at - call_.indexes.begin());
    for (const ArgumentField& other : call_.fields) {
      if (other.place == field.place) argument.Fail("the argument is there twice");
    }
    if (const JsonReader refuse = value.Optional("refuse"); refuse.exists()) {
      for (const uint64_t bits : Values(refuse, field.place)) field.refused_bits |= bits;
    }
    if (const JsonReader mask = value.Optional("mask"); mask.exists()) field.mask = mask.Uint(1);
    if (const JsonReader any = value.Optional("any_number"); any.exists()) field.any_number = any.Bool();
    if (const JsonReader together = value.Optional("together"); together.exists()) {
      together.ForEach(kMaxElements,
                       [&](const JsonReader& set) { field.together.push_back(Values(set, field.place)); });
    }
    if (const JsonReader of = value.Optional("of"); of.exists()) field.of = Values(of, 0);
    if (const JsonReader not_of = value.Optional("not_of"); not_of.exists()) field.not_of = Values(not_of, 0);
    return field;
  }

  const ArgumentTable& table_;
  RecordedCall& call_;
  SyscallId id_ = {};
};

absl::StatusOr<RecordedCalls> ParseShipped(std::string_view text) {
  SYSCARVE_ASSIGN_OR_RETURN(const ArgumentTable* const table, ShippedArgumentTable());
  return ParseRecordedCalls(text, *table);
}

}  // namespace

bool HasCallWithRegisters(const RecordedCalls& recorded, std::string_view call) {
  return !call.empty() &&
         std::ranges::any_of(recorded, [call](const auto& entry) { return entry.second.in_memory == call; });
}

bool IsFallenBackFrom(const RecordedCalls& recorded, SyscallId id, const Action& answer) {
  return answer == Action{ActionKind::kErrno, ENOSYS} && HasCallWithRegisters(recorded, SyscallName(id).value_or(""));
}

std::optional<std::vector<uint64_t>> ArgumentMasks(const ArgumentTable& table, const RecordedCall& call, Abi abi) {
  if (!FindSyscall(abi, call.name).has_value()) return std::nullopt;
  const std::optional<SyscallId> namesake = Namesake(call.name);
  std::vector<uint64_t> masks;
  for (const int index : call.indexes) {
    const Parameter* const parameter = ParameterOf(table, abi, call.name, index);
    const Parameter* const model = ParameterOf(table, namesake->abi, call.name, index);
    if (parameter == nullptr || model == nullptr || parameter->kind != model->kind ||
        parameter->values != model->values) {
      return std::nullopt;
    }
    masks.push_back(MaskOf(*parameter, abi));
  }
  return masks;
}

bool IsDirty(uint64_t value, uint64_t mask) {
  constexpr uint64_t kLowerHalf = 0xffffffff;
  constexpr uint64_t kSignCopied = 0x1ffffffff;
  return mask == kLowerHalf && value > mask && value >> 31 != kSignCopied;
}

uint64_t DeterminedBits(const ArgumentTable& table, const RecordedCalls& recorded, SyscallId id,
                        const std::vector<int>& indexes, const std::vector<uint64_t>& values, size_t place) {
  const std::string name = SyscallName(id).value_or("");
  const auto call = recorded.find(name);
  const bool is_last = place > 0 && place + 1 == values.size();
  if (call != recorded.end() && call->second.indexes == indexes && is_last && call->second.options.has_value() &&
      !call->second.options->contains(values.front())) {
    return 0;
  }
  const Parameter* const parameter = ParameterOf(table, id.abi, name, indexes[place]);
  return parameter == nullptr ? ~uint64_t{0} : MaskOf(*parameter, id.abi);
}

std::string RecordedValueText(const ArgumentTable& table, const RecordedCall& call, SyscallId id, size_t place,
                              uint64_t first, uint64_t value) {
  std::vector<uint64_t> arguments(static_cast<size_t>(call.indexes[place]) + 1);
  arguments[static_cast<size_t>(call.indexes.front())] = first;
  arguments.back() = value;
  return LastArgumentText(table, id, arguments);
}

std::string RecordedCallText(const ArgumentTable& table, const RecordedCall& call, SyscallId id,
                             const std::vector<uint64_t>& values) {
  std::vector<std::string> words;
  for (size_t place = 0; place < values.size(); ++place) {
    words.resize(static_cast<size_t>(call.indexes[place]), "…");
    words.push_back(call.pointed_to ? absl::StrFormat("{0x%x}", values[place])
                                    : RecordedValueText(table, call, id, place, values.front(), values[place]));
  }
  return Concat(call.name, "(", absl::StrJoin(words, ", "), ")");
}

std::string OnFilesText(const ArgumentTable& table, const Drivers& drivers, const RecordedCall& call, SyscallId id,
                        const std::vector<uint64_t>& values, const FileKinds& kinds) {
  if (!call.descriptor.has_value() || kinds.empty()) return "";
  const std::string name = RecordedValueText(table, call, id, /*place=*/0, values.front(), values.front());
  return OnFilesText(drivers, values.front(), name, kinds);
}

absl::StatusOr<RecordedCalls> ParseRecordedCalls(std::string_view text, const ArgumentTable& table) {
  const auto read = [&table](const JsonReader& root, RecordedCalls& calls) {
    root.AllowOnly({"schema", "calls"});
    root.Required("calls").ForEach(kMaxElements, [&](const JsonReader& value) {
      RecordedCall call;
      CallReader(table, call).Read(value);
      std::string name = call.name;
      if (!calls.emplace(std::move(name), std::move(call)).second) value.Fail("the call is there twice");
    });
  };
  return shipped::Parse<RecordedCalls>(text, "syscarve.recorded-arguments/1", read);
}

absl::StatusOr<const RecordedCalls*> ShippedRecordedCalls() {
  return shipped::Shipped<RecordedCalls>("rules/recorded-arguments.json", ParseShipped);
}

}  // namespace syscarve
