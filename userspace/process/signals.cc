// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "userspace/process/process_tree.h"

namespace syscarve {
namespace {

// Signals whose default would end this process and that may be sent on purpose. Not the stop signals: with job control
// this process stops together with the command. Not the faults, and not SIGPIPE, which concerns this process only.
sigset_t HandledSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGALRM, SIGVTALRM, SIGPROF,
                           SIGIO, SIGPWR, SIGCHLD}) {
    sigaddset(&set, signal);
  }
  for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) sigaddset(&set, signal);
  return set;
}

// Whether `command` has received this signal already.
bool ReachedCommand(const signalfd_siginfo& info, pid_t command) {
  if (info.ssi_code == SI_KERNEL) {
    // The hangup of a terminal is sent to its session's leader only, which must forward it.
    if (info.ssi_signo == SIGHUP && getsid(0) == getpid()) return false;
    // A terminal's other signals are sent to the whole foreground group.
    return getpgid(command) == getpgrp();
  }
  return IsDescendant(static_cast<pid_t>(info.ssi_pid), getpid());
}

}  // namespace

absl::StatusOr<SignalForwarder> SignalForwarder::Create() {
  SignalForwarder forwarder;
  const sigset_t handled = HandledSignals();
  UniqueFd fd(signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) return PosixError("signalfd", errno);
  sigprocmask(SIG_BLOCK, &handled, &forwarder.previous_mask_);
  // If the caller ignored SIGCHLD, children would vanish together with their status.
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  sigaction(SIGCHLD, &standard, &forwarder.previous_child_action_);
  forwarder.fd_ = std::move(fd);
  return forwarder;
}

SignalForwarder::~SignalForwarder() {
  if (!fd_.valid()) return;  // Moved from.
  signalfd_siginfo late;
  while (read(fd_.get(), &late, sizeof(late)) == sizeof(late)) {
  }
  sigaction(SIGCHLD, &previous_child_action_, nullptr);
  sigprocmask(SIG_SETMASK, &previous_mask_, nullptr);
}

SignalForwarder::News SignalForwarder::HandlePending() {
  News events;
  signalfd_siginfo info;
  while (read(fd_.get(), &info, sizeof(info)) == sizeof(info)) {
    const int signal = static_cast<int>(info.ssi_signo);
    const bool ends = signal == SIGINT || signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT;
    if (signal == SIGCHLD) {
      events.child_changed = true;
    } else if (target_ == 0) {
      events.asked_to_end |= ends;
    } else {
      const bool reached = ReachedCommand(info, target_);
      events.target_asked_to_end |= ends && (!reached || info.ssi_code == SI_KERNEL);
      if (!reached) kill(target_, signal);
    }
  }
  return events;
}

}  // namespace syscarve
