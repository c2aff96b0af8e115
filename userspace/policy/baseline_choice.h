// SPDX-License-Identifier: Apache-2.0
// Chooses the container runtime's calls that a profile needs besides the program's own. A runtime loads the filter
// before it starts the program, and the calls that it still makes then must be allowed, or no container starts. Sources
// in order of preference: the recording, a measurement on this host, a measurement shipped with this build.
// docs/generate.md has the rules.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"
#include "userspace/policy/generate.h"
#include "userspace/shipped/baseline.h"
#include "userspace/shipped/shipped_data.h"

namespace syscarve {

// The settings of no_new_privs with which a profile must be able to start containers.
enum class NoNewPrivsMode {
  kAny,       // Both: it can be switched on or off without a new profile.
  kRecorded,  // Those that the containers were recorded with.
};

std::optional<NoNewPrivsMode> NoNewPrivsModeFromName(std::string_view name);  // "any", "recorded"

enum class BaselineOrigin { kHost, kShipped };

struct KnownBaseline {
  Baseline baseline;
  BaselineOrigin origin = BaselineOrigin::kShipped;
};

struct BaselineChoice {
  std::vector<BaselineCalls> baselines;  // For GenerateOptions.
  // What was substituted, and what is not covered. Untrusted.
  std::vector<std::string> warnings;
};

// The baseline among `known` for a runtime of this version, or nullptr. Always of the same runtime and ABI. Without
// no_new_privs a runtime must load the filter earlier, while it still has its capabilities, so a baseline measured
// without it also covers containers with it, but not the reverse. Of those that fit: the same version (suffixes of
// distributions after a "+" are ignored), else the nearest, which has the least difference in the first number that
// differs (the newest, if the version is unknown); of equally near ones the same no_new_privs, then the newer version,
// then the host's.
const KnownBaseline* FindBaseline(std::span<const KnownBaseline> known, const ContainerRuntime& runtime, Abi abi,
                                  bool no_new_privs);

// The baselines for the containers of `recordings`, which must be of one architecture. Empty for recordings without
// containers.
BaselineChoice ChooseBaselines(std::span<const Recording> recordings, std::span<const KnownBaseline> known,
                               std::span<const OccasionalCalls> occasional, NoNewPrivsMode mode);

// For a baseline chosen by the user: `baseline` and the calls that its runtime makes now and then.
std::vector<BaselineCalls> GivenBaseline(const Baseline& baseline, std::span<const OccasionalCalls> occasional);

// The baselines (*.json) of a folder, ordered by file name. Because a file decides what profiles allow, files and
// folder must be owned by root or the caller and writable by no other user: neither others nor a group, except the
// caller's private group, which has the caller's name and no other members. For each file that is not read a sentence
// is added to `warnings`. A folder that does not exist is empty.
std::vector<Baseline> LoadBaselineFolder(const std::string& path, std::vector<std::string>& warnings);

}  // namespace syscarve
