// SPDX-License-Identifier: Apache-2.0
// What secrets look like (profiles/rules/secrets.json), for `scan`.
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

// What every rule has.
struct SecretRule {
  std::string id;       // "aws-access-key"
  std::string summary;  // "An access key of AWS"; the beginning of a sentence.
  Severity severity = Severity::kMedium;
};

// What a secret's value is made of.
struct SecretValue {
  CharacterSet characters;
  size_t least = 0;     // How many of them there are.
  size_t most = 0;      // One more, and it is something else.
  size_t distinct = 0;  // So many different ones at least: no "xxxxxxxx".
};

// Known by how it begins: "ghp_" and 36 letters and digits.
struct SecretToken : SecretRule {
  std::vector<std::string> prefixes;  // Three bytes at least.
  SecretValue value;                  // What follows the prefix.
};

// A block of base64 behind a line that says what it is.
struct SecretBlock : SecretRule {
  std::vector<std::string> begins;     // "-----BEGIN RSA PRIVATE KEY-----"
  size_t least = 0;                    // Characters of base64.
  std::vector<std::string> encrypted;  // In the block: it takes a passphrase, and the rule says nothing of it.
};

// Known by the name that it is given: NAME=value.
struct SecretVariable : SecretRule {
  std::vector<std::string> names;  // In capitals, with "_" for what stands between words.
  bool in_any_text = false;  // Whole names, in every text; otherwise the names' last words, where variables are set.
  SecretValue value;
};

// Known by the file.
struct SecretFile : SecretRule {
  std::vector<std::string> names;   // The last parts of the path; "*" for anything in the first of these.
  std::vector<std::string> except;  // Likewise.
  std::vector<std::string> holds;   // One of these texts is in it; empty for any file that is not empty.
  bool sets_variables = false;      // SecretVariable rules are for what is in it.
};

struct SecretRules {
  std::vector<SecretToken> tokens;
  std::vector<SecretBlock> blocks;
  std::vector<SecretVariable> variables;
  std::vector<SecretFile> files;
  std::vector<std::string> placeholders;  // In lower case: a value with one of them in it is no secret.
};

absl::StatusOr<SecretRules> ParseSecretRules(std::string_view text);
// The embedded file, as in shipped_data.h.
absl::StatusOr<const SecretRules*> ShippedSecretRules();

}  // namespace syscarve
