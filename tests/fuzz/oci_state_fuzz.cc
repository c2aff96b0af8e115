// Whatever ParseOciState takes is what a hook may rely on.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "userspace/container/oci_state.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto state = syscarve::ParseOciState({reinterpret_cast<const char*>(data), size});
  if (!state.ok()) return 0;
  if (state->id.empty() || state->id.find('/') != state->id.npos || state->pid < 0) std::abort();
  if (!state->bundle.starts_with('/') || state->bundle.find('\0') != state->bundle.npos) std::abort();
  return 0;
}
