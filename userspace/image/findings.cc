// SPDX-License-Identifier: Apache-2.0
#include "userspace/image/findings.h"

#include <algorithm>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/shipped/secret_rules.h"

namespace syscarve {
namespace {

constexpr ImageRule kRules[] = {
    {"set-id", "A program that runs as its owner or group, whoever starts it",
     "A mistake in such a program makes root of any user of the container. Take the bit away (chmod a-s) where nothing "
     "needs it, and run with no-new-privileges, under which it has no effect.",
     Severity::kMedium},
    {"file-capability", "A program that is given capabilities, whoever starts it",
     "A mistake in such a program gives them to any user of the container. Take them away (setcap -r) where nothing "
     "needs them, and run with no-new-privileges, under which they have no effect.",
     Severity::kMedium},
    {"world-writable-file", "A file that every user may write",
     "Whoever has got into the container as any user can change it. Take the permission away (chmod o-w).",
     Severity::kMedium},
    {"world-writable-folder", "A folder in which every user may replace the files of others",
     "Without the sticky bit, any user can remove or replace what another has put there. Set it (chmod +t), or take the "
     "permission away (chmod o-w).",
     Severity::kMedium},
    {"device-node", "A device in the image",
     "An engine makes the devices that a container may use. One in the image is not needed, and is a way to the host's "
     "hardware where the container may open it.",
     Severity::kMedium},
    {"sudo-no-password", "sudo asks for no password",
     "Whoever runs as that user is root when he likes. Remove the line, or sudo.", Severity::kHigh},
    {"runs-as-root", "The image runs as root",
     "A mistake in the service is one of root's. Set a user (USER) in the image, or one when the container is started.",
     Severity::kMedium},
    {"no-health-check", "The image has no health check",
     "An engine cannot tell whether the service works. Say how to tell (HEALTHCHECK); Kubernetes has probes of its own.",
     Severity::kLow},
    {"base-unknown", "The image does not name its base",
     "The image does not show whether a flaw of its base has been fixed since. Build with the labels "
     "org.opencontainers.image.base.name and org.opencontainers.image.base.digest.",
     Severity::kLow},
    {"base-not-pinned", "The image's base is a name that can come to mean another image",
     "Another build may be built on something else. Name the base by its digest, and label it.", Severity::kLow},
    {"mutable-tag", "The image is called by a tag that moves",
     "What runs tomorrow under this name may be another image. Use a version's tag, or the digest.", Severity::kLow},
    {"add-url", "The image was built of something fetched from an address",
     "ADD takes what is there at that moment. Fetch it with a checksum (ADD --checksum=…).", Severity::kMedium},
    {"package-manager", "A package manager is in the image",
     "It is of no use to a service, and of much to whoever has got in. Build the image in stages, or remove it.",
     Severity::kLow},
    {"compiler", "A compiler is in the image",
     "It is of no use to a service, and of much to whoever has got in. Build the image in stages, or remove it.",
     Severity::kLow},
    {"odd-name", "A file has a name that is made to be read as something else",
     "A name with control characters, or no name, is not of any package's making.", Severity::kMedium},
    {"path-out-of-image", "A layer has a file outside of the image",
     "An engine that unpacks it carelessly writes to the host. No honest build makes such a layer.", Severity::kHigh},
    {"link-out-of-image", "A layer has a hard link to a file outside of the image",
     "An engine that unpacks it carelessly gives the container a file of the host. No honest build makes such a layer.",
     Severity::kHigh},
    {"digest-mismatch", "A part of the image is not what its name says",
     "The bytes do not have the digest by which the image names them: they were changed, or damaged.",
     Severity::kCritical},
    {"not-scanned", "A part of the image could not be looked at",
     "Nothing is known of what is in it. The message says why.", Severity::kHigh},
    {"unused-part", "The archive has a part that belongs to no image", "Whoever has the archive has it, too.",
     Severity::kNote},
    {"joined-secret", "A secret that gitleaks has found", "Take it out of the image, and replace it where it is used.",
     Severity::kHigh},
    {"joined-vulnerability", "A vulnerability that another scanner has reported",
     "Whether the package's programs were executed in the recording is in the message. Update the package, or remove it.",
     Severity::kMedium},
};

}  // namespace

std::span<const ImageRule> ImageRules() {
  return kRules;
}

absl::StatusOr<std::vector<ScanRule>> AllScanRules() {
  SYSCARVE_ASSIGN_OR_RETURN(const SecretRules* const secrets, ShippedSecretRules());
  std::vector<ScanRule> rules;
  for (const ImageRule& rule : kRules) {
    rules.push_back({std::string(rule.id), std::string(rule.summary), std::string(rule.help), rule.severity});
  }
  const auto add = [&](const SecretRule& rule) {
    rules.push_back(
        {Concat(kSecretPrefix, rule.id), Concat(rule.summary, " in the image"),
         "Whoever has the image has it, also when a later layer deletes it. Replace it where it is used, and "
         "build without it (a build secret, or another stage).",
         rule.severity});
  };
  for (const SecretToken& rule : secrets->tokens) add(rule);
  for (const SecretBlock& rule : secrets->blocks) add(rule);
  for (const SecretVariable& rule : secrets->variables) add(rule);
  for (const SecretFile& rule : secrets->files) add(rule);
  return rules;
}

ImageFinding NewFinding(std::string_view rule, std::string path, std::string message) {
  const auto found = std::ranges::find(kRules, rule, &ImageRule::id);
  ImageFinding finding;
  finding.rule = rule;
  if (found != std::end(kRules)) finding.severity = found->severity;
  finding.path = std::move(path);
  finding.message = std::move(message);
  return finding;
}

}  // namespace syscarve
