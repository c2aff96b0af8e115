// The proof that a profile means what it was made to mean (docs/profile-semantics.md): libseccomp compiles it, our
// interpreter runs the result over every number of every ABI, and the answers are compared with what was intended.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/abi.h"
#include "userspace/model/profile.h"

namespace syscarve {

// OK when the filter made of `profile` allows exactly the calls named in `allowed` on the profile's ABIs, and nothing
// else on any ABI that a kernel beside `native` may serve, and refuses the rest as the profile's rules say. Those of
// `allowed` that are also in `conditional` may depend on their arguments: they are asked with the values of their
// conditions, the values' neighbours, each bit of their masks turned and dirty upper halves, and must answer as the
// profile says. A call that multiplexes others (socketcall, ipc) may be let through for the functions whose names are
// allowed. Otherwise kInternal, naming the first call that differs.
absl::Status VerifyProfile(const Profile& profile, Abi native, const std::set<std::string>& allowed,
                           const std::set<std::string>& conditional = {});

// The numbers of `abi` that a proof looks at, ascending: every one of the tables and the holes between, and some far
// beyond them, the largest that is no other ABI's among them. Calls that the kernel exempts from seccomp are left out.
std::vector<int> NumbersToProve(Abi abi);

}  // namespace syscarve
