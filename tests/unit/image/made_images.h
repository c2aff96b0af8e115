// SPDX-License-Identifier: Apache-2.0
// Images for tests, made in memory: layers by libarchive, in every form that engines and builders write.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/image/digest.h"
#include "userspace/image/scan.h"

namespace syscarve {

struct MadeFile {
  std::string path;
  std::string content = {};
  unsigned mode = S_IFREG | 0644;
  int64_t uid = 0;
  std::string link = {};       // Of a symbolic link.
  std::string hard_link = {};  // Of a hard link.
  unsigned device_major = 0;
  unsigned device_minor = 0;
  std::string capability = {};
};

enum class Packing { kPlain, kGzip, kZstd, kXz };

inline MadeFile Folder(std::string path, unsigned mode = 0755) {
  return {.path = std::move(path), .mode = S_IFDIR | mode};
}

inline MadeFile ElfFile(std::string path, unsigned mode = 0755) {
  return {.path = std::move(path),
          .content = std::string("\x7f"
                                 "ELF\0program",
                                 12),
          .mode = S_IFREG | mode};
}

inline la_ssize_t AppendTo(archive*, void* text, const void* bytes, size_t size) {
  static_cast<std::string*>(text)->append(static_cast<const char*>(bytes), size);
  return static_cast<la_ssize_t>(size);
}

inline void AddFile(archive* writer, const MadeFile& file) {
  archive_entry* const entry = archive_entry_new();
  archive_entry_set_pathname(entry, file.path.c_str());
  archive_entry_set_mode(entry, file.mode);
  archive_entry_set_uid(entry, file.uid);
  if (!file.link.empty()) {
    archive_entry_set_mode(entry, S_IFLNK | 0777);
    archive_entry_set_symlink(entry, file.link.c_str());
  }
  if (!file.hard_link.empty()) archive_entry_set_hardlink(entry, file.hard_link.c_str());
  archive_entry_set_rdevmajor(entry, file.device_major);
  archive_entry_set_rdevminor(entry, file.device_minor);
  const bool has_content = S_ISREG(file.mode) && file.hard_link.empty() && file.link.empty();
  archive_entry_set_size(entry, has_content ? static_cast<int64_t>(file.content.size()) : 0);
  if (!file.capability.empty()) {
    archive_entry_xattr_add_entry(entry, "security.capability", file.capability.data(), file.capability.size());
  }
  EXPECT_EQ(archive_write_header(writer, entry), ARCHIVE_OK) << file.path << ": " << archive_error_string(writer);
  if (has_content) archive_write_data(writer, file.content.data(), file.content.size());
  archive_entry_free(entry);
}

inline std::string MakeTar(const std::vector<MadeFile>& files, Packing packing = Packing::kPlain) {
  std::string text;
  archive* const writer = archive_write_new();
  archive_write_set_format_pax_restricted(writer);
  if (packing == Packing::kGzip) archive_write_add_filter_gzip(writer);
  if (packing == Packing::kZstd) archive_write_add_filter_zstd(writer);
  if (packing == Packing::kXz) archive_write_add_filter_xz(writer);
  archive_write_set_bytes_in_last_block(writer, 1);
  archive_write_open2(writer, &text, nullptr, AppendTo, nullptr, nullptr);
  for (const MadeFile& file : files) AddFile(writer, file);
  archive_write_close(writer);
  archive_write_free(writer);
  return text;
}

inline std::string DigestOf(std::string_view bytes) {
  Sha256 digest;
  digest.Add(bytes);
  return digest.FinishAsText();
}

inline std::string HexOf(std::string_view bytes) {
  return DigestOf(bytes).substr(7);
}

struct MadeImage {
  std::vector<std::vector<MadeFile>> layers;
  // Members of the configuration's "config", and its history.
  std::string config =
      R"("User":"web","Healthcheck":{"Test":["CMD","true"]},"Labels":{"org.opencontainers.image.base.name":"scratch"})";
  std::string history = "[]";
  Packing packing = Packing::kPlain;
};

inline std::string ConfigOf(const MadeImage& image) {
  std::string diff_ids;
  for (const std::vector<MadeFile>& layer : image.layers) {
    diff_ids += Concat(diff_ids.empty() ? "" : ",", "\"", DigestOf(MakeTar(layer)), "\"");
  }
  return Concat(R"({"architecture":"amd64","os":"linux","config":{)", image.config,
                R"(},"rootfs":{"type":"layers","diff_ids":[)", diff_ids, R"(]},"history":)", image.history, "}");
}

// As Docker before 25 wrote it, with the manifest behind the layers.
inline std::vector<MadeFile> OldDockerParts(const MadeImage& image) {
  const std::string config = ConfigOf(image);
  std::vector<MadeFile> parts;
  std::string layers;
  for (size_t i = 0; i < image.layers.size(); ++i) {
    const std::string name = Concat("layer", i, "/layer.tar");
    parts.push_back({.path = name, .content = MakeTar(image.layers[i], image.packing)});
    layers += Concat(layers.empty() ? "" : ",", "\"", name, "\"");
  }
  parts.push_back({.path = HexOf(config) + ".json", .content = config});
  parts.push_back({.path = "manifest.json",
                   .content = Concat(R"([{"Config":")", HexOf(config), R"(.json","RepoTags":["web:1.0"],"Layers":[)",
                                     layers, "]}]")});
  return parts;
}

inline std::vector<MadeFile> OciParts(const MadeImage& image) {
  std::vector<MadeFile> parts;
  const auto add = [&](const std::string& content) {
    parts.push_back({.path = "blobs/sha256/" + HexOf(content), .content = content});
    return Concat(R"({"mediaType":"application/x","digest":")", DigestOf(content), R"(","size":)", content.size(), "}");
  };
  std::string layers;
  for (const std::vector<MadeFile>& layer : image.layers) {
    layers += (layers.empty() ? "" : ",") + add(MakeTar(layer, image.packing));
  }
  const std::string config = add(ConfigOf(image));
  const std::string manifest = add(Concat(R"({"schemaVersion":2,"config":)", config, R"(,"layers":[)", layers, "]}"));
  parts.push_back({.path = "index.json", .content = Concat(R"({"schemaVersion":2,"manifests":[)", manifest, "]}")});
  parts.push_back({.path = "oci-layout", .content = R"({"imageLayoutVersion":"1.0.0"})"});
  return parts;
}

// As Docker from 25 on writes it: OCI's layout, and a manifest.json that names its blobs.
inline std::vector<MadeFile> NewDockerParts(const MadeImage& image) {
  std::vector<MadeFile> parts = OciParts(image);
  std::string layers;
  for (const std::vector<MadeFile>& layer : image.layers) {
    layers += Concat(layers.empty() ? "" : ",", "\"blobs/sha256/", HexOf(MakeTar(layer, image.packing)), "\"");
  }
  parts.push_back({.path = "manifest.json",
                   .content = Concat(R"([{"Config":"blobs/sha256/)", HexOf(ConfigOf(image)),
                                     R"(","RepoTags":["web:1.0"],"Layers":[)", layers, "]}]")});
  return parts;
}

