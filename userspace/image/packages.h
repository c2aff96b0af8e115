// SPDX-License-Identifier: Apache-2.0
// Which files belong to which package, by what the package manager of the image has written down: dpkg's
// /var/lib/dpkg/info/*.list and, in images without a package manager, status.d/*.md5sums; apk's /lib/apk/db/installed.
// Others are not known.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/image/scan.h"

namespace syscarve {

class PackageFiles {
 public:
  // Of an image that was scanned with `keep_packages`, and must outlive this.
  explicit PackageFiles(const ScannedImage& image);

  bool empty() const { return files_.empty(); }
  const std::map<std::string, std::vector<std::string_view>, std::less<>>& all() const { return files_; }
  // The paths of its files, without a slash in front and as the package spells them, which may lead through links;
  // nullptr for a package that is not there.
  const std::vector<std::string_view>* Find(std::string_view package) const;
  // The package that has this file, by a path as the image resolves it; "".
  std::string_view OwnerOf(const std::string& resolved) const;

 private:
  void TakeDpkgList(std::string_view path, std::string_view text);
  void TakeChecksums(std::string_view path, std::string_view text);
  void TakeApk(std::string_view text);
  // Programs alone: of other files nobody asks.
  void FindOwners(const Overlay& view);

  std::map<std::string, std::vector<std::string_view>, std::less<>> files_;
  std::vector<std::string> made_;  // Of paths that no list spells in one piece.
  std::map<std::string, std::string_view> owners_;
};

}  // namespace syscarve
