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
  JsonValue oci;                      // `spec` in OCI's terms, for profile_json.h.
  std::vector<std::string> warnings;  // Sentences: parts of `spec` that an OCI profile cannot express.
  std::vector<ProfileNote> notes;     // Fields that the API server drops or rejects.
};

// The member with this key, or nullptr.
const JsonValue* Find(const JsonValue& value, std::string_view key);
// The member with this key if it is a text; "" otherwise.
std::string TextAt(const JsonValue& value, std::string_view key);

// Whether `value` has the apiVersion and kind of a Kubernetes object or list.
bool IsKubernetesObject(const JsonValue& value);
// Whether `object` is a SeccompProfile of one of the groups above.
bool IsSpoProfile(const JsonValue& object);
// metadata.name, untrusted; "(no name)" if there is none.
std::string ObjectName(const JsonValue& object);

// Reads an object that IsSpoProfile, ignoring metadata and status. kInvalidArgument if the version is unknown or `spec`
// is not valid in any version. `native_arch` replaces SCMP_ARCH_NATIVE.
absl::StatusOr<SpoProfile> ReadSpoProfile(const JsonValue& object, std::string_view native_arch);

}  // namespace syscarve
