// SPDX-License-Identifier: Apache-2.0
#include "userspace/emit/compose_override.h"

#include <gtest/gtest.h>

namespace syscarve {
namespace {

using Lines = std::vector<std::string>;

RecordedService Web(std::vector<std::string> cap_add = {"CAP_CHOWN"}) {
  return {.name = "web",
          .title = "web",
          .hardening = {.profile = "./profiles/web.json",
                        .no_new_privileges = true,
                        .capabilities_known = true,
                        .cap_add = std::move(cap_add)}};
}

ComposeOverride MadeOverride(const ComposeService& service, const RecordedService& recorded) {
  const std::vector<RecordedService> all = {recorded};
  const absl::StatusOr<ComposeOverride> made = EmitComposeOverride({.services = {service}}, all);
  EXPECT_TRUE(made.ok()) << made.status();
  return made.value_or(ComposeOverride());
}

// The text without the comment on top.
std::string Body(const ComposeOverride& made) {
  EXPECT_TRUE(made.text.starts_with(kComposeOverrideMarker));
  return made.text.substr(made.text.find("services:"));
}

TEST(ComposeServiceLinesTest, SaysHowToRunTheService) {
  EXPECT_EQ(ComposeServiceLines("web", Web().hardening, 0),
            "web:\n"
            "  security_opt:\n"
            "    - \"seccomp:./profiles/web.json\"\n"
            "    - \"no-new-privileges:true\"\n"
            "  cap_drop:\n"
            "    - ALL\n"
            "  cap_add:\n"
            "    - CAP_CHOWN\n");
  EXPECT_EQ(ComposeServiceLines("web", {.profile = "a.json"}, 0), "web:\n  security_opt:\n    - \"seccomp:a.json\"\n");
}

TEST(ComposeServiceLinesTest, HostileNamesAreQuotedOrLeftOut) {
  EXPECT_EQ(ComposeServiceLines("a: b # $(id) `id`", {.profile = "$(id)${HOME}/a 'b\".json"}, 0),
            "\"a: b # $(id) `id`\":\n  security_opt:\n    - \"seccomp:$$(id)$${HOME}/a 'b\\\".json\"\n");
  EXPECT_EQ(ComposeServiceLines("a\nb", {.profile = "a.json"}, 0), std::nullopt);
  EXPECT_EQ(ComposeServiceLines("", {.profile = "a.json"}, 0), std::nullopt);
  EXPECT_EQ(ComposeServiceLines("a\x1b[2J", {.profile = "a.json"}, 0), std::nullopt);
  EXPECT_EQ(ComposeServiceLines("a", {.profile = "\xff.json"}, 0), std::nullopt);
  EXPECT_EQ(ComposeServiceLines("a", {.profile = "a:b.json"}, 0), std::nullopt) << "Compose would cut it there";
  EXPECT_EQ(ComposeServiceLines("a", {.profile = "a=b.json"}, 0), std::nullopt);
}

TEST(ComposeOverrideTest, AddsToTheServicesOfTheFileInItsOrder) {
  RecordedService db = Web({});
  db.name = db.title = "db";
  db.hardening = {.profile = "./profiles/db.json", .capabilities_known = true};
  const std::vector<RecordedService> recorded = {db, Web()};
  const auto made = EmitComposeOverride({.version = "3.8", .services = {{.name = "web"}, {.name = "db"}}}, recorded);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->warnings, Lines{});
  EXPECT_NE(made->text.find("\nversion: \"3.8\"\nservices:\n"), std::string::npos) << made->text;
  EXPECT_EQ(Body(*made),
            "services:\n"
            "  web:\n"
            "    security_opt:\n"
            "      - \"seccomp:./profiles/web.json\"\n"
            "      - \"no-new-privileges:true\"\n"
            "    cap_drop:\n"
            "      - ALL\n"
            "    cap_add:\n"
            "      - CAP_CHOWN\n"
            "  db:\n"
            "    security_opt:\n"
            "      - \"seccomp:./profiles/db.json\"\n"
            "    cap_drop:\n"
            "      - ALL\n");
}

TEST(ComposeOverrideTest, SaysWhoIsMissing) {
  RecordedService gone = Web();
  gone.name = "old\x1b";
  gone.title = "old";
  const std::vector<RecordedService> recorded = {Web(), gone};
  const auto made = EmitComposeOverride({.services = {{.name = "web"}, {.name = "cache"}}, .includes = true}, recorded);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->warnings, (Lines{"service \"cache\" of the Compose file was not recorded: it is not in the override",
                                   "old: the Compose file has no service \"old\x1b\"",
                                   "the Compose file takes in others, and the services of those were not looked at"}));
}

TEST(ComposeOverrideTest, WithoutAnythingToSayIsAnError) {
  const std::vector<RecordedService> recorded = {Web()};
  EXPECT_EQ(EmitComposeOverride({.services = {{.name = "db"}}}, recorded).status().code(), absl::StatusCode::kNotFound);
}

TEST(ComposeOverrideTest, TwoProfilesForOneServiceAreNone) {
  RecordedService second = Web();
  second.title = "web-2";
  RecordedService db = Web();
  db.name = "db";
  const std::vector<RecordedService> recorded = {Web(), second, db};
  const auto made = EmitComposeOverride({.services = {{.name = "web"}, {.name = "db"}}}, recorded);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->warnings,
            Lines{"service \"web\" has several profiles (web, web-2), and a service can have one: it is not "
                  "in the override"});
  EXPECT_EQ(made->text.find("web:"), std::string::npos);
}

