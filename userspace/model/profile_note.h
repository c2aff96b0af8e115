// SPDX-License-Identifier: Apache-2.0
// What stands in a profile's text that does not keep it from being read, and that its author will want to know: some
// reader passes over it, takes it for something else, or refuses it. `lint` makes findings of them.
#pragma once

#include <string>

#include "userspace/base/json_parser.h"

namespace syscarve {

enum class ProfileNoteKind {
  // The text.
  kByteOrderMark,  // Go's decoder, so Docker, Podman, CRI-O and containerd, refuses the file.
  kRepeatedKey,    // Go takes the last one, which is what was read; others the first.
  kLetterCase,     // Go reads keys whatever their letter case; crun and jq do not.
  kUnknownField,   // Nobody reads it.
  kNull,           // An element of a list, or what should be a number or a word: Go reads it as zero or nothing.
  kMissingField,   // A condition without index or value: Go reads 0, crun refuses.
  // Values.
  kErrnoUnused,        // Of an action that has none: runc passes over it, crun refuses.
  kErrnoZero,          // The call is not made, and the program is told that it succeeded.
  kErrnoTooLarge,      // 4095 and above: no program knows it; above, the kernel answers 4095.
  kKernelZero,         // minKernel "0.0": Docker refuses it; read as "every kernel".
  kUnknownFlag,        // Runtimes refuse it.
  kUnknownCapability,  // In `includes` or `excludes`: no container has it.
  kManyConditions,     // More than six in one entry, so that an index repeats.
  // SCMP_ACT_NOTIFY: runc refuses all three.
  kNotifyWithoutListener,
  kNotifyAsDefault,
  kNotifyWrite,
  // SeccompProfile objects.
  kDroppedField,   // The API server drops it: a field of an older version, or of none.
  kUnknownState,   // Neither Enabled nor Disabled: the API server refuses it.
  kOlderApiGroup,  // Operators of today do not look at this group.
};

struct ProfileNote {
  ProfileNoteKind kind = ProfileNoteKind::kUnknownField;
  std::string path;     // Of the value, as errors spell it: "syscalls[3].errnoRet"; "" for the whole.
  JsonPlace place;      // line 0: not known.
  std::string message;  // A sentence without a full stop at its end. Names in it are escaped.
  // The field that was meant, or "": of an unknown one that is near to it, and of one in another letter case.
  std::string suggestion;
  bool operator==(const ProfileNote&) const = default;
};

}  // namespace syscarve
