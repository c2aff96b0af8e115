// SPDX-License-Identifier: Apache-2.0
// JSON for files that may be hostile: a plain value tree; a parser that refuses what a careless one accepts (duplicate
// keys, deep nesting, floods of values); a printer whose output depends only on the value; and a reader that converts
// the tree into structs and reports the place of the first error.
//
//   std::string error;
//   JsonReader root(value, &error);
//   root.AllowOnly({"name", "count"});
//   thing.name = root.Required("name").Text(64);
//   thing.count = root.Required("count").Uint();
//   if (!error.empty()) return absl::InvalidArgumentError(error);   // "count: expected an unsigned integer, found a
//   string"
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/functional/function_ref.h"
#include "userspace/base/json_parser.h"
#include "userspace/base/status.h"

namespace syscarve {

// A template only because JsonValue contains a vector of it before it is complete itself; JsonMember is its only
// instance.
template <typename Value>
struct JsonMemberOf {
  std::string key;
  Value value;
  JsonPlace place = {};  // Of the key, in the source text.
};

// Integers are exact over the whole range of 64 bits, signed or unsigned; any other number is a double.
struct JsonValue {
  using Array = std::vector<JsonValue>;
  using Object = std::vector<JsonMemberOf<JsonValue>>;  // In the order of the text.
  std::variant<std::nullptr_t, bool, uint64_t, int64_t, double, std::string, Array, Object> data = nullptr;
  JsonPlace place = {};  // In the source text, brackets and quotes included.

  JsonValue() = default;
  // The conversions are implicit so that a tree can be written like JSON: {{"nr", 2}, {"name", "open"}}.
  JsonValue(std::nullptr_t) {}                // NOLINT(google-explicit-constructor)
  JsonValue(bool flag) : data(flag) {}        // NOLINT(google-explicit-constructor)
  JsonValue(double number) : data(number) {}  // NOLINT(google-explicit-constructor)
  JsonValue(std::integral auto number) {      // NOLINT(google-explicit-constructor)
    if (number < 0) {
      data = static_cast<int64_t>(number);
    } else {
      data = static_cast<uint64_t>(number);
    }
  }
  // Text is stored unchanged; it must be UTF-8.
  JsonValue(std::string text) : data(std::move(text)) {}         // NOLINT(google-explicit-constructor)
  JsonValue(std::string_view text) : data(std::string(text)) {}  // NOLINT(google-explicit-constructor)
  JsonValue(const char* text) : data(std::string(text)) {}       // NOLINT(google-explicit-constructor)
  JsonValue(Array elements) : data(std::move(elements)) {}       // NOLINT(google-explicit-constructor)
  JsonValue(Object members) : data(std::move(members)) {}        // NOLINT(google-explicit-constructor)
};

using JsonMember = JsonMemberOf<JsonValue>;

// The value of this key, or nullptr if there is none or `object` is no object.
const JsonValue* FindMember(const JsonValue& object, std::string_view key);

struct JsonLimits {
  size_t bytes;
  size_t values;  // Containers and their elements.
  size_t depth;
};

// What is accepted in foreign files, but not in syscarve's own.
struct JsonLeniency {
  bool byte_order_mark = false;  // At the beginning.
  bool repeated_keys = false;    // All members stay in the tree, in the order of the text.
};

// Parses `text` by RFC 8259, without repeated keys in an object. kInvalidArgument, with line, column and cause, if it
// is malformed or beyond the limits.
absl::StatusOr<JsonValue> ParseStrictJson(std::string_view text, const JsonLimits& limits,
                                          const JsonLeniency& leniency = {});

// Builds a value from a parser's events, for callers that process parts of a text while reading it. Of the limits, the
// caller's parser checks `depth`, this class `values`; `bytes` is ignored.
class JsonTreeBuilder {
 public:
  explicit JsonTreeBuilder(const JsonLimits& limits, const JsonLeniency& leniency = {})
      : limits_(limits), leniency_(leniency) {}

  // Adds the next event; its text may be moved from. kInvalidArgument, with line and column, for a key that its object
  // has already, and for too many values.
  absl::Status Take(JsonEvent& event);

