// SPDX-License-Identifier: Apache-2.0
// Whatever a Compose file says, reading it ends, and the override that is made for it can be read as well and says
// nothing that the file did not have.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "userspace/emit/compose_override.h"
#include "userspace/read/compose_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = syscarve::ParseComposeFile({reinterpret_cast<const char*>(data), size});
  if (!file.ok()) return 0;
  std::vector<syscarve::RecordedService> recorded;
  for (const syscarve::ComposeService& service : file->services) {
    recorded.push_back({.name = service.name,
                        .title = service.name,
                        .hardening = {.profile = "./profiles/a.json",
                                      .no_new_privileges = true,
                                      .capabilities_known = true,
                                      .cap_add = {"CAP_CHOWN", "CAP_SYS_ADMIN"}}});
  }
  const auto made = syscarve::EmitComposeOverride(*file, recorded);
  if (!made.ok()) return 0;
  const auto again = syscarve::ParseComposeFile(made->text);
  if (!again.ok() || again->services.size() > file->services.size() || again->version != file->version) std::abort();
  for (size_t ours = 0, theirs = 0; ours < again->services.size(); ++theirs) {
    if (theirs == file->services.size()) std::abort();
    if (again->services[ours].name == file->services[theirs].name) ++ours;
  }
  return 0;
}
