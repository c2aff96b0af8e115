// SPDX-License-Identifier: Apache-2.0
#include "userspace/image/path_index.h"

#include <algorithm>
#include <cstring>
#include <deque>

#include "userspace/base/concat.h"
#include "userspace/base/text.h"

namespace syscarve {
namespace {

constexpr uint64_t kBitsMask = 0xff;
// As the kernel's MAXSYMLINKS.
constexpr int kMostLinks = 40;
constexpr size_t kMostSteps = 4096;

// The paths of the folders above `path`, the highest first, and `path` itself.
template <typename Visit>
void ForEachPrefix(std::string_view path, Visit visit) {
  for (size_t end = path.find('/'); end != std::string_view::npos; end = path.find('/', end + 1)) {
    visit(path.substr(0, end), false);
  }
  visit(path, true);
}

}  // namespace

std::optional<std::string> NormalPath(std::string_view path) {
  if (path.empty()) return std::nullopt;
  std::string normal;
  for (const std::string_view part : SplitNonEmpty(path, '/')) {
    if (part == ".") continue;
    if (part == "..") return std::nullopt;
    normal += Concat(normal.empty() ? "" : "/", part);
  }
  return normal;
}

PathIndex::Entry PathIndex::Key(std::string_view path) {
  thread_local Sha256 digest;
  digest.Add(path);
  const Sha256::Bytes bytes = digest.Finish();
  Entry entry;
  std::memcpy(entry.data(), bytes.data(), sizeof(entry));
  entry[1] &= ~kBitsMask;
  return entry;
}

void PathIndex::Add(std::string_view path, uint8_t bits) {
  Entry entry = Key(path);
  entry[1] |= bits;
  entries_.push_back(entry);
}

void PathIndex::Finish() {
  std::ranges::sort(entries_);
  size_t kept = 0;
  for (size_t i = 0; i < entries_.size(); ++i) {
    Entry& last = entries_[kept == 0 ? 0 : kept - 1];
    if (kept > 0 && last[0] == entries_[i][0] && ((last[1] ^ entries_[i][1]) & ~kBitsMask) == 0) {
      last[1] |= entries_[i][1] & kBitsMask;
    } else {
      entries_[kept++] = entries_[i];
    }
  }
  entries_.resize(kept);
  entries_.shrink_to_fit();
}

uint8_t PathIndex::Find(std::string_view path) const {
  const Entry key = Key(path);
  const auto found = std::ranges::lower_bound(entries_, key);
  if (found == entries_.end() || (*found)[0] != key[0] || ((*found)[1] & ~kBitsMask) != key[1]) return 0;
  return static_cast<uint8_t>((*found)[1] & kBitsMask);
}

bool Overlay::Hides(size_t layer, std::string_view path, bool same_path_hides) const {
  bool hidden = false;
  ForEachPrefix(path, [&](std::string_view prefix, bool whole) {
    if (hidden) return;
    const uint8_t bits = layers_[layer].index->Find(prefix);
    if ((bits & kWhiteout) != 0) hidden = true;
    if (whole) {
      if (same_path_hides && (bits & kAnythingThere) != 0) hidden = true;
    } else if ((bits & kOpaque) != 0 || (bits & kAnythingThere & ~kFolderThere) != 0) {
      hidden = true;
    }
  });
  // The root folder can be opaque, too.
  return hidden || (!path.empty() && (layers_[layer].index->Find("") & kOpaque) != 0);
}

bool Overlay::Visible(size_t layer, std::string_view path) const {
  for (size_t above = layer + 1; above < layers_.size(); ++above) {
    if (Hides(above, path, /*same_path_hides=*/true)) return false;
  }
  return true;
}

uint8_t Overlay::Find(std::string_view path) const {
  for (size_t layer = layers_.size(); layer-- > 0;) {
    const uint8_t bits = layers_[layer].index->Find(path);
    if ((bits & kAnythingThere) != 0) return bits & kAnythingThere;
    if (Hides(layer, path, /*same_path_hides=*/false)) return 0;
  }
  return 0;
}

const std::string* Overlay::LinkAt(std::string_view path) const {
  for (size_t layer = layers_.size(); layer-- > 0;) {
    const uint8_t bits = layers_[layer].index->Find(path);
    if ((bits & kAnythingThere) == 0) {
      if (Hides(layer, path, /*same_path_hides=*/false)) return nullptr;
      continue;
    }
    if ((bits & kLinkThere) == 0) return nullptr;
    const auto found = layers_[layer].links->find(std::string(path));
    return found != layers_[layer].links->end() ? &found->second : nullptr;
  }
  return nullptr;
}

std::optional<std::string> Overlay::Resolve(std::string_view path) const {
  std::deque<std::string> todo;
  for (const std::string_view part : SplitNonEmpty(path, '/')) todo.emplace_back(part);
  std::vector<std::string> done;
  int links = 0;
  size_t steps = 0;
  while (!todo.empty()) {
    if (++steps > kMostSteps) return std::nullopt;
    const std::string part = std::move(todo.front());
    todo.pop_front();
    if (part == ".") continue;
    if (part == "..") {
      if (!done.empty()) done.pop_back();  // ".." of the root is the root.
      continue;
    }
    std::string here;
    for (const std::string& above : done) here += above + "/";
    here += part;
    const std::string* const target = LinkAt(here);
    if (target == nullptr) {
      done.push_back(part);
      continue;
    }
    if (++links > kMostLinks) return std::nullopt;
    if (target->starts_with('/')) done.clear();
    const std::vector<std::string_view> parts = SplitNonEmpty(*target, '/');
    for (auto at = parts.rbegin(); at != parts.rend(); ++at) todo.emplace_front(*at);
  }
  std::string resolved;
  for (const std::string& part : done) resolved += Concat(resolved.empty() ? "" : "/", part);
  if (Find(resolved) == 0) return std::nullopt;
  return resolved;
}

}  // namespace syscarve
