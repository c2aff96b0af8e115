// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/man_pages.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/text.h"
#include "userspace/cli/described_verb.h"

namespace syscarve::cli {
namespace {

constexpr char kExitStatus[] = "Exit codes: ";

// Removes the first code point from `text`, well-formed UTF-8, and returns it.
uint32_t TakeCodePoint(std::string_view& text) {
  const auto byte = [&text](size_t i) { return static_cast<uint8_t>(text[i]); };
  const size_t length = byte(0) < 0x80 ? 1 : byte(0) < 0xe0 ? 2 : byte(0) < 0xf0 ? 3 : 4;
  uint32_t code = length == 1 ? byte(0) : byte(0) & (0x7f >> length);
  for (size_t i = 1; i < length; ++i) code = code << 6 | (byte(i) & 0x3f);
  text.remove_prefix(length);
  return code;
}

// One line of text that troff shows literally, with ASCII quotes and dashes, so that it can be pasted into a shell.
std::string Roff(std::string_view text) {
  // A line that begins with one of these is a request of troff.
  std::string out = text.starts_with('.') || text.starts_with('\'') ? "\\&" : "";
  while (!text.empty()) {
    const uint32_t code = TakeCodePoint(text);
    switch (code) {
      case '\\':
        out += "\\e";
        break;
      case '-':
        out += "\\-";
        break;
      case '\'':
        out += "\\(aq";
        break;
      case '`':
        out += "\\(ga";
        break;
      case '^':
        out += "\\(ha";
        break;
      case '~':
        out += "\\(ti";
        break;
      case '"':
        out += "\\(dq";
        break;
      default:
        if (code < 0x80) {
          out += static_cast<char>(code);
        } else {
          char escape[16];
          std::snprintf(escape, sizeof(escape), "\\[u%04X]", code);
          out += escape;
        }
    }
  }
  return out;
}

std::string Upper(std::string_view text) {
  std::string upper(text);
  for (char& letter : upper) letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  return upper;
}

std::string Bold(std::string_view text) {
  return Concat("\\fB", Roff(text), "\\fR");
}

std::string Italic(std::string_view text) {
  return Concat("\\fI", Roff(text), "\\fR");
}

std::string Section(std::string_view title) {
  return Concat(".SH ", Roff(Upper(title)), "\n");
}

// `text` as troff paragraphs, which empty lines separate. A paragraph with indented lines, such as an example or a
// table, keeps its line breaks. `first`: the text follows a section's title, so its first paragraph needs no request.
std::string Paragraphs(std::string_view text, bool first) {
  std::string out;
  bool begins = true;
  bool kept = false;
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    if (line.empty()) {
      if (kept) out += ".fi\n.RE\n";
      kept = false;
      begins = true;
      continue;
    }
    if (begins) {
      kept = line.starts_with(' ');
      if (!first) out += ".PP\n";
      if (kept) out += ".RS 4\n.nf\n";
      first = begins = false;
    }
    out += Concat(Roff(kept ? line.substr(line.find_first_not_of(' ') == std::string_view::npos ? 0 : 2) : line), "\n");
  }
  if (kept) out += ".fi\n.RE\n";
  return out;
}

std::string Title(std::string_view page, std::string_view date) {
  return Concat(".\\\" Made from the help of the program itself.\n.TH \"", Roff(Upper(page)), "\" \"1\" \"", date,
                "\" \"syscarve ", SYSCARVE_VERSION, "\" \"User Commands\"\n");
}

// "-o, --output TEXT".
std::string OptionHead(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : OptionNames(option)) names.push_back(Bold(name));
  std::string head = absl::StrJoin(names, ", ");
  if (TakesValue(option)) head += Concat(" ", Italic(ValueName(option)));
  return head;
}

