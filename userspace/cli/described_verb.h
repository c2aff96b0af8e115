// SPDX-License-Identifier: Apache-2.0
// The command line as data, read from CLI11's tree, for manual pages, completions and error messages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace syscarve::cli {

// All verbs except those for the build, in the order of the help.
std::vector<const CLI::App*> ListedVerbs(const CLI::App& app);

// The options that have a name, --help among them, in the order of the help.
std::vector<const CLI::Option*> ListedOptions(const CLI::App& app);

// The positional arguments, in their order.
std::vector<const CLI::Option*> Positionals(const CLI::App& app);

// The words of a command that a verb runs, or nullptr.
const CLI::Option* CommandOf(const CLI::App& verb);

// "-o", "--output": the short names first.
std::vector<std::string> OptionNames(const CLI::Option& option);

bool TakesValue(const CLI::Option& option);
bool TakesMany(const CLI::Option& option);

// The values that the option accepts (CLI::IsMember); empty if it accepts others, too.
std::vector<std::string> EnumeratedValues(const CLI::Option& option);
// Whether there are enumerated values, few enough for a usage line.
bool HasFewValues(const CLI::Option& option);

// Whether the value may be a file's name, judged by its type.
bool MayBeFile(const CLI::Option& option);

// The placeholder of the value in a synopsis: "PATH", "DURATION", "text|json".
std::string ValueName(const CLI::Option& option);

// The placeholder of a positional argument: "RECORDING...", "[-- COMMAND...]".
std::string PositionalUsage(const CLI::Option& option);

// The first sentence of a description, without its full stop.
std::string FirstSentence(std::string_view text);

}  // namespace syscarve::cli
