// SPDX-License-Identifier: Apache-2.0
// The recorded arguments of a call.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace syscarve {

using ProgramId = uint32_t;  // Index into Recording::programs.

// The kinds of file that a descriptor referred to, as words defined in shipped/drivers.h: "tty", "socket AF_INET",
// "character device 10:200", "file ext4". Contains kUnknownFile if some kinds are unknown, but never kUnknownFile
// alone.
using FileKinds = std::set<std::string>;
inline constexpr std::string_view kUnknownFile = "unknown";

inline constexpr size_t kMaxFileKinds = 64;

// Whether `word` is valid in a recording: 1 to 64 printable ASCII characters.
bool IsFileKind(std::string_view word);

// The combinations of values that some arguments of a call had.
struct SeenArguments {
  std::vector<int> indexes;  // Indices of the arguments, 0 to 5, ascending.
  bool pointed_to = false;   // `values` are the 64-bit words that the one argument pointed to.
  // The values, in the order of `indexes`, each reduced to the bits that the kernel reads; and the programs that used
  // them.
  std::map<std::vector<uint64_t>, std::set<ProgramId>> values;
  // The kinds of file on which the call was made with the values; absent if unknown. Evidence only: no filter sees it.
  std::map<std::vector<uint64_t>, FileKinds> files;
  bool open = false;  // There were other values, which are unknown.
  // The bits of a register that the kernel does not read may have been anything; otherwise they were 0, or copies of
  // the value's sign.
  bool dirty = false;
  auto operator<=>(const SeenArguments&) const = default;
};

// Adds the arguments of further calls, `more`, to `kept`; `first` if `kept` stands for no calls yet. nullopt: unknown.
// The sum is open if only one side is known, or if both are not about the same arguments. Commutative and associative.
void JoinArguments(const std::optional<SeenArguments>& more, bool first, std::optional<SeenArguments>& kept);

// Replaces each program id by its entry in `places`; programs without an entry are dropped.
SeenArguments Renumbered(SeenArguments seen, const std::vector<ProgramId>& places);

}  // namespace syscarve
