// SPDX-License-Identifier: Apache-2.0
// Looks for secrets in texts, by the rules of shipped/secret_rules.h. What is found is said without the secret: by the
// part of it that everybody knows, and its length.
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
  bool encrypted = false;  // It takes a passphrase.
};

class SecretFinder {
 public:
  using Sink = absl::FunctionRef<void(const SecretHit&)>;

  // `rules` must outlive the finder.
  explicit SecretFinder(const SecretRules& rules);

  // Tokens, blocks, and the variables that are looked for in every text. Each place once.
  void FindInText(std::string_view text, Sink sink) const;
  // Variables that are set in `text` (NAME=value), where that is what it is for: an environment, a shell's history.
  void FindInVariables(std::string_view text, Sink sink) const;
  // The rules for a file with this path, which has no slash in front.
  std::vector<const SecretFile*> FileRules(std::string_view path) const;
  // Whether a text fits a rule of FileRules. A value that is a reference ("=${TOKEN}") is none.
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
  // By the first three bytes: whether an anchor can begin so, and which ones.
  std::bitset<kBuckets> begun_;
  std::array<std::vector<uint16_t>, kBuckets> buckets_;
};

}  // namespace syscarve
