// SPDX-License-Identifier: Apache-2.0
// A command recorded with BPF, as most live tests begin.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "userspace/process/command.h"
#include "userspace/process/signals.h"
#include "userspace/trace/bpf_recorder.h"

namespace syscarve {

// Fails the test, and gives an empty recording, where it could not be recorded; fails it when the command's status is
// not `status`. Losses are the caller's business.
inline Recording RecordedCommand(const std::vector<std::string>& argv, const RecordOptions& options, int status) {
  auto command = ResolveCommand(argv, std::nullopt);
  EXPECT_TRUE(command.ok()) << command.status();
  auto signals = SignalForwarder::Create();
  EXPECT_TRUE(signals.ok());
  RecordStage stage;
  auto outcome = RecordCommandWithBpf(*command, options, *signals, stage);
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  if (!outcome.ok()) return {};
  EXPECT_EQ(outcome->command_status, status);
  return std::move(outcome->recording);
}

}  // namespace syscarve
