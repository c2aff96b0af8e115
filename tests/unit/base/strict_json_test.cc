// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/strict_json.h"

#include <gtest/gtest.h>

namespace syscarve {
namespace {

constexpr JsonLimits kJsonLimits = {.bytes = 1000, .values = 50, .depth = 5};

std::string JsonErrorOf(std::string_view text) {
  return std::string(ParseStrictJson(text, kJsonLimits).status().message());
}

std::string Reprinted(std::string_view text, size_t width = 0) {
  const auto value = ParseStrictJson(text, kJsonLimits);
  return value.ok() ? PrintJson(*value, width) : "error: " + std::string(value.status().message());
}

TEST(ParseStrictJsonTest, KeepsEveryIntegerExactly) {
  for (const char* number : {"0", "9007199254740993", "18446744073709551615", "-1", "-9223372036854775808", "1.5"}) {
    EXPECT_EQ(Reprinted(number), std::string(number) + "\n");
  }
}

TEST(ParseStrictJsonTest, RefusesWhatIsNotJson) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "[1,]",
                           "{\"a\":1,}",
                           "{a:1}",
                           "'a'",
                           "nul",
                           "01",
                           "+1",
                           "1.",
                           "\"\n\"",
                           "\"\\x\"",
                           "\"\xff\"",
                           "\"\xed\xa0\x80\"",
                           "\"\\ud800\"",
                           "1 2",
                           "// c\n1",
                           "NaN",
                           "Infinity"}) {
    EXPECT_NE(JsonErrorOf(text), "") << text;
  }
  EXPECT_EQ(JsonErrorOf("[1e999]"), "line 1, column 2: the number is too large");
}

TEST(ParseStrictJsonTest, RefusesAKeyThatIsThereTwice) {
  EXPECT_EQ(JsonErrorOf(R"({"a": 1, "b": 2, "a": 1})"),
            "line 1, column 18: the key \"a\" is there twice in one object");
  EXPECT_EQ(JsonErrorOf("{\"a\": 1,\n\"\\u0061\": 2}"), "line 2, column 1: the key \"a\" is there twice in one object");
  EXPECT_EQ(JsonErrorOf(R"({"a": {"a": 1}, "b": [{"a": 1}]})"), "");
}

TEST(ParseStrictJsonTest, HoldsItsLimits) {
  EXPECT_EQ(JsonErrorOf("[[[[[]]]]]"), "");
  EXPECT_EQ(JsonErrorOf("[[[[[[]]]]]]"), "line 1, column 6: nested more than 5 deep");
  EXPECT_EQ(JsonErrorOf("[" + std::string(900, '[')), "line 1, column 6: nested more than 5 deep");
  std::string many = "[0";
  for (int i = 0; i < 48; ++i) many += ",0";
  EXPECT_EQ(JsonErrorOf(many + "]"), "");
  EXPECT_EQ(JsonErrorOf(many + ",0]"), "line 1, column 100: more than 50 values");
  EXPECT_EQ(JsonErrorOf(many + ",{}]"), "line 1, column 100: more than 50 values");
  EXPECT_EQ(JsonErrorOf(std::string(1001, ' ')), "larger than 1000 bytes, the most that is read");
}

const JsonValue* Find(const JsonValue& object, std::string_view key) {
  for (const JsonMember& member : std::get<JsonValue::Object>(object.data)) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

TEST(ParseStrictJsonTest, KnowsWhereEveryValueStands) {
  const std::string text = "{\n \"a\": [1, {\"b\\\"}\": null},\r\n  []],\n\"c\" : \"x,]\\\\\", \"d\":{}}";
  const absl::StatusOr<JsonValue> root = ParseStrictJson(text, kJsonLimits);
  ASSERT_TRUE(root.ok()) << root.status();
  const auto part = [&](const JsonValue& value) {
    return text.substr(value.place.begin, value.place.end - value.place.begin);
  };
  EXPECT_EQ(part(*root), text);
  const JsonValue& a = *Find(*root, "a");
  EXPECT_EQ(part(a), "[1, {\"b\\\"}\": null},\r\n  []]");
  const auto& elements = std::get<JsonValue::Array>(a.data);
  EXPECT_EQ(part(elements[0]), "1");
  EXPECT_EQ(part(*Find(elements[1], "b\"}")), "null");
  EXPECT_EQ(part(elements[2]), "[]");
  EXPECT_EQ(part(*Find(*root, "c")), "\"x,]\\\\\"");
  EXPECT_EQ(part(*Find(*root, "d")), "{}");
  EXPECT_EQ(root->place.line, 1U);
  EXPECT_EQ(a.place.line, 2U);
  EXPECT_EQ(a.place.column, 7U);
  EXPECT_EQ(elements[2].place.line, 3U);
  EXPECT_EQ(std::get<JsonValue::Object>(root->data)[2].place, (JsonPlace{4, 16, 51, 54}));
}

TEST(ParseStrictJsonTest, IsLenientWhereItIsTold) {
  const std::string text = "\xef\xbb\xbf{\"a\": 1, \"a\": 2}";
  EXPECT_EQ(JsonErrorOf(text), "line 1, column 1: a byte order mark (EF BB BF) is in front; JSON begins without one");
  const absl::StatusOr<JsonValue> root =
      ParseStrictJson(text, kJsonLimits, {.byte_order_mark = true, .repeated_keys = true});
  ASSERT_TRUE(root.ok()) << root.status();
  EXPECT_EQ(PrintCompactJson(*root), R"({"a":1,"a":2})");
  EXPECT_EQ(root->place, (JsonPlace{1, 1, 3, 19}));
}

TEST(PrintJsonTest, SpellsDoublesSoThatTheyStayDoubles) {
  EXPECT_EQ(PrintCompactJson(JsonValue::Array{1.0, 0.25, -3.0, 1e20, 1e300, 1e-7, 123456789.5}),
            "[1.0,0.25,-3.0,1e+20,1e+300,1e-07,123456789.5]");
}

TEST(PrintJsonTest, BreaksWhatDoesNotFit) {
  constexpr std::string_view kNested = R"({"a": [1, 2], "b": {"c": "d", "e": []}, "f": {}})";
  EXPECT_EQ(Reprinted(kNested, 120), std::string(kNested) + "\n");
  EXPECT_EQ(Reprinted(kNested, kNested.size() + 1), std::string(kNested) + "\n");
  EXPECT_EQ(Reprinted(kNested, 30), R"({
  "a": [1, 2],
  "b": {"c": "d", "e": []},
  "f": {}
}
)");
  EXPECT_EQ(Reprinted(kNested, 0), R"({
  "a": [
    1,
    2
  ],
  "b": {
    "c": "d",
    "e": []
  },
  "f": {}
}
)");
}

