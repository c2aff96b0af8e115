// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/program_barrier.h"

#include <linux/bpf.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace syscarve {
namespace {

long Bpf(bpf_cmd command, bpf_attr& attributes) {
  return syscall(SYS_bpf, command, &attributes, sizeof(attributes));
}

// A map with one element of four bytes; for a map of maps, `inner` is the descriptor of a map like its element.
UniqueFd CreateMap(bpf_map_type type, int inner) {
  bpf_attr attributes = {};
  attributes.map_type = type;
  attributes.key_size = attributes.value_size = sizeof(uint32_t);
  attributes.max_entries = 1;
  attributes.inner_map_fd = static_cast<uint32_t>(inner);
  return UniqueFd(static_cast<int>(Bpf(BPF_MAP_CREATE, attributes)));
}

}  // namespace

ProgramBarrier ProgramBarrier::Create() {
  ProgramBarrier barrier;
  barrier.inner_ = CreateMap(BPF_MAP_TYPE_ARRAY, 0);
  if (barrier.inner_.valid()) barrier.outer_ = CreateMap(BPF_MAP_TYPE_ARRAY_OF_MAPS, barrier.inner_.get());
  return barrier;
}

ProgramBarrier::Kind ProgramBarrier::Wait() const {
  if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0) return Kind::kMembarrier;
  const uint32_t key = 0;
  const int inner = inner_.get();
  bpf_attr attributes = {};
  attributes.map_fd = static_cast<uint32_t>(outer_.get());
  attributes.key = reinterpret_cast<uintptr_t>(&key);
  attributes.value = reinterpret_cast<uintptr_t>(&inner);
  if (outer_.valid() && Bpf(BPF_MAP_UPDATE_ELEM, attributes) == 0) return Kind::kMapOfMaps;
  usleep(100'000);
  return Kind::kSlept;
}

}  // namespace syscarve
