// SPDX-License-Identifier: Apache-2.0
// Identifiers and object names made from untrusted names.
#pragma once

#include <string>
#include <string_view>

namespace syscarve {

// ASCII letters, digits and "_", beginning with a letter; any other byte becomes "_". At most 64 bytes, followed by
// `suffix`, which begins with "_" and ensures that the result is no keyword of C or kafel.
std::string IdentifierOf(std::string_view name, std::string_view suffix);

// A name that Kubernetes accepts for an object (RFC 1123 subdomain): lower case letters, digits, "-" and ".".
std::string ObjectNameOf(std::string_view name);

}  // namespace syscarve
