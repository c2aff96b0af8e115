// SPDX-License-Identifier: Apache-2.0
#include "userspace/shipped/drivers.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/strict_json.h"
#include "userspace/shipped/shipped_file.h"

namespace syscarve {
namespace {

using shipped::kMaxElements;
using shipped::kMaxText;

constexpr uint64_t kLastMajor = 0xfff;
constexpr std::string_view kTerminal = "tty";

// A recording has no other bytes (IsFileKind); the kernel's names have none, either.
std::string Cut(std::string word) {
  constexpr size_t kLongest = 64;
  if (word.size() > kLongest) word.resize(kLongest);
  for (char& c : word) {
    if (c < ' ' || c > '~') c = '?';
  }
  return word;
}

std::string WithName(std::string_view kind, std::string_view name) {
  return name.empty() ? std::string(kind) : Cut(Concat(kind, " ", name));
}

bool IsOf(std::string_view kind, const std::vector<std::string>& on) {
  return std::ranges::any_of(on, [kind](const std::string& begin) {
    return kind.starts_with(begin) && (kind.size() == begin.size() || kind[begin.size()] == ' ');
  });
}

// Kinds of file with one driver that has its own meanings of numbers, unlike those that the kernel's file layer
// handles.
bool HasDriver(const Drivers& drivers, std::string_view kind) {
  if (const auto device = drivers.devices.find(std::string(kind)); device != drivers.devices.end()) {
    return device->second.own_numbers;
  }
  return kind.starts_with("character device") || kind.starts_with("block device") || kind.starts_with("anonymous");
}

// "a socket (AF_INET)"
std::string Words(const Drivers& drivers, std::string_view kind) {
  if (kind == kNoFile) return "no open descriptor";
  if (kind == kUnknownFile) return "others that are not known";
  if (const auto device = drivers.devices.find(std::string(kind)); device != drivers.devices.end()) {
    return Concat(device->second.path, " (", kind, ")");
  }
  std::string_view what = kind;
  std::string_view which;
  for (const std::string_view begin :
       {"character device", "block device", "socket", "file", "directory", "anonymous"}) {
    if (!kind.starts_with(begin)) continue;
    what = begin;
    which = kind.substr(begin.size());
    if (!which.empty()) which.remove_prefix(1);
  }
  const std::string_view file = what == "anonymous" ? " file" : "";
  return Concat(what == "anonymous" ? "an " : "a ", what, file, which.empty() ? "" : Concat(" (", which, ")"));
}

std::vector<std::string> Kinds(const JsonReader& list) {
  std::vector<std::string> kinds = shipped::NameList(list);
  if (!std::ranges::all_of(kinds, IsFileKind)) list.Fail("expected kinds of file");
  return kinds;
}

void ReadSource(const JsonReader& entry, const char* field) {
  const JsonReader source = entry.Required(field);
  if (source.Text(kMaxText).empty()) source.Fail("says nothing");
}

void Read(const JsonReader& root, Drivers& drivers) {
  root.AllowOnly({"schema", "terminals", "devices", "names", "own"});
  const JsonReader terminals = root.Required("terminals");
  terminals.AllowOnly({"majors", "source"});
  ReadSource(terminals, "source");
  terminals.Required("majors").ForEach(kMaxElements, [&](const JsonReader& element) {
    const auto major = static_cast<unsigned>(element.Uint(1, kLastMajor));
    if (!drivers.terminals.insert(major).second) element.Fail("the number is there twice");
  });
  root.Required("devices").ForEach(kMaxElements, [&](const JsonReader& entry) {
    entry.AllowOnly({"device", "path", "own_numbers", "source"});
    ReadSource(entry, "source");
    const JsonReader device = entry.Required("device");
    const Drivers::Device described{.path = entry.Required("path").Text(kMaxText),
                                    .own_numbers = entry.Required("own_numbers").Bool()};
    std::string kind = device.Text(kMaxText);
    if (!IsFileKind(kind) || !drivers.devices.emplace(std::move(kind), described).second) {
      device.Fail("expected a kind of file that is not there yet");
    }
  });
  root.Required("names").ForEach(kMaxElements, [&](const JsonReader& entry) {
    entry.AllowOnly({"begin", "on", "source"});
    ReadSource(entry, "source");
    drivers.names.push_back({shipped::NameList(entry.Required("begin")), Kinds(entry.Required("on"))});
  });
  root.Required("own").ForEach(kMaxElements, [&](const JsonReader& entry) {
    entry.AllowOnly({"on", "numbers", "header"});
    ReadSource(entry, "header");
    Drivers::Own own{Kinds(entry.Required("on")), {}};
    entry.Required("numbers").ForEachMember(kMaxElements, [&](std::string_view name, const JsonReader& number) {
      if (!own.names.emplace(number.Uint(0, UINT32_MAX), std::string(name)).second) {
        number.Fail("the number is there twice");
      }
    });
    drivers.own.push_back(std::move(own));
  });
}

}  // namespace

absl::StatusOr<Drivers> ParseDrivers(std::string_view text) {
  return shipped::Parse<Drivers>(text, "syscarve.drivers/1", Read);
}

absl::StatusOr<const Drivers*> ShippedDrivers() {
  return shipped::Shipped<Drivers>("rules/drivers.json", ParseDrivers);
}

std::string KindOfFile(const Drivers& drivers, mode_t mode, unsigned major, unsigned minor, std::string_view name) {
  switch (mode & S_IFMT) {
    case S_IFCHR:
      return drivers.terminals.contains(major) ? std::string(kTerminal)
                                               : absl::StrFormat("character device %u:%u", major, minor);
    case S_IFBLK:
      return Concat("block device ", major);
    case S_IFSOCK:
      return "socket";
    case S_IFIFO:
      return "pipe";
    case S_IFDIR:
      return WithName("directory", name);
    default:
      return WithName("file", name);
  }
}

std::string KindOfSocket(const ArgumentTable& table, unsigned family) {
  const auto families = table.values.find("family");
  if (families != table.values.end()) {
    for (const ValuePart& part : families->second.parts) {
      for (const auto& [name, number] : part.names) {
        if (number == family && !part.flags) return WithName("socket", name);
      }
    }
  }
  return Concat("socket ", family);
}

std::string KindOfAnonymousFile(std::string_view name) {
  // kvm-vcpu:3
  if (const size_t number = name.find(':'); number != std::string_view::npos) name = name.substr(0, number);
  return WithName("anonymous", name);
}

NumberOnFile NameOnFile(const Drivers& drivers, uint64_t number, std::string_view name, std::string_view kind) {
  NumberOnFile on{.kind = std::string(kind), .name = std::string(name)};
  for (const Drivers::Own& own : drivers.own) {
    const auto known = own.names.find(number);
    if (known == own.names.end() || !IsOf(kind, own.on)) continue;
    on.name = known->second;
    return on;
  }
  if (!HasDriver(drivers, kind)) return on;
  for (const Drivers::Names& names : drivers.names) {
    const bool of_driver =
        std::ranges::any_of(names.begin, [name](const std::string& begin) { return name.starts_with(begin); });
    if (!of_driver || IsOf(kind, names.on)) continue;
    on.name.clear();
    on.foreign = true;
  }
  return on;
}

std::string OnFilesText(const Drivers& drivers, uint64_t number, std::string_view name, const FileKinds& kinds) {
  std::vector<std::string> alike;
  std::vector<std::string> foreign;
  std::map<std::string, std::vector<std::string>> otherwise;  // By name.
  for (const std::string& kind : kinds) {
    if (kind == kUnknownFile) continue;
    const NumberOnFile on = NameOnFile(drivers, number, name, kind);
    (on.foreign ? foreign : on.name == name ? alike : otherwise[on.name]).push_back(Words(drivers, kind));
  }
  if (kinds.contains(std::string(kUnknownFile))) alike.push_back(Words(drivers, kUnknownFile));
  std::string text;
  const auto add = [&text](std::string_view before, const std::vector<std::string>& words, std::string_view behind) {
    if (words.empty()) return;
    text += Concat(text.empty() ? "" : ",", before, absl::StrJoin(words, ", "), behind);
  };
  add(" on ", alike, "");
  for (const auto& [as, words] : otherwise) add(Concat(" as ", as, " on "), words, "");
  add(" on ", foreign, absl::StrFormat(", where 0x%x can mean something else", number));
  return text;
}

}  // namespace syscarve
