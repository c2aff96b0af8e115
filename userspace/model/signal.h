// SPDX-License-Identifier: Apache-2.0
// Signals by number and name, and their conventional meanings.
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

// "SIGHUP"; "SIGRTMIN+3" for 37, as the C library's real-time signals begin at 34; "SIG32" and "SIG33" for the two that
// the library reserves. REQUIRES: 1 <= signal <= kSignalCount.
std::string SignalName(int signal);
// The inverse of SignalName.
std::optional<int> SignalFromName(std::string_view name);
// Accepts the forms used by people and images: "SIGTERM", "TERM", "term", "15", "RTMIN+3".
std::optional<int> SignalFromText(std::string_view text);
// "SIGHUP, SIGUSR1".
std::string SignalNames(SignalSet set);

// A signal that is sent to a service's first process by convention. The lists below are in the order in which it is
// safe to try them.
struct ConventionalSignal {
  int signal;
  std::string_view meaning;
};
// Signals to reload the configuration or reopen logs without ending: signal(7), daemon(7), and the manuals of Apache,
// BIND, HAProxy, nginx, PostgreSQL, rsyslog, Squid.
std::span<const ConventionalSignal> ReloadSignals();
// The time that a program is given to act on one of these: nothing reports when it has.
inline constexpr std::chrono::milliseconds kReloadTime{1000};
// Signals to end the service in good order.
std::span<const ConventionalSignal> StopSignals();

SignalSet SetOf(std::span<const ConventionalSignal> signals);

// Whether `caught` is the set of a language runtime that handles every signal, as Go's does. A handler is then no
// evidence that the program has a use for the signal.
bool CatchesEverything(SignalSet caught);

// Whether the signal indicates a crash: a fault, or abort().
bool IsCrash(int signal);

}  // namespace syscarve
