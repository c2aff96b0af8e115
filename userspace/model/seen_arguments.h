// SPDX-License-Identifier: Apache-2.0
// What the arguments of a call were, as far as a recording has them.
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

// What kinds of file a descriptor stood for, in words that shipped/drivers.h makes and explains: "tty", "socket
// AF_INET", "character device 10:200", "file ext4". Where some are not known, kUnknownFile is among them; a set is
// never that alone.
using FileKinds = std::set<std::string>;
inline constexpr std::string_view kUnknownFile = "unknown";

inline constexpr size_t kMaxFileKinds = 64;

// Whether it can be in a recording: 1 to 64 printable characters of ASCII.
bool IsFileKind(std::string_view word);

// What some arguments of a call were, together.
struct SeenArguments {
  std::vector<int> indexes;  // Of the arguments, 0 to 5, ascending.
  bool pointed_to = false;   // `values` are the 64-bit words that the one argument pointed to.
  // In the order of `indexes`, each cut to the bits that the kernel looks at; and the programs that made them.
  std::map<std::vector<uint64_t>, std::set<ProgramId>> values;
  // On what kinds of file the call was made with values of `values`; where there is none, that is not known. Evidence
  // only: no filter sees it.
  std::map<std::vector<uint64_t>, FileKinds> files;
  bool open = false;  // There were others, which are not known.
  // The bits of a register that the kernel does not look at can have been anything; otherwise they were 0, or copies of
  // the value's sign.
  bool dirty = false;
  auto operator<=>(const SeenArguments&) const = default;
};

// Adds what is known of further calls to what is known of some; of none yet, when they are the `first`. Where it is not
// about the same arguments, or nothing is known of one side, the sum is open. The order in which several are added does
// not matter.
void JoinArguments(const std::optional<SeenArguments>& more, bool first, std::optional<SeenArguments>& kept);

// Gives each program the number that `places` has for it; those that it has none for are left out.
SeenArguments Renumbered(SeenArguments seen, const std::vector<ProgramId>& places);

}  // namespace syscarve
