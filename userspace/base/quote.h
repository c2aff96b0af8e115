// SPDX-License-Identifier: Apache-2.0
// Untrusted bytes in texts that people paste: a shell's command line, a YAML file, a Markdown page. The result of each
// function is read as exactly these bytes, or as an escaped form of them, and as nothing else.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace syscarve {

// One word of a shell's command line: unchanged if it is harmless; otherwise in single quotes; or, if it has bytes that
// a terminal interprets, as $'…' with octal escapes (bash, zsh, POSIX of 2024). A word cannot contain a NUL: it is cut
// there.
std::string QuoteForShell(std::string_view bytes);

// A YAML scalar that every YAML 1.1 or 1.2 reader reads as this string: plain if it is unambiguous, otherwise in double
// quotes. nullopt if it is not printable UTF-8: such a text must not be written to a YAML file.
std::optional<std::string> QuoteForYaml(std::string_view bytes);

// Plain text of a Markdown paragraph, list item or table cell (CommonMark and GitHub's): nothing in it is markup, HTML
// or a link, and it has no line break. Characters that a terminal interprets are escaped as by EscapeForTerminal.
std::string EscapeForMarkdown(std::string_view bytes);

// `code` in as many backticks as necessary. Escaped as by EscapeForTerminal.
std::string MarkdownCode(std::string_view bytes);
// The same for a cell of a table, where "|" ends the cell even within code.
std::string MarkdownCodeInTable(std::string_view bytes);

// A fenced block of `text`, which ends with a newline; the fence is longer than any in it. `language` is a word.
std::string MarkdownBlock(std::string_view language, std::string_view text);

}  // namespace syscarve
