// SPDX-License-Identifier: Apache-2.0
// The drivers that interpret a number passed to a descriptor, as with ioctl: profiles/rules/drivers.json. The words for
// kinds of file are those of recordings (model/seen_arguments.h):
//
//   tty                        any terminal
//   socket AF_INET             by its family; "socket 46" for one without a name, "socket" if unknown
//   character device 10:200    by major and minor number
//   block device 7             by major number
//   file ext4, directory ext4  by the type of its file system; "file" if unknown
//   pipe                       with or without a name
//   anonymous [eventpoll]      by the kernel's name for it, without a number after ":"
//   no file                    not an open descriptor
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/seen_arguments.h"
#include "userspace/shipped/argument_table.h"

namespace syscarve {

struct Drivers {
  struct Device {
    std::string path;         // Its usual path.
    bool own_numbers = true;  // Whether the driver has its own meanings of numbers.
  };
  // Names of ioctl numbers that belong to one driver, by their prefixes.
  struct Names {
    std::vector<std::string> begin;
    std::vector<std::string> on;  // Kinds of file, or their prefixes up to a space.
  };
  // The names of numbers on some kinds of file, which override other names.
  struct Own {
    std::vector<std::string> on;
    std::map<uint64_t, std::string> names;
  };

  std::set<unsigned> terminals;           // Major numbers.
  std::map<std::string, Device> devices;  // By kind.
  std::vector<Names> names;
  std::vector<Own> own;
};

absl::StatusOr<Drivers> ParseDrivers(std::string_view text);
// The embedded file, parsed once. An error is a defect of this build (kInternal). Lives as long as the process.
absl::StatusOr<const Drivers*> ShippedDrivers();

// The kind of a file whose inode has this mode. `major` and `minor` are those of a device file; `name` is the type of
// its file system, "" if unknown, for files that are neither device nor socket nor pipe.
std::string KindOfFile(const Drivers& drivers, mode_t mode, unsigned major, unsigned minor, std::string_view name);
std::string KindOfSocket(const ArgumentTable& table, unsigned family);
std::string KindOfAnonymousFile(std::string_view name);
inline constexpr std::string_view kNoFile = "no file";

// An ioctl number on one kind of file.
struct NumberOnFile {
  std::string kind;
  std::string name;      // Its name there; "" if unknown.
  bool foreign = false;  // It has a name, but of another driver, which has no meaning here.
  bool operator==(const NumberOnFile&) const = default;
};

// `name` is the number's name in arguments.json, "" for none.
NumberOnFile NameOnFile(const Drivers& drivers, uint64_t number, std::string_view name, std::string_view kind);

// " on a tty, a file (ext4), as SIOCOUTQ on a socket (AF_INET)": to be appended to "ioctl(…, TIOCOUTQ)"; "" if no kind
// is known. Not yet escaped for a terminal.
std::string OnFilesText(const Drivers& drivers, uint64_t number, std::string_view name, const FileKinds& kinds);

}  // namespace syscarve
