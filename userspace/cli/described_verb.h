// SPDX-License-Identifier: Apache-2.0
// The command line as data: what the manual pages, the shells' completions and error messages have from CLI11's tree.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace syscarve::cli {

// The verbs that users see, in the order of the help: all but those for the build.
std::vector<const CLI::App*> ListedVerbs(const CLI::App& app);

// The options that have a name, --help among them, in the order of the help.
std::vector<const CLI::Option*> ListedOptions(const CLI::App& app);

// The arguments without a name, in their order.
std::vector<const CLI::Option*> Positionals(const CLI::App& app);

// The words of a command that a verb runs, or nullptr.
const CLI::Option* CommandOf(const CLI::App& verb);

// "-o", "--output": the short names first.
std::vector<std::string> OptionNames(const CLI::Option& option);

bool TakesValue(const CLI::Option& option);
bool TakesMany(const CLI::Option& option);

// All values that the option takes (CLI::IsMember), or nothing when it takes others, too.
std::vector<std::string> EnumeratedValues(const CLI::Option& option);
// Whether there are some, and so few that they can stand in a usage line.
bool HasFewValues(const CLI::Option& option);

// Whether the value may be a file's name, as far as the type tells.
bool MayBeFile(const CLI::Option& option);

// What stands for the value in a synopsis: "PATH", "DURATION", "text|json".
std::string ValueName(const CLI::Option& option);

// What stands for an argument without a name: "RECORDING...", "[-- COMMAND...]".
std::string PositionalUsage(const CLI::Option& option);

// The first sentence of what a verb or option is for, without its full stop.
std::string FirstSentence(std::string_view text);

}  // namespace syscarve::cli
