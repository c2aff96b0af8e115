// SPDX-License-Identifier: Apache-2.0
// Properties of a profile's text that do not prevent it from being read, but matter to its author: some reader ignores
// them, misinterprets them, or rejects the profile. `lint` turns them into findings.
#pragma once

#include <string>

#include "userspace/base/json_parser.h"

namespace syscarve {

enum class ProfileNoteKind {
  // The text.
  kByteOrderMark,  // Go's decoder, and so Docker, Podman, CRI-O and containerd, rejects the file.
  kRepeatedKey,    // Go uses the last one, as this reader does; others use the first.
  kLetterCase,     // Go ignores the letter case of keys; crun and jq do not.
  kUnknownField,   // Every reader ignores it.
  kNull,           // In place of a list element, a number or a word: Go reads it as zero or nothing.
  kMissingField,   // A condition without index or value: Go reads 0, crun rejects the profile.
  // Values.
  kErrnoUnused,        // An errno for an action that has none: runc ignores it, crun rejects the profile.
  kErrnoZero,          // The call is not made, but returns success to the program.
  kErrnoTooLarge,      // 4095 and above: unknown to every program; above 4095, the kernel returns 4095.
  kKernelZero,         // minKernel "0.0": Docker rejects it; this reader takes it as "every kernel".
  kUnknownFlag,        // Runtimes reject it.
  kUnknownCapability,  // In `includes` or `excludes`: no container has it.
  kManyConditions,     // More than six in one entry, so that an index repeats.
  // SCMP_ACT_NOTIFY: runc rejects all three.
  kNotifyWithoutListener,
  kNotifyAsDefault,
  kNotifyWrite,
  // SeccompProfile objects.
  kDroppedField,   // A field of an older version, or of no version: the API server drops it.
  kUnknownState,   // Neither Enabled nor Disabled: the API server rejects it.
  kOlderApiGroup,  // Current operators ignore this group.
};

struct ProfileNote {
  ProfileNoteKind kind = ProfileNoteKind::kUnknownField;
  std::string path;  // The value's path in the form used by errors, "syscalls[3].errnoRet"; "" for the whole profile.
  JsonPlace place;   // line 0: unknown.
  std::string message;  // A sentence without a full stop at its end. Names in it are escaped.
  // The field that was probably meant, for an unknown field with a similar name and for one in another letter case;
  // else "".
  std::string suggestion;
  bool operator==(const ProfileNote&) const = default;
};

}  // namespace syscarve
