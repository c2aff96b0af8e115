// SPDX-License-Identifier: Apache-2.0
// Archives that nobody makes by accident, and honest ones that were damaged: what comes of them is a finding or an
// error, within bounds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/image/made_images.h"

namespace syscarve {
namespace {

using testing::HasSubstr;

MadeImage WithLayer(std::vector<MadeFile> files, Packing packing = Packing::kPlain) {
  MadeImage image;
  image.packing = packing;
  image.layers.push_back(std::move(files));
  return image;
}

// The image whose first layer, as it is stored, was replaced.
absl::StatusOr<ScannedImage> WithStoredLayer(const std::string& bytes, ScanOptions options = {}) {
  std::vector<MadeFile> parts = OldDockerParts(WithLayer({ElfFile("usr/bin/web", 04755)}));
  parts.front().content = bytes;
  return ScanTar(MakeTar(parts), options);
}

void ExpectNotScanned(const absl::StatusOr<ScannedImage>& image, const std::string& why) {
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_FALSE(image->complete);
  const ImageFinding* const found = FindRule(*image, "not-scanned");
  ASSERT_NE(found, nullptr) << Listing(*image);
  EXPECT_THAT(found->message, HasSubstr(why));
  EXPECT_GE(found->severity, Severity::kHigh);
}

TEST(DamagedArchive, ALayerThatEndsTooSoonIsNotScanned) {
  const std::string file(100'000, 'x');
  const std::string gzip = MakeTar({{.path = "a", .content = file}, ElfFile("b")}, Packing::kGzip);
  ExpectNotScanned(WithStoredLayer(gzip.substr(0, gzip.size() / 2)), "runcated");
  const std::string plain = MakeTar({{.path = "a", .content = file}});
  ExpectNotScanned(WithStoredLayer(plain.substr(0, 50'000)), "runcated");
}

TEST(DamagedArchive, ALayerInAnUnknownCompressionIsNotScanned) {
  ExpectNotScanned(WithStoredLayer("\x04\x22\x4d\x18" + std::string(4000, 'z')), "");
  ExpectNotScanned(WithStoredLayer("short"), "");
}

TEST(DamagedArchive, ALayerThatIsMissingIsNotScanned) {
  std::vector<MadeFile> parts = OldDockerParts(WithLayer({ElfFile("usr/bin/web")}));
  parts.erase(parts.begin());
  ExpectNotScanned(ScanTar(MakeTar(parts)), "no part");
}

TEST(DamagedArchive, CompressionWithinCompressionIsRefused) {
  const std::string once = MakeTar({ElfFile("usr/bin/web")}, Packing::kGzip);
  std::string twice;
  archive* const writer = archive_write_new();
  archive_write_set_format_raw(writer);
  archive_write_add_filter_gzip(writer);
  archive_write_open2(writer, &twice, nullptr, AppendTo, nullptr, nullptr);
  AddFile(writer, {.path = "x", .content = once});
  archive_write_close(writer);
  archive_write_free(writer);
  ExpectNotScanned(WithStoredLayer(twice), "more than once");
}

TEST(DamagedArchive, ATarBombIsStoppedEarly) {
  const std::string bomb = MakeTar({{.path = "zeros", .content = std::string(64 << 20, '\0')}}, Packing::kGzip);
  ASSERT_LT(bomb.size(), 100'000U);
  ScanOptions options;
  options.limits.bomb_bytes = 1 << 20;
  ExpectNotScanned(WithStoredLayer(bomb, options), "fill a disk");
  options = {};
  options.limits.bytes = 8 << 20;
  ExpectNotScanned(WithStoredLayer(bomb, options), "the most that is read");
}

TEST(DamagedArchive, MoreFilesThanAreReadIsAnError) {
  std::vector<MadeFile> files;
  for (int i = 0; i < 2000; ++i) files.push_back({.path = "f" + std::to_string(i)});
  ScanOptions options;
  options.limits.entries = 1000;
  const auto image = ScanTar(MakeTar(OldDockerParts(WithLayer(files))), options);
  EXPECT_EQ(image.status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(DamagedArchive, MoreFindingsThanAreKeptAreCounted) {
  std::vector<MadeFile> files;
  for (int i = 0; i < 1500; ++i) files.push_back({.path = "f" + std::to_string(i), .mode = S_IFREG | 0666});
  const auto image = ScanTar(MakeTar(OldDockerParts(WithLayer(files))));
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_THAT(Listing(*image), HasSubstr("has 500 more of these"));
}

TEST(DamagedArchive, NamesThatLeadOutAreToldAndGoNowhere) {
  const auto image = ScanTar(MakeTar(OldDockerParts(WithLayer({
      {.path = "../../etc/passwd", .content = "x"},
      {.path = "a/../../b", .content = "x"},
      {.path = "link", .hard_link = "../../../etc/shadow"},
      {.path = "esc\x1b[31m", .content = "x"},
  }))));
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_NE(FindRule(*image, "path-out-of-image"), nullptr);
  EXPECT_NE(FindRule(*image, "link-out-of-image"), nullptr);
  EXPECT_NE(FindRule(*image, "odd-name"), nullptr);
  EXPECT_EQ(image->layers.front().contents.files, 4U);
}

TEST(DamagedArchive, DocumentsThatAreNoneAreErrors) {
  for (const std::string& text :
       {std::string("[]"), std::string("[{"), std::string("{}"), std::string("[{\"Config\":1}]"), std::string(100, '['),
        std::string("[{\"Config\":\"none.json\",\"Layers\":null}]")}) {
    std::vector<MadeFile> parts = OldDockerParts(WithLayer({ElfFile("a")}));
    parts.back().content = text;
    EXPECT_FALSE(ScanTar(MakeTar(parts)).ok()) << text;
  }
  // An index that is its own manifest.
  std::string index = R"({"manifests":[{"digest":"sha256:)" + std::string(64, '0') + "\"}]}";
  EXPECT_FALSE(ScanTar(MakeTar({{.path = "index.json", .content = index}})).ok());
  index = R"({"manifests":[{"digest":"sha256:../../../etc/passwd"}]})";
  EXPECT_FALSE(ScanTar(MakeTar({{.path = "index.json", .content = index}})).ok());
}

TEST(DamagedArchive, ManyPartsAreRefused) {
  std::vector<MadeFile> parts;
  for (int i = 0; i < 5000; ++i) parts.push_back({.path = Concat("d", i, ".json"), .content = "{}"});
  EXPECT_EQ(ScanTar(MakeTar(parts)).status().code(), absl::StatusCode::kResourceExhausted);
}

// Whatever becomes of the bytes, the scan ends, and does not read or write where it may not: the sanitizers watch.
TEST(DamagedArchive, CutsAndFlippedBitsEndInAnAnswer) {
  MadeImage image = WithLayer({Folder("etc"),
                               ElfFile("usr/bin/su", 04755),
                               {.path = "etc/motd", .content = std::string(3000, 'm')},
                               {.path = "bin", .link = "usr/bin"},
                               {.path = "etc/.wh.old"}});
  std::mt19937 random(20261129);  // NOLINT(cert-msc51-cpp)
  for (const Packing packing : {Packing::kPlain, Packing::kGzip, Packing::kZstd}) {
    image.packing = packing;
    for (const auto& parts : {OldDockerParts(image), OciParts(image)}) {
      const std::string whole = MakeTar(parts);
      for (int round = 0; round < 60; ++round) {
        std::string damaged = whole;
        if (round % 3 == 0) damaged.resize(random() % whole.size());
        const size_t flips = damaged.empty() ? 0 : round % 3 == 0 ? 0 : 1 + random() % 16;
        for (size_t i = 0; i < flips; ++i) {
          damaged[random() % damaged.size()] ^= static_cast<char>(1 << random() % 8);
        }
        const absl::StatusOr<ScannedImage> scanned = ScanTar(damaged);
        EXPECT_TRUE(scanned.ok() || !scanned.status().message().empty());
      }
    }
  }
}

}  // namespace
}  // namespace syscarve
