// SPDX-License-Identifier: Apache-2.0
#include "userspace/image/documents.h"

#include <gtest/gtest.h>

#include <string>

namespace syscarve {
namespace {

TEST(ImageDocuments, NullIsNothing) {
  const auto config =
      ParseImageConfig(R"({"config":{"Env":null,"Labels":null,"User":""},"history":null,"rootfs":null})");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_TRUE(config->environment.empty());
  EXPECT_TRUE(config->history.empty());
  EXPECT_TRUE(config->diff_ids.empty());
}

TEST(ImageDocuments, AHealthCheckOfNoneIsNone) {
  EXPECT_TRUE(ParseImageConfig(R"({"config":{"Healthcheck":{"Test":["CMD","x"]}}})")->has_health_check);
  EXPECT_FALSE(ParseImageConfig(R"({"config":{"Healthcheck":{"Test":["NONE"]}}})")->has_health_check);
  EXPECT_FALSE(ParseImageConfig(R"({"config":{"Healthcheck":{}}})")->has_health_check);
}

TEST(ImageDocuments, ABlobIsNamedByItsDigestAlone) {
  EXPECT_EQ(BlobName("sha256:" + std::string(64, 'a')), "blobs/sha256/" + std::string(64, 'a'));
  EXPECT_EQ(BlobName("sha256:" + std::string(63, 'a')), std::nullopt);
  EXPECT_EQ(BlobName("sha512:" + std::string(64, 'a')), std::nullopt);
  EXPECT_EQ(BlobName("sha256:../../../../../../../../../../../../../../../../../../../../../.."), std::nullopt);
}

TEST(ImageDocuments, OneOfAnotherFormIsAnError) {
  EXPECT_FALSE(ParseSavedImages(R"({"Config":"x"})").ok());
  EXPECT_FALSE(ParseSavedImages(R"([{"Layers":[]}])").ok());
  EXPECT_FALSE(ParseOciDocument(R"({"manifests":[{"size":1}]})").ok());
  EXPECT_FALSE(ParseImageConfig(R"({"config":{"Env":"A=1"}})").ok());
}

}  // namespace
}  // namespace syscarve
