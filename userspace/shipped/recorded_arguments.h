// SPDX-License-Identifier: Apache-2.0
// The calls whose arguments are recorded, and their use in a profile: profiles/rules/recorded-arguments.json.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/abi.h"
#include "userspace/model/profile.h"
#include "userspace/model/seen_arguments.h"
#include "userspace/shipped/argument_table.h"
#include "userspace/shipped/drivers.h"

namespace syscarve {

// The maximum number of arguments of a call that are recorded together (bpf/recorder.h).
inline constexpr size_t kMaxRecordedArguments = 3;
// The maximum number of different values of a call that are kept; with more, the call is open.
inline constexpr size_t kMaxRecordedValues = 64;

// How a profile narrows one argument.
struct ArgumentField {
  size_t place = 0;  // Index in RecordedCall::indexes.
  // If not 0: these bits are refused unless they were seen. If 0: values are compared under `mask`.
  uint64_t refused_bits = 0;
  uint64_t mask = ~uint64_t{0};
  bool any_number = false;  // A value need not have a name; otherwise a value without a name makes the call open.
  std::vector<std::set<uint64_t>> together;  // If one value of a set was seen, the whole set is allowed.
  // The values of the first argument for which this field applies; empty: all except those of `not_of`.
  std::set<uint64_t> of;
  std::set<uint64_t> not_of;
};

// Values that are also allowed if the first argument had certain values.
struct ArgumentsBeside {
  std::set<uint64_t> when;
  std::vector<std::vector<uint64_t>> add;  // As in RecordedCall::always.
};

struct RecordedCall {
  std::string name;
  std::vector<int> indexes;  // Indices of the recorded arguments, ascending.
  bool pointed_to = false;   // The recorded value is the 64-bit word that the single argument points to.
  // This argument is a descriptor, and its kind of file is recorded with the value of the single recorded argument.
  std::optional<int> descriptor;
  // The last argument is recorded only with these values of the first, each less than 128, and as 0 with others.
  std::optional<std::set<uint64_t>> options;
  // Arguments whose flags have power in combination: `--args all` allows only the combinations of flags that were seen.
  std::set<int> whole;
  // How `--args safe` narrows the call; empty: not at all.
  std::vector<ArgumentField> fields;
  std::vector<std::vector<uint64_t>> always;  // Always allowed with the call: values in the order of `indexes`.
  std::vector<ArgumentsBeside> beside;
  std::string in_memory;  // A call that does the same with arguments in memory, which no filter can see; "" for none.
  std::string why;
};

using RecordedCalls = std::map<std::string, RecordedCall, std::less<>>;  // By name.

// Whether `call` has its arguments in memory and another call does the same with registers; false for "", a number
// without a name.
bool HasCallWithRegisters(const RecordedCalls& recorded, std::string_view call);

// Whether callers fall back from this action without loss: a profile refuses a call with arguments in memory with
// ENOSYS if it narrows the one with registers.
bool IsFallenBackFrom(const RecordedCalls& recorded, SyscallId id, const Action& answer);

// The bits that the kernel reads of each recorded argument of `call` on this ABI; nullopt if those arguments are
// different ones there than on x86_64, or there is no such call.
std::optional<std::vector<uint64_t>> ArgumentMasks(const ArgumentTable& table, const RecordedCall& call, Abi abi);

// Whether the bits of a register outside `mask` are neither 0 nor copies of the value's sign, as defined by the
// recorder (is_dirty in bpf/arguments.bpf.h). False if `mask` is not the lower half.
bool IsDirty(uint64_t value, uint64_t mask);

// The bits of the register of argument indexes[place] that its recorded value determines, in a call with these values:
// not the upper ones if the kernel reads only the lower half, and none if the argument is not recorded with the first
// one's value.
uint64_t DeterminedBits(const ArgumentTable& table, const RecordedCalls& recorded, SyscallId id,
                        const std::vector<int>& indexes, const std::vector<uint64_t>& values, size_t place);

// "socket(AF_INET, SOCK_STREAM, 0)": the call with the recorded `values`; "…" for arguments that are not recorded.
std::string RecordedCallText(const ArgumentTable& table, const RecordedCall& call, SyscallId id,
                             const std::vector<uint64_t>& values);
// " on a tty": to be appended to it if the kinds of the descriptor's file are known; "" otherwise (drivers.h).
std::string OnFilesText(const ArgumentTable& table, const Drivers& drivers, const RecordedCall& call, SyscallId id,
                        const std::vector<uint64_t>& values, const FileKinds& kinds);
// The value of the argument at `place`, if the first one's is `first`.
std::string RecordedValueText(const ArgumentTable& table, const RecordedCall& call, SyscallId id, size_t place,
                              uint64_t first, uint64_t value);

absl::StatusOr<RecordedCalls> ParseRecordedCalls(std::string_view text, const ArgumentTable& table);
// The embedded file, parsed once. An error is a defect of this build (kInternal). Lives as long as the process.
absl::StatusOr<const RecordedCalls*> ShippedRecordedCalls();

}  // namespace syscarve
