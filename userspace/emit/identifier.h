// SPDX-License-Identifier: Apache-2.0
// Names of an adversary as names of something else.
#pragma once

#include <string>
#include <string_view>

namespace syscarve {

// Letters of ASCII, digits and "_", the first one a letter; what is not among them becomes "_". Never a word of C or of
// kafel, because `suffix`, which begins with "_", ends it. At most 64 bytes before that.
std::string IdentifierOf(std::string_view name, std::string_view suffix);

// A name that Kubernetes takes for an object (RFC 1123's subdomain): lower case letters, digits, "-" and ".".
std::string ObjectNameOf(std::string_view name);

}  // namespace syscarve
