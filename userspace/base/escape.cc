// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/escape.h"

#include <cstddef>
#include <cstdint>

namespace syscarve {
namespace {

struct CodePoint {
  uint32_t value = 0;
  size_t length = 0;  // In bytes; 0 if the text does not begin with well-formed UTF-8.
};

// The first code point of `text`, by Table 3-7 of the Unicode standard: no overlong forms, no surrogates, nothing above
// U+10FFFF.
CodePoint FirstCodePoint(std::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  size_t length = 0;
  uint32_t smallest = 0;
  uint32_t value = 0;
  if (lead >= 0xc2 && lead <= 0xdf) {
    length = 2, smallest = 0x80, value = lead & 0x1f;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    length = 3, smallest = 0x800, value = lead & 0x0f;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    length = 4, smallest = 0x10000, value = lead & 0x07;
  } else {
    return {};
  }
  if (text.size() < length) return {};
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3f);
  }
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < smallest || value > 0x10ffff || surrogate) return {};
  return {value, length};
}

struct CodePointRange {
  uint32_t first;
  uint32_t last;
};

// Code points that a terminal interprets or displays as nothing: controls, bidirectional and zero-width formatting,
// line and paragraph separators, fillers, variation selectors, tags, private use and noncharacters. Ascending.
constexpr CodePointRange kUnprintable[] = {
    {0x0000, 0x001f},   {0x007f, 0x009f},   {0x00ad, 0x00ad},   {0x034f, 0x034f},    {0x061c, 0x061c},
    {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x200b, 0x200f},    {0x2028, 0x202e},
    {0x2060, 0x206f},   {0x3164, 0x3164},   {0xe000, 0xf8ff},   {0xfdd0, 0xfdef},    {0xfe00, 0xfe0f},
    {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},   {0xfffe, 0xffff},    {0x1bca0, 0x1bca3},
    {0x1d173, 0x1d17a}, {0x1fffe, 0x1ffff}, {0x2fffe, 0x2ffff}, {0x3fffe, 0x3ffff},  {0x4fffe, 0x4ffff},
    {0x5fffe, 0x5ffff}, {0x6fffe, 0x6ffff}, {0x7fffe, 0x7ffff}, {0x8fffe, 0x8ffff},  {0x9fffe, 0x9ffff},
    {0xafffe, 0xaffff}, {0xbfffe, 0xbffff}, {0xcfffe, 0xcffff}, {0xdfffe, 0x10ffff},
};

bool IsPrintable(uint32_t code_point) {
  for (const CodePointRange& range : kUnprintable) {
    if (code_point < range.first) return true;
    if (code_point <= range.last) return false;
  }
  return true;
}

void AppendHex(uint32_t value, int digits, const char* alphabet, std::string& out) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += alphabet[value >> shift & 0xf];
}

constexpr char kLowerHex[] = "0123456789abcdef";
constexpr char kUpperHex[] = "0123456789ABCDEF";

int HexDigits(uint32_t value) {
  int digits = 1;
  while (value >>= 4) ++digits;
  return digits;
}

void AppendJsonUnit(uint32_t utf16_unit, std::string& out) {
  out += "\\u";
  AppendHex(utf16_unit, 4, kLowerHex, out);
}

int UpperHexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string EscapeForTerminal(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const CodePoint next = FirstCodePoint(bytes);
    if (next.value == '\n' && next.length == 1) {
      out += "\\n";
    } else if (next.value == '\t') {
      out += "\\t";
    } else if (next.value == '\\') {
      out += "\\\\";
    } else if (next.length > 0 && IsPrintable(next.value)) {
      out += bytes.substr(0, next.length);
    } else if (next.length > 1) {
      out += "\\u{";
      AppendHex(next.value, HexDigits(next.value), kLowerHex, out);
      out += '}';
    } else {
      out += "\\x";
      AppendHex(static_cast<unsigned char>(bytes[0]), 2, kLowerHex, out);
    }
    bytes.remove_prefix(next.length > 0 ? next.length : 1);
  }
  return out;
}

std::string QuoteForJson(std::string_view text) {
  std::string out = "\"";
  out.reserve(text.size() + 2);
  while (!text.empty()) {
    const CodePoint next = FirstCodePoint(text);
    if (next.length == 0) {
      out += "\xef\xbf\xbd";
    } else if (next.value == '"' || next.value == '\\') {
      out += '\\';
      out += text[0];
    } else if (next.value == '\n') {
      out += "\\n";
    } else if (next.value == '\t') {
      out += "\\t";
    } else if (IsPrintable(next.value)) {
      out += text.substr(0, next.length);
    } else if (next.value < 0x10000) {
      AppendJsonUnit(next.value, out);
    } else {
      AppendJsonUnit(0xd800 + ((next.value - 0x10000) >> 10), out);
      AppendJsonUnit(0xdc00 + ((next.value - 0x10000) & 0x3ff), out);
    }
    text.remove_prefix(next.length > 0 ? next.length : 1);
  }
  out += '"';
  return out;
}

std::string EncodePercent(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const CodePoint next = FirstCodePoint(bytes);
    const bool stays = next.length > 0 && next.value != 0 && next.value != '%';
    const size_t length = stays ? next.length : 1;
    if (stays) {
      out += bytes.substr(0, length);
    } else {
      out += '%';
      AppendHex(static_cast<unsigned char>(bytes[0]), 2, kUpperHex, out);
    }
    bytes.remove_prefix(length);
  }
  return out;
}

std::optional<std::string> DecodePercent(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      bytes += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = UpperHexValue(text[i + 1]);
    const int low = UpperHexValue(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high << 4 | low);
    i += 2;
  }
  if (EncodePercent(bytes) != text) return std::nullopt;
  return bytes;
}

}  // namespace syscarve
