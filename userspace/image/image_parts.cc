// SPDX-License-Identifier: Apache-2.0
#include "userspace/image/image_parts.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/confined_file.h"
#include "userspace/base/escape.h"
#include "userspace/image/documents.h"

namespace syscarve {
namespace {

constexpr size_t kMostParts = 4096;
constexpr size_t kMostDocumentBytes = size_t{16} << 20;
constexpr size_t kTarMagicAt = 257;
constexpr size_t kTarHeadBytes = 512;

absl::Status NoSuchPart(std::string_view name) {
  return absl::NotFoundError(Concat("the image has no part ", EscapeForTerminal(name)));
}

bool IsPacked(std::string_view head) {
  return head.starts_with("\x1f\x8b") || head.starts_with("\x28\xb5\x2f\xfd") || head.starts_with("BZh") ||
         head.starts_with(std::string_view("\xfd"
                                           "7zXZ\0",
                                           6));
}

bool LooksLikeLayer(std::string_view head) {
  if (IsPacked(head)) return true;
  if (head.size() < kTarHeadBytes) return false;
  return head.substr(kTarMagicAt, 5) == "ustar" || head.find_first_not_of('\0') == std::string_view::npos;
}

bool LooksLikeDocument(std::string_view head) {
  const size_t begin = head.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && (head[begin] == '{' || head[begin] == '[');
}

// Names of parts, such as "blobs/sha256/0e1f…" and "0e1f….tar.gz".
bool IsNamedLikePart(std::string_view name) {
  return name.starts_with("blobs/") || name.ends_with(".tar") || name.ends_with(".tar.gz") || name.ends_with(".tgz");
}

class ArchiveParts : public ImageParts {
 public:
  ArchiveParts(const SecretFinder& secrets, ScanBudget& budget, bool keep_packages)
      : secrets_(secrets), budget_(budget), keep_packages_(keep_packages) {}

  absl::Status Read(ByteSource source) {
    SYSCARVE_ASSIGN_OR_RETURN(const std::unique_ptr<Unpacker> unpacker, Unpacker::Open(std::move(source), budget_));
    SYSCARVE_ASSIGN_OR_RETURN(const std::unique_ptr<TarReader> tar,
                              TarReader::Open([&] { return unpacker->Next(); }, budget_));
    FileEntry entry;
    while (true) {
      SYSCARVE_ASSIGN_OR_RETURN(const bool more, tar->Next(entry));
      if (!more) return absl::OkStatus();
      SYSCARVE_RETURN_IF_ERROR(Take(entry, *tar));
    }
  }

  std::string_view kind() const override { return Has("manifest.json") ? "docker-archive" : "oci-archive"; }
  bool Has(std::string_view name) const override {
    const std::string real = Real(name);
    return documents_.contains(real) || layers_.contains(real);
  }
  absl::StatusOr<std::string> Document(std::string_view name) override {
    const auto found = documents_.find(Real(name));
    if (found == documents_.end()) return NoSuchPart(name);
    return found->second;
  }
  LayerContents Layer(const std::string& name) override {
    const auto found = layers_.find(Real(name));
    if (found == layers_.end()) {
      LayerContents missing;
      missing.status = NoSuchPart(name);
      const auto unknown = unknown_.find(Real(name));
      if (unknown != unknown_.end())
        missing.status = absl::InvalidArgumentError("it is no tar, in no known compression");
      return missing;
    }
    used_.insert(found->first);
    return std::move(found->second);
  }
  std::string RealName(const std::string& name) const override { return Real(name); }
  std::vector<std::string> UnusedLayers() const override {
    std::vector<std::string> unused;
    for (const auto& [name, layer] : layers_) {
      if (!used_.contains(name)) unused.push_back(name);
    }
    return unused;
  }

 private:
  // Older engines write a repeated layer as a link to the first one.
  std::string Real(std::string_view name) const {
    std::string real = NormalPath(name).value_or(std::string());
    for (int i = 0; i < 8; ++i) {
      const auto link = links_.find(real);
      if (link == links_.end()) break;
      real = link->second;
    }
    return real;
  }

  void KeepLink(const std::string& name, const FileEntry& entry) {
    std::string target = entry.target;
    if (!entry.is_hard_link) {
      const size_t slash = name.rfind('/');
      std::string folder = slash == std::string::npos ? "" : name.substr(0, slash);
      while (target.starts_with("../")) {
        target = target.substr(3);
        const size_t above = folder.rfind('/');
        folder = above == std::string::npos ? "" : folder.substr(0, above);
      }
      target = Concat(folder, "/", target);
    }
    if (const std::optional<std::string> normal = NormalPath(target)) links_.insert_or_assign(name, *normal);
  }

