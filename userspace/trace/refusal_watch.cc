// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/refusal_watch.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "bpf/refusals.h"
#include "refusals.skel.h"
#include "userspace/base/concat.h"
#include "userspace/model/profile.h"
#include "userspace/trace/kernel_snapshot.h"
#include "userspace/trace/libbpf_words.h"

namespace syscarve {
namespace {

absl::Status WatchError(std::string_view what, int error) {
  if (error == EPERM || error == EACCES) return absl::PermissionDeniedError(Concat(what, ": BPF needs root"));
  return absl::UnimplementedError(Concat(what, ": ", ErrnoWords(error)));
}

template <size_t kSize>
std::string TextOf(const char (&text)[kSize]) {
  return std::string(text, strnlen(text, kSize));
}

}  // namespace

absl::StatusOr<RefusalWatch> RefusalWatch::Start(std::optional<pid_t> ancestor) {
  SetLibbpfLogLevel();
  refusals* const skeleton = refusals__open();
  if (skeleton == nullptr) return WatchError("open the program that watches refusals", errno);
  RefusalWatch watch(skeleton);
  skeleton->rodata->watched_ancestor = static_cast<uint32_t>(ancestor.value_or(0));
  if (const int error = refusals__load(skeleton); error != 0) {
    return WatchError("load the program that watches refusals", -error);
  }
  if (const int error = refusals__attach(skeleton); error != 0) {
    return WatchError("attach the program that watches refusals", -error);
  }
  return watch;
}

RefusalWatch::RefusalWatch(RefusalWatch&& other) noexcept : skeleton_(std::exchange(other.skeleton_, nullptr)) {}

RefusalWatch::~RefusalWatch() {
  if (skeleton_ != nullptr) refusals__destroy(skeleton_);
}

std::set<KernelRefusal> RefusalWatch::Refused() const {
  std::set<KernelRefusal> refused;
  const int map = bpf_map__fd(skeleton_->maps.refusals);
  refusal_key key{};
  refusal_key next{};
  const refusal_key* from = nullptr;
  while (bpf_map_get_next_key(map, from, &next) == 0) {
    key = next;
    from = &key;
    const std::optional<Abi> abi = AbiFromKernel(key.abi, NativeAbi());
    if (!abi.has_value()) continue;
    refused.insert({.cgroup = TextOf(key.cgroup),
                    .program = TextOf(key.program),
                    .call = {*abi, static_cast<int>(key.nr)},
                    .error = static_cast<int>(key.error)});
    if (refused.size() > REFUSALS_MOST) break;
  }
  return refused;
}

}  // namespace syscarve
