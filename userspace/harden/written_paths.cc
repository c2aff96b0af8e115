// SPDX-License-Identifier: Apache-2.0
#include "userspace/harden/written_paths.h"

#include <algorithm>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/paths.h"

namespace syscarve {
namespace {

// This many directories with one parent are replaced by the parent.
constexpr size_t kMostSiblings = 6;

std::string ParentOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 || slash == path.npos ? "/" : path.substr(0, slash);
}

// The first `parts` components of `path` after `directory`, which contains it.
std::string Below(const std::string& path, const std::string& directory, size_t parts) {
  size_t end = directory == "/" ? 0 : directory.size();
  for (; parts > 0 && end < path.size(); --parts) {
    const size_t next = path.find('/', end + 1);
    end = next == path.npos ? path.size() : next;
  }
  return end == 0 ? "/" : path.substr(0, end);
}

bool IsWithinAny(const std::string& path, const std::set<std::string>& directories) {
  return std::ranges::any_of(directories, [&](const std::string& one) { return IsWithin(path, one); });
}

FileUses AllUses(const UsedFile& file) {
  FileUses all;
  for (const auto& [program, uses] : file.uses) all |= uses;
  return all;
}

class Finder {
 public:
  Finder(const HardeningEvidence& evidence, const DirectoryRules& rules, const std::optional<std::string>& user,
         bool all_mounts)
      : evidence_(evidence), rules_(rules), user_(user), all_mounts_(all_mounts) {
    for (const auto& [used, file] : evidence.files) {
      if (!file.mount.empty() && file.mount != "/") mounts_.insert(file.mount);
      const bool made = file.kind == FileKind::kDirectory && !used.others && AllUses(file).has(FileUse::kCreated);
      if (made) made_.insert(Resolved(used.path));
      if (made && (AllUses(file).has(FileUse::kChanged) || !MayBeOfRoot(file)))
        made_otherwise_.insert(Resolved(used.path));
    }
  }

  WrittenPaths Find() {
    for (const auto& [used, file] : evidence_.files) {
      const std::string path = Resolved(used.path);
      if (IsChanged(file) && IsOnRoot(path, file)) Add(path, used.others, file);
    }
    Gather();
    for (auto& [directory, written] : result_.writable) {
      LookInto(directory, written);
      if (!written.directory.volume && !made_.contains(directory)) SetOwner(directory, written);
    }
    PutIntoVolumes();
    return std::move(result_);
  }

 private:
  std::string Resolved(const std::string& path) const {
    for (const auto& [from, to] : rules_.links) {
      if (IsWithin(path, from)) return to + path.substr(from.size());
    }
    return path;
  }

  // A device, a pipe or a socket is writable even on a read-only file system.
  static bool IsChanged(const UsedFile& file) {
    const FileUses uses = AllUses(file);
    const bool is_data = file.kind == FileKind::kUnknown || file.kind == FileKind::kRegular ||
                         file.kind == FileKind::kDirectory || file.kind == FileKind::kLink;
    return uses.has(FileUse::kCreated) || uses.has(FileUse::kRemoved) || uses.has(FileUse::kChanged) ||
           (uses.has(FileUse::kWritten) && is_data);
  }

  bool IsOnRoot(const std::string& path, const UsedFile& file) const {
    if (rules_.set_by_engine.contains(path) || IsWithinAny(path, rules_.apart)) return false;
    if (all_mounts_) return true;
    // Unknown for paths that were only named: decided by the mount above.
    return file.mount.empty() ? !IsWithinAny(path, mounts_) : file.mount == "/";
  }

  // Whether its creator may have been root, as far as known.
  bool MayBeOfRoot(const UsedFile& file) const {
    return std::ranges::any_of(file.uses, [&](const auto& entry) {
      const auto& [program, uses] = entry;
      if (!uses.has(FileUse::kCreated)) return false;
      const auto ids = evidence_.identities.find(program);
      return ids == evidence_.identities.end() ||
             std::ranges::any_of(ids->second, [](const ProcessIds& one) { return one.effective_user == 0; });
    });
  }

  // If the image has none, an engine creates the mount point of a volume as root with mode 755. The service would find
  // that in place of its own directory.
  std::string ForVolume(const std::string& place) const {
    std::string above = place;
    while (made_otherwise_.contains(above)) {
      above = ParentOf(above);
      const DirectoryRule* const rule = RuleFor(above);
      const bool mountable = rule == nullptr || rules_.classes.at(rule->of_class).mount != PathMount::kNone;
      if (rules_.shared.contains(above) || !mountable) return place;
    }
    return above;
  }

  const DirectoryRule* RuleFor(const std::string& directory) const {
    const DirectoryRule* best = nullptr;
    for (const DirectoryRule& rule : rules_.rules) {
      const bool longer = best == nullptr || rule.path.size() > best->path.size();
      if (longer && IsWithin(directory, rule.path)) best = &rule;
    }
    return best;
  }

