// SPDX-License-Identifier: Apache-2.0
// What the tests of jobs share: a folder of their own, and notes that are kept.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/app/notes.h"

namespace syscarve {

class KeptNotes : public Notes {
 public:
  void Warn(std::string_view message) override { warnings.emplace_back(message); }
  void Note(std::string_view message) override { notes.emplace_back(message); }
  void Error(const absl::Status& status) override { errors.emplace_back(status.message()); }

  std::vector<std::string> warnings;
  std::vector<std::string> notes;
  std::vector<std::string> errors;
};

class JobTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "syscarve-app-test-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Path(std::string_view name) const { return folder_ + "/" + std::string(name); }
  // Its path.
  std::string Write(std::string_view name, std::string_view content) const {
    std::filesystem::create_directories(std::filesystem::path(Path(name)).parent_path());
    std::ofstream(Path(name), std::ios::binary) << content;
    return Path(name);
  }
  std::string Read(std::string_view name) const {
    std::ifstream file(Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // The names of what is in the folder's folder `name`.
  std::set<std::string> In(std::string_view name = "") const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(Path(name))) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }

  std::string folder_;
};

}  // namespace syscarve
