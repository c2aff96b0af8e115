// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/signal.h"

#include <algorithm>
#include <bit>
#include <csignal>
#include <iterator>

#include "userspace/base/concat.h"
#include "userspace/base/text.h"

namespace syscarve {
namespace {

constexpr std::string_view kSignalNames[] = {"HUP",  "INT",    "QUIT", "ILL",   "TRAP", "ABRT", "BUS",  "FPE",
                                             "KILL", "USR1",   "SEGV", "USR2",  "PIPE", "ALRM", "TERM", "STKFLT",
                                             "CHLD", "CONT",   "STOP", "TSTP",  "TTIN", "TTOU", "URG",  "XCPU",
                                             "XFSZ", "VTALRM", "PROF", "WINCH", "IO",   "PWR",  "SYS"};
constexpr int kNamedSignals = static_cast<int>(std::size(kSignalNames));
static_assert(kNamedSignals == SIGSYS);

constexpr int kFirstRealTime = 34;

constexpr ConventionalSignal kReloadSignals[] = {
    {SIGHUP, "read the configuration anew"},
    {SIGUSR1, "open the logs anew"},
    {SIGUSR2, "reload, as the program has it"},
};
constexpr ConventionalSignal kStopSignals[] = {
    {SIGTERM, "end"},
    {SIGINT, "end, as by Ctrl-C"},
    {SIGQUIT, "end when the present work is done"},
};

}  // namespace

std::vector<int> SignalsOf(SignalSet set) {
  std::vector<int> signals;
  for (int signal = 1; signal <= kSignalCount; ++signal) {
    if (HasSignal(set, signal)) signals.push_back(signal);
  }
  return signals;
}

std::string SignalName(int signal) {
  if (signal <= kNamedSignals) return Concat("SIG", kSignalNames[signal - 1]);
  if (signal < kFirstRealTime) return Concat("SIG", signal);
  return signal == kFirstRealTime ? "SIGRTMIN" : Concat("SIGRTMIN+", signal - kFirstRealTime);
}

std::optional<int> SignalFromName(std::string_view name) {
  for (int signal = 1; signal <= kSignalCount; ++signal) {
    if (SignalName(signal) == name) return signal;
  }
  return std::nullopt;
}

std::optional<int> SignalFromText(std::string_view text) {
  if (const auto number = ParseNumber<int>(text); number.has_value() && *number >= 1 && *number <= kSignalCount) {
    return number;
  }
  std::string name(text);
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  if (!name.starts_with("SIG")) name = Concat("SIG", name);
  // The other notation of real-time signals, and older names.
  constexpr std::string_view kFromTheEnd = "SIGRTMAX";
  if (name.starts_with(kFromTheEnd)) {
    const std::string_view rest = std::string_view(name).substr(kFromTheEnd.size());
    if (rest.empty()) return kSignalCount;
    const auto below = rest.front() == '-' ? ParseNumber<int>(rest.substr(1)) : std::nullopt;
    if (!below.has_value() || *below < 0 || kSignalCount - *below < kFirstRealTime) return std::nullopt;
    return kSignalCount - *below;
  }
  if (name == "SIGPOLL") return SIGIO;
  if (name == "SIGIOT") return SIGABRT;
  return SignalFromName(name);
}

std::string SignalNames(SignalSet set) {
  std::string names;
  for (const int signal : SignalsOf(set)) names += Concat(names.empty() ? "" : ", ", SignalName(signal));
  return names;
}

std::span<const ConventionalSignal> ReloadSignals() {
  return kReloadSignals;
}

std::span<const ConventionalSignal> StopSignals() {
  return kStopSignals;
}

SignalSet SetOf(std::span<const ConventionalSignal> signals) {
  SignalSet set = 0;
  for (const ConventionalSignal& signal : signals) set |= SignalBit(signal.signal);
  return set;
}

bool CatchesEverything(SignalSet caught) {
  // A program that installs each handler deliberately has no use for all three: one is the terminal's, one is a fault
  // of x87 coprocessors that no kernel sends, one is the power supply's.
  constexpr SignalSet kUnusual = SignalBit(SIGSTKFLT) | SignalBit(SIGPWR) | SignalBit(SIGXCPU);
  constexpr int kMost = 24;
  return (caught & kUnusual) == kUnusual && std::popcount(caught) >= kMost;
}

bool IsCrash(int signal) {
  constexpr int kCrashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
  return std::ranges::find(kCrashes, signal) != std::end(kCrashes);
}

}  // namespace syscarve
