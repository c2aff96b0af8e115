// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/json_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/base/concat.h"

namespace syscarve {
namespace {

// One word for each event.
std::string Shown(const JsonEvent& event) {
  switch (event.kind) {
    case JsonEventKind::kNull:
      return "null";
    case JsonEventKind::kBool:
      return event.flag ? "true" : "false";
    case JsonEventKind::kUint:
      return Concat(event.uint);
    case JsonEventKind::kInt:
      return Concat(event.integer);
    case JsonEventKind::kDouble:
      return std::to_string(event.real);
    case JsonEventKind::kString:
      return Concat("'", event.text, "'");
    case JsonEventKind::kKey:
      return Concat(event.text, ":");
    case JsonEventKind::kObjectStart:
      return "{";
    case JsonEventKind::kObjectEnd:
      return "}";
    case JsonEventKind::kArrayStart:
      return "[";
    case JsonEventKind::kArrayEnd:
      return "]";
    case JsonEventKind::kEnd:
      return ".";
  }
  return "?";
}

struct Events {
  std::string words;
  std::vector<JsonPlace> places;
  std::string error;
  bool operator==(const Events&) const = default;
};

Events Read(JsonParser& parser) {
  Events events;
  JsonEvent event;
  do {
    const absl::Status status = parser.Next(event);
    if (!status.ok()) {
      events.error = std::string(status.message());
      return events;
    }
    events.words += Shown(event) + " ";
    events.places.push_back(event.place);
  } while (event.kind != JsonEventKind::kEnd);
  return events;
}

Events Read(std::string_view text, const JsonParserOptions& options = {}) {
  JsonParser parser(text, options);
  return Read(parser);
}

// The same text, handed over in pieces of `size` bytes.
Events ReadPieces(std::string_view text, size_t size) {
  std::string piece;  // A copy, so that a view of an old piece is seen by the sanitizers.
  JsonParser parser([&]() -> absl::StatusOr<std::string_view> {
    piece = std::string(text.substr(0, size));
    text.remove_prefix(piece.size());
    return piece;
  });
  return Read(parser);
}

constexpr std::string_view kText =
    "{\"a\": [1, -2, 0.5, true, false, null, \"x\\u00e9\\ud83d\\ude00\xc3\xa9\\n\\/\"],\n \"b\": {}, \"c\": []}\n";

TEST(JsonParserTest, GivesEventsInTheOrderOfTheText) {
  EXPECT_EQ(Read(kText).words,
            "{ a: [ 1 -2 0.500000 true false null 'x\xc3\xa9\xf0\x9f\x98\x80\xc3\xa9\n/' ] b: { } c: [ ] } . ");
  EXPECT_EQ(Read("18446744073709551615 ").words, "18446744073709551615 . ");
  EXPECT_EQ(Read("-9223372036854775808").words, "-9223372036854775808 . ");
  EXPECT_EQ(Read("-0").words, "0 . ");
  EXPECT_EQ(Read("1e-999").words, "0.000000 . ");
  EXPECT_EQ(Read("18446744073709551616").words, "18446744073709551616.000000 . ");
}

TEST(JsonParserTest, SaysWhereEachStands) {
  const Events events = Read("{\"\xc3\xa9\": \"\xc3\xa9\", \"b\":\n [12]}");
  EXPECT_EQ(events.places, (std::vector<JsonPlace>{{1, 1, 0, 1},
                                                   {1, 2, 1, 5},
                                                   {1, 7, 7, 11},
                                                   {1, 12, 13, 16},
                                                   {2, 2, 19, 20},
                                                   {2, 3, 20, 22},
                                                   {2, 5, 22, 23},
                                                   {2, 6, 23, 24},
                                                   {2, 7, 24, 25}}));
}

TEST(JsonParserTest, PiecesMakeNoDifference) {
  const Events whole = Read(kText);
  for (size_t size = 1; size < kText.size(); ++size) EXPECT_EQ(ReadPieces(kText, size), whole) << size;
  for (size_t cut = 0; cut < kText.size() - 1; ++cut) {
    const Events part = Read(kText.substr(0, cut));
    EXPECT_NE(part.error, "") << cut;
    EXPECT_EQ(ReadPieces(kText.substr(0, cut), 3), part) << cut;
  }
}

TEST(JsonParserTest, PassesOnWhatTheSourceSays) {
  int calls = 0;
  JsonParser parser([&]() -> absl::StatusOr<std::string_view> {
    if (++calls == 1) return std::string_view("[1, ");
    return absl::UnavailableError("the disk is gone");
  });
  EXPECT_EQ(Read(parser).error, "the disk is gone");
  EXPECT_EQ(calls, 2);
}

TEST(JsonParserTest, AByteOrderMarkIsPassedOverOnlyWhereThatIsAllowed) {
  const std::string text = "\xef\xbb\xbf[1]";
  EXPECT_EQ(Read(text).error, "line 1, column 1: a byte order mark (EF BB BF) is in front; JSON begins without one");
  JsonParser parser(text, {.allow_byte_order_mark = true});
  const Events events = Read(parser);
  EXPECT_EQ(events.words, "[ 1 ] . ");
  EXPECT_EQ(events.places.front(), (JsonPlace{1, 1, 3, 4}));
  EXPECT_TRUE(parser.has_byte_order_mark());
}

TEST(JsonParserTest, HoldsItsLimits) {
  EXPECT_EQ(Read("[[[]]]", {.depth = 3}).error, "");
  EXPECT_EQ(Read("[[{\"a\": []}]]", {.depth = 3}).error, "line 1, column 9: nested more than 3 deep");
  EXPECT_EQ(Read("\"1234\"", {.text_bytes = 4}).error, "");
  EXPECT_EQ(Read("\"12345\"", {.text_bytes = 4}).error, "line 1, column 1: a string of more than 4 bytes");
  EXPECT_EQ(Read(std::string(2000, '1')).error, "line 1, column 1026: a number of more than 1024 digits");
}

struct Broken {
  std::string text;
  std::string error;
};

class BrokenJsonTest : public testing::TestWithParam<Broken> {};

TEST_P(BrokenJsonTest, NamesLineColumnAndCause) {
  EXPECT_EQ(Read(GetParam().text).error, GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    All, BrokenJsonTest,
    testing::Values(
        Broken{"", "line 1, column 1: there is nothing in it"},
        Broken{" \n ", "line 2, column 2: there is nothing in it"},
        Broken{"{\n \"a\": [1,\n 2,]}", "line 3, column 3: a comma before ]"},
        Broken{"{\"a\": 1\n,\n}", "line 2, column 1: a comma before }"},
        Broken{"[1,,2]", "line 1, column 4: expected a value, found ,"},
        Broken{"[,]", "line 1, column 2: expected a value, found ,"},
        Broken{"{\n// why\n}",
               "line 2, column 1: JSON has no comments; a note is a field of its own, such as \"comment\""},
        Broken{"[1, /* one */ 2]",
               "line 1, column 5: JSON has no comments; a note is a field of its own, such as \"comment\""},
        Broken{"# top\n{}",
               "line 1, column 1: JSON has no comments; a note is a field of its own, such as \"comment\""},
        Broken{"{}\n{}", "line 2, column 1: text behind the end of the value"},
        Broken{"{}}", "line 1, column 3: text behind the end of the value"},
        Broken{"{\"a\": 1\n \"b\": 2}", "line 2, column 2: a comma is missing in front of this"},
        Broken{"[1 2]", "line 1, column 4: a comma is missing in front of this"},
        Broken{"[1;2]", "line 1, column 3: expected a comma or ], found ;"},
        Broken{"[1}", "line 1, column 3: expected a comma or ], found }"},
        Broken{"{\"a\" 1}", "line 1, column 6: expected a colon behind the key, found 1"},
        Broken{"{a: 1}", "line 1, column 2: expected a key in double quotes, found a"},
        Broken{"{'a': 1}", "line 1, column 2: strings are in double quotes, not in single ones"},
        Broken{"['a']", "line 1, column 2: strings are in double quotes, not in single ones"},
        Broken{"[read]", "line 1, column 2: \"read\" is no value of JSON; a string is in double quotes"},
        Broken{"[True]", "line 1, column 2: \"True\" is no value of JSON; a string is in double quotes"},
        Broken{"NaN", "line 1, column 1: \"NaN\" is no value of JSON; a string is in double quotes"},
        Broken{"\"a\nb\"", "line 1, column 1: the string that begins here has no closing quote on its line"},
        Broken{"\"a\tb\"", "line 1, column 3: a tab in a string is written \\t"},
        Broken{"\"\x01\"", "line 1, column 2: a control character in a string is written \\u and its number"},
        Broken{"\"C:\\x\"", "line 1, column 4: \"\\x\" is no escape of JSON; a backslash is written \\\\"},
        Broken{"\"\\u12g4\"", "line 1, column 2: \\u needs four hexadecimal digits behind it"},
        Broken{"\"\\ud800\"", "line 1, column 2: half of a surrogate pair stands alone"},
        Broken{"\"\\udc00\"", "line 1, column 2: half of a surrogate pair stands alone"},
        Broken{"\"\\ud800\\u0041\"", "line 1, column 2: half of a surrogate pair stands alone"},
        Broken{"\"\xff\"", "line 1, column 2: the byte \\xff is not UTF-8"},
        Broken{"\"\xc0\x80\"", "line 1, column 2: the byte \\xc0 is not UTF-8"},
        Broken{"\"\xed\xa0\x80\"", "line 1, column 2: the byte \\xed is not UTF-8"},
        Broken{std::string("\xff\xfe{\0}\0", 6),
               "line 1, column 1: the text is not UTF-8 but looks like UTF-16: save it as UTF-8"},
        Broken{"01", "line 1, column 1: a number must not begin with a zero that says nothing"},
        Broken{"[-]", "line 1, column 3: a digit is missing in a number"},
        Broken{"[1.]", "line 1, column 4: a digit is missing in a number"},
        Broken{"[1e+]", "line 1, column 5: a digit is missing in a number"},
        Broken{"+1", "line 1, column 1: expected a value, found +"},
        Broken{"[1e999]", "line 1, column 2: the number is too large"},
        Broken{"{\n \"a\": [\n1,",
               "line 3, column 3: the end is missing: it stops inside the array that begins in line 2"},
        Broken{"{\n \"a\"",
               "line 2, column 5: the end is missing: it stops inside a member in the object that begins in line 1"},
        Broken{"[\"ab",
               "line 1, column 5: the end is missing: it stops inside a string in the array that begins in line 1"},
        Broken{"[tr",
               "line 1, column 4: the end is missing: it stops inside a word in the array that begins in line 1"}));

}  // namespace
}  // namespace syscarve
