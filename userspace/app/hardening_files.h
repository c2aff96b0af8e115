// SPDX-License-Identifier: Apache-2.0
// The files that `harden` and `verify` write beside the profiles of a folder.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "userspace/base/status.h"
#include "userspace/model/container_line.h"

namespace syscarve {

// The plans, written by report/harden.h.
inline constexpr std::string_view kHardeningName = "hardening.json";
// The lines under which services were verified.
inline constexpr std::string_view kHardeningProofsName = "hardening-proofs.json";
inline constexpr std::string_view kHardeningProofsSchema = "syscarve.hardening-proofs/1";

// The lines of the plans, by title. kInvalidArgument unless `text` has the form that `harden` writes.
absl::StatusOr<std::map<std::string, ContainerLine>> ParseHardening(std::string_view text);

// The profile and line of a service's containers when `verify` passed.
struct LineProof {
  std::string profile;  // DigestOf the profile's text for the engine.
  ContainerLine line;
  bool operator==(const LineProof&) const = default;
};
using LineProofs = std::map<std::string, LineProof>;  // By title.

std::string FormatLineProofs(const LineProofs& proofs);
absl::StatusOr<LineProofs> ParseLineProofs(std::string_view text);

// The proofs in the file; empty if it does not exist. Errors name the file.
absl::StatusOr<LineProofs> ReadLineProofs(const std::string& path);
absl::StatusOr<std::map<std::string, ContainerLine>> ReadHardening(const std::string& path);

// "sha256:" and 64 hex digits.
std::string DigestOf(std::string_view text);

}  // namespace syscarve
