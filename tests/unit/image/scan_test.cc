// SPDX-License-Identifier: Apache-2.0
// Everything that can be planted in an image is found, in every form that images come in.
#include "userspace/image/scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/image/made_images.h"

namespace syscarve {
namespace {

const std::string kToken = Concat("ghp_", "0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uVwXy");

std::string PrivateKey() {
  std::string key = "-----BEGIN RSA PRIVATE KEY-----\n";
  for (int i = 0; i < 4; ++i) key += "MIIEpAIBAAKCAQEA0Zq7rT8vWxYz1A2B3C4D5E6F7G8H9IaJbKcLdMeNfOgPhQiR\n";
  return key + "-----END RSA PRIVATE KEY-----\n";
}

// One of each kind.
MadeImage Planted(Packing packing = Packing::kPlain) {
  MadeImage image;
  image.packing = packing;
  image.layers.push_back({
      Folder("etc"),
      Folder("usr/bin"),
      ElfFile("usr/bin/su", 04755),
      ElfFile("usr/bin/wall", 02755),
      ElfFile("usr/bin/open", 04777),
      {.path = "usr/bin/ping",
       .content = std::string("\x7f"
                              "ELF\0",
                              5),
       .mode = S_IFREG | 0755,
       .capability = CapabilityBytes(1ULL << 13)},
      {.path = "usr/bin/root",
       .content = std::string("\x7f"
                              "ELF\0",
                              5),
       .mode = S_IFREG | 0755,
       .capability = CapabilityBytes(1ULL << 7)},
      {.path = "srv/state", .content = "x", .mode = S_IFREG | 0666},
      Folder("srv/drop", 0777),
      Folder("tmp", 01777),
      {.path = "dev/sda", .mode = S_IFBLK | 0600, .device_major = 8},
      {.path = "dev/null", .mode = S_IFCHR | 0666, .device_major = 1, .device_minor = 3},
      {.path = "root/key.pem", .content = PrivateKey()},
      {.path = "root/gone.pem", .content = PrivateKey()},
      {.path = "root/.netrc", .content = "machine m login l password hunter2\n"},
      {.path = "srv/.env", .content = "A=1\nDB_PASSWORD=hunter2\n"},
      {.path = "root/.bash_history", .content = "ls\nexport API_TOKEN=abc123def\n"},
      {.path = "app/config.py", .content = Concat("# a\ntoken = '", kToken, "'\n")},
      {.path = "etc/sudoers.d/web", .content = "# none\nweb ALL=(ALL) NOPASSWD: ALL\n"},
      ElfFile("usr/bin/apt-get"),
      ElfFile("usr/bin/x86_64-linux-gnu-gcc-12"),
      {.path = "usr/bin/line\nbreak", .content = "x"},
  });
  image.layers.push_back({{.path = "root/.wh.gone.pem"}, {.path = "srv/state", .content = "x"}});
  image.config = R"("Env":["PATH=/bin","SECRET_KEY=abcdef123456"],"Healthcheck":{"Test":["NONE"]},
    "Labels":{"org.opencontainers.image.base.name":"docker.io/library/debian:12"})";
  image.history = R"([{"created_by":"ADD https://user:pw@example.com/x.tar?token=1 /x # buildkit"},
    {"created_by":"ARG NPM_TOKEN=qwertz","empty_layer":true},
    {"created_by":"RUN |1 NPM_TOKEN=qwertz /bin/sh -c npm ci # buildkit"}])";
  return image;
}

struct Expected {
  std::string_view rule;
  std::string_view path;
  Severity severity;
};

constexpr Expected kExpected[] = {
    {"set-id", "usr/bin/su", Severity::kMedium},
    {"set-id", "usr/bin/wall", Severity::kLow},
    {"set-id", "usr/bin/open", Severity::kCritical},
    {"file-capability", "usr/bin/ping", Severity::kLow},
    {"file-capability", "usr/bin/root", Severity::kHigh},
    {"world-writable-folder", "srv/drop", Severity::kMedium},
    {"device-node", "dev/sda", Severity::kHigh},
    {"device-node", "dev/null", Severity::kNote},
    {"secret-private-key", "root/key.pem", Severity::kHigh},
    {"secret-private-key", "root/gone.pem", Severity::kHigh},
    {"secret-netrc", "root/.netrc", Severity::kHigh},
    {"secret-env-file", "srv/.env", Severity::kLow},
    {"secret-variable", "srv/.env", Severity::kHigh},
    {"secret-variable", "root/.bash_history", Severity::kHigh},
    {"secret-github-token", "app/config.py", Severity::kCritical},
    {"sudo-no-password", "etc/sudoers.d/web", Severity::kHigh},
    {"package-manager", "usr/bin/apt-get", Severity::kLow},
    {"compiler", "usr/bin/x86_64-linux-gnu-gcc-12", Severity::kLow},
    {"odd-name", "usr/bin/line\nbreak", Severity::kMedium},
    {"runs-as-root", "", Severity::kMedium},
    {"no-health-check", "", Severity::kLow},
    {"base-not-pinned", "", Severity::kLow},
    {"add-url", "", Severity::kMedium},
};

