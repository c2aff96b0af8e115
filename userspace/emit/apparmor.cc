// SPDX-License-Identifier: Apache-2.0
// The language is that of apparmor.d(5) and of AppArmor 3.0's parser, with which every escape was tested.
#include <sys/socket.h>

#include <algorithm>
#include <map>
#include <set>

#include "userspace/base/concat.h"
#include "userspace/confine/generalise.h"
#include "userspace/emit/emit.h"
#include "userspace/emit/losses.h"
#include "userspace/model/socket_words.h"

namespace syscarve {
namespace {

constexpr size_t kMaxProfileName = 100;

bool IsPlain(char c) {
  return IsPatternWord(c) || std::string_view("/.-+:=~").find(c) != std::string_view::npos;
}

// A byte inside quotes that matches only itself. The parser removes escapes twice: once from the text, once from the
// pattern.
std::string Quoted(char c) {
  constexpr std::string_view kPatternCharacters = "*[]{}^\"$";
  // Outside brackets, an escaped "?" makes the preceding character optional.
  if (c == '?') return "[\\?]";
  // At the end of the text it would escape the closing quote.
  if (c == '\\') return "[\\\\]";
  if (kPatternCharacters.find(c) != std::string_view::npos) return {'\\', c};
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x20 && byte < 0x7f) return {c};
  constexpr char kDigits[] = "0123456789abcdef";
  return {'\\', 'x', kDigits[byte >> 4U], kDigits[byte & 0xfU]};
}

void AppendRepeated(std::string_view text, size_t count, std::string& result) {
  for (size_t i = 0; i < count; ++i) result += text;
}

std::string PatternText(const PathPattern& pattern, bool as_directory) {
  std::string text;
  bool plain = true;
  const std::string_view ends_in = pattern.parts().empty() ? "" : std::string_view(pattern.parts().back().text);
  for (const PatternPart& part : pattern.parts()) {
    switch (part.kind) {
      case PatternPartKind::kLiteral:
        for (const char c : part.text) {
          plain = plain && IsPlain(c);
          text += Quoted(c);
        }
        break;
      case PatternPartKind::kAny:
        text += "*";
        break;
      case PatternPartKind::kDeep:
        text += "**";
        break;
      case PatternPartKind::kNumber:
        text += "[0-9]*";
        break;
      case PatternPartKind::kPid:
        text += "@{pid}";
        break;
      case PatternPartKind::kHex:
        AppendRepeated("[0-9a-fA-F]", part.count, text);
        break;
      case PatternPartKind::kWord:
        AppendRepeated("[0-9a-zA-Z_]", part.count, text);
        break;
    }
  }
  if (as_directory && !ends_in.ends_with('/')) text += "/";
  constexpr std::string_view kProc = "/proc/";
  if (text.starts_with(kProc)) text = Concat("@{PROC}/", text.substr(kProc.size()));
  return plain ? text : Concat("\"", text, "\"");
}

// The letters of a file rule, in the usual order.
struct Letters {
  bool read = false;
  bool write = false;
  bool lock = false;
  bool link = false;
  bool map = false;
  bool execute = false;
  std::string text() const {
    return Concat(map ? "m" : "", read ? "r" : "", write ? "w" : "", lock ? "k" : "", link ? "l" : "",
                  execute ? "ix" : "");
  }
};

// Adds the letters that one program's use of a path requires.
void AddLetters(FileUses uses, const ProgramHabits& habits, bool may_be_file, Letters& letters) {
  const bool opened = uses.has(FileUse::kRead) || uses.has(FileUse::kWritten);
  const bool runs = uses.has(FileUse::kExecuted);
  const bool connects = uses.has(FileUse::kConnected);
  // The kernel maps a program under the profile in which it will run; a library is mapped from a readable descriptor.
  letters.map |= runs || uses.has(FileUse::kMapped);
  letters.execute |= runs;
  letters.read |= uses.has(FileUse::kRead) || runs || uses.has(FileUse::kMapped) || connects;
  letters.write |= uses.has(FileUse::kWritten) || uses.has(FileUse::kCreated) || uses.has(FileUse::kRemoved) ||
                   uses.has(FileUse::kChanged) || connects;
  // rename(2) also requires read access to the old name.
  letters.read |= habits.renames && uses.has(FileUse::kRemoved);
  letters.link |= habits.links && uses.has(FileUse::kCreated) && may_be_file;
  letters.lock |= habits.locks && opened && may_be_file;
}

bool MayBe(const PathAccess& access, bool directory) {
  const FileUses uses = access.all_uses();
  // Directories do not have these uses, and a name has only one kind at a time.
  const bool is_file = uses.has(FileUse::kExecuted) || uses.has(FileUse::kMapped) || uses.has(FileUse::kConnected);
  if (directory && is_file && !access.kinds.contains(FileKind::kDirectory)) return false;
  return std::ranges::any_of(access.kinds, [directory](FileKind kind) {
    return kind == FileKind::kUnknown || (kind == FileKind::kDirectory) == directory;
  });
}

bool EndsDeep(const PathPattern& pattern) {
  return !pattern.parts().empty() && pattern.parts().back().kind == PatternPartKind::kDeep;
}

class ApparmorProfile {
 public:
  ApparmorProfile(const AccessPolicy& policy, const EmitOptions& options, Losses& losses)
      : policy_(policy), name_(ApparmorName(options.name)), options_(options), losses_(losses) {}

