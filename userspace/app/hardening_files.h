// SPDX-License-Identifier: Apache-2.0
// What `harden` leaves beside the profiles of a folder, and what `verify` adds to it.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "userspace/base/status.h"
#include "userspace/model/container_line.h"

namespace syscarve {

// The plans, as report/harden.h writes them.
inline constexpr std::string_view kHardeningName = "hardening.json";
// Under which lines services were verified.
inline constexpr std::string_view kHardeningProofsName = "hardening-proofs.json";
inline constexpr std::string_view kHardeningProofsSchema = "syscarve.hardening-proofs/1";

// The lines of the plans, by title. kInvalidArgument for what `harden` does not write.
absl::StatusOr<std::map<std::string, ContainerLine>> ParseHardening(std::string_view text);

// What a service's containers ran under when `verify` passed.
struct LineProof {
  std::string profile;  // DigestOf the profile as the engine was given it.
  ContainerLine line;
  bool operator==(const LineProof&) const = default;
};
using LineProofs = std::map<std::string, LineProof>;  // By title.

std::string FormatLineProofs(const LineProofs& proofs);
absl::StatusOr<LineProofs> ParseLineProofs(std::string_view text);

// Those of the file; none where there is no such file. An error names it.
absl::StatusOr<LineProofs> ReadLineProofs(const std::string& path);
absl::StatusOr<std::map<std::string, ContainerLine>> ReadHardening(const std::string& path);

// "sha256:" and 64 hex digits.
std::string DigestOf(std::string_view text);

}  // namespace syscarve