  absl::Status Take(const FileEntry& entry, TarReader& tar) {
    const std::optional<std::string> name = NormalPath(entry.path);
    if (!name.has_value()) return absl::OkStatus();
    const unsigned type = entry.mode & S_IFMT;
    if (type == S_IFDIR) return absl::OkStatus();
    if (documents_.size() + layers_.size() + links_.size() + unknown_.size() >= kMostParts) {
      return absl::ResourceExhaustedError(Concat("it has more than ", kMostParts, " parts, the most that are read"));
    }
    if (entry.is_hard_link || type == S_IFLNK) {
      KeepLink(*name, entry);
      return absl::OkStatus();
    }
    if (type != S_IFREG) return absl::OkStatus();
    return TakePart(*name, tar);
  }

  absl::Status TakePart(const std::string& name, TarReader& tar) {
    std::string head;
    while (head.size() < kTarHeadBytes) {
      SYSCARVE_ASSIGN_OR_RETURN(const std::string_view piece, tar.Read());
      if (piece.empty()) break;
      head += piece;
    }
    const std::string_view sniffed = std::string_view(head).substr(0, kTarHeadBytes);
    const bool is_layer = LooksLikeLayer(sniffed);
    const bool is_document = !is_layer && LooksLikeDocument(sniffed);
    if (!is_layer && !is_document) {
      // A tar from before 1988 has no magic number.
      if (!IsNamedLikePart(name) || sniffed.size() < kTarHeadBytes) {
        if (IsNamedLikePart(name)) unknown_.insert(name);
        return absl::OkStatus();
      }
    }
    ByteSource content = Behind(std::move(head), [&tar]() -> absl::StatusOr<std::string_view> {
      SYSCARVE_ASSIGN_OR_RETURN(const std::string_view piece, tar.Read());
      if (tar.has_holes()) return absl::InvalidArgumentError("it is a sparse file, which no engine makes of a part");
      return piece;
    });
    if (is_document) return TakeDocument(name, content);
    layers_.insert_or_assign(name, ScanLayer(std::move(content), secrets_, budget_, keep_packages_));
    return absl::OkStatus();
  }

  absl::Status TakeDocument(const std::string& name, const ByteSource& content) {
    absl::StatusOr<std::string> text = ReadSource(content, kMaxDocumentBytes);
    // Manifests refer to no document as large as that; if one does, the missing part is reported then.
    if (absl::IsResourceExhausted(text.status())) return absl::OkStatus();
    if (!text.ok()) return text.status();
    document_bytes_ += text->size();
    if (document_bytes_ > kMostDocumentBytes) {
      return absl::ResourceExhaustedError(
          Concat("its documents are larger than ", kMostDocumentBytes, " bytes, the most that is read"));
    }
    documents_.insert_or_assign(name, *std::move(text));
    return absl::OkStatus();
  }

  const SecretFinder& secrets_;
  ScanBudget& budget_;
  const bool keep_packages_;
  std::map<std::string, std::string> documents_;
  std::map<std::string, LayerContents> layers_;
  std::map<std::string, std::string> links_;
  std::set<std::string> unknown_;
  std::set<std::string> used_;
  size_t document_bytes_ = 0;
};

class FolderParts : public ImageParts {
 public:
  FolderParts(std::string folder, const SecretFinder& secrets, ScanBudget& budget, bool keep_packages)
      : folder_(std::move(folder)), secrets_(secrets), budget_(budget), keep_packages_(keep_packages) {}

  std::string_view kind() const override { return "oci-layout"; }
  bool Has(std::string_view name) const override { return OpenConfinedFile(folder_, std::string(name)).ok(); }
  absl::StatusOr<std::string> Document(std::string_view name) override {
    return ReadConfinedFile(folder_, std::string(name), kMaxDocumentBytes);
  }
  LayerContents Layer(const std::string& name) override {
    absl::StatusOr<UniqueFd> fd = OpenConfinedFile(folder_, name);
    if (fd.ok()) return ScanLayer(FileSource(*std::move(fd), name), secrets_, budget_, keep_packages_);
    LayerContents missing;
    missing.status = fd.status();
    return missing;
  }

 private:
  const std::string folder_;
  const SecretFinder& secrets_;
  ScanBudget& budget_;
  const bool keep_packages_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ImageParts>> ReadImageArchive(ByteSource source, const SecretFinder& secrets,
                                                             ScanBudget& budget, bool keep_packages) {
  auto parts = std::make_unique<ArchiveParts>(secrets, budget, keep_packages);
  SYSCARVE_RETURN_IF_ERROR(parts->Read(std::move(source)));
  return std::unique_ptr<ImageParts>(std::move(parts));
}

std::unique_ptr<ImageParts> OpenImageLayout(std::string folder, const SecretFinder& secrets, ScanBudget& budget,
                                            bool keep_packages) {
  return std::make_unique<FolderParts>(std::move(folder), secrets, budget, keep_packages);
}

}  // namespace syscarve