  std::string text() {
    AddHeader();
    AddFiles();
    AddMounts();
    AddNetwork();
    AddCapabilities();
    AddProcesses();
    AddGuarded();
    return text_ + "}\n";
  }

 private:
  void Line(std::string_view line) { text_ += Concat("  ", line, "\n"); }
  void Title(std::string_view title) { text_ += Concat("\n  # ", title, "\n"); }

  void AddHeader() {
    text_ = Concat("# Made by syscarve. Load it with `apparmor_parser -r FILE`, then start the container with\n",
                   "# `--security-opt apparmor=", name_, "`. With `apparmor_parser -r -C FILE` it only logs.\n",
                   "abi <abi/3.0>,\ninclude <tunables/global>\n\nprofile ", name_,
                   " flags=(attach_disconnected,mediate_deleted) {\n");
  }

  void AddFiles() {
    text_ += "  # Files. All programs are in this profile (ix).\n";
    // By text, because two patterns can have the same text.
    std::map<std::string, Letters> lines;
    for (const auto& [pattern, access] : policy_.paths) {
      for (const bool directory : {false, true}) {
        // Paths without kinds are the always allowed devices; a pattern for a whole tree includes its directories.
        const bool one_line = access.kinds.empty() || EndsDeep(pattern);
        if (one_line ? directory : !MayBe(access, directory)) continue;
        Letters letters;
        for (const auto& [program, uses] : access.uses) {
          const auto habits = policy_.habits.find(program);
          AddLetters(uses, habits == policy_.habits.end() ? ProgramHabits() : habits->second, !directory, letters);
        }
        if (directory) letters.map = letters.execute = false;  // Paths of unknown kind with these uses are files.
        if (letters.text().empty()) continue;
        Letters& known = lines[PatternText(pattern, directory)];
        known.read |= letters.read;
        known.write |= letters.write;
        known.lock |= letters.lock;
        known.link |= letters.link;
        known.map |= letters.map;
        known.execute |= letters.execute;
      }
    }
    for (const auto& [path, letters] : lines) Line(Concat(path, " ", letters.text(), ","));
  }

  void AddMounts() {
    std::set<std::string> lines;
    for (const auto& [pattern, access] : policy_.paths) {
      if (!access.all_uses().has(FileUse::kMounted)) continue;
      for (const bool directory : {false, true}) {
        if (!MayBe(access, directory)) continue;
        const std::string path = PatternText(pattern, directory);
        lines.insert(Concat("mount -> ", path, ","));
        lines.insert(Concat("umount ", path, ","));
      }
    }
    if (policy_.pivots_root) lines.insert("pivot_root,");
    Title("Mounts.");
    if (lines.empty()) lines.insert("deny mount,");
    for (const std::string& line : lines) Line(line);
  }

