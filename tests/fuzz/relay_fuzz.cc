// SPDX-License-Identifier: Apache-2.0
// What a relay to an engine reads of its clients: heads, bodies, and requests that create containers. Whatever it lets
// by is as strict as it says: a head printed again is the same head, a confined request has one HostConfig.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "userspace/base/strict_json.h"
#include "userspace/container/create_request.h"
#include "userspace/container/http_head.h"

namespace syscarve {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void TryHead(std::string_view text) {
  const std::optional<size_t> size = HeadSize(text);
  if (!size.has_value()) return;
  const auto request = ParseRequestHead(text.substr(0, *size));
  (void)ParseResponseHead(text.substr(0, *size)).ok();
  if (!request.ok()) return;
  const auto again = ParseRequestHead(request->Print());
  Require(again.ok() && again->target == request->target && again->headers == request->headers);
  const auto framing = FramingOf(request->headers);
  if (!framing.ok()) return;
  constexpr size_t kLimit = 1000;
  BodyCollector collector(*framing, kLimit);
  std::string rest(text.substr(*size));
  const size_t before = rest.size();
  if (!collector.Take(rest).ok()) return;
  Require(collector.body().size() <= kLimit && rest.size() <= before);
}

void TryCreate(std::string_view text) {
  if (!ReadCreateRequest("/containers/create?name=a%", text).ok()) return;
  const auto confined =
      Confine(text, {.profile = "{\"a\": \"\\\"\"}", .cap_add = {{"CAP_CHOWN"}}, .label = "syscarve.verify"});
  if (!confined.ok()) return;
  const auto request = ReadCreateRequest("/containers/create", *confined);
  Require(request.ok() && request->container.labels.contains("syscarve.verify"));
  // Once more changes nothing.
  const auto twice =
      Confine(*confined, {.profile = "{\"a\": \"\\\"\"}", .cap_add = {{"CAP_CHOWN"}}, .label = "syscarve.verify"});
  Require(twice.ok() && *twice == *confined);
}

}  // namespace
}  // namespace syscarve

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  syscarve::TryHead(text);
  syscarve::TryCreate(text);
  return 0;
}
