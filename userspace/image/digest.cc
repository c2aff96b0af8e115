// SPDX-License-Identifier: Apache-2.0
#include "userspace/image/digest.h"

#include <openssl/evp.h>

namespace syscarve {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr);
}

Sha256::~Sha256() {
  EVP_MD_CTX_free(state_->context);
}

void Sha256::Add(std::string_view bytes) {
  EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
}

Sha256::Bytes Sha256::Finish() {
  Bytes digest{};
  unsigned size = 0;
  EVP_DigestFinal_ex(state_->context, digest.data(), &size);
  EVP_DigestInit_ex(state_->context, nullptr, nullptr);
  return digest;
}

std::string Sha256::FinishAsText() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = "sha256:";
  for (const unsigned char byte : Finish()) text += {kDigits[byte >> 4], kDigits[byte & 0xf]};
  return text;
}

}  // namespace syscarve
