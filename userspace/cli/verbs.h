// SPDX-License-Identifier: Apache-2.0
// The verbs. Each Add* adds a subcommand with its help and examples to `app`. If the user chose it, its callback does
// the work, prints the result, and stores the process's exit code in `exit_code`.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace syscarve::cli {

// Adds a subcommand. The first paragraph of `help` appears in the list of verbs and at the top of the verb's help; the
// rest, mostly examples, below the options.
CLI::App* AddVerb(CLI::App& app, std::string name, std::string_view help);

// An option that takes a duration: "500ms", "5s", "2m", "1h", or seconds without a unit.
CLI::Option* AddDuration(CLI::App& verb, std::string name, std::chrono::milliseconds& duration, std::string help);

void AddRecord(CLI::App& app, int& exit_code);
void AddMark(CLI::App& app, int& exit_code);
void AddGenerate(CLI::App& app, int& exit_code);
void AddMerge(CLI::App& app, int& exit_code);
void AddCheck(CLI::App& app, int& exit_code);
void AddConvert(CLI::App& app, int& exit_code);
void AddLint(CLI::App& app, int& exit_code);
void AddDiff(CLI::App& app, int& exit_code);
void AddSubset(CLI::App& app, int& exit_code);
void AddScan(CLI::App& app, int& exit_code);
void AddHarden(CLI::App& app, int& exit_code);
void AddRun(CLI::App& app, int& exit_code);
void AddVerify(CLI::App& app, int& exit_code);
void AddProve(CLI::App& app, int& exit_code);
void AddExplain(CLI::App& app, int& exit_code);
void AddInspect(CLI::App& app, int& exit_code);
void AddDoctor(CLI::App& app, int& exit_code);
void AddBaseline(CLI::App& app, int& exit_code);
void AddHook(CLI::App& app, int& exit_code);

// For the build, and not listed: writes the files generated from `app`, to which all other verbs were added before.
void AddDescribe(CLI::App& app, int& exit_code);

// The name of the program that `hook` replaces: a binary of this name acts as `hook` without a verb.
inline constexpr std::string_view kHookProgram = "oci-seccomp-bpf-hook";

// Runs `hook` with the words behind the verb. `program` is its name in the system's log. Returns the exit code.
int RunHook(const std::vector<std::string>& words, const std::string& program);

}  // namespace syscarve::cli
