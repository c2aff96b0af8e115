// The options of the verbs that write profiles: in which format, and what a format wants to know beside the profile.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "userspace/base/status.h"
#include "userspace/emit/emit.h"
#include "userspace/model/profile_target.h"
#include "userspace/model/recording.h"
#include "userspace/policy/generate.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace syscarve::cli {

struct EmitArguments {
  std::string format;  // "" until the user says it, where there is no default.
  std::string name;
  std::string base_profile;
  bool stricter = false;
  bool sets = false;
  std::optional<KernelVersion> kernel;  // Of the target; nullopt: not said.
};

// `arguments` must outlive `verb`. Returns the option for the format.
CLI::Option* AddEmitOptions(CLI::App& verb, EmitArguments& arguments);

OutputFormat FormatOf(const EmitArguments& arguments);

// The options as Emit takes them. Without a --name the result is called as the file `source`, less its folders and its
// extension.
EmitOptions EmitOptionsOf(const EmitArguments& arguments, const std::string& source, Abi native);

// What was made of `recordings`, with what they tell beside the calls: capabilities, no_new_privs, coverage.
absl::StatusOr<Emitted> EmitGenerated(const EmitArguments& arguments, const std::string& source,
                                      const GeneratedProfile& made, std::span<const Recording> recordings);

// kInvalidArgument when bytes that a terminal may obey would go to one.
absl::Status CheckNoTerminal(const std::string& output);

// The same for what is written in this format; nothing against text.
absl::Status CheckEmitOutput(const EmitArguments& arguments, const std::string& output);

}  // namespace syscarve::cli
