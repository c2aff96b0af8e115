// SPDX-License-Identifier: Apache-2.0
// The files of each package, from the records of the image's package manager: dpkg's /var/lib/dpkg/info/*.list and, in
// images without a package manager, status.d/*.md5sums; apk's /lib/apk/db/installed. Others are not supported.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/image/scan.h"

namespace syscarve {

class PackageFiles {
 public:
  // `image` must have been scanned with `keep_packages`, and must outlive this.
  explicit PackageFiles(const ScannedImage& image);

  bool empty() const { return files_.empty(); }
  const std::map<std::string, std::vector<std::string_view>, std::less<>>& all() const { return files_; }
  // The paths of the package's files, without a leading slash and as the package spells them, which may lead through
  // links; nullptr if there is no such package.
  const std::vector<std::string_view>* Find(std::string_view package) const;
  // The package that this file belongs to, by a path as the image resolves it; "" for none.
  std::string_view OwnerOf(const std::string& resolved) const;

 private:
  void TakeDpkgList(std::string_view path, std::string_view text);
  void TakeChecksums(std::string_view path, std::string_view text);
  void TakeApk(std::string_view text);
  // Only for programs: owners of other files are never looked up.
  void FindOwners(const Overlay& view);

  std::map<std::string, std::vector<std::string_view>, std::less<>> files_;
  std::vector<std::string> made_;  // Storage of paths that are not contiguous in any list.
  std::map<std::string, std::string_view> owners_;
};

}  // namespace syscarve
