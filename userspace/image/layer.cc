// SPDX-License-Identifier: Apache-2.0
#include "userspace/image/layer.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/text.h"
#include "userspace/image/digest.h"
#include "userspace/image/file_capability.h"
#include "userspace/model/capability.h"

namespace syscarve {
namespace {

// A file is regarded as text if its first bytes, as many as this, contain no NUL.
constexpr size_t kSniffedBytes = 8192;
constexpr size_t kMaxTextBytes = size_t{2} << 20;
constexpr size_t kMaxListBytes = size_t{16} << 20;
constexpr size_t kMostListed = 1000;  // For a rule in a layer.

std::string_view BaseName(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

std::string_view FolderName(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string Shown(std::string_view path) {
  return Concat("/", path);
}

bool IsType(const FileEntry& entry, unsigned type) {
  return (entry.mode & S_IFMT) == type;
}

bool IsRegular(const FileEntry& entry) {
  return IsType(entry, S_IFREG);
}

// Capabilities that are equivalent to root, or lead to it.
bool IsPowerful(int capability) {
  constexpr std::string_view kPowerful[] = {
      "CAP_CHOWN",     "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER",     "CAP_SETGID",    "CAP_SETUID",
      "CAP_SETPCAP",   "CAP_SYS_MODULE",   "CAP_SYS_RAWIO",       "CAP_SYS_PTRACE", "CAP_SYS_ADMIN", "CAP_SETFCAP",
      "CAP_MAC_ADMIN", "CAP_BPF",          "CAP_SYS_CHROOT",      "CAP_MKNOD"};
  return std::ranges::find(kPowerful, CapabilityName(capability)) != std::end(kPowerful);
}

// Capabilities of a packaged ping or web server.
bool IsModest(int capability) {
  const std::string name = CapabilityName(capability);
  return name == "CAP_NET_RAW" || name == "CAP_NET_BIND_SERVICE";
}

// The devices that an engine adds to every container by itself.
bool IsStandardDevice(const FileEntry& entry) {
  constexpr std::pair<uint64_t, uint64_t> kStandard[] = {{1, 3}, {1, 5}, {1, 7}, {1, 8},
                                                         {1, 9}, {5, 0}, {5, 1}, {5, 2}};
  return IsType(entry, S_IFCHR) &&
         std::ranges::find(kStandard, std::pair(entry.device_major, entry.device_minor)) != std::end(kStandard);
}

bool IsPackageManager(std::string_view name) {
  static const std::set<std::string_view> kNames = {
      "apt",    "apt-get", "aptitude", "dpkg", "apk",  "yum", "dnf",  "dnf5", "microdnf", "rpm",     "zypper",
      "pacman", "opkg",    "emerge",   "pip",  "pip3", "npm", "yarn", "gem",  "conda",    "composer"};
  return kNames.contains(name);
}

// "x86_64-linux-gnu-gcc-12" is gcc.
bool IsCompiler(std::string_view name) {
  static const std::set<std::string_view> kNames = {"gcc",   "cc", "g++",   "c++", "clang",  "clang++", "tcc",
                                                    "rustc", "go", "javac", "ld",  "ld.bfd", "as",      "gfortran"};
  const size_t dash = name.rfind('-');
  if (dash != std::string_view::npos && name.find_first_not_of("0123456789.", dash + 1) == std::string_view::npos) {
    name = name.substr(0, dash);
  }
  for (const std::string_view triple : {"-linux-gnu-", "-linux-gnueabihf-", "-linux-musl-"}) {
    const size_t at = name.find(triple);
    if (at != std::string_view::npos) name.remove_prefix(at + triple.size());
  }
  return kNames.contains(name);
}

bool IsFolderOfPrograms(std::string_view folder) {
  const std::string_view last = BaseName(folder);
  return last == "bin" || last == "sbin";
}

// The lists that image/packages.h reads.
bool IsPackageList(std::string_view path) {
  if (path == "lib/apk/db/installed" || path == "usr/lib/apk/db/installed") return true;
  return (path.starts_with("var/lib/dpkg/info/") && path.ends_with(".list")) ||
         (path.starts_with("var/lib/dpkg/status.d/") && path.ends_with(".md5sums"));
}

bool IsLibraryName(std::string_view name) {
  return name.ends_with(".so") || name.find(".so.") != std::string_view::npos;
}

uint8_t ExecutableBits(std::string_view path, std::string_view head) {
  if (head.starts_with("\x7f"
                       "ELF"))
    return IsLibraryName(BaseName(path)) ? kFileThere : kProgramThere;
  return head.starts_with("#!") ? kScriptThere : kFileThere;
}

std::string OwnerWords(const FileEntry& entry) {
  std::string words;
  if ((entry.mode & S_ISUID) != 0) words = entry.uid == 0 ? "root" : Concat("the user ", entry.uid);
  if ((entry.mode & S_ISGID) != 0) {
    words += Concat(words.empty() ? "" : " and ", entry.gid == 0 ? "the group root" : Concat("the group ", entry.gid));
  }
  return words;
}

}  // namespace

ImageFinding SecretFinding(const SecretHit& hit, std::string path, std::string_view where) {
  ImageFinding finding;
  finding.rule = Concat(kSecretPrefix, hit.rule->id);
  finding.severity = hit.encrypted ? std::min(hit.rule->severity, Severity::kLow) : hit.rule->severity;
  finding.message =
      Concat(hit.rule->summary, " is in ", where, hit.encrypted ? ", under a passphrase" : "", ": ", hit.shown, ".");
  finding.path = std::move(path);
  return finding;
}

void LayerScanner::Report(ImageFinding finding) {
  if (listed_[finding.rule] >= kMostListed || budget_.limits.findings == 0) {
    ++contents_.unlisted[finding.rule];
    return;
  }
  ++listed_[finding.rule];
  --budget_.limits.findings;
  contents_.findings.push_back(std::move(finding));
}

bool LayerScanner::TakeRoom(size_t bytes) {
  if (bytes > budget_.limits.kept_bytes) {
    contents_.lists_cut = true;
    return false;
  }
  budget_.limits.kept_bytes -= bytes;
  return true;
}

void LayerScanner::KeepLink(const std::string& path, const std::string& target) {
  constexpr size_t kNode = 64;  // Approximate size of the map's node.
  if (TakeRoom(path.size() + target.size() + kNode)) contents_.links.insert_or_assign(path, target);
}

bool LayerScanner::TakeWhiteout(const std::string& path, const FileEntry& entry) {
  constexpr std::string_view kPrefix = ".wh.";
  constexpr std::string_view kOpaqueName = ".wh..wh..opq";
  const std::string_view name = BaseName(path);
  const std::string_view folder = FolderName(path);
  if (name == kOpaqueName) {
    contents_.index.Add(folder, kOpaque);
    return true;
  }
  if (name.starts_with(kPrefix)) {
    // Other names with this prefix are AUFS's own, not files of the image.
    const std::string_view hidden = name.substr(kPrefix.size());
    if (!hidden.empty() && !hidden.starts_with(kPrefix)) {
      contents_.index.Add(Concat(folder, folder.empty() ? "" : "/", hidden), kWhiteout);
    }
    return true;
  }
  // overlayfs's own form of a whiteout.
  if (IsType(entry, S_IFCHR) && entry.device_major == 0 && entry.device_minor == 0) {
    contents_.index.Add(path, kWhiteout);
    return true;
  }
  return false;
}

void LayerScanner::CheckNames(const FileEntry& entry, const std::string& path) {
  const bool odd = std::ranges::any_of(path, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
  if (odd) Report(NewFinding("odd-name", path, Concat(Shown(path), " has a control character in its name.")));
  if (entry.is_hard_link && !NormalPath(entry.target).has_value()) {
    Report(NewFinding("link-out-of-image", path, Concat(Shown(path), " is a hard link to ", entry.target, ".")));
  }
}

void LayerScanner::CheckMode(const FileEntry& entry, const std::string& path) {
  const bool others_write = (entry.mode & S_IWOTH) != 0;
  if (IsType(entry, S_IFDIR)) {
    if (others_write && (entry.mode & S_ISVTX) == 0) {
      Report(NewFinding("world-writable-folder", path,
                        Concat("In ", Shown(path), " every user may replace the files of others.")));
    }
    return;
  }
  if (!IsRegular(entry)) return;
  const bool executable = (entry.mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
  if ((entry.mode & (S_ISUID | S_ISGID)) != 0 && executable) {
    ImageFinding finding =
        NewFinding("set-id", path, Concat(Shown(path), " runs as ", OwnerWords(entry), ", whoever starts it."));
    const bool as_root = (entry.mode & S_ISUID) != 0 && entry.uid == 0;
    if (!as_root) finding.severity = Severity::kLow;
    if (others_write) {
      finding.severity = Severity::kCritical;
      finding.message.pop_back();
      finding.message += ", and every user may write it.";
    }
    Report(std::move(finding));
  } else if (others_write) {
    ImageFinding finding =
        NewFinding("world-writable-file", path, Concat(Shown(path), " may be written by every user."));
    if (executable) finding.severity = Severity::kHigh;
    Report(std::move(finding));
  }
}

void LayerScanner::CheckDevice(const FileEntry& entry, const std::string& path) {
  if (!IsType(entry, S_IFCHR) && !IsType(entry, S_IFBLK)) return;
  const bool block = IsType(entry, S_IFBLK);
  ImageFinding finding = NewFinding("device-node", path,
                                    Concat(Shown(path), " is the ", block ? "block" : "character", " device ",
                                           entry.device_major, ":", entry.device_minor, "."));
  if (block) finding.severity = Severity::kHigh;
  if (IsStandardDevice(entry)) finding.severity = Severity::kNote;
  Report(std::move(finding));
}

void LayerScanner::CheckCapability(const FileEntry& entry, const std::string& path) {
  if (entry.capability.empty()) return;
  const std::optional<FileCapabilities> capabilities = DecodeFileCapabilities(entry.capability);
  if (!capabilities.has_value()) {
    Report(NewFinding("file-capability", path, Concat(Shown(path), " has capabilities in a form that is not known.")));
    return;
  }
  ImageFinding finding =
      NewFinding("file-capability", path, Concat(Shown(path), " is given ", FileCapabilityWords(*capabilities), "."));
  if (std::ranges::any_of(capabilities->permitted, IsPowerful)) finding.severity = Severity::kHigh;
  if (std::ranges::all_of(capabilities->permitted, IsModest)) finding.severity = Severity::kLow;
  Report(std::move(finding));
}

void LayerScanner::CheckTools(const std::string& path) {
  if (!IsFolderOfPrograms(FolderName(path))) return;
  const std::string_view name = BaseName(path);
  if (IsPackageManager(name)) {
    Report(NewFinding("package-manager", path, Concat(Shown(path), " is a package manager.")));
  } else if (IsCompiler(name)) {
    Report(NewFinding("compiler", path, Concat(Shown(path), " belongs to a compiler.")));
  }
}

void LayerScanner::CheckSudoers(const std::string& path, std::string_view text) {
  if (path != "etc/sudoers" && !path.starts_with("etc/sudoers.d/")) return;
  for (size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = TakeLine(text);
    const size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos || line[begin] == '#') continue;
    const bool passwordless = line.find("NOPASSWD") != std::string_view::npos ||
                              (line.find("Defaults") == begin && line.find("!authenticate") != std::string_view::npos);
    if (!passwordless) continue;
    ImageFinding finding =
        NewFinding("sudo-no-password", path, Concat(Shown(path), " lets a user run commands without a password."));
    finding.line = number;
    Report(std::move(finding));
  }
}

void LayerScanner::CheckFileRules(const std::string& path, std::string_view text) {
  for (const SecretFile* const rule : secrets_.FileRules(path)) {
    if (!SecretFinder::Holds(*rule, text)) continue;
    ImageFinding finding;
    finding.rule = Concat(kSecretPrefix, rule->id);
    finding.severity = rule->severity;
    finding.message = Concat(rule->summary, " is in the image: ", Shown(path), ".");
    finding.path = path;
    Report(std::move(finding));
    if (!rule->sets_variables) continue;
    secrets_.FindInVariables(text, [&](const SecretHit& hit) {
      ImageFinding variable = SecretFinding(hit, path, Shown(path));
      variable.line = hit.line;
      Report(std::move(variable));
    });
  }
}

void LayerScanner::CheckText(const std::string& path, std::string_view text, bool cut) {
  if (cut) ++contents_.texts_cut;
  secrets_.FindInText(text, [&](const SecretHit& hit) {
    ImageFinding finding = SecretFinding(hit, path, Shown(path));
    finding.line = hit.line;
    Report(std::move(finding));
  });
  CheckSudoers(path, text);
}

absl::Status LayerScanner::CheckContent(const FileEntry& entry, const std::string& path, const ByteSource& content) {
  const bool keep = keep_packages_ && IsPackageList(path);
  const size_t limit = keep ? kMaxListBytes : kMaxTextBytes;
  std::string text;
  bool sniffed = false;
  bool binary = false;
  bool cut = false;
  while (!binary) {
    SYSCARVE_ASSIGN_OR_RETURN(const std::string_view piece, content());
    if (piece.empty()) break;
    const size_t room = limit - text.size();
    text += piece.substr(0, room);
    if (!sniffed) {
      binary = text.find('\0') < kSniffedBytes;
      sniffed = text.size() >= kSniffedBytes;
    }
    if (piece.size() > room) {
      cut = true;
      break;
    }
  }
  if ((entry.mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0) {
    contents_.index.Add(path, ExecutableBits(path, text));
  } else {
    contents_.index.Add(path, kFileThere);
  }
  CheckFileRules(path, text);
  if (!binary) CheckText(path, text, cut);
  if (keep && !cut && TakeRoom(text.size() + path.size())) contents_.packages.insert_or_assign(path, std::move(text));
  if (keep && cut) contents_.lists_cut = true;
  return absl::OkStatus();
}

absl::Status LayerScanner::Take(const FileEntry& entry, const ByteSource& content) {
  ++contents_.files;
  const std::optional<std::string> normal = NormalPath(entry.path);
  if (!normal.has_value()) {
    const bool nameless = entry.path.empty();
    Report(NewFinding(nameless ? "odd-name" : "path-out-of-image", "",
                      nameless ? std::string("A file has no name that can be read.")
                               : Concat("A layer has a file called ", entry.path, ".")));
    return absl::OkStatus();
  }
  const std::string& path = *normal;
  if (has_whiteouts_ && TakeWhiteout(path, entry)) return absl::OkStatus();
  CheckNames(entry, path);
  CheckMode(entry, path);
  CheckDevice(entry, path);
  if (IsRegular(entry)) {
    CheckCapability(entry, path);
    CheckTools(path);
    if (!entry.is_hard_link) return CheckContent(entry, path, content);
    // The link's target determines its kind; a program may be executed by either name.
    contents_.index.Add(path, (entry.mode & S_IXUSR) != 0 ? kProgramThere : kFileThere);
    return absl::OkStatus();
  }
  if (IsType(entry, S_IFLNK)) {
    contents_.index.Add(path, kLinkThere);
    KeepLink(path, entry.target);
  } else {
    contents_.index.Add(path, IsType(entry, S_IFDIR) ? kFolderThere : kFileThere);
  }
  return absl::OkStatus();
}

LayerContents ScanLayer(ByteSource stored, const SecretFinder& secrets, ScanBudget& budget, bool keep_packages) {
  LayerContents contents;
  Sha256 digest;
  Sha256 diff;
  const auto source = [&]() -> absl::StatusOr<std::string_view> {
    SYSCARVE_ASSIGN_OR_RETURN(const std::string_view piece, stored());
    digest.Add(piece);
    return piece;
  };
  const auto read = [&]() -> absl::Status {
    SYSCARVE_ASSIGN_OR_RETURN(const std::unique_ptr<Unpacker> unpacker, Unpacker::Open(source, budget));
    const auto plain = [&]() -> absl::StatusOr<std::string_view> {
      SYSCARVE_ASSIGN_OR_RETURN(const std::string_view piece, unpacker->Next());
      diff.Add(piece);
      contents.bytes += piece.size();
      return piece;
    };
    SYSCARVE_ASSIGN_OR_RETURN(const std::unique_ptr<TarReader> tar, TarReader::Open(plain, budget));
    LayerScanner scanner(secrets, budget, keep_packages, contents);
    FileEntry entry;
    while (true) {
      SYSCARVE_ASSIGN_OR_RETURN(const bool more, tar->Next(entry));
      if (!more) break;
      SYSCARVE_RETURN_IF_ERROR(scanner.Take(entry, [&] { return tar->Read(); }));
    }
    // Bytes after the end of the tar and of the compression are part of the digests.
    while (true) {
      SYSCARVE_ASSIGN_OR_RETURN(const std::string_view piece, plain());
      if (piece.empty()) return absl::OkStatus();
    }
  };
  contents.status = read();
  contents.index.Finish();
  while (contents.status.ok()) {
    const absl::StatusOr<std::string_view> piece = source();
    if (!piece.ok()) contents.status = piece.status();
    if (!piece.ok() || piece->empty()) break;
  }
  if (contents.status.ok()) {
    contents.digest = digest.FinishAsText();
    contents.diff_id = diff.FinishAsText();
  }
  return contents;
}

}  // namespace syscarve
