// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/completions.h"

#include <CLI/CLI.hpp>
#include <string_view>
#include <vector>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/quote.h"
#include "userspace/cli/described_verb.h"

namespace syscarve::cli {
namespace {

std::string VerbNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : ListedVerbs(app)) names.push_back(verb->get_name());
  return absl::StrJoin(names, " ");
}

std::string OptionWords(const CLI::App& app) {
  std::vector<std::string> words;
  for (const CLI::Option* option : ListedOptions(app)) {
    for (const std::string& name : OptionNames(*option)) words.push_back(name);
  }
  return absl::StrJoin(words, " ");
}

// Bash

// "record:-o|record:--output", a pattern of `case`.
std::string BashPattern(const CLI::App& verb, const CLI::Option& option) {
  std::vector<std::string> patterns;
  for (const std::string& name : OptionNames(option)) patterns.push_back(Concat(verb.get_name(), ":", name));
  return absl::StrJoin(patterns, "|");
}

// Splits the line itself, because COMP_WORDS is also split at = and :.
constexpr char kBashBegin[] = R"(# Completion of syscarve for bash, made from the help of the program itself.
_syscarve() {
  local line=${COMP_LINE:0:COMP_POINT} current= verb= ended= begun= option= values= files= words= word prefix
  local -a typed
  read -ra typed <<< "$line"
  if [[ $line != *[[:space:]] ]]; then
    current=${typed[-1]}
    unset 'typed[-1]'
  fi
  for word in "${typed[@]:1}"; do
    if [[ -n $ended ]]; then
      begun=1
    elif [[ -z $verb ]]; then
      [[ $word == -* ]] || verb=$word
    elif [[ $word == -- ]]; then
      ended=1
    fi
    option=$word
  done
  COMPREPLY=()
  prefix=${current%"${current##*[=:]}"}
  if [[ -n $ended ]]; then
    if [[ -z $begun ]]; then mapfile -t COMPREPLY < <(compgen -c -- "$current"); fi
    compopt -o default 2> /dev/null
    return 0
  fi
  if [[ $current == --*=* ]]; then
    option=${current%%=*}
    current=${current#*=}
  fi
  case $verb:$option in
)";

constexpr char kBashEnd[] = R"(  if [[ -n $files ]]; then
    compopt -o default 2> /dev/null
    return 0
  fi
  mapfile -t COMPREPLY < <(compgen -W "$values$words" -- "$current")
  # Readline replaces only what is behind the last = or :.
  if [[ $prefix == *: ]]; then COMPREPLY=("${COMPREPLY[@]#"${prefix#*=}"}"); fi
  return 0
}
complete -F _syscarve syscarve
)";

// Zsh

std::string Replaced(std::string_view text, std::string_view special, std::string_view before) {
  std::string out;
  for (const char character : text) {
    if (special.find(character) != std::string_view::npos) out += before;
    out += character;
  }
  return out;
}

std::string ZshValue(const CLI::Option& option, std::string_view name) {
  const std::vector<std::string> values = EnumeratedValues(option);
  std::string action = " ";
  if (!values.empty()) action = Concat("(", absl::StrJoin(values, " "), ")");
  if (MayBeFile(option)) action = "_files";
  return Concat(":", Replaced(name, ":\\", "\\"), ":", Replaced(action, ":", "\\"));
}

// A specification for _arguments. A star marks a repeatable option.
std::string ZshOption(const CLI::Option& option) {
  const std::vector<std::string> names = OptionNames(option);
  const std::string text = Concat("[", Replaced(FirstSentence(option.get_description()), "[]:\\", "\\"), "]",
                                  TakesValue(option) ? ZshValue(option, ValueName(option)) : "");
  std::string out;
  for (const std::string& name : names) {
    const std::string others = TakesMany(option) ? "*" : Concat("(", absl::StrJoin(names, " "), ")");
    out += Concat(" \\\n        ", QuoteForShell(Concat(others, name, text)));
  }
  return out;
}

std::string ZshPositional(const CLI::Option& option) {
  const std::string name = option.get_name(true);
  if (name == "command") return " \\\n        '(-)1:command:_command_names -e' '*::argument:_normal'";
  return Concat(" \\\n        ", QuoteForShell(Concat(TakesMany(option) ? "*" : "", ZshValue(option, name))));
}

std::string ZshOptions(const CLI::App& app) {
  std::string out;
  for (const CLI::Option* option : ListedOptions(app)) out += ZshOption(*option);
  return out;
}

// Fish

std::string FishQuoted(std::string_view text) {
  return Concat("'", Replaced(text, "'\\", "\\"), "'");
}

std::string FishOption(const CLI::Option& option, std::string_view condition) {
  std::string out = Concat("complete -c syscarve -n ", FishQuoted(condition));
  for (const std::string& name : option.get_snames()) out += Concat(" -s ", name);
  for (const std::string& name : option.get_lnames()) out += Concat(" -l ", name);
  const std::vector<std::string> values = EnumeratedValues(option);
  if (!values.empty()) {
    out += Concat(" -x -a ", FishQuoted(absl::StrJoin(values, " ")));
  } else if (TakesValue(option)) {
    out += MayBeFile(option) ? " -r -F" : " -x";
  }
  return Concat(out, " -d ", FishQuoted(FirstSentence(option.get_description())), "\n");
}

}  // namespace

