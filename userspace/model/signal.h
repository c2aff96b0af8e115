// SPDX-License-Identifier: Apache-2.0
// Signals by number and name, and what a program is usually sent them for.
//
// Numbers are those of x86_64 and aarch64, which are the same (include/uapi/asm-generic/signal.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace syscarve {

inline constexpr int kSignalCount = 64;

// A set of signals: signal n is bit n - 1.
using SignalSet = uint64_t;
constexpr SignalSet SignalBit(int signal) {
  return SignalSet{1} << (signal - 1);
}
constexpr bool HasSignal(SignalSet set, int signal) {
  return (set & SignalBit(signal)) != 0;
}
std::vector<int> SignalsOf(SignalSet set);  // Ascending.

// "SIGHUP"; "SIGRTMIN+3" of 37, where the C library's real-time signals begin at 34; "SIG32" and "SIG33" of those that
// it keeps for itself. REQUIRES: 1 <= signal <= kSignalCount.
std::string SignalName(int signal);
// As SignalName spells it.
std::optional<int> SignalFromName(std::string_view name);
// As people and images write it: "SIGTERM", "TERM", "term", "15", "RTMIN+3".
std::optional<int> SignalFromText(std::string_view text);
// "SIGHUP, SIGUSR1".
std::string SignalNames(SignalSet set);

// What those who run a service send its first process, by convention; in the order in which it is safe to try them.
struct ConventionalSignal {
  int signal;
  std::string_view meaning;
};
// To have it read its configuration or open its logs anew, and go on: signal(7), daemon(7), and the manuals of Apache,
// BIND, HAProxy, nginx, PostgreSQL, rsyslog, Squid.
std::span<const ConventionalSignal> ReloadSignals();
// What a program may take to act on one of these, as nothing tells when it has.
inline constexpr std::chrono::milliseconds kReloadTime{1000};
// To have it end in good order.
std::span<const ConventionalSignal> StopSignals();

SignalSet SetOf(std::span<const ConventionalSignal> signals);

// Whether a program that has handlers for all of these has them because its language's runtime takes every signal, as
// Go's does: then that there is one does not say that the program has a use for it.
bool CatchesEverything(SignalSet caught);

// Whether it is the kind of signal by which a program crashes: a fault, or abort().
bool IsCrash(int signal);

}  // namespace syscarve
