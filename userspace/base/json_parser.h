// SPDX-License-Identifier: Apache-2.0
// JSON by RFC 8259, as a stream of events with their places. The meaning of the events, the allowed keys and the number
// of values are for the caller to check; `base/strict_json.h` makes a tree of them.
//
//   JsonParser parser(text);
//   JsonEvent event;
//   do {
//     SYSCARVE_RETURN_IF_ERROR(parser.Next(event));  // "line 5, column 32: a comma before ]"
//     …
//   } while (event.kind != JsonEventKind::kEnd);
//
// Nothing recurses or throws. Memory is proportional to the number of open brackets and the longest text, so a text of
// any size can be read from a source that returns it in pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"

namespace syscarve {

// The UTF-8 byte order mark.
inline constexpr std::string_view kUtf8Mark = "\xef\xbb\xbf";

enum class JsonEventKind {
  kNull,
  kBool,
  kUint,    // An integer of 0 to 2^64 - 1, written without fraction and exponent.
  kInt,     // A negative one, down to -2^63.
  kDouble,  // Every other number.
  kString,
  kKey,  // Followed by its value.
  kObjectStart,
  kObjectEnd,
  kArrayStart,
  kArrayEnd,
  kEnd,  // After exactly one value and white space.
};

// A place in a text. Numbers that do not fit saturate.
struct JsonPlace {
  uint32_t line = 0;    // From 1; 0: not from a text. A line ends with LF.
  uint32_t column = 0;  // From 1, in code points; a byte order mark does not count.
  uint32_t begin = 0;   // Offset in bytes; `end` is after the last byte.
  uint32_t end = 0;
  bool operator==(const JsonPlace&) const = default;
};

// "line 5, column 32"
std::string PlaceWords(const JsonPlace& place);

struct JsonEvent {
  JsonEventKind kind = JsonEventKind::kEnd;
  JsonPlace place;        // For a container, that of the bracket.
  bool flag = false;      // kBool.
  uint64_t uint = 0;      // kUint.
  int64_t integer = 0;    // kInt.
  double real = 0;        // kDouble.
  std::string text = {};  // kString and kKey: UTF-8, escapes decoded. The caller may move it away.
};

struct JsonParserOptions {
  size_t depth = 64;                    // Of open brackets.
  size_t text_bytes = size_t{1} << 24;  // Of one text or key.
  // Skip a leading byte order mark; otherwise it is an error, as for most readers.
  bool allow_byte_order_mark = false;
};

class JsonParser {
 public:
  // Returns the next piece of the text, valid until the next call; empty at the end.
  using Source = std::function<absl::StatusOr<std::string_view>()>;

  // `text` must outlive the parser.
  explicit JsonParser(std::string_view text, const JsonParserOptions& options = {});
  explicit JsonParser(Source source, const JsonParserOptions& options = {});

  // The next event. Must not be called after kEnd or an error. kInvalidArgument, with line, column and cause, if the
  // text is not JSON, a number does not fit a double, nesting is too deep or a text is too long; otherwise the error of
  // the source.
  absl::Status Next(JsonEvent& event);

  // The number of open brackets after the last event.
  size_t depth() const { return open_.size(); }
  bool has_byte_order_mark() const { return has_byte_order_mark_; }

 private:
  static constexpr int kNoByte = -1;

  enum class Expected { kValue, kFirstElement, kFirstKey, kKey, kColon, kComma, kNothing };

  struct Open {
    bool is_array;
    uint32_t line;
  };

  bool Refill();
  int Peek() { return at_ != end_ || Refill() ? static_cast<unsigned char>(*at_) : kNoByte; }
  int SkipBlank();
  uint64_t Offset() const { return piece_begin_ + static_cast<uint64_t>(at_ - piece_.data()); }
  JsonPlace Here() const;
  void EndsHere(JsonPlace& place) const;

  absl::Status Begin();
  absl::Status Value(int c, JsonEvent& event);
  absl::Status OpenBracket(JsonEventKind kind, JsonEvent& event);
  absl::Status CloseBracket(JsonEventKind kind, JsonEvent& event);
  absl::Status Key(int c, JsonEvent& event);
  absl::Status Colon();
  absl::Status Text(JsonEvent& event);
  absl::Status Escape(std::string& text);
  absl::Status Unit(const JsonPlace& place, uint32_t& unit);
  absl::Status MultiByte(std::string& text);
  absl::Status Number(JsonEvent& event);
  absl::Status Digits(std::string& number);
  absl::Status Word(JsonEvent& event);
  std::string TakeWord();
  void ValueEnds();

  absl::Status Error(const JsonPlace& place, std::string_view message) const;
  absl::Status Unexpected(int c, std::string_view expected);
  absl::Status Truncated(std::string_view inside) const;

  const JsonParserOptions options_;
  Source source_;
  absl::Status source_status_;
  std::string_view piece_;
  uint64_t piece_begin_ = 0;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  uint64_t line_ = 1;
  uint64_t line_begin_ = 0;     // The offset of its first column.
  uint64_t continuations_ = 0;  // Bytes of this line so far that do not begin a code point.
  std::vector<Open> open_;
  Expected expected_ = Expected::kValue;
  JsonPlace comma_;  // The last one; line 0 if something has followed it.
  std::string number_;
  bool begun_ = false;
  bool has_byte_order_mark_ = false;
};

}  // namespace syscarve
