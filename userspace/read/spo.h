// SPDX-License-Identifier: Apache-2.0
// SeccompProfile objects of the Security Profiles Operator, apiVersion security-profiles-operator.x-k8s.io/v1, v1beta1
// or v1alpha1, or seccomp-operator.x-k8s.io/v1alpha1, as files and as kubectl exports them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/profile_note.h"

namespace syscarve {

struct SpoProfile {
  JsonValue oci;                      // `spec` in OCI's terms (profile_json.h reads it).
  std::vector<std::string> warnings;  // Sentences: what of `spec` no OCI profile can express.
  std::vector<ProfileNote> notes;     // What the API server drops or refuses.
};

// The member of that name, or null.
const JsonValue* Find(const JsonValue& value, std::string_view key);
// The same where it is a text; "" otherwise.
std::string TextAt(const JsonValue& value, std::string_view key);

// Whether the object's kind is this, or a list's that may hold one.
bool IsKubernetesObject(const JsonValue& value);
bool IsSpoProfile(const JsonValue& object);
// metadata.name, an adversary's bytes; "(no name)" without one.
std::string ObjectName(const JsonValue& object);

// Of an object that IsSpoProfile: metadata and status are not looked at. kInvalidArgument when the version is not known
// or `spec` is not what every version has. `native_arch` stands for SCMP_ARCH_NATIVE.
absl::StatusOr<SpoProfile> ReadSpoProfile(const JsonValue& object, std::string_view native_arch);

}  // namespace syscarve
