// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/compose_file.h"

#include <gtest/gtest.h>

#include <random>

#include "userspace/base/concat.h"

namespace syscarve {
namespace {

std::string ComposeErrorOf(std::string_view text) {
  return std::string(ParseComposeFile(text).status().message());
}

ComposeFile Parsed(std::string_view text) {
  const absl::StatusOr<ComposeFile> file = ParseComposeFile(text);
  EXPECT_TRUE(file.ok()) << file.status() << "\n" << text;
  return file.value_or(ComposeFile());
}

TEST(ComposeFileTest, ReadsWhatIsNeeded) {
  const ComposeFile file = Parsed(R"(
version: "3.8"
services:
  web:
    image: nginx
    ports: ["80:80"]
    security_opt:
      - seccomp:profiles/web.json
      - no-new-privileges
    cap_drop: [ALL]
    cap_add: &caps
      - NET_BIND_SERVICE
      - CHOWN
  db:
    privileged: true
    cap_add: *caps
    extends: {service: web}
  cache:
volumes: {data: {}}
)");
  EXPECT_EQ(file.version, "3.8");
  EXPECT_FALSE(file.includes);
  ASSERT_EQ(file.services.size(), 3U);
  EXPECT_EQ(file.services[0], (ComposeService{.name = "web",
                                              .security_opt = {"seccomp:profiles/web.json", "no-new-privileges"},
                                              .cap_add = {"NET_BIND_SERVICE", "CHOWN"},
                                              .cap_drop = {"ALL"}}));
  EXPECT_EQ(
      file.services[1],
      (ComposeService{.name = "db", .cap_add = {"NET_BIND_SERVICE", "CHOWN"}, .privileged = true, .extends = true}));
  EXPECT_EQ(file.services[2], ComposeService{.name = "cache"});
}

TEST(ComposeFileTest, FollowsMergeKeysAsComposeDoes) {
  const ComposeFile file = Parsed(R"(
x-a: &a {cap_drop: [NET_RAW], security_opt: ["seccomp=a"]}
x-b: &b {cap_drop: [MKNOD], cap_add: [CHOWN]}
x-c: &c {<<: *b}
services:
  one: {<<: *a, security_opt: ["seccomp=own"]}
  two: {<<: [*c, *a]}
)");
  ASSERT_EQ(file.services.size(), 2U);
  EXPECT_EQ(file.services[0].security_opt, std::vector<std::string>{"seccomp=own"});
  EXPECT_EQ(file.services[0].cap_drop, std::vector<std::string>{"NET_RAW"});
  EXPECT_EQ(file.services[1].cap_drop, std::vector<std::string>{"MKNOD"}) << "the first of a list wins";
  EXPECT_EQ(file.services[1].cap_add, std::vector<std::string>{"CHOWN"});
  EXPECT_EQ(file.services[1].security_opt, std::vector<std::string>{"seccomp=a"});
}

TEST(ComposeFileTest, OnlyANumberIsAVersion) {
  EXPECT_EQ(Parsed("version: 2\nservices: {}").version, "2");
  EXPECT_EQ(Parsed("version: \"3.8\\n#\"\nservices: {}").version, std::nullopt);
  EXPECT_EQ(Parsed("version: {}\nservices: {}").version, std::nullopt);
}

TEST(ComposeFileTest, SaysWhatComesFromElsewhere) {
  EXPECT_TRUE(Parsed("include: [other.yml]\nservices: {a: {}}").includes);
  EXPECT_TRUE(Parsed("x: &x {b: {}}\nservices: {<<: *x, a: {}}").includes);
}

TEST(ComposeFileTest, OnlyTrueIsPrivileged) {
  for (const char* yes : {"true", "True", "yes", "on"}) {
    EXPECT_TRUE(Parsed(Concat("services: {a: {privileged: ", yes, "}}")).services[0].privileged) << yes;
  }
  for (const char* no : {"false", "no", "", "\"${PRIVILEGED}\"", "[true]"}) {
    EXPECT_FALSE(Parsed(Concat("services: {a: {privileged: ", no, "}}")).services[0].privileged) << no;
  }
}

TEST(ComposeFileTest, RefusesWhatIsNoComposeFile) {
  EXPECT_EQ(ComposeErrorOf(""), "the file is empty");
  EXPECT_EQ(ComposeErrorOf("# only a comment"), "the file is empty");
  EXPECT_EQ(ComposeErrorOf("just text"), "line 1: expected a mapping with \"services\"");
  EXPECT_EQ(ComposeErrorOf("web: {image: x}"), "line 1: expected a mapping with \"services\"");
  EXPECT_EQ(ComposeErrorOf("services: [web]"), "line 1: expected a mapping with \"services\"");
  EXPECT_EQ(ComposeErrorOf("services: {a: 1}"), "service \"a\": line 1: expected a mapping");
  EXPECT_EQ(ComposeErrorOf("services:\n  a: {cap_add: ALL}"), "service \"a\": line 2: expected a list as \"cap_add\"");
  EXPECT_EQ(ComposeErrorOf("services:\n  a: {cap_add: [[ALL]]}"),
            "service \"a\": line 2: expected texts in \"cap_add\"");
  EXPECT_EQ(ComposeErrorOf("services:\n  a: {}\n  a: {}"), "line 3: the key \"a\" is there twice");
  EXPECT_EQ(ComposeErrorOf("services: {a: {cap_add: [X], cap_add: [Y]}}"),
            "service \"a\": line 1: the key \"cap_add\" is there twice");
  EXPECT_EQ(ComposeErrorOf("services: {}\n---\nservices: {}"), "line 2: there is more than one document in the file");
  EXPECT_EQ(ComposeErrorOf("services: {a: *b}"), "line 1: nothing has the anchor \"b\"");
  EXPECT_EQ(ComposeErrorOf("services: &s {a: {b: *s}}"), "line 1: \"s\" is a part of itself");
  EXPECT_EQ(ComposeErrorOf("services: {a: {<<: 1}}"), "service \"a\": line 1: only mappings can be merged");
  EXPECT_NE(ComposeErrorOf("services: {a: [}").find("line 1: "), std::string::npos);
  EXPECT_NE(ComposeErrorOf("services: {\"\x1b[2J\": 1}").find("control characters"), std::string::npos);
  EXPECT_EQ(ComposeErrorOf("services: {\"\\e[2J\": 1}"), "service \"\\x1b[2J\": line 1: expected a mapping");
  EXPECT_FALSE(ParseComposeFile("services: {a: \xff}").ok());
}

TEST(ComposeFileTest, ABombStaysSmall) {
  // Nine levels of ten aliases each would be a billion values.
  std::string bomb = "a0: &a0 [x]\n";
  for (int i = 1; i < 10; ++i) {
    bomb += Concat("a", i, ": &a", i, " [");
    for (int j = 0; j < 10; ++j) bomb += Concat("*a", i - 1, ",");
    bomb += "]\n";
  }
  EXPECT_TRUE(Parsed(bomb + "services: {a: {}}").services.size() == 1);
  EXPECT_EQ(ComposeErrorOf(bomb + "services: {a: {cap_add: *a9}}"),
            "service \"a\": line 9: expected texts in \"cap_add\"");

  // The same by merge keys, where what is looked for is nowhere.
  std::string merges = "m0: &m0 {x: 1}\n";
  for (int i = 1; i < 20; ++i) merges += Concat("m", i, ": &m", i, " {<<: [*m", i - 1, ", *m", i - 1, "]}\n");
  EXPECT_NE(ComposeErrorOf(merges + "services: {a: {<<: *m19}}").find("more than 1000 merges"), std::string::npos);
}

TEST(ComposeFileTest, SizesAreBounded) {
  EXPECT_NE(ComposeErrorOf(std::string(kMaxComposeBytes + 1, ' ')).find("larger than"), std::string::npos);
  EXPECT_NE(ComposeErrorOf(std::string(100, '[')).find("nested more than 64 deep"), std::string::npos);
  std::string many = "x: [";
  for (int i = 0; i < 100'001; ++i) many += "1,";
  EXPECT_NE(ComposeErrorOf(many + "]").find("more than 100000 values"), std::string::npos);
  std::string anchors = "x:\n";
  for (int i = 0; i < 1001; ++i) anchors += Concat(" - &a", i, " 1\n");
  EXPECT_NE(ComposeErrorOf(anchors).find("more than 1000 anchors"), std::string::npos);
}

// Whatever a wrong byte makes of a file, it is read or refused, and nothing else.
TEST(ComposeFileTest, EveryChangedByteIsReadOrRefused) {
  const std::string text =
      "x: &x {cap_drop: [NET_RAW]}\nservices:\n  web: {<<: *x, security_opt: [\"seccomp:a\"], privileged: no}\n  db:\n";
  ASSERT_TRUE(ParseComposeFile(text).ok());
  for (size_t place = 0; place < text.size(); ++place) {
    for (int change = 1; change < 256; ++change) {
      std::string changed = text;
      changed[place] = static_cast<char>(changed[place] ^ change);
      const absl::StatusOr<ComposeFile> file = ParseComposeFile(changed);
      EXPECT_TRUE(file.ok() || file.status().code() == absl::StatusCode::kInvalidArgument) << file.status();
    }
    (void)ParseComposeFile(std::string_view(text).substr(0, place));
  }
}

}  // namespace
}  // namespace syscarve
