// SPDX-License-Identifier: Apache-2.0
// One layer of an image, or a whole root folder: its files and the findings about them. A layer is scanned without the
// others: its files may be removed by higher ones.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/image/archive.h"
#include "userspace/image/byte_source.h"
#include "userspace/image/findings.h"
#include "userspace/image/path_index.h"
#include "userspace/image/secrets.h"

namespace syscarve {

struct LayerContents {
  PathIndex index;
  LinkTargets links;
  std::vector<ImageFinding> findings;
  std::map<std::string, uint64_t> unlisted;     // By rule: the number of findings beyond the limit.
  std::map<std::string, std::string> packages;  // Lists of packages' files, by their path.
  uint64_t files = 0;
  uint64_t bytes = 0;      // Uncompressed.
  uint64_t texts_cut = 0;  // Texts of which only the beginning was searched.
  uint64_t unread = 0;     // Files that could not be opened.
  bool lists_cut = false;  // Lists or links are missing because their limit was reached.
  std::string digest;      // Of the layer as stored; "" if it is not stored as a file.
  std::string diff_id;     // Of the uncompressed layer.
  absl::Status status;     // Why it was not read to its end.
};

// Fills a LayerContents, file by file.
class LayerScanner {
 public:
  // All references must outlive it. `keep_packages`: keep lists of packages. `has_whiteouts`: names of whiteouts remove
  // files of lower layers; otherwise they are ordinary names.
  LayerScanner(const SecretFinder& secrets, ScanBudget& budget, bool keep_packages, LayerContents& contents,
               bool has_whiteouts = true)
      : secrets_(secrets),
        budget_(budget),
        keep_packages_(keep_packages),
        has_whiteouts_(has_whiteouts),
        contents_(contents) {}

  // Scans a file. `content` returns the bytes of a regular file; only as many as needed are read. An error is the
  // source's.
  absl::Status Take(const FileEntry& entry, const ByteSource& content);
  // Call after the last file.
  void Finish() { contents_.index.Finish(); }

 private:
  void Report(ImageFinding finding);
  bool TakeWhiteout(const std::string& path, const FileEntry& entry);
  void CheckNames(const FileEntry& entry, const std::string& path);
  void CheckMode(const FileEntry& entry, const std::string& path);
  void CheckDevice(const FileEntry& entry, const std::string& path);
  void CheckCapability(const FileEntry& entry, const std::string& path);
  void CheckTools(const std::string& path);
  absl::Status CheckContent(const FileEntry& entry, const std::string& path, const ByteSource& content);
  void CheckText(const std::string& path, std::string_view text, bool cut);
  void CheckFileRules(const std::string& path, std::string_view text);
  void CheckSudoers(const std::string& path, std::string_view text);
  void KeepLink(const std::string& path, const std::string& target);
  bool TakeRoom(size_t bytes);

  const SecretFinder& secrets_;
  ScanBudget& budget_;
  const bool keep_packages_;
  const bool has_whiteouts_;
  LayerContents& contents_;
  std::map<std::string, size_t> listed_;
};

// Scans a stored layer: its size and digests, its content, and in `status` whether all of it could be read.
LayerContents ScanLayer(ByteSource stored, const SecretFinder& secrets, ScanBudget& budget, bool keep_packages);

// The finding of a secret; `where` is the file, the variable or the line of history.
ImageFinding SecretFinding(const SecretHit& hit, std::string path, std::string_view where);

}  // namespace syscarve
