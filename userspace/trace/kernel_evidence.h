// SPDX-License-Identifier: Apache-2.0
// Hardening evidence as the kernel side keeps it, as plain data, and how it becomes that of a Recording. Nothing here
// touches the kernel.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bpf/recorder.h"
#include "userspace/model/hardening.h"

namespace syscarve {

class Aggregator;
struct KernelSnapshot;

// What is known of one file in one slot.
struct SeenFile {
  uint32_t slot = 0;
  UsedPath path;
  UsedFile file;  // Without uses.
  FileUses uses;
  auto operator<=>(const SeenFile&) const = default;
};

struct KernelEvidence {
  struct SeenEndpoint {
    uint32_t slot;
    Endpoint endpoint;
  };
  struct SeenIds {
    uint32_t slot;
    ProcessIds ids;
  };
  bool kept = false;       // Whether it was looked for.
  bool paths_cut = false;  // Files whose path was longer than what is kept of one are not told.
  std::vector<SeenFile> files;
  std::vector<SeenEndpoint> endpoints;
  std::vector<SeenIds> ids;
};

// nullopt: the path is longer than what is kept of one. Bytes that are no path become one all the same.
std::optional<SeenFile> FileFromKernel(const recorder_used_file_key& key, const recorder_used_file& file);
std::optional<SeenFile> FileFromKernel(const recorder_name_key& key, const recorder_named_file& file);

// nullopt for what the kernel side never writes.
std::optional<Endpoint> EndpointFromKernel(const recorder_endpoint_key& key);

// `path`, absolute, without "." and ".." and double slashes. Links are not looked at.
std::string LexicalPath(std::string_view path);

FileKind FileKindOfMode(uint32_t mode);

// From recorder_file_use.
FileUses FileUsesFromBits(uint32_t bits);
// What kind of file was created, where the bits have that, otherwise `kind`.
FileKind FileKindFromBits(uint32_t bits, FileKind kind);

// What AF_* is called; that of a socket with a path is for the caller to know.
AddressFamily AddressFamilyOf(uint32_t family);

// Of files that were only named, where what is mounted there is known from others: of the innermost mount.
void FindMounts(HardeningEvidence& hardening);

// Hands over the evidence of each subject of `now`, from the beginning of the recording on. `peaks` is by subject; for
// those beyond it peaks are missing.
void AggregateHardening(const KernelSnapshot& now, const std::vector<std::optional<Peaks>>& peaks,
                        Aggregator& aggregator);

}  // namespace syscarve
