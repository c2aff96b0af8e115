// SPDX-License-Identifier: Apache-2.0
// Bytes of an adversary in texts that people paste: a shell's command line, a YAML file, a Markdown page. Each function
// makes something that is read as exactly these bytes, or as an escaped spelling of them, and as nothing else.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace syscarve {

// One word of a shell's command line: as it is when it is harmless, else in single quotes, else, when it has bytes that
// a terminal would act on, as $'…' with octal escapes (bash, zsh, POSIX of 2024). No NUL can be in a word: it and what
// follows are left out.
std::string QuoteForShell(std::string_view bytes);

// A YAML scalar that every YAML 1.1 or 1.2 reader takes for this string: plain when nothing could take it for anything
// else, else in double quotes. nullopt when it is not printable UTF-8: such a text has no business in a YAML file.
std::optional<std::string> QuoteForYaml(std::string_view bytes);

// Plain text of a Markdown paragraph, list item or table cell (CommonMark and GitHub's): nothing in it is markup, HTML
// or a link, and it has no line break. What a terminal would act on is escaped as by EscapeForTerminal.
std::string EscapeForMarkdown(std::string_view bytes);

// `code` with as many backticks around it as it takes. Escaped as by EscapeForTerminal.
std::string MarkdownCode(std::string_view bytes);
// The same for a table's cell, where "|" ends the cell even within code.
std::string MarkdownCodeInTable(std::string_view bytes);

// A fenced block of `text`, which ends with a newline; the fence is longer than any in it. `language` is a word.
std::string MarkdownBlock(std::string_view language, std::string_view text);

}  // namespace syscarve
