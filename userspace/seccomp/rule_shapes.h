// SPDX-License-Identifier: Apache-2.0
// Rules that libseccomp must not be given, told by their shape and not by trying: the same profile has the same answer
// on every machine.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "userspace/model/profile.h"

namespace syscarve {

// libseccomp decides these together: the multiplexer that `name` is a function of, or the name itself.
std::string_view FamilyOf(std::string_view name);

// The families with rules that libseccomp 2.5 may never come back from: two rules of one action or another that begin
// with the same comparisons, an order or inequality among them, and go on with different ones, such as "argument 0
// greater than 3 and argument 1 equal to 10" and "argument 0 greater than 3 and argument 2 at least 0". Its tree then
// shares branches, and one in five of such pairs sends it round in a circle. Measured with 2.5.4 on random lists of
// rules with one to four conditions each: of some 40,000 it looped over 300, all of this shape; rules that compare for
// equality, masked or not, are never of it.
//
// Of names that several rules have in common all rules count, and of functions of socketcall and ipc what becomes of
// them there. Rules with the default's action are not given to libseccomp and do not count.
std::set<std::string, std::less<>> FamiliesBeyondLibseccomp(const Profile& profile);

}  // namespace syscarve
