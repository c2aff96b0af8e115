// SPDX-License-Identifier: Apache-2.0
// Hardening evidence of the kernel side, as plain data, and its conversion to that of a Recording. Nothing here
// accesses the kernel.
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

// One file as seen in one slot.
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
  bool kept = false;       // Evidence was collected.
  bool paths_cut = false;  // Some files are missing because their path is longer than what the kernel side keeps.
  std::vector<SeenFile> files;
  std::vector<SeenEndpoint> endpoints;
  std::vector<SeenIds> ids;
};

// nullopt if the path is longer than what the kernel side keeps. Bytes that are no path are converted to one
// nevertheless.
std::optional<SeenFile> FileFromKernel(const recorder_used_file_key& key, const recorder_used_file& file);
std::optional<SeenFile> FileFromKernel(const recorder_name_key& key, const recorder_named_file& file);

// nullopt for values that the kernel side never writes.
std::optional<Endpoint> EndpointFromKernel(const recorder_endpoint_key& key);

// `path`, which is absolute, without "." and ".." and double slashes. Does not resolve links.
std::string LexicalPath(std::string_view path);

FileKind FileKindOfMode(uint32_t mode);

// From recorder_file_use.
FileUses FileUsesFromBits(uint32_t bits);
// The kind of the created file, if the bits contain it; otherwise `kind`.
FileKind FileKindFromBits(uint32_t bits, FileKind kind);

// The family of an AF_* number; whether a unix socket has a path is for the caller to decide.
AddressFamily AddressFamilyOf(uint32_t family);

// Sets, for files that were only named, the innermost mount they are in, where it is known from other files.
void FindMounts(HardeningEvidence& hardening);

// Adds the evidence of each subject of `now`, for the whole recording. `peaks` is by subject; subjects beyond its end
// have no peaks.
void AggregateHardening(const KernelSnapshot& now, const std::vector<std::optional<Peaks>>& peaks,
                        Aggregator& aggregator);

}  // namespace syscarve
