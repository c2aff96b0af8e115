// SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/harden/planner.h"

namespace syscarve {
namespace {

constexpr int kFirstFreePort = 1024;

bool IsInet(const Endpoint& endpoint) {
  return endpoint.family == AddressFamily::kInet || endpoint.family == AddressFamily::kInet6;
}

// Whether the endpoint needs more than the loopback interface, which a container without a network also has.
bool TakesNetwork(const Endpoint& endpoint) {
  if (IsInet(endpoint)) return endpoint.scope != AddressScope::kLoopback;
  return endpoint.family == AddressFamily::kPacket;
}

std::string EndpointWords(const Endpoint& endpoint) {
  std::string text = endpoint.use == EndpointUse::kBound ? "bound to " : "connected to ";
  switch (endpoint.scope) {
    case AddressScope::kAny:
      text += "all addresses";
      break;
    case AddressScope::kNone:
      text += Concat("an address of ", AddressFamilyName(endpoint.family));
      break;
    default:
      text += Concat("an address that is ", AddressScopeName(endpoint.scope));
  }
  if (endpoint.port != 0) text += Concat(", port ", endpoint.port);
  return text;
}

// The programs that created IP or packet sockets; nullopt if unknown.
std::optional<std::set<std::string>> MakersOfSockets(const HardeningFacts& facts, bool datagrams_only) {
  if (!facts.sockets.has_value()) return std::nullopt;
  std::set<std::string> makers;
  for (const auto& [kind, programs] : *facts.sockets) {
    const auto [family, type] = kind;
    if (family != AF_INET && family != AF_INET6 && family != AF_PACKET) continue;
    if (datagrams_only && type == SOCK_STREAM) continue;
    makers.insert(programs.begin(), programs.end());
  }
  return makers;
}

// Whether the service made calls whose addresses early recorders did not record. A stream socket gets its address from
// another call.
bool SendsMessages(const HardeningFacts& facts) {
  if (facts.calls.contains("socketcall")) return true;
  if (!facts.calls.contains("sendmsg") && !facts.calls.contains("sendmmsg")) return false;
  const auto datagrams = MakersOfSockets(facts, /*datagrams_only=*/true);
  return !datagrams.has_value() || !datagrams->empty();
}

void Judge(const HardeningFacts& facts, Setting& setting) {
  const auto makers = MakersOfSockets(facts, /*datagrams_only=*/false);
  if (makers.has_value() && makers->empty()) {
    setting.verdict = SettingVerdict::kObserved;
    setting.reasons.emplace_back("No socket of IP was made.");
    return;
  }
  std::set<std::string> uses;
  if (facts.evidence.has_value()) {
    for (const auto& [endpoint, programs] : facts.evidence->endpoints) {
      if (TakesNetwork(endpoint)) uses.insert(Concat(facts.ProgramWords(programs), " ", EndpointWords(endpoint)));
    }
  }
  if (!uses.empty()) {
    setting.verdict = SettingVerdict::kRefused;
    setting.severity = Severity::kNote;
    setting.value.clear();
    setting.reasons.push_back(Concat("It uses a network: ", SomeOf(uses), "."));
    return;
  }
  EvidenceGap missing = facts.Missing({kMissingEndpoints, kMissingIoUring, kMissingEarlier});
  if (missing.empty() && SendsMessages(facts)) missing = facts.Missing({kMissingMessages});
  if (missing.empty()) {
    setting.verdict = SettingVerdict::kObserved;
    setting.reasons.emplace_back("All addresses that it bound or connected to are of the loopback interface.");
  } else {
    setting.reasons.push_back(Concat("Whether it uses a network is not known: ", missing.sentence));
    setting.how = HowToClose(missing);
  }
}

}  // namespace

bool BindsLowPort(const HardeningFacts& facts) {
  return facts.evidence.has_value() && std::ranges::any_of(facts.evidence->endpoints, [](const auto& entry) {
           const Endpoint& endpoint = entry.first;
           return endpoint.use == EndpointUse::kBound && IsInet(endpoint) && endpoint.port > 0 &&
                  endpoint.port < kFirstFreePort;
         });
}

void PlanNetwork(const Planner& planner) {
  Setting setting = {
      .kind = SettingKind::kNetwork, .verdict = SettingVerdict::kUnknown, .severity = Severity::kLow, .value = "none"};
  setting.refuses.emplace_back("Every address but those of the container's own loopback interface.");
  Judge(planner.facts, setting);
  if (planner.Add(std::move(setting))) planner.plan.line.no_network = true;
}

void PlanPorts(const Planner& planner) {
  std::set<std::string> open;
  for (const Container& container : planner.facts.containers) {
    for (const std::string& place : container.publishes.value_or(std::set<std::string>())) {
      if (!place.starts_with("127.") && !place.starts_with("::1:") && !place.starts_with("[::1]")) open.insert(place);
    }
  }
  if (open.empty()) return;
  planner.Add({.kind = SettingKind::kPorts,
               .verdict = SettingVerdict::kUnknown,
               .severity = Severity::kLow,
               .reasons = {Concat("Ports are published to every client that reaches the host: ", SomeOf(open),
                                  ". An engine's rules for them come before those of most firewalls.")},
               .how = "Where only this host's programs are clients, such as a proxy in front, publish on 127.0.0.1."});
}

}  // namespace syscarve
