// SeccompProfile objects of the Security Profiles Operator, apiVersion security-profiles-operator.x-k8s.io/v1, v1beta1
// or v1alpha1, as files and as kubectl exports them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/strict_json.h"

namespace syscarve {

struct SpoProfile {
  std::string name;                   // metadata.name, an adversary's bytes.
  JsonValue oci;                      // What `spec` says, in OCI's terms (profile_json.h reads it).
  std::vector<std::string> warnings;  // Sentences: what `spec` says that no OCI profile can.
};

// Whether the object says that it is one, or a list that may hold one.
bool IsKubernetesObject(const JsonValue& value);

// The one SeccompProfile among `documents`: a document itself, or an item of a list. Other kinds are passed over, with
// a warning; metadata and status are not looked at, but for the name. kInvalidArgument when there is none or, with
// their names, when there are several; and when `spec` has what the operator does not know. `native_arch` stands for
// SCMP_ARCH_NATIVE.
absl::StatusOr<SpoProfile> FindSpoProfile(std::span<const JsonValue> documents, std::string_view native_arch);

}  // namespace syscarve
