// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/json_parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <system_error>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"

namespace syscarve {
namespace {

constexpr size_t kMaxNumberBytes = 1024;
constexpr size_t kMaxWordBytes = 32;

// Whether the ASCII character may be in a text without an escape.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain = {};
  for (size_t c = 0x20; c < 0x80; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

bool IsDigit(int c) {
  return c >= '0' && c <= '9';
}

bool IsWordByte(int c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || IsDigit(c);
}

int HexValue(int c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void AppendUtf8(uint32_t code_point, std::string& text) {
  const auto trailing = [&](int shift) { text += static_cast<char>(0x80 | (code_point >> shift & 0x3f)); };
  if (code_point < 0x80) {
    text += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    text += static_cast<char>(0xc0 | code_point >> 6);
    trailing(0);
  } else if (code_point < 0x10000) {
    text += static_cast<char>(0xe0 | code_point >> 12);
    trailing(6);
    trailing(0);
  } else {
    text += static_cast<char>(0xf0 | code_point >> 18);
    trailing(12);
    trailing(6);
    trailing(0);
  }
}

// The bytes that may follow a lead byte, by Table 3-7 of the Unicode standard.
struct Utf8Tail {
  int bytes = 0;  // 0: not a lead byte.
  int smallest_second = 0x80;
  int largest_second = 0xbf;
};

Utf8Tail TailOf(int lead) {
  if (lead >= 0xc2 && lead <= 0xdf) return {.bytes = 1};
  if (lead == 0xe0) return {.bytes = 2, .smallest_second = 0xa0};
  if (lead == 0xed) return {.bytes = 2, .largest_second = 0x9f};  // Larger ones are surrogates.
  if (lead >= 0xe1 && lead <= 0xef) return {.bytes = 2};
  if (lead == 0xf0) return {.bytes = 3, .smallest_second = 0x90};
  if (lead >= 0xf1 && lead <= 0xf3) return {.bytes = 3};
  if (lead == 0xf4) return {.bytes = 3, .largest_second = 0x8f};
  return {};
}

uint32_t Saturated(uint64_t number) {
  return static_cast<uint32_t>(std::min<uint64_t>(number, std::numeric_limits<uint32_t>::max()));
}

std::string ShownByte(int c) {
  return EscapeForTerminal(std::string(1, static_cast<char>(c)));
}

}  // namespace

std::string PlaceWords(const JsonPlace& place) {
  return Concat("line ", place.line, ", column ", place.column);
}

JsonParser::JsonParser(std::string_view text, const JsonParserOptions& options)
    : options_(options), piece_(text), at_(text.data()), end_(text.data() + text.size()) {}

JsonParser::JsonParser(Source source, const JsonParserOptions& options)
    : options_(options), source_(std::move(source)) {}

// Call only at the end of a piece.
bool JsonParser::Refill() {
  if (!source_ || !source_status_.ok()) return false;
  absl::StatusOr<std::string_view> piece = source_();
  if (!piece.ok()) {
    source_status_ = piece.status();
    return false;
  }
  piece_begin_ += piece_.size();
  piece_ = *piece;
  at_ = piece_.data();
  end_ = piece_.data() + piece_.size();
  if (piece_.empty()) source_ = nullptr;
  return !piece_.empty();
}

// Skips white space. Returns the next byte, which is not consumed.
int JsonParser::SkipBlank() {
  while (true) {
    for (; at_ != end_; ++at_) {
      const char c = *at_;
      if (c == '\n') {
        ++line_;
        line_begin_ = Offset() + 1;
        continuations_ = 0;
      } else if (c != ' ' && c != '\t' && c != '\r') {
        return static_cast<unsigned char>(c);
      }
    }
    if (!Refill()) return kNoByte;
  }
}

JsonPlace JsonParser::Here() const {
  const uint64_t offset = Offset();
  return {.line = Saturated(line_),
          .column = Saturated(offset - line_begin_ - continuations_ + 1),
          .begin = Saturated(offset),
          .end = Saturated(offset + 1)};
}

void JsonParser::EndsHere(JsonPlace& place) const {
  place.end = Saturated(Offset());
}

absl::Status JsonParser::Next(JsonEvent& event) {
  if (!begun_) SYSCARVE_RETURN_IF_ERROR(Begin());
  const int c = SkipBlank();
  event.place = Here();
  switch (expected_) {
    case Expected::kNothing:
      if (c != kNoByte) return Unexpected(c, "nothing behind the end of the value");
      event.kind = JsonEventKind::kEnd;
      return source_status_;
    case Expected::kComma:
      if (c == ']' && open_.back().is_array) return CloseBracket(JsonEventKind::kArrayEnd, event);
      if (c == '}' && !open_.back().is_array) return CloseBracket(JsonEventKind::kObjectEnd, event);
      if (c != ',') return Unexpected(c, open_.back().is_array ? "a comma or ]" : "a comma or }");
      comma_ = Here();
      ++at_;
      expected_ = open_.back().is_array ? Expected::kValue : Expected::kKey;
      return Next(event);
    case Expected::kFirstElement:
      if (c == ']') return CloseBracket(JsonEventKind::kArrayEnd, event);
      return Value(c, event);
    case Expected::kValue:
      return Value(c, event);
    case Expected::kFirstKey:
      if (c == '}') return CloseBracket(JsonEventKind::kObjectEnd, event);
      return Key(c, event);
    case Expected::kKey:
      return Key(c, event);
    case Expected::kColon:
      if (c != ':') return Unexpected(c, "a colon behind the key");
      ++at_;
      expected_ = Expected::kValue;
      return Next(event);
  }
  return absl::OkStatus();
}

absl::Status JsonParser::Begin() {
  begun_ = true;
  const int first = Peek();
  if (first == 0xfe || first == 0xff) {
    return Error(Here(), "the text is not UTF-8 but looks like UTF-16: save it as UTF-8");
  }
  if (first != static_cast<unsigned char>(kUtf8Mark[0])) return absl::OkStatus();
  const JsonPlace place = Here();
  for (const char byte : kUtf8Mark) {
    if (Peek() != static_cast<unsigned char>(byte)) return Unexpected(first, "a value");
    ++at_;
  }
  has_byte_order_mark_ = true;
  line_begin_ = Offset();
  if (options_.allow_byte_order_mark) return absl::OkStatus();
  return Error(place, "a byte order mark (EF BB BF) is in front; JSON begins without one");
}

absl::Status JsonParser::Value(int c, JsonEvent& event) {
  switch (c) {
    case '{':
      return OpenBracket(JsonEventKind::kObjectStart, event);
    case '[':
      return OpenBracket(JsonEventKind::kArrayStart, event);
    case '"':
      event.kind = JsonEventKind::kString;
      SYSCARVE_RETURN_IF_ERROR(Text(event));
      break;
    default:
      if (c == '-' || IsDigit(c)) {
        SYSCARVE_RETURN_IF_ERROR(Number(event));
      } else if (IsWordByte(c)) {
        SYSCARVE_RETURN_IF_ERROR(Word(event));
      } else {
        return Unexpected(c, "a value");
      }
  }
  ValueEnds();
  return absl::OkStatus();
}

void JsonParser::ValueEnds() {
  comma_.line = 0;
  expected_ = open_.empty() ? Expected::kNothing : Expected::kComma;
}

absl::Status JsonParser::OpenBracket(JsonEventKind kind, JsonEvent& event) {
  if (open_.size() >= options_.depth) return Error(event.place, Concat("nested more than ", options_.depth, " deep"));
  const bool is_array = kind == JsonEventKind::kArrayStart;
  open_.push_back({.is_array = is_array, .line = event.place.line});
  expected_ = is_array ? Expected::kFirstElement : Expected::kFirstKey;
  comma_.line = 0;
  ++at_;
  event.kind = kind;
  return absl::OkStatus();
}

absl::Status JsonParser::CloseBracket(JsonEventKind kind, JsonEvent& event) {
  open_.pop_back();
  ++at_;
  event.kind = kind;
  ValueEnds();
  return absl::OkStatus();
}

absl::Status JsonParser::Key(int c, JsonEvent& event) {
  if (c != '"') return Unexpected(c, "a key in double quotes");
  event.kind = JsonEventKind::kKey;
  SYSCARVE_RETURN_IF_ERROR(Text(event));
  expected_ = Expected::kColon;
  comma_.line = 0;
  return absl::OkStatus();
}

absl::Status JsonParser::Text(JsonEvent& event) {
  ++at_;  // The quote.
  std::string& text = event.text;
  text.clear();
  while (true) {
    const char* const begin = at_;
    while (at_ != end_ && kPlain[static_cast<unsigned char>(*at_)]) ++at_;
    text.append(begin, at_);
    if (text.size() > options_.text_bytes) {
      return Error(event.place, Concat("a string of more than ", options_.text_bytes, " bytes"));
    }
    const int c = Peek();
    if (c == '"') {
      ++at_;
      EndsHere(event.place);
      return absl::OkStatus();
    }
    if (c == '\\') {
      SYSCARVE_RETURN_IF_ERROR(Escape(text));
    } else if (c >= 0x80) {
      SYSCARVE_RETURN_IF_ERROR(MultiByte(text));
    } else if (c == kNoByte) {
      return Truncated("a string");
    } else if (c == '\n' || c == '\r') {
      return Error(event.place, "the string that begins here has no closing quote on its line");
    } else if (c < 0x20) {
      constexpr std::string_view kTab = "a tab in a string is written \\t";
      return Error(Here(), c == '\t' ? kTab : "a control character in a string is written \\u and its number");
    }
  }
}

absl::Status JsonParser::Escape(std::string& text) {
  const JsonPlace place = Here();
  ++at_;
  const int c = Peek();
  if (c == kNoByte) return Truncated("a string");
  constexpr std::string_view kEscapes = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  if (const size_t index = kEscapes.find(static_cast<char>(c)); index != std::string_view::npos) {
    text += kMeanings[index];
    ++at_;
    return absl::OkStatus();
  }
  if (c != 'u')
    return Error(place, Concat("\"\\", ShownByte(c), "\" is no escape of JSON; a backslash is written \\\\"));
  uint32_t unit = 0;
  SYSCARVE_RETURN_IF_ERROR(Unit(place, unit));
  constexpr std::string_view kHalf = "half of a surrogate pair stands alone";
  if (unit >= 0xdc00 && unit <= 0xdfff) return Error(place, kHalf);
  if (unit >= 0xd800 && unit <= 0xdbff) {
    if (Peek() != '\\') return Error(place, kHalf);
    ++at_;
    if (Peek() != 'u') return Error(place, kHalf);
    uint32_t low = 0;
    SYSCARVE_RETURN_IF_ERROR(Unit(place, low));
    if (low < 0xdc00 || low > 0xdfff) return Error(place, kHalf);
    unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
  }
  AppendUtf8(unit, text);
  return absl::OkStatus();
}

// "u" and four digits.
absl::Status JsonParser::Unit(const JsonPlace& place, uint32_t& unit) {
  ++at_;
  for (int i = 0; i < 4; ++i, ++at_) {
    const int c = Peek();
    if (c == kNoByte) return Truncated("a string");
    const int digit = HexValue(c);
    if (digit < 0) return Error(place, "\\u needs four hexadecimal digits behind it");
    unit = unit << 4 | static_cast<uint32_t>(digit);
  }
  return absl::OkStatus();
}

absl::Status JsonParser::MultiByte(std::string& text) {
  const JsonPlace place = Here();
  const int lead = Peek();
  const Utf8Tail tail = TailOf(lead);
  const std::string bad = Concat("the byte ", ShownByte(lead), " is not UTF-8");
  if (tail.bytes == 0) return Error(place, bad);
  text += *at_++;
  for (int i = 0; i < tail.bytes; ++i) {
    const int c = Peek();
    if (c == kNoByte) return Truncated("a string");
    const int smallest = i == 0 ? tail.smallest_second : 0x80;
    const int largest = i == 0 ? tail.largest_second : 0xbf;
    if (c < smallest || c > largest) return Error(place, bad);
    text += *at_++;
    ++continuations_;
  }
  return absl::OkStatus();
}

absl::Status JsonParser::Digits(std::string& number) {
  if (!IsDigit(Peek())) return Error(Here(), "a digit is missing in a number");
  while (IsDigit(Peek())) {
    number += *at_++;
    if (number.size() > kMaxNumberBytes) {
      return Error(Here(), Concat("a number of more than ", kMaxNumberBytes, " digits"));
    }
  }
  return absl::OkStatus();
}

absl::Status JsonParser::Number(JsonEvent& event) {
  number_.clear();
  if (Peek() == '-') number_ += *at_++;
  const size_t first_digit = number_.size();
  SYSCARVE_RETURN_IF_ERROR(Digits(number_));
  if (number_.size() > first_digit + 1 && number_[first_digit] == '0') {
    return Error(event.place, "a number must not begin with a zero that says nothing");
  }
  bool is_integer = true;
  if (Peek() == '.') {
    is_integer = false;
    number_ += *at_++;
    SYSCARVE_RETURN_IF_ERROR(Digits(number_));
  }
  if (const int c = Peek(); c == 'e' || c == 'E') {
    is_integer = false;
    number_ += *at_++;
    if (const int sign = Peek(); sign == '+' || sign == '-') number_ += *at_++;
    SYSCARVE_RETURN_IF_ERROR(Digits(number_));
  }
  EndsHere(event.place);
  const char* const begin = number_.data();
  const char* const end = begin + number_.size();
  if (is_integer && number_[0] != '-') {
    event.kind = JsonEventKind::kUint;
    if (std::from_chars(begin, end, event.uint).ec == std::errc()) return absl::OkStatus();
  } else if (is_integer) {
    event.kind = JsonEventKind::kInt;
    if (std::from_chars(begin, end, event.integer).ec == std::errc()) {
      if (event.integer != 0) return absl::OkStatus();
      event.kind = JsonEventKind::kUint;  // "-0".
      event.uint = 0;
      return absl::OkStatus();
    }
  }
  event.kind = JsonEventKind::kDouble;
  if (std::from_chars(begin, end, event.real).ec == std::errc()) return absl::OkStatus();
  // from_chars does not distinguish underflow, which yields zero, from overflow.
  event.real = std::strtod(begin, nullptr);
  if (std::isfinite(event.real)) return absl::OkStatus();
  return Error(event.place, "the number is too large");
}

std::string JsonParser::TakeWord() {
  std::string word;
  while (IsWordByte(Peek()) && word.size() < kMaxWordBytes) word += *at_++;
  return word;
}

absl::Status JsonParser::Word(JsonEvent& event) {
  const std::string word = TakeWord();
  EndsHere(event.place);
  if (word == "null") {
    event.kind = JsonEventKind::kNull;
  } else if (word == "true" || word == "false") {
    event.kind = JsonEventKind::kBool;
    event.flag = word == "true";
  } else if (Peek() == kNoByte &&
             (std::string_view("true").starts_with(word) || std::string_view("false").starts_with(word) ||
              std::string_view("null").starts_with(word))) {
    return Truncated("a word");
  } else {
    return Error(event.place, Concat("\"", word, "\" is no value of JSON; a string is in double quotes"));
  }
  return absl::OkStatus();
}

absl::Status JsonParser::Error(const JsonPlace& place, std::string_view message) const {
  if (!source_status_.ok()) return source_status_;
  return absl::InvalidArgumentError(Concat(PlaceWords(place), ": ", message));
}

absl::Status JsonParser::Truncated(std::string_view inside) const {
  if (open_.empty() && inside.empty()) return Error(Here(), "there is nothing in it");
  std::string where(inside);
  if (!open_.empty()) {
    where += Concat(inside.empty() ? "" : " in ", open_.back().is_array ? "the array" : "the object",
                    " that begins in line ", open_.back().line);
  }
  return Error(Here(), Concat("the end is missing: it stops inside ", where));
}

// The error for a character other than `expected`, with the most likely cause.
absl::Status JsonParser::Unexpected(int c, std::string_view expected) {
  if (c == kNoByte) return Truncated(expected_ == Expected::kColon ? "a member" : "");
  const JsonPlace place = Here();
  if (c == '#' || c == '/') {
    return Error(place, "JSON has no comments; a note is a field of its own, such as \"comment\"");
  }
  if ((c == ']' || c == '}') && comma_.line != 0) return Error(comma_, Concat("a comma before ", ShownByte(c)));
  if (expected_ == Expected::kNothing) return Error(place, "text behind the end of the value");
  if (c == '\'') return Error(place, "strings are in double quotes, not in single ones");
  const bool begins_value = c == '"' || c == '{' || c == '[' || c == '-' || IsWordByte(c);
  if (expected_ == Expected::kComma && begins_value) return Error(place, "a comma is missing in front of this");
  return Error(place, Concat("expected ", expected, ", found ", c == '"' ? "a string" : ShownByte(c)));
}

}  // namespace syscarve