  void Add(const std::string& path, bool others, const UsedFile& file) {
    const FileUses uses = AllUses(file);
    const bool is_itself = others || (file.kind == FileKind::kDirectory && !uses.has(FileUse::kRemoved) &&
                                      (uses.has(FileUse::kCreated) || uses.has(FileUse::kChanged)));
    const std::string directory = is_itself ? path : ParentOf(path);
    const DirectoryRule* const rule = RuleFor(directory);
    const PathClass& of_class = rules_.classes.at(rule == nullptr ? "other" : rule->of_class);
    std::string place = rule == nullptr ? directory : Below(directory, rule->path, rule->below);
    // The image's content must stay.
    for (std::string deeper = place; deeper != directory;) {
      deeper = Below(directory, deeper, 1);
      if (!made_.contains(deeper)) place = deeper;
    }
    if (of_class.mount == PathMount::kNone || rules_.shared.contains(place)) {
      result_.refused[path] =
          of_class.mount == PathMount::kNone
              ? of_class.why
              : Concat("It lies straight in ", place, ", and nothing can be mounted over all of that.");
      return;
    }
    const std::string made = std::exchange(place, of_class.mount == PathMount::kVolume ? ForVolume(place) : place);
    WrittenPath& written = result_.writable[place];
    if (made != place) written.made_below.insert(made);
    written.of_class = of_class.name;
    written.directory.volume = of_class.mount == PathMount::kVolume;
    written.directory.size = of_class.size;
    written.examples.insert(path);
    AddWriters(file, written.writers);
  }

  void AddWriters(const UsedFile& file, std::set<std::string>& writers) const {
    for (const auto& [program, uses] : file.uses) {
      const auto ids = evidence_.identities.find(program);
      if (!IsWriting(uses) || ids == evidence_.identities.end()) continue;
      for (const ProcessIds& one : ids->second) writers.insert(Concat(one.effective_user, ":", one.effective_group));
    }
  }

  static bool IsWriting(FileUses uses) {
    return uses.has(FileUse::kCreated) || uses.has(FileUse::kRemoved) || uses.has(FileUse::kChanged) ||
           uses.has(FileUse::kWritten);
  }

  // For a tmpfs over a directory of the image.
  void SetOwner(const std::string& directory, WrittenPath& written) const {
    if (!user_.has_value() && rules_.same_everywhere.contains(directory)) return;
    const std::set<std::string> writers = user_.has_value() ? std::set<std::string>{*user_} : written.writers;
    std::set<std::string> users;
    for (const std::string& writer : writers) users.insert(writer.substr(0, writer.find(':')));
    if (users.size() > 1) {
      written.directory.owner_of_image = true;
    } else if (!users.empty() && *users.begin() != "0") {
      written.directory.owner = *writers.begin();
    }
  }

  // A volume has the image's content, including the directories below.
  void PutIntoVolumes() {
    std::map<std::string, WrittenPath> outermost;
    for (auto& [directory, written] : result_.writable) {
      const auto above = std::ranges::find_if(outermost, [&path = directory](const auto& entry) {
        return entry.second.directory.volume && IsWithin(path, entry.first);
      });
      if (above == outermost.end()) {
        outermost.emplace(directory, std::move(written));
      } else {
        above->second.examples.merge(written.examples);
        above->second.made_below.merge(written.made_below);
      }
    }
    result_.writable = std::move(outermost);
  }

  // Combines many directories of one parent.
  void Gather() {
    std::map<std::string, std::vector<std::string>> by_parent;
    for (const auto& [directory, written] : result_.writable) by_parent[ParentOf(directory)].push_back(directory);
    for (const auto& [parent, directories] : by_parent) {
      if (directories.size() <= kMostSiblings || rules_.shared.contains(parent)) continue;
      WrittenPath together = result_.writable[directories.front()];
      for (const std::string& directory : directories) {
        together.examples.merge(result_.writable[directory].examples);
        together.writers.merge(result_.writable[directory].writers);
        together.made_below.merge(result_.writable[directory].made_below);
        together.directory.volume = together.directory.volume || result_.writable[directory].directory.volume;
        result_.writable.erase(directory);
      }
      if (together.directory.volume) together.directory.size.clear();
      result_.writable[parent] = std::move(together);
    }
  }

  // The other uses of a directory decide what may be mounted there.
  void LookInto(const std::string& directory, WrittenPath& written) const {
    for (const auto& [used, file] : evidence_.files) {
      const std::string path = Resolved(used.path);
      if (!IsWithin(path, directory) || path == directory || !IsOnRoot(path, file)) continue;
      const FileUses uses = AllUses(file);
      const bool runs = uses.has(FileUse::kExecuted) || uses.has(FileUse::kMapped);
      if (runs) written.directory.executable = true;
      const bool is_kept = !rules_.classes.at(written.of_class).made_when_missing;
      const bool used_as_is = runs || uses.has(FileUse::kRead) || (uses.has(FileUse::kWritten) && is_kept);
      const bool from_image = used_as_is && !used.others && !uses.has(FileUse::kCreated);
      if (from_image && !IsBelowMade(path, directory)) written.directory.volume = true;
    }
    if (written.directory.volume) {
      written.directory.size.clear();
      written.directory.executable = false;  // Volumes are executable anyway.
    }
  }

  bool IsBelowMade(std::string path, const std::string& directory) const {
    for (; path != directory && path != "/"; path = ParentOf(path)) {
      if (made_.contains(path)) return true;
    }
    return false;
  }

  const HardeningEvidence& evidence_;
  const DirectoryRules& rules_;
  std::optional<std::string> user_;
  bool all_mounts_;
  std::set<std::string> mounts_;  // Over the root.
  std::set<std::string> made_;    // Directories that were created while recording.
  // Of these, those with another owner or mode than an engine gives a mount point.
  std::set<std::string> made_otherwise_;
  WrittenPaths result_;
};

}  // namespace

WrittenPaths FindWrittenPaths(const HardeningEvidence& evidence, const DirectoryRules& rules,
                              const std::optional<std::string>& user, bool all_mounts) {
  return Finder(evidence, rules, user, all_mounts).Find();
}

}  // namespace syscarve
