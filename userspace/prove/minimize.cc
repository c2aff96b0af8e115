// SPDX-License-Identifier: Apache-2.0
#include "userspace/prove/minimize.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <vector>

namespace syscarve {
namespace {

using Elements = std::set<size_t>;

Elements Without(const Elements& all, const Elements& some) {
  Elements rest;
  std::ranges::set_difference(all, some, std::inserter(rest, rest.end()));
  return rest;
}

// Splits `all` into `count` nonempty parts of nearly equal size. REQUIRES: count <= all.size().
std::vector<Elements> Split(const Elements& all, size_t count) {
  std::vector<Elements> parts(count);
  size_t number = 0;
  for (const size_t one : all) parts[number++ * count / all.size()].insert(one);
  return parts;
}

// Caches the result of each trial.
class Attempts {
 public:
  explicit Attempts(absl::FunctionRef<absl::StatusOr<Trial>(const Elements&)> attempt) : attempt_(attempt) {}

  absl::StatusOr<Trial> Try(const Elements& kept) {
    if (const auto known = known_.find(kept); known != known_.end()) return known->second;
    if (no_time_) return Trial::kNoTime;
    SYSCARVE_ASSIGN_OR_RETURN(const Trial trial, attempt_(kept));
    if (trial == Trial::kNoTime) {
      no_time_ = true;
    } else {
      known_.emplace(kept, trial);
    }
    return trial;
  }

  bool KnownToFail(const Elements& kept) const {
    const auto known = known_.find(kept);
    return known != known_.end() && known->second == Trial::kFails;
  }
  bool no_time() const { return no_time_; }

 private:
  absl::FunctionRef<absl::StatusOr<Trial>(const Elements&)> attempt_;
  std::map<Elements, Trial> known_;
  bool no_time_ = false;
};

// Index of the first of `parts` that `kept` passes without; parts.size() if there is none.
absl::StatusOr<size_t> FirstDispensable(const Elements& kept, const std::vector<Elements>& parts, Attempts& attempts) {
  for (size_t i = 0; i < parts.size(); ++i) {
    SYSCARVE_ASSIGN_OR_RETURN(const Trial trial, attempts.Try(Without(kept, parts[i])));
    if (trial == Trial::kPasses) return i;
    if (attempts.no_time()) break;
  }
  return parts.size();
}

}  // namespace

absl::StatusOr<Minimized> Minimize(size_t size,
                                   absl::FunctionRef<absl::StatusOr<Trial>(const Elements& kept)> attempt) {
  Attempts attempts(attempt);
  Elements kept;
  for (size_t i = 0; i < size; ++i) kept.insert(kept.end(), i);
  // Everything at once first: often nothing is needed.
  size_t count = 1;
  while (!kept.empty() && !attempts.no_time()) {
    const std::vector<Elements> parts = Split(kept, count);
    SYSCARVE_ASSIGN_OR_RETURN(const size_t found, FirstDispensable(kept, parts, attempts));
    if (found < parts.size()) {
      kept = Without(kept, parts[found]);
      count = std::max<size_t>(std::min(count - 1, kept.size()), 1);
    } else if (count < kept.size()) {
      count = std::min(2 * count, kept.size());
    } else {
      break;
    }
  }
  Minimized result{.kept = kept, .needed = {}};
  for (const size_t one : kept) {
    if (attempts.KnownToFail(Without(kept, {one}))) result.needed.insert(one);
  }
  return result;
}

}  // namespace syscarve