std::string BashCompletion(const CLI::App& app) {
  std::string out = kBashBegin;
  std::string options =
      Concat("    '') words='", VerbNames(app), "'; [[ $current != -* ]] || words='", OptionWords(app), "' ;;\n");
  for (const CLI::App* verb : ListedVerbs(app)) {
    for (const CLI::Option* option : ListedOptions(*verb)) {
      const std::vector<std::string> values = EnumeratedValues(*option);
      if (!TakesValue(*option)) continue;
      out += Concat("    ", BashPattern(*verb, *option), ") ");
      // A value without completions.
      out += !values.empty()      ? Concat("values='", absl::StrJoin(values, " "), "'")
             : MayBeFile(*option) ? "files=1"
                                  : "return 0";
      out += " ;;\n";
    }
    bool takes_files = false;
    for (const CLI::Option* option : Positionals(*verb)) takes_files = takes_files || MayBeFile(*option);
    options += Concat("    ", verb->get_name(), ") if [[ $current == -* ]]; then words='", OptionWords(*verb), "'; ",
                      takes_files ? "else files=1; " : "", "fi ;;\n");
  }
  return Concat(out, "  esac\n  if [[ -z $values$files ]]; then\n    case $verb in\n", options, "    esac\n  fi\n",
                kBashEnd);
}

std::string ZshCompletion(const CLI::App& app) {
  std::string out = Concat(
      "#compdef syscarve\n# Completion of syscarve for zsh, made from the help of the program itself.\n_syscarve() {\n"
      "  local context state state_descr line\n  typeset -A opt_args\n  _arguments -C -S",
      ZshOptions(app), " \\\n        '1:verb:->verb' \\\n        '*::argument:->argument'\n",
      "  if [[ $state == verb ]]; then\n    local -a verbs=(\n");
  for (const CLI::App* verb : ListedVerbs(app)) {
    out += Concat(
        "      ",
        QuoteForShell(Concat(verb->get_name(), ":", Replaced(FirstSentence(verb->get_description()), ":\\", "\\"))),
        "\n");
  }
  out += "    )\n    _describe verb verbs\n    return\n  fi\n  case $words[1] in\n";
  for (const CLI::App* verb : ListedVerbs(app)) {
    out += Concat("    ", verb->get_name(), ")\n      _arguments -S", ZshOptions(*verb));
    for (const CLI::Option* option : Positionals(*verb)) out += ZshPositional(*option);
    out += "\n      ;;\n";
  }
  return out + "  esac\n}\n_syscarve \"$@\"\n";
}

std::string FishCompletion(const CLI::App& app) {
  constexpr char kNoVerb[] = "__fish_use_subcommand";
  std::string out =
      "# Completion of syscarve for fish, made from the help of the program itself.\ncomplete -c syscarve -f\n";
  for (const CLI::Option* option : ListedOptions(app)) out += FishOption(*option, kNoVerb);
  for (const CLI::App* verb : ListedVerbs(app)) {
    out += Concat("complete -c syscarve -n ", kNoVerb, " -a ", verb->get_name(), " -d ",
                  FishQuoted(FirstSentence(verb->get_description())), "\n");
  }
  for (const CLI::App* verb : ListedVerbs(app)) {
    const std::string condition = Concat("__fish_seen_subcommand_from ", verb->get_name());
    for (const CLI::Option* option : ListedOptions(*verb)) out += FishOption(*option, condition);
    bool takes_files = false;
    for (const CLI::Option* option : Positionals(*verb)) takes_files = takes_files || MayBeFile(*option);
    if (takes_files) out += Concat("complete -c syscarve -n ", FishQuoted(condition), " -F\n");
    if (CommandOf(*verb) != nullptr) {
      out += Concat("complete -c syscarve -n ", FishQuoted(condition), " -a '(__fish_complete_command)'\n");
    }
  }
  return out;
}

}  // namespace syscarve::cli
