// SPDX-License-Identifier: Apache-2.0
// Bytes that come from a recorded program (names, paths, arguments) are untrusted. They are escaped here before they
// are written to a terminal or a JSON file.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace syscarve {

// `bytes` for a terminal line: printable ASCII and well-formed, printable UTF-8 stay; control characters (C0, DEL, C1),
// the backslash, invisible and bidirectional formatting characters, private-use and unassignable code points, and bytes
// that are not UTF-8 become \n, \t, \\, \xNN or \u{N} (lower-case hex). Never contains a newline or ESC, and different
// bytes never look the same.
std::string EscapeForTerminal(std::string_view bytes);

// A JSON string literal with its quotes, for text that is UTF-8 (EncodePercent makes it so): characters that
// EscapeForTerminal escapes become \uNNNN, so that a JSON file can be displayed safely. A byte that is not UTF-8
// becomes U+FFFD.
std::string QuoteForJson(std::string_view text);

// A lossless, valid UTF-8 encoding of arbitrary bytes, for JSON strings: well-formed UTF-8 without NUL is unchanged,
// except that '%' becomes "%25"; every other byte becomes "%NN" (upper-case hex). DecodePercent is its exact inverse:
// it returns nullopt for any text that EncodePercent does not produce, so that each byte string has a single encoding.
std::string EncodePercent(std::string_view bytes);
std::optional<std::string> DecodePercent(std::string_view text);

}  // namespace syscarve
