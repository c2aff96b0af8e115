// SPDX-License-Identifier: Apache-2.0
// Which driver reads a number that is handed to a descriptor, as ioctl's: profiles/rules/drivers.json. The words for
// kinds of file are those of recordings (model/seen_arguments.h):
//
//   tty                        a terminal, whichever
//   socket AF_INET             by its family; "socket 46" for one without a name, "socket" where it is not known
//   character device 10:200    by major and minor number
//   block device 7             by major number
//   file ext4, directory ext4  by the type of its file system; "file" where that is not known
//   pipe                       also one with a name
//   anonymous [eventpoll]      by the kernel's name for it, without a number behind ":"
//   no file                    the descriptor is none
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
    std::string path;         // What it is usually called.
    bool own_numbers = true;  // Whether the driver gives numbers a meaning of its own.
  };
  // Names of ioctl's numbers that are one driver's, by how they begin.
  struct Names {
    std::vector<std::string> begin;
    std::vector<std::string> on;  // Kinds of file, or how they begin, up to a space.
  };
  // What numbers are called on some kinds of file, whatever else they are called.
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

// The kind of a file whose inode has this mode. `device` is that of a device file; `name` its file system's type, ""
// for unknown, of what is neither a device nor a socket nor a pipe.
std::string KindOfFile(const Drivers& drivers, mode_t mode, unsigned major, unsigned minor, std::string_view name);
std::string KindOfSocket(const ArgumentTable& table, unsigned family);
std::string KindOfAnonymousFile(std::string_view name);
inline constexpr std::string_view kNoFile = "no file";

// A number of ioctl on one kind of file.
struct NumberOnFile {
  std::string kind;
  std::string name;      // What it is called there; "" where nobody knows.
  bool foreign = false;  // It has a name as another driver's, which says nothing here.
  bool operator==(const NumberOnFile&) const = default;
};

// `name` is what arguments.json calls the number, "" for nothing.
NumberOnFile NameOnFile(const Drivers& drivers, uint64_t number, std::string_view name, std::string_view kind);

// " on a tty, a file (ext4), as SIOCOUTQ on a socket (AF_INET)": what to write behind "ioctl(…, TIOCOUTQ)"; "" where no
// kind is known. Not yet escaped for a terminal.
std::string OnFilesText(const Drivers& drivers, uint64_t number, std::string_view name, const FileKinds& kinds);

}  // namespace syscarve