  // The value so far; containers may be open.
  const JsonValue& root() const { return root_; }
  // Whether the value is complete.
  bool done() const { return values_ > 0 && open_.empty(); }
  // Returns the value and resets the builder.
  JsonValue TakeRoot();

 private:
  absl::Status CheckKeys() const;
  JsonValue* Add(JsonValue value, const JsonPlace& place);
  absl::Status Put(JsonValue value, const JsonPlace& place);
  absl::Status Open(JsonValue container, const JsonPlace& place);
  void Close(const JsonPlace& place);

  JsonLimits limits_;
  JsonLeniency leniency_;
  JsonValue root_;
  std::vector<JsonValue*> open_;
  size_t values_ = 0;
};

// The number of values in `value`, including itself, as limited by JsonLimits::values.
size_t CountValues(const JsonValue& value);

// `value` with two-space indentation and a newline at the end. A container that fits in `width` columns together with
// its indentation is on one line; with a width of 0 every element is on a line of its own.
std::string PrintJson(const JsonValue& value, size_t width);

// The same as a part of a larger text: the first line begins in column `column`, further lines are indented by `indent`
// levels, and there is no newline at the end.
std::string PrintJsonPart(const JsonValue& value, size_t width, size_t indent, size_t column);

// `value` on one line without white space between its parts, and without a newline at the end.
std::string PrintCompactJson(const JsonValue& value);

// A place in a JsonValue. The first failure anywhere in the tree is kept in `*error`, with its place; after that every
// reader of that tree returns zeros and empty strings, so that a caller checks once at the end. A reader refers to the
// reader that it was created from, which must outlive it.
class JsonReader {
 public:
  JsonReader(const JsonValue& root, std::string* error) : value_(&root), error_(error) {}

  bool ok() const { return error_->empty(); }
  // A reader for an element that is not in `list` itself: one of a text that is read piece by piece.
  static JsonReader OfElement(const JsonValue& element, const JsonReader& list, size_t index) {
    return {&element, &list, {}, index};
  }

  // False for an Optional() that is absent.
  bool exists() const { return value_ != nullptr; }
  bool IsNull() const;
  // Also false for null, which Go's encoder writes for an empty list, and engines for absent data.
  bool IsGiven() const { return exists() && !IsNull(); }
  bool IsEmptyContainer() const;
  bool IsEmptyText() const;
  bool IsText() const;
  bool IsObject() const;

  // Fails if this is not an object, or has a member that is not in `keys`.
  void AllowOnly(std::initializer_list<std::string_view> keys) const;
  JsonReader Required(std::string_view key) const;
  JsonReader Optional(std::string_view key) const;

  // From `smallest` to `largest`, both included; a negative number, a fraction or an exponent is not an integer here.
  uint64_t Uint(uint64_t smallest = 0, uint64_t largest = UINT64_MAX) const;
  bool Bool() const;
  // At most `max_bytes` of UTF-8.
  std::string Text(size_t max_bytes) const;

  // Calls `visit` for each element of this array, or each member of this object, until one fails.
  void ForEach(size_t max_elements, absl::FunctionRef<void(const JsonReader&)> visit) const;
  void ForEachMember(size_t max_members, absl::FunctionRef<void(std::string_view key, const JsonReader&)> visit) const;

  // Of the value, in the text; line 0 if it is not from a text.
  JsonPlace place() const { return value_ != nullptr ? value_->place : JsonPlace(); }
  // Its place in the tree, in the form used in messages: "runs[1].n"; "" for the root.
  std::string Path() const;

  // Records "<place>: <message>", unless something failed before.
  void Fail(std::string_view message) const;

 private:
  JsonReader(const JsonValue* value, const JsonReader* parent, std::string_view key, size_t index)
      : value_(value), parent_(parent), key_(key), index_(index), error_(parent->error_) {}

  template <typename T>
  const T* As(std::string_view expected) const;

  const JsonValue* value_;
  const JsonReader* parent_ = nullptr;
  std::string_view key_;  // Empty for an element of an array.
  size_t index_ = 0;
  std::string* error_;
};

}  // namespace syscarve
