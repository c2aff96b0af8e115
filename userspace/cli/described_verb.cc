// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/described_verb.h"

#include <CLI/CLI.hpp>
#include <set>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/text.h"

namespace syscarve::cli {

std::vector<const CLI::App*> ListedVerbs(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* verb) { return !verb->get_group().empty(); });
}

std::vector<const CLI::Option*> ListedOptions(const CLI::App& app) {
  return app.get_options(
      [](const CLI::Option* option) { return option->nonpositional() && !option->get_group().empty(); });
}

std::vector<const CLI::Option*> Positionals(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) { return option->get_positional(); });
}

const CLI::Option* CommandOf(const CLI::App& verb) {
  for (const CLI::Option* option : Positionals(verb)) {
    if (option->get_name(true) == "command") return option;
  }
  return nullptr;
}

std::vector<std::string> OptionNames(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back(Concat("-", name));
  for (const std::string& name : option.get_lnames()) names.push_back(Concat("--", name));
  return names;
}

bool TakesValue(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

bool TakesMany(const CLI::Option& option) {
  return option.get_items_expected_max() > 1;
}

std::vector<std::string> EnumeratedValues(const CLI::Option& option) {
  // CLI11 stores the set of IsMember only as text: TEXT:{a,b}.
  const std::string type = option.get_type_name();
  const size_t begin = type.find(":{");
  if (begin == std::string::npos || !type.ends_with('}')) return {};
  std::vector<std::string> values;
  const std::string_view set = std::string_view(type).substr(begin + 2, type.size() - begin - 3);
  for (const std::string_view value : SplitNonEmpty(set, ',')) values.emplace_back(value);
  return values;
}

bool HasFewValues(const CLI::Option& option) {
  constexpr size_t kMost = 12;
  const size_t count = EnumeratedValues(option).size();
  return count != 0 && count <= kMost;
}

bool MayBeFile(const CLI::Option& option) {
  static const std::set<std::string> kTypes = {"TEXT", "PATH", "PROFILE", "FILE", "DIR"};
  if (!EnumeratedValues(option).empty() || option.get_name(true) == "NAME") return false;
  return TakesValue(option) && kTypes.contains(ValueName(option));
}

std::string ValueName(const CLI::Option& option) {
  if (!option.get_option_text().empty()) return option.get_option_text();
  if (HasFewValues(option)) return absl::StrJoin(EnumeratedValues(option), "|");
  const std::string type = option.get_type_name();
  // A check appends its own description: "UINT:INT in [1 - 1000]".
  return type.substr(0, type.find(':'));
}

std::string PositionalUsage(const CLI::Option& option) {
  const std::string name = option.get_name(true);
  if (name == "command") return option.get_required() ? "-- COMMAND [ARG...]" : "[-- COMMAND [ARG...]]";
  const std::string many = Concat(name, TakesMany(option) ? "..." : "");
  return option.get_required() ? many : Concat("[", many, "]");
}

std::string FirstSentence(std::string_view text) {
  text = text.substr(0, text.find(". "));
  return std::string(text.substr(0, text.find_last_not_of(". ") + 1));
}

}  // namespace syscarve::cli
