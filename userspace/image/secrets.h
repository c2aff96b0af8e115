// SPDX-License-Identifier: Apache-2.0
// Searches texts for secrets, by the rules of shipped/secret_rules.h. A hit does not contain the secret: only its
// public part and its length.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "userspace/shipped/secret_rules.h"

namespace syscarve {

struct SecretHit {
  const SecretRule* rule = nullptr;
  size_t line = 1;         // Of the text, from 1.
  std::string shown;       // "ghp_… (40 characters)", "DB_PASSWORD (12 characters)": nothing of the secret itself.
  bool encrypted = false;  // It requires a passphrase.
};

class SecretFinder {
 public:
  using Sink = absl::FunctionRef<void(const SecretHit&)>;

  // `rules` must outlive the finder.
  explicit SecretFinder(const SecretRules& rules);

  // Tokens, blocks, and the variables that are searched for in every text. Each place once.
  void FindInText(std::string_view text, Sink sink) const;
  // Variables set in `text` (NAME=value), a text whose purpose that is: an environment, a shell's history.
  void FindInVariables(std::string_view text, Sink sink) const;
  // The rules for a file with this path, without a leading slash.
  std::vector<const SecretFile*> FileRules(std::string_view path) const;
  // Whether a text matches a rule of FileRules. A value that is a reference ("=${TOKEN}") does not.
  static bool Holds(const SecretFile& rule, std::string_view text);

 private:
  struct Anchor {
    std::string text;
    const SecretToken* token = nullptr;
    const SecretBlock* block = nullptr;
    const SecretVariable* variable = nullptr;
  };

  static uint32_t BucketOf(std::string_view text);
  void AddAnchor(Anchor anchor);
  bool IsPlaceholder(std::string_view value) const;
  bool FitsValue(const SecretValue& value, std::string_view text) const;
  bool MatchAt(const Anchor& anchor, std::string_view text, size_t at, SecretHit& hit) const;
  bool MatchToken(const SecretToken& token, std::string_view prefix, std::string_view text, size_t at,
                  SecretHit& hit) const;
  bool MatchBlock(const SecretBlock& block, std::string_view text, size_t behind, SecretHit& hit) const;
  bool MatchVariable(const SecretVariable& variable, std::string_view name, std::string_view text, size_t behind,
                     SecretHit& hit) const;
  const SecretVariable* VariableCalled(std::string_view name) const;

  static constexpr size_t kBuckets = 4096;

  const SecretRules& rules_;
  std::vector<Anchor> anchors_;
  // By the first three bytes: whether an anchor can begin with them, and which ones.
  std::bitset<kBuckets> begun_;
  std::array<std::vector<uint16_t>, kBuckets> buckets_;
};

}  // namespace syscarve
