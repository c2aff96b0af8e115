// SPDX-License-Identifier: Apache-2.0
// A baseline: the calls that an OCI runtime itself makes after the filter is loaded. Measured per runtime, version, ABI
// and no_new_privs, never guessed; docs/generate.md describes the file. baseline_choice.h chooses the baseline of a
// profile.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/abi.h"

namespace syscarve {

inline constexpr size_t kMaxBaselineBytes = size_t{1} << 20;

struct Baseline {
  std::string runtime;  // "runc"
  std::string version;  // "1.1.5"
  bool no_new_privs = false;
  Abi abi = Abi::kX86_64;          // The ABI that it was measured on.
  std::vector<std::string> names;  // Sorted, without duplicates, all known.
  std::string provenance;          // One sentence: how and where it was measured.
  bool operator==(const Baseline&) const = default;
};

// "runc 1.1.5 with no_new_privs".
std::string BaselineTitle(const Baseline& baseline);

// Strict: kInvalidArgument, with the place, for anything that is not a syscarve.baseline/1 document.
absl::StatusOr<Baseline> ParseBaseline(std::string_view text);
absl::StatusOr<Baseline> LoadBaseline(const std::string& path);

// The document, with its names sorted and a newline at the end. The exact inverse of ParseBaseline for a Baseline that
// meets the comments above and whose texts are UTF-8 of at most 1024 bytes.
std::string FormatBaseline(const Baseline& baseline);

// "runc-1.1.5-x86_64-nnp.json"; without "-nnp" if measured without no_new_privs. Bytes that are not allowed in a file
// name become "_".
std::string BaselineFileName(const Baseline& baseline);

// The baselines of profiles/runtime/. An error is a defect of this build (kInternal). The pointer lives as long as the
// process.
absl::StatusOr<const std::vector<Baseline>*> ShippedBaselines();

}  // namespace syscarve