TEST(ComposeOverrideTest, AnotherProfileInTheFileStays) {
  for (const char* option : {"seccomp:other.json", "seccomp=other.json", "seccomp:${PROFILE}"}) {
    const ComposeOverride made = MadeOverride({.name = "web", .security_opt = {option}}, Web());
    EXPECT_EQ(made.text.find("seccomp:"), std::string::npos) << made.text;
    ASSERT_EQ(made.warnings.size(), 1U);
    EXPECT_NE(made.warnings[0].find("names a seccomp profile already"), std::string::npos) << made.warnings[0];
  }
}

TEST(ComposeOverrideTest, TheSameProfileIsNotNamedTwice) {
  const ComposeOverride made =
      MadeOverride({.name = "web",
                    .security_opt = {"seccomp=profiles/../profiles/web.json", "no-new-privileges"},
                    .cap_drop = {"ALL"}},
                   Web({}));
  EXPECT_EQ(made.warnings, Lines{});
  EXPECT_EQ(Body(made), "services:\n  web: {}\n");
}

TEST(ComposeOverrideTest, UnconfinedIsReplacedAndToldOf) {
  const ComposeOverride made = MadeOverride({.name = "web", .security_opt = {"seccomp:unconfined"}}, Web());
  EXPECT_NE(made.text.find("seccomp:./profiles/web.json"), std::string::npos);
  ASSERT_EQ(made.warnings.size(), 1U);
  EXPECT_NE(made.warnings[0].find("seccomp=unconfined"), std::string::npos);
}

TEST(ComposeOverrideTest, GivesNoCapabilityThatTheFileDoesNot) {
  const auto warned = [](const ComposeOverride& made, std::string_view words) {
    return made.warnings.size() == 1 && made.warnings[0].find(words) != std::string::npos;
  };
  // Not one of the engine's own, and not added by the file.
  ComposeOverride made = MadeOverride({.name = "web"}, Web({"CAP_CHOWN", "CAP_SYS_PTRACE"}));
  EXPECT_EQ(made.text.find("CAP_SYS_PTRACE"), std::string::npos);
  EXPECT_NE(made.text.find("CAP_CHOWN"), std::string::npos);
  EXPECT_TRUE(warned(made, "need for CAP_SYS_PTRACE"));
  // Dropped by name, and all dropped.
  made = MadeOverride({.name = "web", .cap_drop = {"chown"}}, Web());
  EXPECT_EQ(made.text.find("CAP_CHOWN"), std::string::npos);
  EXPECT_TRUE(warned(made, "need for CAP_CHOWN"));
  made = MadeOverride({.name = "web", .cap_add = {"KILL"}, .cap_drop = {"ALL"}}, Web({"CAP_KILL", "CAP_CHOWN"}));
  EXPECT_EQ(made.text.find("cap_add"), std::string::npos) << "KILL is there already: " << made.text;
  EXPECT_TRUE(warned(made, "need for CAP_CHOWN"));
  // A narrower capability than one that the service has.
  made = MadeOverride({.name = "web"}, Web({"CAP_DAC_READ_SEARCH"}));
  EXPECT_NE(made.text.find("CAP_DAC_READ_SEARCH"), std::string::npos);
  EXPECT_EQ(made.warnings, Lines{});
  // But not when the wider one is gone.
  made = MadeOverride({.name = "web", .cap_drop = {"DAC_OVERRIDE"}}, Web({"CAP_DAC_READ_SEARCH"}));
  EXPECT_EQ(made.text.find("CAP_DAC_READ_SEARCH"), std::string::npos);
  // A name that is no capability never gets in.
  made = MadeOverride({.name = "web", .privileged = true}, Web({"x\n  evil: true"}));
  EXPECT_EQ(made.text.find("evil"), std::string::npos);
}

TEST(ComposeOverrideTest, SaysWhatTheFileKeeps) {
  ComposeOverride made = MadeOverride({.name = "web", .cap_add = {"NET_ADMIN", "CAP_CHOWN"}}, Web());
  ASSERT_EQ(made.warnings.size(), 1U);
  EXPECT_NE(made.warnings[0].find("keeps CAP_NET_ADMIN, which"), std::string::npos) << made.warnings[0];
  made = MadeOverride({.name = "web", .cap_add = {"ALL"}}, Web());
  ASSERT_EQ(made.warnings.size(), 1U);
  EXPECT_NE(made.warnings[0].find("keeps ALL"), std::string::npos) << made.warnings[0];
  made = MadeOverride({.name = "web", .privileged = true, .extends = true}, Web());
  ASSERT_EQ(made.warnings.size(), 2U);
  EXPECT_NE(made.warnings[0].find("privileged"), std::string::npos);
  EXPECT_NE(made.warnings[1].find("extends"), std::string::npos);
}

TEST(ComposeOverrideTest, WhatCannotBeWrittenIsToldOf) {
  RecordedService web = Web();
  web.hardening.profile = "./a:b.json";
  RecordedService db = Web();
  db.name = "db";
  const std::vector<RecordedService> recorded = {web, db};
  const auto made = EmitComposeOverride({.services = {{.name = "web"}, {.name = "db"}}}, recorded);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->text.find("web:"), std::string::npos);
  ASSERT_EQ(made->warnings.size(), 1U);
  EXPECT_NE(made->warnings[0].find("cannot be written"), std::string::npos);
}

}  // namespace
}  // namespace syscarve
