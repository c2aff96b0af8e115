// SPDX-License-Identifier: Apache-2.0
// What is lost when a profile is written in a format that cannot say all of it, collected while it is written.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/profile.h"

namespace syscarve {

// "ENOSYS", or the number of an errno that has no name here.
std::string ErrnoText(int value);

// What a call meets, as a part of a sentence: "ENOSYS", "a kill of the process", "a supervisor's decision" …
std::string AnswerText(Action action);

class Losses {
 public:
  // `call` is answered in another way, but not less strictly. `how` begins a sentence that a list of calls ends.
  void Changed(const std::string& how, const std::string& call) { changed_[how].insert(call); }

  // The format would let `call` through where the profile does not, or be less strict with it.
  void Unsayable(const std::string& why, const std::string& call) { unsayable_[why].insert(call); }

  // A sentence about the whole.
  void Note(std::string sentence) { notes_.push_back(std::move(sentence)); }

  // kInvalidArgument when something is unsayable; `hint` says what to do then.
  absl::Status status(std::string_view format, std::string_view hint) const;
  std::vector<std::string> warnings() const;

 private:
  std::map<std::string, std::set<std::string>> changed_;
  std::map<std::string, std::set<std::string>> unsayable_;
  std::vector<std::string> notes_;
};

// For formats that would put conditions on one argument as alternatives where a rule means all of them (runc splits the
// whole rule when an argument's index repeats): kInvalidArgument, naming the calls.
absl::Status CheckNoRepeatedArgument(const Profile& profile, std::string_view format);

// Notes the calls that formats leave out which are made from decisions: what the kernel exempts from seccomp has none.
void NoteExempt(const Profile& profile, Losses& losses);

// Notes what formats that are made from a profile's decisions leave out: its flags, and names that are no call.
void NoteLeftOut(const Profile& profile, Losses& losses);

}  // namespace syscarve
