// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/usage_error.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

#include "userspace/base/concat.h"
#include "userspace/base/edit_distance.h"
#include "userspace/base/status.h"
#include "userspace/cli/described_verb.h"

namespace syscarve::cli {
namespace {

constexpr size_t kLongestWord = 64;
constexpr char kVerbsHint[] = "`syscarve --help` lists the verbs.";

// A third of the word's length, but at least two: "recrod".
size_t MostMistakes(std::string_view word) {
  return std::max<size_t>(2, word.size() / 3);
}

std::string_view Nearest(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.size() > kLongestWord) return "";
  return NearestWord(word, candidates, MostMistakes(word));
}

std::string DidYouMean(std::string_view word) {
  return Concat("Did you mean `", word, "`?");
}

bool LooksLikeAnOption(std::string_view word) {
  return word.size() > 1 && word.starts_with('-') && word != "--";
}

absl::Status UnknownVerb(const CLI::App& app, std::string_view word) {
  std::vector<std::string> verbs;
  for (const CLI::App* verb : ListedVerbs(app)) verbs.push_back(verb->get_name());
  const std::string_view nearest = Nearest(word, verbs);
  return WithHint(absl::InvalidArgumentError(Concat("there is no verb \"", word, "\"")),
                  nearest.empty() ? kVerbsHint : DidYouMean(nearest));
}

// Whether `option` stands behind the first word of the command that `verb` runs, and there is no -- before it.
bool IsBehindBareCommand(const CLI::App& verb, std::string_view option, const std::vector<std::string>& words) {
  const CLI::Option* const command = CommandOf(verb);
  if (command == nullptr || command->count() == 0) return false;
  const auto found = std::find(words.begin(), words.end(), option);
  return std::find(words.begin(), found, "--") == found &&
         std::find(words.begin(), found, command->results().front()) != found;
}

absl::Status UnknownOption(const CLI::App& app, const CLI::App* verb, std::string_view word,
                           const std::vector<std::string>& words) {
  const CLI::App& asked = verb == nullptr ? app : *verb;
  std::vector<std::string> options;
  for (const CLI::Option* option : ListedOptions(asked)) {
    for (const std::string& name : option->get_lnames()) options.push_back(Concat("--", name));
  }
  const std::string_view name = word.substr(0, word.find('='));
  const std::string_view nearest = name.starts_with("--") ? Nearest(name, options) : "";
  std::string hint = nearest.empty() ? "" : DidYouMean(nearest);
  if (verb != nullptr && IsBehindBareCommand(*verb, word, words)) {
    const std::string& command = CommandOf(*verb)->results().front();
    hint += Concat(hint.empty() ? "" : " ", "To give it to ", command, ", put `--` before the command: `syscarve ",
                   verb->get_name(), " -- ", command, " ", word, "`.");
  }
  if (hint.empty())
    hint = Concat("`syscarve ", verb == nullptr ? "" : verb->get_name() + " ", "--help` lists the options.");
  return WithHint(
      absl::InvalidArgumentError(Concat(verb == nullptr ? "" : verb->get_name() + ": ", "there is no option ", name)),
      hint);
}

// CLI11's message in the form of ours: without line breaks and full stop.
std::string Sentence(std::string_view text) {
  std::string sentence(text.substr(0, text.find_last_not_of(" .\n") + 1));
  std::replace(sentence.begin(), sentence.end(), '\n', ' ');
  return sentence;
}

}  // namespace

absl::Status UsageError(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& words) {
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  const CLI::App* const verb = chosen.empty() ? nullptr : chosen.front();
  const auto verb_at = verb == nullptr ? words.end() : std::find(words.begin(), words.end(), verb->get_name());
  // The words behind `--` that a verb does not use are also in app.remaining().
  std::vector<std::string> unexpected = app.remaining();
  for (auto word = words.begin(); word != verb_at; ++word) {
    if (*word == "--" || std::find(unexpected.begin(), unexpected.end(), *word) == unexpected.end()) continue;
    return LooksLikeAnOption(*word) ? UnknownOption(app, nullptr, *word, words) : UnknownVerb(app, *word);
  }
  if (verb == nullptr) {
    const bool no_verb = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
    return WithHint(absl::InvalidArgumentError(no_verb ? "no verb is given" : Sentence(error.what())), kVerbsHint);
  }
  const std::vector<std::string> left_over = verb->remaining();
  unexpected.insert(unexpected.begin(), left_over.begin(), left_over.end());
  for (const std::string& word : left_over) {
    if (LooksLikeAnOption(word)) return UnknownOption(app, verb, word, words);
  }
  const std::string help = Concat("`syscarve ", verb->get_name(), " --help` shows what it takes.");
  for (const std::string& word : unexpected) {
    if (word == "--") continue;
    return WithHint(absl::InvalidArgumentError(Concat(verb->get_name(), ": \"", word, "\" is one argument too many")),
                    help);
  }
  return WithHint(absl::InvalidArgumentError(Concat(verb->get_name(), ": ", Sentence(error.what()))), help);
}

}  // namespace syscarve::cli
