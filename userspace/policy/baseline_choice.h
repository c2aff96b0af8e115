// SPDX-License-Identifier: Apache-2.0
// Which calls of the container runtime a profile needs beside the program's own. A runtime loads the filter before it
// has started the program, and what it still does then must be allowed, or no container starts. The best source of that
// is what was seen; then what was measured on this host; then what this build ships. docs/generate.md has the rules.
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

// For which settings of no_new_privs a profile shall start containers.
enum class NoNewPrivsMode {
  kAny,       // Both: it can be switched on or off without making the profile anew.
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
  // What stands in for something else, and what is not covered. May hold an adversary's bytes.
  std::vector<std::string> warnings;
};

// The baseline among `known` for a runtime of this version, or nullptr. Always of the same runtime and ABI. Without
// no_new_privs a runtime must load the filter earlier, while it still has its capabilities, so what was measured
// without covers containers with it, and never the other way round. Of those that fit: the same version (what
// distributions append to it after a "+" does not count), else the nearest, which has the least difference in the first
// number that differs (the newest, when the version is not known); of equally near ones the same no_new_privs, then the
// newer version, then the host's.
const KnownBaseline* FindBaseline(std::span<const KnownBaseline> known, const ContainerRuntime& runtime, Abi abi,
                                  bool no_new_privs);

// What the containers of `recordings`, which are of one architecture, need. Nothing for recordings without containers.
BaselineChoice ChooseBaselines(std::span<const Recording> recordings, std::span<const KnownBaseline> known,
                               std::span<const OccasionalCalls> occasional, NoNewPrivsMode mode);

// As chosen by hand: `baseline` and what its runtime makes now and then.
std::vector<BaselineCalls> GivenBaseline(const Baseline& baseline, std::span<const OccasionalCalls> occasional);

// The baselines (*.json) of a folder, ordered by file name. A file decides what profiles allow, so only those of root's
// or the caller's own that nobody else may write are read, and only in such a folder: neither others nor a group, but
// for the caller's private one, of the same name and without other members. What is there and is not read has a
// sentence in `warnings`. A folder that does not exist is empty.
std::vector<Baseline> LoadBaselineFolder(const std::string& path, std::vector<std::string>& warnings);

}  // namespace syscarve