TEST(PrintJsonTest, CompactHasNoWhiteSpace) {
  const JsonValue value =
      JsonValue::Object{{"a", JsonValue::Array{1, "b c", JsonValue::Object{}}}, {"d", JsonValue::Array{}}, {"e", true}};
  EXPECT_EQ(PrintCompactJson(value), R"({"a":[1,"b c",{}],"d":[],"e":true})");
}

TEST(PrintJsonTest, EscapesWhatATerminalWouldActOn) {
  EXPECT_EQ(PrintJson(JsonValue::Object{{"\x1b", "\u202e\""}}, 80), "{\"\\u001b\": \"\\u202e\\\"\"}\n");
}

TEST(JsonReaderTest, KeepsTheFirstFailureWithItsPlace) {
  const auto value = ParseStrictJson(R"({"runs": [{"n": 1}, {"n": "x"}, {"n": []}]})", kJsonLimits);
  ASSERT_TRUE(value.ok());
  std::string error;
  uint64_t sum = 0;
  const JsonReader root(*value, &error);
  root.Required("runs").ForEach(10, [&sum](const JsonReader& run) { sum += run.Required("n").Uint(); });
  EXPECT_EQ(error, "runs[1].n: expected an unsigned integer, found a string");
  EXPECT_EQ(sum, 1u);
  root.Required("other").Fail("a later failure");
  EXPECT_EQ(error, "runs[1].n: expected an unsigned integer, found a string");
}

std::string ReadError(std::string_view text, absl::FunctionRef<void(const JsonReader&)> read) {
  const auto value = ParseStrictJson(text, kJsonLimits);
  std::string error;
  if (value.ok()) read(JsonReader(*value, &error));
  return error;
}

TEST(JsonReaderTest, SaysWhatIsWrong) {
  EXPECT_EQ(ReadError("[]", [](const JsonReader& r) { r.Required("a"); }), "expected an object, found an array");
  EXPECT_EQ(ReadError("{}", [](const JsonReader& r) { r.Required("a").Uint(); }), "the field \"a\" is missing");
  EXPECT_EQ(ReadError(R"({"a": 1, "x\n": 2})", [](const JsonReader& r) { r.AllowOnly({"a"}); }),
            "unknown field \"x\\n\"");
  EXPECT_EQ(ReadError("-1", [](const JsonReader& r) { r.Uint(); }),
            "expected an unsigned integer, found a negative integer");
  EXPECT_EQ(ReadError("1.0", [](const JsonReader& r) { r.Uint(); }),
            "expected an unsigned integer, found a number that is no 64-bit integer");
  EXPECT_EQ(ReadError("18446744073709551616", [](const JsonReader& r) { r.Uint(); }),
            "expected an unsigned integer, found a number that is no 64-bit integer");
  EXPECT_EQ(ReadError("7", [](const JsonReader& r) { r.Uint(1, 6); }), "7 is outside 1 to 6");
  EXPECT_EQ(ReadError("0", [](const JsonReader& r) { r.Uint(1, 6); }), "0 is outside 1 to 6");
  EXPECT_EQ(ReadError("1", [](const JsonReader& r) { r.Bool(); }), "expected a boolean, found an unsigned integer");
  EXPECT_EQ(ReadError("null", [](const JsonReader& r) { r.Text(5); }), "expected a string, found null");
  EXPECT_EQ(ReadError("\"123456\"", [](const JsonReader& r) { r.Text(5); }), "longer than 5 bytes");
  EXPECT_EQ(ReadError("[1, 2, 3]", [](const JsonReader& r) { r.ForEach(2, [](const JsonReader&) {}); }),
            "more than 2 elements");
  EXPECT_EQ(ReadError(R"({"a": 1, "b": 2})",
                      [](const JsonReader& r) { r.ForEachMember(1, [](std::string_view, const JsonReader&) {}); }),
            "more than 1 members");
}

TEST(JsonReaderTest, AnAbsentOptionalIsNoFailure) {
  EXPECT_EQ(ReadError("{}",
                      [](const JsonReader& r) {
                        const JsonReader absent = r.Optional("a");
                        EXPECT_FALSE(absent.exists());
                        EXPECT_FALSE(absent.IsNull());
                        EXPECT_FALSE(absent.IsEmptyContainer());
                        EXPECT_EQ(absent.Uint(), 0u);
                        absent.ForEach(1, [](const JsonReader&) { ADD_FAILURE(); });
                      }),
            "");
}

}  // namespace
}  // namespace syscarve
