// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/yaml.h"

#include <gtest/gtest.h>

#include <string>

namespace syscarve {
namespace {

constexpr JsonLimits kYamlLimits = {.bytes = 4096, .values = 64, .depth = 8};

// The documents in JSON's compact spelling, or the error.
std::string ReadYaml(std::string_view text) {
  const auto documents = ParseYaml(text, kYamlLimits);
  if (!documents.ok()) {
    EXPECT_EQ(documents.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(documents.status().message());
  }
  std::string json;
  for (const JsonValue& document : *documents) json += PrintCompactJson(document);
  return json;
}

struct YamlCase {
  std::string text;
  std::string result;
};

class YamlTest : public testing::TestWithParam<YamlCase> {};

TEST_P(YamlTest, IsReadOrRefused) {
  EXPECT_EQ(ReadYaml(GetParam().text), GetParam().result);
}

INSTANTIATE_TEST_SUITE_P(
    All, YamlTest,
    testing::Values(
        YamlCase{"", ""}, YamlCase{"---\n", ""}, YamlCase{"# nothing\n", ""},
        YamlCase{"a: 1\nb: [x, 'y', \"z\"]\nc: {d: null}\n", R"({"a":1,"b":["x","y","z"],"c":{"d":null}})"},
        YamlCase{"- ~\n-\n- true\n- False\n- null\n", "[null,null,true,false,null]"},
        YamlCase{"- 18446744073709551615\n- -9223372036854775808\n- 0x1F\n- 0\n- -1\n",
                 "[18446744073709551615,-9223372036854775808,31,0,-1]"},
        YamlCase{"- '1'\n- \"true\"\n- !!str 1\n- ! 2\n", R"(["1","true","1","2"])"},
        // Beyond 64 bits, octal to some and decimal to others, and what only YAML 1.1 takes for true: texts.
        YamlCase{"- 18446744073709551616\n- 010\n- 0o17\n- yes\n- 4.8\n- 0x\n- -\n- +1\n",
                 R"(["18446744073709551616","010","0o17","yes","4.8","0x",[null],"+1"])"},
        YamlCase{"a: 1\n---\nb: 2\n---\n...\n", R"({"a":1}{"b":2})"},
        YamlCase{"f:conditions:\n  .: {}\n  k:{\"type\":\"Ready\"}:\n    .: {}\n",
                 R"({"f:conditions":{".":{},"k:{\"type\":\"Ready\"}":{".":{}}}})"},
        YamlCase{"a: |\n  two\n  lines\n", R"({"a":"two\nlines\n"})"}, YamlCase{"[1: 2]", R"([{"1":2}])"},
        YamlCase{"a: 1\na: 2\n", "line 2: the key \"a\" is there twice"},
        YamlCase{"a: 1\nb:\n  \"c\": 1\n  c: 2\n", "line 4: the key \"c\" is there twice"},
        YamlCase{"[a]: 1\n", "line 1: a key must be a text"},
        YamlCase{"? {a: b}\n: 1\n", "line 1: a key must be a text"},
        YamlCase{"a: &x 1\nb: *x\n", "line 1: anchors and aliases are not read"},
        YamlCase{"a: *x\n", "line 1: anchors and aliases are not read"},
        YamlCase{"<<: {a: 1}\n", "line 1: merge keys are not read"},
        YamlCase{"a: !!int '1'\n", "line 1: the tag \"tag:yaml.org,2002:int\" is not read"},
        YamlCase{"a: !x {b: 1}\n", "line 1: the tag \"!x\" is not read"},
        YamlCase{"a: [1\n", "line 2: did not find expected ',' or ']'"},
        YamlCase{"a: \xff\n", "line 1: invalid leading UTF-8 octet"},
        YamlCase{"[[[[[[[[[1]]]]]]]]]", "line 1: nested more than 8 deep"},
        YamlCase{std::string(4097, ' '), "larger than 4096 bytes, the most that is read"}));

TEST(YamlTest, ValuesAreCountedOverAllDocuments) {
  std::string text;
  for (int i = 0; i < 65; ++i) text += "---\n1\n";
  EXPECT_EQ(ReadYaml(text), "line 130: more than 64 values");
}

}  // namespace
}  // namespace syscarve
