#include "userspace/model/strict_json.h"

#include <gtest/gtest.h>

namespace syscarve {
namespace {

constexpr JsonLimits kLimits = {.bytes = 1000, .values = 50, .depth = 5};

std::string ErrorOf(std::string_view text) {
  return std::string(ParseStrictJson(text, kLimits).status().message());
}

std::string Reprinted(std::string_view text, size_t width = 0) {
  const auto value = ParseStrictJson(text, kLimits);
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
    EXPECT_NE(ErrorOf(text), "") << text;
  }
  EXPECT_EQ(ErrorOf("[1e999]"), "a number near byte 6 is too large");
}

TEST(ParseStrictJsonTest, RefusesAKeyThatIsThereTwice) {
  EXPECT_EQ(ErrorOf(R"({"a": 1, "b": 2, "a": 1})"), "the key \"a\" is there twice in one object");
  EXPECT_EQ(ErrorOf(R"({"a": 1, "\u0061": 2})"), "the key \"a\" is there twice in one object");
  EXPECT_EQ(ErrorOf(R"({"a": {"a": 1}, "b": [{"a": 1}]})"), "");
}

TEST(ParseStrictJsonTest, HoldsItsLimits) {
  EXPECT_EQ(ErrorOf("[[[[[]]]]]"), "");
  EXPECT_EQ(ErrorOf("[[[[[[]]]]]]"), "nested more than 5 deep");
  EXPECT_EQ(ErrorOf("[" + std::string(900, '[')), "nested more than 5 deep");
  std::string many = "[0";
  for (int i = 0; i < 48; ++i) many += ",0";
  EXPECT_EQ(ErrorOf(many + "]"), "");
  EXPECT_EQ(ErrorOf(many + ",0]"), "more than 50 values");
  EXPECT_EQ(ErrorOf(many + ",{}]"), "more than 50 values");
  EXPECT_EQ(ErrorOf(std::string(1001, ' ')), "larger than 1000 bytes, the most that is read");
}

TEST(PrintJsonTest, BreaksWhatDoesNotFit) {
  constexpr std::string_view kText = R"({"a": [1, 2], "b": {"c": "d", "e": []}, "f": {}})";
  EXPECT_EQ(Reprinted(kText, 120), std::string(kText) + "\n");
  EXPECT_EQ(Reprinted(kText, kText.size() + 1), std::string(kText) + "\n");
  EXPECT_EQ(Reprinted(kText, 30), R"({
  "a": [1, 2],
  "b": {"c": "d", "e": []},
  "f": {}
}
)");
  EXPECT_EQ(Reprinted(kText, 0), R"({
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
  const auto value = ParseStrictJson(R"({"runs": [{"n": 1}, {"n": "x"}, {"n": []}]})", kLimits);
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
  const auto value = ParseStrictJson(text, kLimits);
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
