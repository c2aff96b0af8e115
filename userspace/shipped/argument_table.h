// SPDX-License-Identifier: Apache-2.0
// What the arguments of system calls are: profiles/rules/arguments.json as structs. Names and types of parameters are
// the kernel's (SYSCALL_DEFINE), names of values those of its headers; profiles/README.md has the format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/abi.h"

namespace syscarve {

enum class ArgumentKind {
  kValue,       // A number: a size, an id, an address in the other sense of the word.
  kFlags,       // Bits with names, perhaps beside a field with names.
  kOption,      // One of some named values.
  kDescriptor,  // A file descriptor, or one of its named stand-ins (AT_FDCWD).
  kMode,        // Permission bits of a file.
  kPath,        // The address of a path.
  kPointer,     // The address of anything else.
};

// Some bits of a value, and what they may hold.
struct ValuePart {
  std::vector<Abi> abis;  // On which it is so; empty: on all.
  uint64_t mask = ~uint64_t{0};
  unsigned shift = 0;  // Of the field: (value & mask) >> shift is what `names` are about. Not with `flags`.
  bool flags = false;  // Each name is a bit, or several, of the value; otherwise it is the whole field.
  // In the order in which people write them; of flags, those that contain others first.
  std::vector<std::pair<std::string, uint64_t>> names;
  bool IsOn(Abi abi) const;
};

struct ArgumentValues {
  std::vector<std::string> headers;  // Where the names are defined.
  std::vector<ValuePart> parts;      // In the order in which people write them.
};

struct Parameter {
  std::string name;
  std::string type;  // As C has it.
  ArgumentKind kind = ArgumentKind::kValue;
  unsigned bits = 0;  // Of them the kernel looks at this many; 0: a register of the ABI's.
  bool is_signed = false;
  std::string values;  // Of ArgumentTable::values; "": none.
};

// What the parameters behind one are when that one has certain values.
struct ParameterVariant {
  size_t argument = 0;
  std::vector<std::string> is;     // One of these options; or, when it is empty,
  std::vector<std::string> lacks;  // none of these flags.
  std::vector<Parameter> then;
};

struct CallSignature {
  std::vector<Abi> abis;  // On which the call is like that; empty: on all that no other signature names.
  std::vector<Parameter> parameters;
  std::vector<ParameterVariant> variants;
};

struct ArgumentTable {
  std::map<std::string, ArgumentValues, std::less<>> values;
  std::map<std::string, std::vector<CallSignature>, std::less<>> calls;

  // nullptr where nothing is known of the call.
  const CallSignature* Find(Abi abi, std::string_view call) const;
  // Of parameter.values; nullptr for none.
  const ArgumentValues* ValuesOf(const Parameter& parameter) const;
};

absl::StatusOr<ArgumentTable> ParseArgumentTable(std::string_view text);
// The embedded file, parsed once. An error is a defect of this build (kInternal). Lives as long as the process.
absl::StatusOr<const ArgumentTable*> ShippedArgumentTable();

}  // namespace syscarve
