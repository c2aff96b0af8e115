// SPDX-License-Identifier: Apache-2.0
// Arguments as strace writes them, for calls whose arguments are recorded.
#pragma once

#include <string_view>

#include "userspace/model/abi.h"
#include "userspace/model/seen_arguments.h"
#include "userspace/shipped/argument_table.h"
#include "userspace/shipped/recorded_arguments.h"

namespace syscarve {

// The arguments of `call` in `text`, the line of the call `id` behind its opening bracket; open where
// one of them is missing, cut, or written in a way that is not known. What strace does not show, it takes for anything:
// `dirty`. With -y the line has what kind of file a descriptor is.
SeenArguments StraceArguments(const ArgumentTable& table, const Drivers& drivers, const RecordedCall& call,
                              SyscallId id, std::string_view text, ProgramId program);

}  // namespace syscarve
