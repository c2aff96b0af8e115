// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/verbs.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

namespace syscarve::cli {

CLI::App* AddVerb(CLI::App& app, std::string name, std::string_view help) {
  const size_t end = help.find("\n\n");
  std::string summary(help.substr(0, end));
  std::replace(summary.begin(), summary.end(), '\n', ' ');
  CLI::App* const verb = app.add_subcommand(std::move(name), std::move(summary));
  if (end != std::string_view::npos) verb->footer(std::string(help.substr(end + 2)));
  return verb;
}

CLI::Option* AddDuration(CLI::App& verb, std::string name, std::chrono::milliseconds& duration, std::string help) {
  constexpr double kLongestSeconds = 1e9;
  const std::map<std::string, double> units = {{"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}};
  return verb
      .add_option_function<double>(
          std::move(name),
          [&duration](double seconds) { duration = std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000)); },
          std::move(help))
      ->transform(CLI::AsNumberWithUnit(units, CLI::AsNumberWithUnit::CASE_SENSITIVE, "DURATION"))
      ->check(CLI::Range(0.0, kLongestSeconds))
      ->option_text("DURATION");
}

}  // namespace syscarve::cli