  void AddNetwork() {
    Title("Sockets.");
    if (policy_.any_socket) {
      losses_.Note("the recording lacks the kind of some sockets: all kinds are allowed");
      Line("network,");
      Line("unix,");
      return;
    }
    std::set<std::string> lines;
    bool unix_sockets = false;
    for (const SocketKind& kind : SocketsOf(policy_)) {
      const std::string_view family = SocketFamilyWord(kind.family);
      const std::string_view type = SocketTypeWord(kind.type);
      if (family.empty() || (type.empty() && kind.type != 0)) {
        losses_.Changed("kinds of sockets that have no word in this language, and so are refused",
                        Concat("family ", kind.family, " type ", kind.type));
        continue;
      }
      unix_sockets |= kind.family == AF_UNIX;
      lines.insert(type.empty() ? Concat("network ", family, ",") : Concat("network ", family, " ", type, ","));
    }
    if (unix_sockets) {
      const bool abstract = std::ranges::any_of(policy_.endpoints, [](const auto& entry) {
        return entry.first.family == AddressFamily::kUnixAbstract && entry.first.use == EndpointUse::kConnected;
      });
      if (abstract) {
        lines.insert("unix,");
      } else {
        lines.insert("unix (create, bind, listen, accept, getattr, setattr, getopt, setopt, shutdown),");
        lines.insert(Concat("unix peer=(label=", name_, "),"));
      }
    }
    for (const std::string& line : lines) Line(line);
  }

  void AddCapabilities() {
    Title("Capabilities.");
    if (!options_.capabilities.has_value()) {
      losses_.Note("capabilities were not recorded: all that the container is given are allowed");
      Line("capability,");
      return;
    }
    std::set<std::string> lines;
    for (std::string_view capability : *options_.capabilities) {
      if (capability.starts_with("CAP_")) capability.remove_prefix(4);
      std::string word;
      for (const char c : capability) word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      lines.insert(Concat("capability ", word, ","));
    }
    for (const std::string& line : lines) Line(line);
  }

  void AddProcesses() {
    Title("Processes: among each other, and signals from who started the container.");
    Line(Concat("signal (send, receive) peer=", name_, ","));
    for (const std::string_view peer : {"unconfined", "runc", "crun", "podman"}) {
      Line(Concat("signal (receive) peer=", peer, ","));
    }
    Line(Concat("ptrace (read, readby", policy_.traces ? ", trace, tracedby" : "", ") peer=", name_, ","));
  }

  void AddGuarded() {
    Title("Whatever else is allowed.");
    for (const FixedPath& guarded : policy_.guarded) {
      Line(Concat("deny ", PatternText(PatternOf(guarded), false),
                  guarded.uses.has(FileUse::kRead) ? " rwklx," : " wklx,"));
    }
  }

  const AccessPolicy& policy_;
  const std::string name_;
  const EmitOptions& options_;
  Losses& losses_;
  std::string text_;
};

}  // namespace

std::string ApparmorName(std::string_view name) {
  std::string made;
  for (const char c : name.substr(0, kMaxProfileName)) {
    made += IsPatternWord(c) || c == '.' || c == '-' ? c : '_';
  }
  // A name that begins with "-" or "." would be an option or hidden; the names below belong to engines or AppArmor.
  const auto begins_well = [](char c) { return IsPatternWord(c); };
  if (made.empty() || !begins_well(made.front())) made = "p" + made;
  if (made == "unconfined" || made == "docker-default" || made.starts_with("containers-default")) made += "_service";
  return made;
}

absl::StatusOr<Emitted> EmitApparmor(const AccessPolicy& policy, const EmitOptions& options) {
  Losses losses;
  ApparmorProfile profile(policy, options, losses);
  Emitted emitted = {.text = profile.text(), .warnings = policy.warnings};
  for (std::string& warning : losses.warnings()) emitted.warnings.push_back(std::move(warning));
  return emitted;
}

}  // namespace syscarve
