// SPDX-License-Identifier: Apache-2.0
// Rules to recognise secrets (profiles/rules/secrets.json), for `scan`.
#pragma once

#include <bitset>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/severity.h"

namespace syscarve {

using CharacterSet = std::bitset<256>;

// The common part of the rules.
struct SecretRule {
  std::string id;       // "aws-access-key"
  std::string summary;  // "An access key of AWS"; the beginning of a sentence.
  Severity severity = Severity::kMedium;
};

// The form of a secret's value.
struct SecretValue {
  CharacterSet characters;
  size_t least = 0;     // Minimum length.
  size_t most = 0;      // Maximum length.
  size_t distinct = 0;  // Minimum number of different characters: rejects "xxxxxxxx".
};

// Recognised by its prefix: "ghp_" and 36 letters and digits.
struct SecretToken : SecretRule {
  std::vector<std::string> prefixes;  // At least three bytes each.
  SecretValue value;                  // The part after the prefix.
};

// A block of base64 after a line that identifies it.
struct SecretBlock : SecretRule {
  std::vector<std::string> begins;     // "-----BEGIN RSA PRIVATE KEY-----"
  size_t least = 0;                    // Minimum number of base64 characters.
  std::vector<std::string> encrypted;  // If one of these is in the block, it needs a passphrase and is no finding.
};

// Recognised by a variable's name: NAME=value.
struct SecretVariable : SecretRule {
  std::vector<std::string> names;  // In capitals, with "_" between words.
  // Matches whole names in every text; otherwise the last words of names, where variables are set.
  bool in_any_text = false;
  SecretValue value;
};

// Recognised by the file.
struct SecretFile : SecretRule {
  std::vector<std::string> names;   // The last components of the path; the first of these may contain "*" for anything.
  std::vector<std::string> except;  // Likewise.
  std::vector<std::string> holds;   // Texts, one of which the file contains; empty: any file that is not empty.
  bool sets_variables = false;      // SecretVariable rules apply to its content.
};

struct SecretRules {
  std::vector<SecretToken> tokens;
  std::vector<SecretBlock> blocks;
  std::vector<SecretVariable> variables;
  std::vector<SecretFile> files;
  std::vector<std::string> placeholders;  // In lower case: a value that contains one of them is no secret.
};

absl::StatusOr<SecretRules> ParseSecretRules(std::string_view text);
// The embedded file, as in shipped_data.h.
absl::StatusOr<const SecretRules*> ShippedSecretRules();

}  // namespace syscarve
