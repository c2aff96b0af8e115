// The options of `generate` and `explain` that decide which calls of the container runtime a profile gets.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"
#include "userspace/policy/baseline_choice.h"

namespace CLI {
class App;
}  // namespace CLI

namespace syscarve::cli {

// Where `syscarve baseline` leaves what it measured.
inline constexpr std::string_view kBaselineFolder = "/var/lib/syscarve/baseline";

struct BaselineArguments {
  std::string baseline = "auto";
  std::string folder = std::string(kBaselineFolder);
  std::string no_new_privs = "any";
};

// `arguments` must outlive `verb`.
void AddBaselineOptions(CLI::App& verb, BaselineArguments& arguments);

// The files behind the options, read once for any number of profiles.
class BaselineSources {
 public:
  // Reads what `arguments` ask for. Without containers in what is to be generated from (`containers`), `auto` needs and
  // reads nothing. Files that are there and cannot be used are warned of on standard error.
  static absl::StatusOr<BaselineSources> Load(const BaselineArguments& arguments, bool containers);

  BaselineChoice Choose(std::span<const Recording> recordings) const;

 private:
  NoNewPrivsMode mode_ = NoNewPrivsMode::kAny;
  bool auto_ = false;
  std::vector<BaselineCalls> given_;
  std::vector<KnownBaseline> known_;
  std::vector<OccasionalCalls> occasional_;
};

// Whether a subject of `recording` is a container.
bool HasContainers(const Recording& recording);

}  // namespace syscarve::cli