// The help of an option, followed by the details that CLI11 shows with it.
std::string OptionText(const CLI::Option& option) {
  std::string text = option.get_description();
  if (!text.empty() && text.back() != '.') text += '.';
  const std::vector<std::string> values = EnumeratedValues(option);
  if (!values.empty() && !HasFewValues(option)) text += Concat(" One of ", absl::StrJoin(values, ", "), ".");
  if (!option.get_default_str().empty()) text += Concat(" Default: ", option.get_default_str(), ".");
  if (option.get_required() && option.nonpositional()) text += " Required.";
  std::vector<std::string> others;
  for (const CLI::Option* other : option.get_excludes()) others.push_back(other->get_name());
  std::sort(others.begin(), others.end());
  if (!others.empty()) text += Concat(" Not together with ", absl::StrJoin(others, ", "), ".");
  return Roff(text);
}

std::string Options(const CLI::App& app) {
  std::string out;
  for (const std::string& group : app.get_groups()) {
    std::string entries;
    for (const CLI::Option* option : ListedOptions(app)) {
      if (option->get_group() != group) continue;
      entries += Concat(".TP\n", OptionHead(*option), "\n", OptionText(*option), "\n");
    }
    if (entries.empty()) continue;
    out += group == "Options" ? "" : Concat(".SS ", Roff(group), "\n");
    out += entries;
  }
  return out;
}

std::string SeeAlso(const std::vector<std::string>& pages) {
  std::vector<std::string> links;
  for (const std::string& page : pages) links.push_back(Concat(".BR ", Roff(page), " (1)"));
  return Concat(Section("See also"), absl::StrJoin(links, ",\n"), "\n");
}

std::string VerbPage(const CLI::App& verb, std::string_view date) {
  const std::string page = Concat("syscarve-", verb.get_name());
  std::string out =
      Concat(Title(page, date), Section("Name"), Roff(page), " \\- ", Roff(FirstSentence(verb.get_description())), "\n",
             Section("Synopsis"), Bold(Concat("syscarve ", verb.get_name())), " [", Italic("OPTION"), "]...");
  for (const CLI::Option* option : Positionals(verb)) out += Concat(" ", Roff(PositionalUsage(*option)));
  out += Concat("\n", Section("Description"), Paragraphs(verb.get_description(), true),
                Paragraphs(verb.get_footer(), false));
  if (const std::vector<const CLI::Option*> arguments = Positionals(verb); !arguments.empty()) {
    out += Section("Arguments");
    for (const CLI::Option* option : arguments)
      out += Concat(".TP\n", Italic(option->get_name(true)), "\n", OptionText(*option), "\n");
  }
  return Concat(out, Section("Options"), Options(verb), SeeAlso({"syscarve"}));
}

std::string MainPage(const CLI::App& app, std::string_view date) {
  std::string out = Concat(Title("syscarve", date), Section("Name"),
                           "syscarve \\- record what a program asks of the kernel and make a seccomp profile of it\n",
                           Section("Synopsis"), Bold("syscarve"), " [", Italic("OPTION"), "]... ", Italic("VERB"), " [",
                           Italic("ARGUMENT"), "]...\n", Section("Description"),
                           Paragraphs(app.get_description(), true), Section("Verbs"));
  std::string group;
  std::vector<std::string> pages;
  for (const CLI::App* verb : ListedVerbs(app)) {
    if (verb->get_group() != group) out += Concat(".SS ", Roff(verb->get_group()), "\n");
    group = verb->get_group();
    pages.push_back(Concat("syscarve-", verb->get_name()));
    out += Concat(".TP\n", Bold(verb->get_name()), "\n", Roff(verb->get_description()), "\n");
  }
  out += Concat(Section("Options"), Options(app));
  std::string status = app.get_footer();
  if (status.starts_with(kExitStatus)) status.erase(0, sizeof(kExitStatus) - 1);
  return Concat(out, Section("Exit status"), Paragraphs(status, true), SeeAlso(pages));
}

}  // namespace

std::map<std::string, std::string> ManPages(const CLI::App& app, std::string_view date) {
  std::map<std::string, std::string> pages = {{"syscarve.1", MainPage(app, date)}};
  for (const CLI::App* verb : ListedVerbs(app)) {
    pages.emplace(Concat("syscarve-", verb->get_name(), ".1"), VerbPage(*verb, date));
  }
  return pages;
}

}  // namespace syscarve::cli
