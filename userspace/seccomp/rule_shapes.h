// SPDX-License-Identifier: Apache-2.0
// Detects rules that must not be passed to libseccomp, by their shape and not by trying, so that the result does not
// depend on the machine.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "userspace/model/profile.h"

namespace syscarve {

// The unit that libseccomp decides together: the multiplexer that `name` is a function of, or the name itself.
std::string_view FamilyOf(std::string_view name);

// The families with rules on which libseccomp 2.5 may not terminate: two rules, of any actions, that begin with the
// same comparisons, including an order or inequality, and continue with different ones, such as "argument 0 greater
// than 3 and argument 1 equal to 10" and "argument 0 greater than 3 and argument 2 at least 0". libseccomp's tree then
// shares branches, and one in five of such pairs sends it into an endless loop. Measured with 2.5.4 on random lists of
// rules with one to four conditions each: of some 40,000 it looped on 300, all of this shape; rules that compare for
// equality, masked or not, never have it.
//
// If several rules name a call, all of them count; functions of socketcall and ipc count as the rules that they become
// there. Rules with the default action are not passed to libseccomp and do not count.
std::set<std::string, std::less<>> FamiliesBeyondLibseccomp(const Profile& profile);

}  // namespace syscarve
