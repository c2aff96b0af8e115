// SPDX-License-Identifier: Apache-2.0
// AppArmor's words for families and types of sockets (apparmor.d(5), abi 3.0), in policies and in its log.
#pragma once

#include <optional>
#include <string_view>

namespace syscarve {

// "inet" for AF_INET, "stream" for SOCK_STREAM; "" if there is no word.
std::string_view SocketFamilyWord(int family);
std::string_view SocketTypeWord(int type);
std::optional<int> SocketFamilyFromWord(std::string_view word);
std::optional<int> SocketTypeFromWord(std::string_view word);

}  // namespace syscarve
