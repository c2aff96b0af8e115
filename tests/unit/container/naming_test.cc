// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/naming.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>

namespace syscarve {
namespace {

const std::string kNamedId = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

std::string NameOfImage(std::string image, std::string digest = "") {
  return SubjectName({.id = kNamedId, .name = "c", .image = std::move(image), .image_digest = std::move(digest)},
                     By::kImage);
}

TEST(SubjectName, TakesTheServiceThenTheName) {
  Container container = {.id = kNamedId, .name = "shop_web_1"};
  EXPECT_EQ(SubjectName(container, By::kService), "shop_web_1");
  container.labels = {{"com.docker.compose.service", "web"}, {"com.docker.compose.project", "shop"}};
  EXPECT_EQ(SubjectName(container, By::kService), "web");
  EXPECT_EQ(SubjectName(container, By::kContainer), "shop_web_1");
  EXPECT_EQ(ComposeProject(container), "shop");
  container.labels = {{"com.docker.compose.service", ""}, {"io.kubernetes.container.name", "front"}};
  EXPECT_EQ(SubjectName(container, By::kService), "front");
  EXPECT_EQ(ComposeProject(container), "");
}

TEST(SubjectName, FallsBackOnTheShortId) {
  for (const By by : {By::kService, By::kContainer, By::kImage})
    EXPECT_EQ(SubjectName({.id = kNamedId}, by), "0123456789ab");
}

TEST(SubjectName, OfAnImageIsItsRepository) {
  EXPECT_EQ(NameOfImage("nginx"), "nginx");
  EXPECT_EQ(NameOfImage("nginx:1.25"), "nginx");
  EXPECT_EQ(NameOfImage("docker.io/library/nginx:1.25"), "nginx");
  EXPECT_EQ(NameOfImage("localhost/bb:1"), "bb");
  EXPECT_EQ(NameOfImage("localhost:5000/app"), "app");
  EXPECT_EQ(NameOfImage("ghcr.io/team/app:v1@sha256:" + kNamedId), "team/app");
  EXPECT_EQ(NameOfImage("team/app"), "team/app");
  EXPECT_EQ(NameOfImage("nginx@sha256:" + kNamedId), "nginx");
  EXPECT_EQ(NameOfImage("sha256:" + kNamedId), "0123456789ab");
  EXPECT_EQ(NameOfImage(kNamedId), "0123456789ab");
  EXPECT_EQ(NameOfImage("", "sha256:fedcba9876543210" + kNamedId.substr(16)), "fedcba987654");
  EXPECT_EQ(NameOfImage(":1", "junk"), "0123456789ab");
}

TEST(ByFromName, KnowsItsWords) {
  EXPECT_EQ(ByFromName("service"), By::kService);
  EXPECT_EQ(ByFromName("container"), By::kContainer);
  EXPECT_EQ(ByFromName("image"), By::kImage);
  EXPECT_EQ(ByFromName("Image"), std::nullopt);
}

std::string StemOf(std::string_view name) {
  std::set<std::string> taken;
  return FileStem(name, taken);
}

TEST(FileStem, KeepsAnOrdinaryName) {
  EXPECT_EQ(StemOf("web"), "web");
  EXPECT_EQ(StemOf("shop_web-1.2"), "shop_web-1.2");
}

TEST(FileStem, LeavesNoWayOutOfTheFolder) {
  EXPECT_EQ(StemOf(""), "unnamed");
  EXPECT_EQ(StemOf("."), "_");
  EXPECT_EQ(StemOf(".."), "_.");
  EXPECT_EQ(StemOf("../../etc/passwd"), "_._.._etc_passwd");
  EXPECT_EQ(StemOf("/etc/passwd"), "_etc_passwd");
  EXPECT_EQ(StemOf("-rf"), "_rf");
  EXPECT_EQ(StemOf(".hidden"), "_hidden");
  EXPECT_EQ(StemOf("a\nb\x1b[31m"), "a_b__31m");
  EXPECT_EQ(StemOf(std::string_view("a\0b", 3)), "a_b");
  EXPECT_EQ(StemOf("\xff\xfe"), "__");
}

TEST(FileStem, NumbersWhatWouldCollide) {
  std::set<std::string> taken;
  EXPECT_EQ(FileStem("web", taken), "web");
  EXPECT_EQ(FileStem("web", taken), "web-2");
  EXPECT_EQ(FileStem("WEB", taken), "WEB-3");
  EXPECT_EQ(FileStem("web-2", taken), "web-2-2");
  EXPECT_EQ(FileStem("a/b", taken), "a_b");
  EXPECT_EQ(FileStem("a b", taken), "a_b-2");
  const std::string length(100, 'x');
  EXPECT_EQ(FileStem(length, taken), length);
  EXPECT_EQ(FileStem(length + "y", taken), length.substr(0, 98) + "-2");
}

TEST(FileStem, IsSafeAndUniqueForAnyBytes) {
  std::mt19937 random(7);
  std::set<std::string> taken;
  std::set<std::string> given;
  constexpr std::string_view kAlphabet = "aA.-_/\\ \n\x1b%\xc3\xbc";
  for (int i = 0; i < 5000; ++i) {
    std::string name(random() % 120, ' ');
    for (char& c : name) c = kAlphabet[random() % kAlphabet.size()];
    std::string stem = FileStem(name, taken);
    ASSERT_FALSE(stem.empty());
    ASSERT_LE(stem.size(), 100u);
    ASSERT_NE(stem.front(), '.');
    ASSERT_NE(stem.front(), '-');
    ASSERT_EQ(stem.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"),
              std::string_view::npos);
    std::ranges::transform(stem, stem.begin(), [](unsigned char c) { return std::tolower(c); });
    ASSERT_TRUE(given.insert(stem).second) << stem;
  }
}

TEST(ContainerFilter, TakesAllWhenEmpty) {
  EXPECT_TRUE(ContainerFilter{}.Matches({}));
}

TEST(ContainerFilter, WantsOneOfTheNamesAndAllOfTheLabels) {
  const Container web = {.id = kNamedId,
                         .name = "shop_web_1",
                         .labels = {{"tier", "front"}, {"com.docker.compose.project", "shop"}, {"empty", ""}}};
  EXPECT_TRUE((ContainerFilter{.names = {"db", "shop_*"}}).Matches(web));
  EXPECT_TRUE((ContainerFilter{.names = {"shop_we[a-c]_?"}}).Matches(web));
  EXPECT_FALSE((ContainerFilter{.names = {"shop"}}).Matches(web));
  EXPECT_FALSE((ContainerFilter{.names = {"SHOP_*"}}).Matches(web));
  EXPECT_TRUE((ContainerFilter{.labels = {{"tier", "front"}, {"empty", std::nullopt}}}).Matches(web));
  EXPECT_TRUE((ContainerFilter{.labels = {{"empty", ""}}}).Matches(web));
  EXPECT_FALSE((ContainerFilter{.labels = {{"tier", "front"}, {"other", std::nullopt}}}).Matches(web));
  EXPECT_FALSE((ContainerFilter{.labels = {{"tier", "back"}}}).Matches(web));
  EXPECT_TRUE((ContainerFilter{.compose_project = "shop"}).Matches(web));
  EXPECT_FALSE((ContainerFilter{.compose_project = "sho"}).Matches(web));
  EXPECT_FALSE((ContainerFilter{.names = {"shop_*"}, .labels = {}, .compose_project = "other"}).Matches(web));
}

TEST(ContainerFilter, DoesNotTakeAContainerOfWhichNothingIsKnown) {
  EXPECT_FALSE((ContainerFilter{.names = {"web"}}).Matches({.id = kNamedId}));
  EXPECT_FALSE((ContainerFilter{.compose_project = "shop"}).Matches({.id = kNamedId}));
}

TEST(ContainerFilter, ANulDoesNotEndANameEarly) {
  EXPECT_FALSE((ContainerFilter{.names = {"web"}}).Matches({.name = std::string("web\0x", 5)}));
}

TEST(ParseLabelCondition, TakesAKeyWithOrWithoutAValue) {
  EXPECT_EQ(*ParseLabelCondition("a"), (LabelCondition{"a", std::nullopt}));
  EXPECT_EQ(*ParseLabelCondition("a="), (LabelCondition{"a", ""}));
  EXPECT_EQ(*ParseLabelCondition("a=b=c"), (LabelCondition{"a", "b=c"}));
  EXPECT_FALSE(ParseLabelCondition("").ok());
  EXPECT_FALSE(ParseLabelCondition("=x").ok());
}

}  // namespace
}  // namespace syscarve
