// SPDX-License-Identifier: Apache-2.0
// The arguments of system calls: profiles/rules/arguments.json as structs. Names and types of parameters are the
// kernel's (SYSCALL_DEFINE), names of values those of its headers; profiles/README.md describes the format.
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
  kValue,       // A plain number, such as a size or an id.
  kFlags,       // Named bits, possibly with a field of named values.
  kOption,      // One of some named values.
  kDescriptor,  // A file descriptor, or one of its named stand-ins (AT_FDCWD).
  kMode,        // Permission bits of a file.
  kPath,        // The address of a path.
  kPointer,     // The address of anything else.
};

// Some bits of a value, and the names of their values.
struct ValuePart {
  std::vector<Abi> abis;  // The ABIs for which this holds; empty: all.
  uint64_t mask = ~uint64_t{0};
  unsigned shift = 0;  // For a field: `names` are the values of (value & mask) >> shift. Not with `flags`.
  bool flags = false;  // Each name is one or several bits of the value; otherwise it is the value of the whole field.
  // In the usual order of writing; flags that contain others come first.
  std::vector<std::pair<std::string, uint64_t>> names;
  bool IsOn(Abi abi) const;
};

struct ArgumentValues {
  std::vector<std::string> headers;  // The headers that define the names.
  std::vector<ValuePart> parts;      // In the usual order of writing.
};

struct Parameter {
  std::string name;
  std::string type;  // In C.
  ArgumentKind kind = ArgumentKind::kValue;
  unsigned bits = 0;  // The number of low bits that the kernel reads; 0: the ABI's register width.
  bool is_signed = false;
  std::string values;  // Key in ArgumentTable::values; "": none.
};

// The parameters that follow a given one if that one has certain values.
struct ParameterVariant {
  size_t argument = 0;
  std::vector<std::string> is;     // The value is one of these options; or, if this is empty,
  std::vector<std::string> lacks;  // it has none of these flags.
  std::vector<Parameter> then;
};

struct CallSignature {
  std::vector<Abi> abis;  // The ABIs of this signature; empty: all that no other signature lists.
  std::vector<Parameter> parameters;
  std::vector<ParameterVariant> variants;
};

struct ArgumentTable {
  std::map<std::string, ArgumentValues, std::less<>> values;
  std::map<std::string, std::vector<CallSignature>, std::less<>> calls;

  // nullptr for an unknown call.
  const CallSignature* Find(Abi abi, std::string_view call) const;
  // The values for parameter.values; nullptr for none.
  const ArgumentValues* ValuesOf(const Parameter& parameter) const;
};

absl::StatusOr<ArgumentTable> ParseArgumentTable(std::string_view text);
// The embedded file, parsed once. An error is a defect of this build (kInternal). Lives as long as the process.
absl::StatusOr<const ArgumentTable*> ShippedArgumentTable();

}  // namespace syscarve
