// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4), the digest by which images name their parts.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace syscarve {

class Sha256 {
 public:
  using Bytes = std::array<unsigned char, 32>;

  Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  ~Sha256();

  void Add(std::string_view bytes);
  // The digest of all bytes added; starts anew.
  Bytes Finish();
  // The same in an image's form: "sha256:" and 64 hex digits.
  std::string FinishAsText();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace syscarve