void ExpectAllFound(const absl::StatusOr<ScannedImage>& image) {
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_TRUE(image->complete);
  for (const Expected& expected : kExpected) {
    const ImageFinding* const found = FindRule(*image, expected.rule, expected.path);
    ASSERT_NE(found, nullptr) << expected.rule << " " << expected.path << "\n" << Listing(*image);
    EXPECT_EQ(found->severity, expected.severity) << expected.rule << " " << expected.path;
  }
  EXPECT_TRUE(FindRule(*image, "secret-private-key", "root/gone.pem")->deleted);
  EXPECT_EQ(FindRule(*image, "secret-private-key", "root/gone.pem")->layer, 1U);
  EXPECT_FALSE(FindRule(*image, "secret-private-key", "root/key.pem")->deleted);
  EXPECT_EQ(FindRule(*image, "secret-github-token")->line, 2U);
  // The second layer has taken the permission away.
  EXPECT_EQ(FindRule(*image, "world-writable-file", "srv/state"), nullptr);
  EXPECT_EQ(FindRule(*image, "digest-mismatch"), nullptr);
  EXPECT_EQ(FindRule(*image, "world-writable-folder", "tmp"), nullptr);
  for (const ScannedLayer& layer : image->layers) EXPECT_EQ(layer.verified, true);
  // No secret is in any text.
  const std::string listing = Listing(*image);
  for (const std::string& secret : {kToken.substr(8), std::string("hunter2"), std::string("abcdef123456"),
                                    std::string("qwertz"), std::string("user:pw"), std::string("abc123def")}) {
    EXPECT_EQ(listing.find(secret), std::string::npos) << secret << "\n" << listing;
  }
  // ENV and ARG: one of the environment, two of the history.
  const auto config_secrets = std::ranges::count_if(image->findings, [](const ImageFinding& finding) {
    return finding.rule == "secret-variable" && finding.path.empty();
  });
  EXPECT_EQ(config_secrets, 3) << listing;
}

using Form = std::vector<MadeFile> (*)(const MadeImage&);

class EveryForm : public testing::TestWithParam<std::tuple<Form, Packing, Packing>> {};

TEST_P(EveryForm, HasAllThatIsPlanted) {
  const auto [form, packing, outer] = GetParam();
  ExpectAllFound(ScanTar(MakeTar(form(Planted(packing)), outer)));
}

INSTANTIATE_TEST_SUITE_P(Archives, EveryForm,
                         testing::Combine(testing::Values(&OldDockerParts, &NewDockerParts, &OciParts),
                                          testing::Values(Packing::kPlain, Packing::kGzip, Packing::kZstd,
                                                          Packing::kXz),
                                          testing::Values(Packing::kPlain, Packing::kGzip)));

class LayoutFolder : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "syscarve-layout-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
};

TEST_F(LayoutFolder, HasAllThatIsPlanted) {
  for (const Packing packing : {Packing::kPlain, Packing::kGzip, Packing::kZstd}) {
    std::filesystem::remove_all(folder_);
    WriteLayout(OciParts(Planted(packing)), folder_);
    ExpectAllFound(ScanImageLayout(folder_, {}));
  }
}

TEST_F(LayoutFolder, ABlobThatIsALinkIsNotFollowed) {
  const std::vector<MadeFile> parts = OciParts(Planted());
  WriteLayout(parts, folder_);
  const std::string layer = folder_ + "/" + parts.front().path;
  std::filesystem::rename(layer, folder_ + "/elsewhere");
  std::filesystem::create_symlink(folder_ + "/elsewhere", layer);
  const absl::StatusOr<ScannedImage> image = ScanImageLayout(folder_, {});
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_FALSE(image->complete);
  EXPECT_NE(FindRule(*image, "not-scanned"), nullptr);
}

TEST(Scan, AnHonestImageHasNothingAboveLow) {
  MadeImage made;
  made.layers.push_back(
      {Folder("usr/bin"), ElfFile("usr/bin/web"), {.path = "etc/web.conf", .content = "port = 80\n"}});
  const auto image = ScanTar(MakeTar(OciParts(made)));
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_TRUE(image->findings.empty()) << Listing(*image);
}

TEST(Scan, ALayerThatIsNotWhatItsNameSaysIsTold) {
  std::vector<MadeFile> parts = OciParts(Planted());
  parts.front().content = MakeTar({ElfFile("usr/bin/other")});
  const auto image = ScanTar(MakeTar(parts));
  ASSERT_TRUE(image.ok()) << image.status();
  const ImageFinding* const found = FindRule(*image, "digest-mismatch");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->severity, Severity::kCritical);
  EXPECT_EQ(image->layers.front().verified, false);
}

