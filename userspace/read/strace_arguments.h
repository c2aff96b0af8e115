// SPDX-License-Identifier: Apache-2.0
// Arguments in strace's notation, for calls whose arguments are recorded.
#pragma once

#include <string_view>

#include "userspace/model/abi.h"
#include "userspace/model/seen_arguments.h"
#include "userspace/shipped/argument_table.h"
#include "userspace/shipped/recorded_arguments.h"

namespace syscarve {

// The arguments of `call` in `text`, the rest of the line of call `id` after its opening bracket; open if one of them
// is missing, cut, or in an unknown notation. Bits that strace does not show count as arbitrary: `dirty`. With -y the
// line contains the kind of file of a descriptor.
SeenArguments StraceArguments(const ArgumentTable& table, const Drivers& drivers, const RecordedCall& call,
                              SyscallId id, std::string_view text, ProgramId program);

}  // namespace syscarve
