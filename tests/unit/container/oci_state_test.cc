#include "userspace/container/oci_state.h"

#include <gtest/gtest.h>

#include <string>

namespace syscarve {
namespace {

// As runc 1.1 gives it to a prestart hook, shortened.
constexpr std::string_view kPrestart =
    R"({"ociVersion":"1.0.2-dev","id":"web-1","status":"creating","pid":4321,"bundle":"/run/b","root":"/x",
        "annotations":{"io.containers.trace-syscall":"of:/srv/web.json","empty":""},"owner":{"uid":[1]}})";

std::string ErrorOf(std::string_view text) {
  const auto state = ParseOciState(text);
  EXPECT_FALSE(state.ok()) << text;
  if (state.ok()) return {};
  EXPECT_EQ(state.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(state.status().message());
}

// kPrestart with the first `from` replaced.
std::string With(std::string_view from, std::string_view to) {
  std::string text(kPrestart);
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(ParseOciState, ReadsWhatAHookIsGiven) {
  const auto state = ParseOciState(kPrestart);
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(*state, (OciState{.oci_version = "1.0.2-dev",
                              .id = "web-1",
                              .status = "creating",
                              .pid = 4321,
                              .bundle = "/run/b",
                              .annotations = {{"io.containers.trace-syscall", "of:/srv/web.json"}, {"empty", ""}}}));
}

TEST(ParseOciState, AnnotationsAndThePidOfWhatDoesNotRunMayBeMissing) {
  const auto bare = ParseOciState(R"({"ociVersion":"1.1.0","id":"a","status":"stopped","bundle":"/"})");
  ASSERT_TRUE(bare.ok()) << bare.status();
  EXPECT_EQ(bare->pid, 0);
  EXPECT_TRUE(bare->annotations.empty());
  EXPECT_TRUE(
      ParseOciState(R"({"ociVersion":"1","id":"a","status":"own word","pid":0,"bundle":"/","annotations":null})").ok());
}

TEST(ParseOciState, KeepsAnyBytesOfAnAnnotation) {
  const auto state = ParseOciState(
      R"({"ociVersion":"1","id":"a","status":"creating","bundle":"/","annotations":{"../\n":"\u001b[2J\u0000\u202e"}})");
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->annotations.at("../\n"), std::string("\x1b[2J\0\xe2\x80\xae", 8));
}

TEST(ParseOciState, NamesWhatIsWrong) {
  EXPECT_EQ(ErrorOf(With("\"id\"", "\"Id\"")), "the container's state: the field \"id\" is missing");
  EXPECT_EQ(ErrorOf(With("\"web-1\"", "\"\"")), "the container's state: id: is empty");
  EXPECT_EQ(ErrorOf(With("web-1", "../web")), "the container's state: id: contains a slash");
  EXPECT_EQ(ErrorOf(With("web-1", "w\\u0000")), "the container's state: id: contains a NUL character");
  EXPECT_EQ(ErrorOf(With("/run/b", "run/b")), "the container's state: bundle: is no absolute path");
  EXPECT_EQ(ErrorOf(With("/run/b", "/run\\u0000")), "the container's state: bundle: contains a NUL character");
  EXPECT_EQ(ErrorOf(With("4321", "\"4321\"")),
            "the container's state: pid: expected an unsigned integer, found a string");
  EXPECT_EQ(ErrorOf(With("4321", "-1")),
            "the container's state: pid: expected an unsigned integer, found a negative integer");
  EXPECT_EQ(ErrorOf(With("4321", "2147483648")), "the container's state: pid: 2147483648 is outside 0 to 2147483647");
  EXPECT_EQ(ErrorOf(With("\"empty\":\"\"", "\"empty\":[]")),
            "the container's state: annotations.empty: expected a string, found an array");
  EXPECT_EQ(
      ErrorOf(With("\"empty\"", "\"io.containers.trace-syscall\"")),
      "the container's state: line 2, column 73: the key \"io.containers.trace-syscall\" is there twice in one object");
  EXPECT_EQ(ErrorOf(R"({"ociVersion":"1","id":"a","status":"created","bundle":"/"})"),
            "the container's state: a created or running container has no pid");
}

TEST(ParseOciState, RefusesEveryTruncation) {
  for (size_t length = 0; length < kPrestart.size(); ++length) ErrorOf(kPrestart.substr(0, length));
}

TEST(ParseOciState, RefusesWhatIsBeyondAnyRealSize) {
  EXPECT_NE(ErrorOf(std::string(kMaxOciStateBytes + 1, ' ')).find("larger than"), std::string::npos);
  EXPECT_NE(ErrorOf(With("[1]", std::string(100, '[') + std::string(100, ']'))).find("nested more than"),
            std::string::npos);
  EXPECT_NE(ErrorOf(With("web-1", std::string(1000, 'x'))).find("id: longer than"), std::string::npos);
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "\"k" + std::to_string(i) + "\":\"\",";
  EXPECT_NE(ErrorOf(With("\"empty\"", many + "\"empty\"")).find("more than 4096 members"), std::string::npos);
}

}  // namespace
}  // namespace syscarve
