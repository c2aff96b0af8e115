// SPDX-License-Identifier: Apache-2.0
// Of which calls the arguments are recorded, and what a profile makes of them: profiles/rules/recorded-arguments.json.
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

// At most so many arguments of a call are recorded together (bpf/recorder.h).
inline constexpr size_t kMaxRecordedArguments = 3;
// And so many different values of a call are kept; where there were more, it is open.
inline constexpr size_t kMaxRecordedValues = 64;

// How a profile narrows one argument.
struct ArgumentField {
  size_t place = 0;  // In RecordedCall::indexes.
  // Not 0: these bits are refused but for those that were seen. 0: values are compared, as far as `mask` goes.
  uint64_t refused_bits = 0;
  uint64_t mask = ~uint64_t{0};
  bool any_number = false;                   // A value need not have a name. Otherwise one without opens the call.
  std::vector<std::set<uint64_t>> together;  // Where one of a set was seen, all of it is allowed.
  // The first argument's values with which this field counts at all; empty: all but those of `not_of`.
  std::set<uint64_t> of;
  std::set<uint64_t> not_of;
};

// What is allowed beside some values of the first argument.
struct ArgumentsBeside {
  std::set<uint64_t> when;
  std::vector<std::vector<uint64_t>> add;  // As in RecordedCall::always.
};

struct RecordedCall {
  std::string name;
  std::vector<int> indexes;  // Of the arguments that are recorded, ascending.
  bool pointed_to = false;   // What is recorded is the 64-bit word that the one argument points to.
  // This argument is a descriptor, and beside the one that is recorded it is also recorded on what kind of file.
  std::optional<int> descriptor;
  // The last argument is recorded with these values of the first alone, each less than 128, and as 0 with the others.
  std::optional<std::set<uint64_t>> options;
  // Arguments whose flags have power together: `--args all` allows the sets of flags that were seen.
  std::set<int> whole;
  // What `--args safe` makes of it; empty: nothing.
  std::vector<ArgumentField> fields;
  std::vector<std::vector<uint64_t>> always;  // Allowed to all who make the call: values in the order of `indexes`.
  std::vector<ArgumentsBeside> beside;
  std::string in_memory;  // A call that does the same by arguments in memory, which no filter can see; "" for none.
  std::string why;
};

using RecordedCalls = std::map<std::string, RecordedCall, std::less<>>;  // By name.

// Whether `call` has its arguments in memory and another call does the same by registers; false of "", a number without
// a name.
bool HasCallWithRegisters(const RecordedCalls& recorded, std::string_view call);

// Whether whoever makes the call falls back from this answer, and nobody misses it: a profile answers ENOSYS to a call
// with arguments in memory where it narrows the one with registers.
bool IsFallenBackFrom(const RecordedCalls& recorded, SyscallId id, const Action& answer);

// The bits that the kernel looks at of each argument that `call` has on this ABI; nullopt where those arguments are
// other things there than on x86_64, or there is no such call.
std::optional<std::vector<uint64_t>> ArgumentMasks(const ArgumentTable& table, const RecordedCall& call, Abi abi);

// Whether the bits of a register that are not in `mask` are neither 0 nor copies of the value's sign: as the recorder
// has it (is_dirty in bpf/arguments.bpf.h). False where the mask is not of the lower half.
bool IsDirty(uint64_t value, uint64_t mask);

// Which bits of the register of the argument indexes[place] its recorded value tells, of a call with these values: not
// the upper ones where the kernel looks at the lower alone, and none where the argument was not recorded beside the
// first one's value.
uint64_t ToldBits(const ArgumentTable& table, const RecordedCalls& recorded, SyscallId id,
                  const std::vector<int>& indexes, const std::vector<uint64_t>& values, size_t place);

// "socket(AF_INET, SOCK_STREAM, 0)": the call with the recorded `values`; "…" for arguments that are not.
std::string RecordedCallText(const ArgumentTable& table, const RecordedCall& call, SyscallId id,
                             const std::vector<uint64_t>& values);
// " on a tty": what to write behind it where the kinds of the descriptor's file are known; "" otherwise (drivers.h).
std::string OnFilesText(const ArgumentTable& table, const Drivers& drivers, const RecordedCall& call, SyscallId id,
                        const std::vector<uint64_t>& values, const FileKinds& kinds);
// The value of the argument at `place`, where the first one's is `first`.
std::string RecordedValueText(const ArgumentTable& table, const RecordedCall& call, SyscallId id, size_t place,
                              uint64_t first, uint64_t value);

absl::StatusOr<RecordedCalls> ParseRecordedCalls(std::string_view text, const ArgumentTable& table);
// The embedded file, parsed once. An error is a defect of this build (kInternal). Lives as long as the process.
absl::StatusOr<const RecordedCalls*> ShippedRecordedCalls();

}  // namespace syscarve