inline void WriteLayout(const std::vector<MadeFile>& parts, const std::string& folder) {
  for (const MadeFile& part : parts) {
    const std::filesystem::path path = std::filesystem::path(folder) / part.path;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << part.content;
  }
}

inline absl::StatusOr<ScannedImage> ScanTar(std::string_view tar, ScanOptions options = {}) {
  return ScanImageArchive(TextSource(tar), options);
}

inline const ImageFinding* FindRule(const ScannedImage& image, std::string_view rule, std::string_view path = "") {
  const auto found = std::ranges::find_if(image.findings, [&](const ImageFinding& finding) {
    return finding.rule == rule && (path.empty() || finding.path == path);
  });
  return found != image.findings.end() ? &*found : nullptr;
}

// What stands in failures.
inline std::string Listing(const ScannedImage& image) {
  std::string text;
  for (const ImageFinding& finding : image.findings) {
    text += Concat(SeverityName(finding.severity), " ", finding.rule, " ", EscapeForTerminal(finding.path), " ",
                   EscapeForTerminal(finding.message), "\n");
  }
  return text;
}

// A file's capabilities as the kernel keeps them, revision 2.
inline std::string CapabilityBytes(uint64_t permitted, bool effective = true) {
  std::string bytes;
  const auto word = [&](uint32_t value) {
    for (int i = 0; i < 4; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
  };
  word(0x02000000 | (effective ? 1 : 0));
  word(static_cast<uint32_t>(permitted));
  word(0);
  word(static_cast<uint32_t>(permitted >> 32));
  word(0);
  return bytes;
}

}  // namespace syscarve
