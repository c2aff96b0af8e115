// SPDX-License-Identifier: Apache-2.0
#include "userspace/image/packages.h"

#include <optional>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/text.h"

namespace syscarve {
namespace {

constexpr std::string_view kDpkgInfo = "var/lib/dpkg/info/";
constexpr std::string_view kDpkgStatus = "var/lib/dpkg/status.d/";

std::string_view WithoutSlash(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  return path;
}

}  // namespace

PackageFiles::PackageFiles(const ScannedImage& image) {
  const Overlay view = image.View();
  for (size_t i = 0; i < image.layers.size(); ++i) {
    for (const auto& [path, text] : image.layers[i].contents.packages) {
      if (!view.Visible(i, path)) continue;
      if (path.starts_with(kDpkgInfo)) {
        TakeDpkgList(path, text);
      } else if (path.starts_with(kDpkgStatus)) {
        TakeChecksums(path, text);
      } else {
        TakeApk(text);
      }
    }
  }
  FindOwners(view);
}

// "libssl3:amd64.list" is the list of libssl3.
void PackageFiles::TakeDpkgList(std::string_view path, std::string_view text) {
  std::string_view name = path.substr(kDpkgInfo.size());
  ConsumeSuffix(name, ".list");
  name = name.substr(0, name.find(':'));
  std::vector<std::string_view>& files = files_[std::string(name)];
  while (!text.empty()) {
    const std::string_view file = WithoutSlash(TakeLine(text));
    if (!file.empty() && file != ".") files.push_back(file);
  }
}

// "<md5>  usr/bin/openssl"
void PackageFiles::TakeChecksums(std::string_view path, std::string_view text) {
  std::string_view name = path.substr(kDpkgStatus.size());
  ConsumeSuffix(name, ".md5sums");
  std::vector<std::string_view>& files = files_[std::string(name)];
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    const size_t blank = line.find("  ");
    if (blank != std::string_view::npos) files.push_back(WithoutSlash(line.substr(blank + 2)));
  }
}

// "P:busybox", then "F:bin" for a folder and "R:busybox" for each file in it; an empty line ends the package.
void PackageFiles::TakeApk(std::string_view text) {
  size_t lines = 0;
  for (const char c : text) lines += c == '\n' ? 1 : 0;
  made_.reserve(made_.size() + lines + 1);  // The views below must stay valid.
  std::string name;
  std::string_view folder;
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    if (line.empty()) name.clear();
    if (line.starts_with("P:")) name = line.substr(2);
    if (line.starts_with("F:")) folder = line.substr(2);
    if (!line.starts_with("R:") || name.empty()) continue;
    made_.push_back(Concat(folder, folder.empty() ? "" : "/", line.substr(2)));
    files_[name].push_back(made_.back());
  }
}

void PackageFiles::FindOwners(const Overlay& view) {
  for (const auto& [package, files] : files_) {
    for (const std::string_view file : files) {
      const size_t slash = file.rfind('/');
      if (slash == std::string_view::npos || file.substr(0, slash).find("bin") == std::string_view::npos) continue;
      if (std::optional<std::string> path = view.Resolve(file)) owners_.emplace(*std::move(path), package);
    }
  }
}

const std::vector<std::string_view>* PackageFiles::Find(std::string_view package) const {
  const auto found = files_.find(package.substr(0, package.find(':')));
  return found != files_.end() ? &found->second : nullptr;
}

std::string_view PackageFiles::OwnerOf(const std::string& resolved) const {
  const auto found = owners_.find(resolved);
  return found != owners_.end() ? found->second : std::string_view();
}

}  // namespace syscarve
