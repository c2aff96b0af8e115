// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/libbpf_words.h"

#include <bpf/libbpf.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace syscarve {
namespace {

int Silent(libbpf_print_level, const char*, va_list) {
  return 0;
}

int Verbose(libbpf_print_level, const char* format, va_list arguments) {
  return std::vfprintf(stderr, format, arguments);
}

}  // namespace

void SetLibbpfLogLevel() {
  const char* debug = std::getenv("SYSCARVE_DEBUG");
  libbpf_set_print(debug != nullptr && std::strcmp(debug, "libbpf") == 0 ? Verbose : Silent);
}

}  // namespace syscarve
