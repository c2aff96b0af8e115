// SPDX-License-Identifier: Apache-2.0
#include "userspace/image/config_findings.h"

#include <algorithm>
#include <set>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/text.h"

namespace syscarve {
namespace {

// The layer created by a step of the history; nullopt if it created none.
class StepLayers {
 public:
  std::optional<size_t> LayerOf(const HistoryStep& step) {
    if (step.empty_layer) return std::nullopt;
    return ++layers_;
  }

 private:
  size_t layers_ = 0;
};

bool IsRoot(std::string_view user) {
  const std::string_view name = user.substr(0, user.find(':'));
  return name.empty() || name == "root" || name == "0";
}

// The address added by a step of the history, without a possible password in it; "" for none. Both builders write the
// instruction's words: "ADD https://… /x # buildkit", "/bin/sh -c #(nop) ADD https://… in /x".
std::string AddedUrl(std::string_view step) {
  const size_t add = step.find("ADD ");
  if (add == std::string_view::npos || (add > 0 && step[add - 1] != ' ')) return "";
  for (std::string_view word : SplitNonEmpty(step.substr(add + 4), ' ')) {
    if (word.starts_with("--checksum=")) return "";
    if (word.starts_with("--")) continue;
    const bool address = word.starts_with("http://") || word.starts_with("https://") || word.starts_with("git@") ||
                         word.starts_with("ftp://");
    if (!address) return "";
    std::string url(word.substr(0, word.find('?')));
    const size_t scheme = url.find("://");
    const size_t at = url.find('@');
    if (scheme != std::string::npos && at != std::string::npos) url.erase(scheme + 3, at - scheme - 2);
    return url;
  }
  return "";
}

// Secrets of one text, each variable once.
void FindSecrets(const SecretFinder& secrets, std::string_view text, const std::string& where,
                 std::optional<size_t> layer, std::vector<ImageFinding>& findings) {
  std::set<std::string> seen;
  const auto report = [&](const SecretHit& hit) {
    if (!seen.insert(Concat(hit.rule->id, " ", hit.shown)).second) return;
    ImageFinding finding = SecretFinding(hit, "", where);
    finding.layer = layer;
    findings.push_back(std::move(finding));
  };
  secrets.FindInText(text, report);
  secrets.FindInVariables(text, report);
}

void FindInEnvironment(const SecretFinder& secrets, const ImageConfig& config, std::vector<ImageFinding>& findings) {
  for (const std::string& variable : config.environment) {
    FindSecrets(secrets, variable, "the image's environment (ENV)", std::nullopt, findings);
  }
}

void FindInHistory(const SecretFinder& secrets, const ImageConfig& config, std::vector<ImageFinding>& findings) {
  StepLayers layers;
  for (size_t i = 0; i < config.history.size(); ++i) {
    const HistoryStep& step = config.history[i];
    const std::optional<size_t> layer = layers.LayerOf(step);
    // Variables of ENV are in the environment, too, and found there.
    const bool sets_environment = step.created_by.starts_with("ENV ") ||
                                  step.created_by.find("#(nop) ENV") != std::string::npos ||
                                  step.created_by.find("#(nop)  ENV") != std::string::npos;
    if (!sets_environment) {
      FindSecrets(secrets, step.created_by, Concat("step ", i + 1, " of the image's history"), layer, findings);
    }
    const std::string url = AddedUrl(step.created_by);
    if (url.empty()) continue;
    ImageFinding finding =
        NewFinding("add-url", "", Concat("Step ", i + 1, " of the image's history has fetched ", url, "."));
    finding.layer = layer;
    findings.push_back(std::move(finding));
  }
}

void FindBase(const ImageConfig& config, std::vector<ImageFinding>& findings) {
  if (!config.base_digest.empty() || config.base_name.find("@sha256:") != std::string::npos) return;
  if (config.base_name == "scratch") return;
  if (config.base_name.empty()) {
    findings.push_back(NewFinding("base-unknown", "", "The image does not name its base."));
  } else {
    findings.push_back(NewFinding(
        "base-not-pinned", "", Concat("The image was built on ", config.base_name, ", without the digest of that.")));
  }
}

void FindTags(const ScannedImage& image, std::vector<ImageFinding>& findings) {
  for (const std::string& reference : image.references) {
    if (reference.find("@sha256:") != std::string::npos) continue;
    const size_t colon = reference.rfind(':');
    const size_t slash = reference.rfind('/');
    const bool tagged = colon != std::string::npos && (slash == std::string::npos || colon > slash);
    // In an OCI layout, an image's name may be only the tag.
    const std::string_view tag = tagged ? std::string_view(reference).substr(colon + 1) : reference;
    if (tag != "latest" && tag != "stable" && tag != "edge" && tag != "main" && tag != "master") continue;
    findings.push_back(NewFinding("mutable-tag", "", Concat("The image is called ", reference, ".")));
  }
}

}  // namespace

void FindInConfig(const SecretFinder& secrets, ScannedImage& image) {
  if (!image.config.has_value()) return;
  const ImageConfig& config = *image.config;
  if (IsRoot(config.user)) {
    image.findings.push_back(NewFinding("runs-as-root", "",
                                        config.user.empty()
                                            ? std::string("The image names no user, and so runs as root.")
                                            : Concat("The image runs as ", config.user, ".")));
  }
  if (!config.has_health_check) {
    image.findings.push_back(NewFinding("no-health-check", "", "The image has no health check."));
  }
  FindInEnvironment(secrets, config, image.findings);
  FindInHistory(secrets, config, image.findings);
  FindBase(config, image.findings);
  FindTags(image, image.findings);
}

}  // namespace syscarve
