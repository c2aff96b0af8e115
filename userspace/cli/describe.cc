// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <string>

#include "userspace/base/concat.h"
#include "userspace/base/file.h"
#include "userspace/cli/completions.h"
#include "userspace/cli/man_pages.h"
#include "userspace/cli/output.h"
#include "userspace/cli/verbs.h"

namespace syscarve::cli {
namespace {

struct DescribeArguments {
  std::string form;
  std::string output;
  std::string date;
};

// By file name.
std::map<std::string, std::string> Described(const CLI::App& app, const DescribeArguments& arguments) {
  if (arguments.form == "man") return ManPages(app, arguments.date);
  if (arguments.form == "bash") return {{"syscarve", BashCompletion(app)}};
  if (arguments.form == "zsh") return {{"_syscarve", ZshCompletion(app)}};
  return {{"syscarve.fish", FishCompletion(app)}};
}

}  // namespace

void AddDescribe(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<DescribeArguments>();
  CLI::App* const verb = AddVerb(app, "_describe", "Write manual pages or a shell's completion of this command line.");
  verb->group("");
  verb->add_option("FORM", arguments->form, "What to write")
      ->check(CLI::IsMember({"man", "bash", "zsh", "fish"}))
      ->required();
  verb->add_option("-o,--output", arguments->output, "A folder that exists, for the files")->required();
  verb->add_option("--date", arguments->date, "The date of the manual pages, as 2006-01-02");
  verb->callback([&app, arguments, &exit_code] {
    for (const auto& [name, content] : Described(app, *arguments)) {
      const absl::Status written = WriteFileAtomically(Concat(arguments->output, "/", name), content);
      if (!written.ok()) exit_code = Fail(written);
    }
  });
}

}  // namespace syscarve::cli
