// SPDX-License-Identifier: Apache-2.0
// Collects what is lost while a profile is written in a format that cannot express all of it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/profile.h"

namespace syscarve {

// "ENOSYS", or the number of an errno without a name.
std::string ErrnoText(int value);

// An action as a noun: "ENOSYS", "a kill of the process", "a supervisor's decision" …
std::string ActionText(Action action);

class Losses {
 public:
  // `call` gets another action, but not a looser one. `how` is the beginning of a sentence that ends with a list of
  // calls.
  void Changed(const std::string& how, const std::string& call) { changed_[how].insert(call); }

  // The format could only be looser than the profile for `call`.
  void Inexpressible(const std::string& why, const std::string& call) { inexpressible_[why].insert(call); }

  // Adds a sentence about the whole profile.
  void Note(std::string sentence) { notes_.push_back(std::move(sentence)); }

  // kInvalidArgument, with `hint`, if Inexpressible was called.
  absl::Status status(std::string_view format, std::string_view hint) const;
  std::vector<std::string> warnings() const;

 private:
  std::map<std::string, std::set<std::string>> changed_;
  std::map<std::string, std::set<std::string>> inexpressible_;
  std::vector<std::string> notes_;
};

// For formats whose readers treat several conditions on one argument as alternatives, although in a rule all must hold
// (runc splits the rule if an argument's index repeats): kInvalidArgument, with the calls, if a rule has such.
absl::Status CheckNoRepeatedArgument(const Profile& profile, std::string_view format);

// Notes the exempt calls of the profile, which have no decisions: formats made from decisions leave them out.
void NoteExempt(const Profile& profile, Losses& losses);

// Notes what else formats made from a profile's decisions leave out: flags, the listener's path, and unknown names.
void NoteLeftOut(const Profile& profile, Losses& losses);

}  // namespace syscarve
