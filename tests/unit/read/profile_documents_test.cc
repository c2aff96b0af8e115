// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/profile_documents.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "userspace/read/profile_reader.h"

namespace syscarve {
namespace {

constexpr std::string_view kProfile =
    R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]})";

std::vector<std::string> NamesIn(std::string_view text) {
  const absl::StatusOr<std::vector<FoundProfile>> all = FindProfiles(text, "SCMP_ARCH_X86_64");
  EXPECT_TRUE(all.ok()) << all.status();
  std::vector<std::string> names;
  if (!all.ok()) return names;
  for (const FoundProfile& found : *all) names.push_back(found.name + (found.oci.ok() ? "" : " (unreadable)"));
  return names;
}

std::string Spo(const std::string& name) {
  return "apiVersion: security-profiles-operator.x-k8s.io/v1\nkind: SeccompProfile\nmetadata: {name: " + name +
         "}\nspec: {defaultAction: SCMP_ACT_LOG}\n";
}

TEST(FindProfilesTest, OneProfileHasNoName) {
  EXPECT_EQ(NamesIn(kProfile), std::vector<std::string>{""});
  EXPECT_EQ(NamesIn("defaultAction: SCMP_ACT_LOG\n"), std::vector<std::string>{""});
}

TEST(FindProfilesTest, FindsAllDocumentsAndItems) {
  EXPECT_EQ(NamesIn(Spo("a") + "---\n" + Spo("b") +
                    "---\napiVersion: v1\nkind: Pod\n---\ndefaultAction: SCMP_ACT_LOG\n" + "---\n" + Spo("a")),
            (std::vector<std::string>{"a", "b", "document-3", "a:2"}));
  EXPECT_EQ(NamesIn(R"({"apiVersion": "v1", "kind": "List", "items": [
                {"apiVersion": "security-profiles-operator.x-k8s.io/v1", "kind": "SeccompProfile",
                 "metadata": {"name": "x"}, "spec": {"defaultAction": "SCMP_ACT_LOG"}},
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"},
                 "data": {"y.json": "{\"defaultAction\": \"SCMP_ACT_LOG\"}", "readme": "text"}}]})"),
            (std::vector<std::string>{"x", "m/y.json"}));
}

TEST(FindProfilesTest, AConfigMapHoldsTextsWhoseLinesAreThoseOfTheFile) {
  const std::string text =
      "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: node-profiles\ndata:\n  a.json: |\n"
      "    {\"defaultAction\": \"SCMP_ACT_ERRNO\",\n     \"syscalls\": [\n"
      "      {\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\"}]}\n"
      "  b.yaml: |\n    defaultAction: SCMP_ACT_LOG\n    note: x\n  broken.json: |\n    {\"defaultAction\": ,}\n"
      "  readme.txt: copied to each node\n";
  EXPECT_EQ(NamesIn(text), (std::vector<std::string>{"node-profiles/a.json", "node-profiles/b.yaml",
                                                     "node-profiles/broken.json (unreadable)"}));
  const auto a = ReadProfileText(text, {}, "node-profiles/a.json");
  ASSERT_TRUE(a.ok()) << a.status();
  EXPECT_EQ(a->source.entries.at(0).line, 9u);
  EXPECT_FALSE(a->is_whole_text);
  const auto b = ReadProfileText(text, {}, "node-profiles/b.yaml");
  ASSERT_TRUE(b.ok()) << b.status();
  ASSERT_EQ(b->source.notes.size(), 1u);
  EXPECT_EQ(b->source.notes[0].place.line, 12u);
}

TEST(FindProfilesTest, ReadsTheFilterOfABundle) {
  const auto reading =
      ReadProfileText(R"({"ociVersion": "1.0.2", "linux": {"seccomp": )" + std::string(kProfile) + "}}", {});
  ASSERT_TRUE(reading.ok()) << reading.status();
  EXPECT_EQ(reading->format, "OCI config.json");
  EXPECT_EQ(reading->source.profile.rules.size(), 1u);
  EXPECT_EQ(std::string(ReadProfileText(R"({"ociVersion": "1.0.2", "linux": {}})", {}).status().message()),
            "it is an OCI config.json without linux.seccomp: the container has no filter");
}

TEST(FindProfilesTest, OneOfSeveralIsChosenByItsName) {
  const std::string text = Spo("a") + "---\n" + Spo("b");
  EXPECT_EQ(std::string(ReadProfileText(text, {}).status().message()),
            "there are several profiles: a, b. Hint: Choose one by its name behind the file's, as in FILE#a.");
  EXPECT_TRUE(ReadProfileText(text, {}, "b").ok());
  EXPECT_EQ(std::string(ReadProfileText(text, {}, "c").status().message()),
            "there is no profile \"c\" in it, only a, b");
  EXPECT_EQ(std::string(ReadProfileText(kProfile, {}, "c").status().message()),
            "there is no profile \"c\" in it: it is one profile without a name");
}

TEST(FindProfilesTest, OneThatCannotBeReadDoesNotCostTheOthers) {
  const std::string text = Spo("a") + "---\n" + Spo("b") + "  x: [\n";
  EXPECT_FALSE(ReadProfiles(text, {}).ok());  // No YAML at all.
  std::string bad = Spo("bad");
  bad.replace(bad.find("SCMP_ACT_LOG"), 12, "SCMP_ACT_DENY");
  const auto profiles = ReadProfiles(bad + "---\n" + Spo("good"), {});
  ASSERT_TRUE(profiles.ok()) << profiles.status();
  ASSERT_EQ(profiles->size(), 2u);
  EXPECT_EQ(std::string((*profiles)[0].reading.status().message()),
            "SeccompProfile bad: not a valid seccomp profile: defaultAction: unknown action \"SCMP_ACT_DENY\"");
  EXPECT_TRUE((*profiles)[1].reading.ok());
}

TEST(FindProfilesTest, AByteOrderMarkIsSteppedOver) {
  const auto reading = ReadProfileText("\xef\xbb\xbf" + std::string(kProfile), {});
  ASSERT_TRUE(reading.ok()) << reading.status();
  ASSERT_EQ(reading->source.notes.size(), 1u);
  EXPECT_EQ(reading->source.notes[0].kind, ProfileNoteKind::kByteOrderMark);
  EXPECT_TRUE(reading->is_whole_text);
  EXPECT_TRUE(LooksLikeProfile("\xef\xbb\xbf" + std::string(kProfile)));
}

}  // namespace
}  // namespace syscarve
