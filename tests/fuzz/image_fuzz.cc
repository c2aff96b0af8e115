// SPDX-License-Identifier: Apache-2.0
// Images and reports of scanners are an adversary's bytes: whatever they are, there is an answer within the limits.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "userspace/image/scan.h"
#include "userspace/image/scanner_reports.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  syscarve::ScanOptions options;
  options.keep_packages = true;
  options.limits.bytes = 1 << 24;
  options.limits.entries = 10'000;
  const auto image = syscarve::ScanImageArchive(syscarve::TextSource(input), options);
  if (!image.ok() && image.status().message().empty()) std::abort();
  if (image.ok() && image->layers.size() > input.size()) std::abort();
  const auto report = syscarve::ParseScannerReport(input);
  if (!report.ok() && report.status().message().empty()) std::abort();
  return 0;
}