TEST(Scan, AManifestThatIsNotWhatTheIndexSaysIsAnError) {
  std::vector<MadeFile> parts = OciParts(Planted());
  for (MadeFile& part : parts) {
    if (part.content.find("\"layers\"") != std::string::npos) part.content += " ";
  }
  EXPECT_EQ(ScanTar(MakeTar(parts)).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(Scan, ALayerThatComesTwiceMayBeALink) {
  MadeImage made = Planted();
  made.layers.push_back(made.layers[1]);
  std::vector<MadeFile> parts = OldDockerParts(made);
  parts[2] = {.path = "layer2/layer.tar", .link = "../layer1/layer.tar"};
  const auto image = ScanTar(MakeTar(parts));
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_TRUE(image->complete) << Listing(*image);
  EXPECT_EQ(image->layers.size(), 3U);
}

TEST(Scan, OneOfSeveralImagesHasToBeChosen) {
  MadeImage made;
  made.layers.push_back({ElfFile("usr/bin/web")});
  std::vector<MadeFile> parts = OldDockerParts(made);
  std::string& manifest = parts.back().content;
  manifest = Concat("[", manifest.substr(1, manifest.size() - 2), ",", manifest.substr(1, manifest.size() - 2), "]");
  manifest.replace(manifest.rfind("web:1.0"), 7, "api:2.0");
  const auto several = ScanTar(MakeTar(parts));
  EXPECT_EQ(several.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(several.status().message(), testing::HasSubstr("web:1.0 and api:2.0"));
  ScanOptions options;
  options.reference = "api:2.0";
  const auto chosen = ScanTar(MakeTar(parts), options);
  ASSERT_TRUE(chosen.ok()) << chosen.status();
  EXPECT_EQ(chosen->references, std::vector<std::string>{"api:2.0"});
}

TEST(Scan, WhatBelongsToNoLayerIsLookedAtToo) {
  MadeImage made;
  made.layers.push_back({ElfFile("usr/bin/web")});
  std::vector<MadeFile> parts = OldDockerParts(made);
  parts.insert(parts.begin(),
               {.path = "left/layer.tar", .content = MakeTar({{.path = "key.pem", .content = PrivateKey()}})});
  const auto image = ScanTar(MakeTar(parts));
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_NE(FindRule(*image, "unused-part"), nullptr);
  const ImageFinding* const key = FindRule(*image, "secret-private-key");
  ASSERT_NE(key, nullptr);
  EXPECT_TRUE(key->deleted);
}

TEST(Scan, WhatIsNoImageIsSaidToBeNone) {
  const auto image = ScanTar(MakeTar({{.path = "etc/passwd", .content = "root"}}));
  EXPECT_EQ(image.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(image.status().message(), testing::HasSubstr("docker save"));
  EXPECT_FALSE(ScanTar("").ok());
  EXPECT_FALSE(ScanTar("hello").ok());
}

TEST(Scan, AttestationsOfABuildAreNoImages) {
  std::vector<MadeFile> parts = OciParts(Planted());
  for (MadeFile& part : parts) {
    if (part.path != "index.json") continue;
    const std::string attestation = Concat(R"({"digest":"sha256:)", std::string(64, 'a'),
                                           R"(","platform":{"architecture":"unknown","os":"unknown"}},)");
    part.content.insert(part.content.find("[") + 1, attestation);
  }
  ExpectAllFound(ScanTar(MakeTar(parts)));
}

TEST(Scan, OfSeveralPlatformsTheNativeOneIsTaken) {
  MadeImage arm;
  arm.layers.push_back({ElfFile("usr/bin/arm", 04755)});
  MadeImage amd;
  amd.layers.push_back({ElfFile("usr/bin/amd", 04755)});
  std::vector<MadeFile> parts = OciParts(arm);
  const std::vector<MadeFile> more = OciParts(amd);
  const auto manifest_of = [](const std::vector<MadeFile>& image, std::string_view architecture) {
    std::string text;
    for (const MadeFile& part : image) {
      if (part.content.find("\"layers\":[{") == std::string::npos) continue;
      text = Concat(R"({"digest":")", DigestOf(part.content), R"(","platform":{"os":"linux","architecture":")",
                    architecture, "\"}}");
    }
    return text;
  };
  const std::string index =
      Concat(R"({"manifests":[)", manifest_of(parts, "arm64"), ",", manifest_of(more, "amd64"), "]}");
  parts.insert(parts.end(), more.begin(), more.end());
  std::erase_if(parts, [](const MadeFile& part) { return part.path == "index.json"; });
  parts.push_back({.path = "index.json", .content = index});
  ScanOptions options;
  options.native = Abi::kX86_64;
  const auto image = ScanTar(MakeTar(parts), options);
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_NE(FindRule(*image, "set-id", "usr/bin/amd"), nullptr);
  EXPECT_EQ(FindRule(*image, "set-id", "usr/bin/arm"), nullptr);
  EXPECT_EQ(FindRule(*image, "unused-part"), nullptr);
  EXPECT_FALSE(image->not_known.empty());
}

}  // namespace
}  // namespace syscarve
