// SPDX-License-Identifier: Apache-2.0
#include "userspace/image/scan.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/sentence.h"
#include "userspace/image/config_findings.h"
#include "userspace/image/digest.h"
#include "userspace/image/image_parts.h"

namespace syscarve {
namespace {

constexpr int kMostIndexes = 4;  // Nested in each other.

// The image chosen from an archive or a layout.
struct Chosen {
  std::vector<std::string> references;
  std::string config;                      // A part's name.
  std::string config_digest;               // "" if none is stated.
  std::vector<std::string> layers;         // Parts' names.
  std::vector<std::string> layer_digests;  // As many, or none.
  std::string base_name;
  std::string base_digest;
  bool is_alone = true;  // No other image exists to which unused parts could belong.
};

// Go's name for the architecture of `abi`.
std::string_view GoArchitecture(Abi abi) {
  switch (abi) {
    case Abi::kX86_64:
      return "amd64";
    case Abi::kI386:
      return "386";
    case Abi::kAarch64:
      return "arm64";
    default:
      return AbiName(abi);
  }
}

// The digest in a part's name: "blobs/sha256/<hex>", "<hex>.json"; otherwise "".
std::string DigestInName(std::string_view name) {
  std::string_view hex = name.substr(name.rfind('/') + 1);
  hex = hex.substr(0, hex.find('.'));
  const std::string digest = Concat("sha256:", hex);
  return BlobName(digest).has_value() ? digest : std::string();
}

std::string Listed(const std::vector<std::string>& names) {
  std::vector<std::string> escaped;
  for (const std::string& name : names) escaped.push_back(EscapeForTerminal(name));
  return Enumerated(escaped);
}

absl::Status WhichImage(const std::vector<std::string>& names) {
  return WithHint(absl::InvalidArgumentError(Concat("there are several images: ", Listed(names))),
                  "Say which with --image.");
}

bool IsCalled(const std::vector<std::string>& names, const std::string& reference) {
  return std::ranges::any_of(names, [&](const std::string& name) {
    return name == reference || name == reference + ":latest" || name.ends_with("/" + reference);
  });
}

absl::StatusOr<Chosen> ChooseSaved(ImageParts& parts, const ScanOptions& options) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, parts.Document("manifest.json"));
  absl::StatusOr<std::vector<SavedImage>> images = ParseSavedImages(text);
  if (!images.ok()) return Annotate(images.status(), "manifest.json");
  std::vector<std::string> names;
  const SavedImage* found = nullptr;
  size_t fitting = 0;
  for (const SavedImage& image : *images) {
    const std::vector<std::string> own = image.tags.empty() ? std::vector<std::string>{image.config} : image.tags;
    names.insert(names.end(), own.begin(), own.end());
    if (!options.reference.empty() && !IsCalled(own, options.reference)) continue;
    found = &image;
    ++fitting;
  }
  if (images->empty()) return absl::InvalidArgumentError("manifest.json names no image");
  if (fitting == 0) {
    return absl::InvalidArgumentError(
        Concat("no image is called ", EscapeForTerminal(options.reference), " there, but ", Listed(names)));
  }
  if (fitting > 1) return WhichImage(names);
  Chosen chosen;
  chosen.references = found->tags;
  chosen.config = found->config;
  chosen.config_digest = DigestInName(found->config);
  chosen.layers = found->layers;
  chosen.is_alone = images->size() == 1;
  return chosen;
}

absl::StatusOr<OciDocument> ReadOciDocument(ImageParts& parts, const std::string& name, std::string_view digest) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, parts.Document(name));
  if (!digest.empty()) {
    Sha256 own;
    own.Add(text);
    if (own.FinishAsText() != digest) {
      return absl::InvalidArgumentError(Concat(EscapeForTerminal(name), " does not have the digest it is named by"));
    }
  }
  absl::StatusOr<OciDocument> document = ParseOciDocument(text);
  if (!document.ok()) return Annotate(document.status(), EscapeForTerminal(name));
  return document;
}

// Chooses the manifest or index in an index according to the options.
absl::StatusOr<Descriptor> ChooseManifest(const OciDocument& index, const ScanOptions& options, bool by_name,
                                          ScannedImage& image) {
  std::vector<Descriptor> images;
  std::vector<std::string> names;
  for (const Descriptor& manifest : index.manifests) {
    if (manifest.is_attestation || manifest.os == "unknown") continue;
    if (!manifest.name.empty()) names.push_back(manifest.name);
    if (by_name && !options.reference.empty() && !IsCalled({manifest.name}, options.reference)) continue;
    images.push_back(manifest);
  }
  if (images.empty()) {
    return absl::InvalidArgumentError(options.reference.empty() || !by_name
                                          ? std::string("an index names no image")
                                          : Concat("no image is called ", EscapeForTerminal(options.reference),
                                                   " there",
                                                   names.empty() ? std::string() : Concat(", but ", Listed(names))));
  }
  if (images.size() == 1) return images.front();
  std::set<std::string> different;
  for (const Descriptor& manifest : images) different.insert(manifest.name);
  if (by_name && different.size() > 1) return WhichImage(names);
  const auto native = std::ranges::find(images, GoArchitecture(options.native), &Descriptor::architecture);
  const Descriptor& found = native != images.end() ? *native : images.front();
  image.not_known.push_back(Concat("The image is there for ", images.size(), " platforms, and that for ",
                                   found.architecture, " was looked at."));
  return found;
}

absl::StatusOr<Chosen> ChooseOci(ImageParts& parts, const ScanOptions& options, ScannedImage& image) {
  SYSCARVE_ASSIGN_OR_RETURN(OciDocument document, ReadOciDocument(parts, "index.json", ""));
  Chosen chosen;
  for (int depth = 0; !document.config.has_value(); ++depth) {
    if (depth == kMostIndexes) return absl::InvalidArgumentError("its indexes name each other too deeply");
    SYSCARVE_ASSIGN_OR_RETURN(const Descriptor next, ChooseManifest(document, options, depth == 0, image));
    chosen.is_alone = chosen.is_alone && document.manifests.size() == 1;
    if (!next.name.empty()) chosen.references = {next.name};
    const std::optional<std::string> name = BlobName(next.digest);
    if (!name.has_value()) {
      return absl::InvalidArgumentError(Concat("\"", EscapeForTerminal(next.digest), "\" is no digest of SHA-256"));
    }
    SYSCARVE_ASSIGN_OR_RETURN(document, ReadOciDocument(parts, *name, next.digest));
  }
  const auto add = [](const Descriptor& part, std::string& name) {
    const std::optional<std::string> blob = BlobName(part.digest);
    name = blob.value_or(part.digest);
  };
  add(*document.config, chosen.config);
  chosen.config_digest = document.config->digest;
  for (const Descriptor& layer : document.layers) {
    add(layer, chosen.layers.emplace_back());
    chosen.layer_digests.push_back(layer.digest);
  }
  chosen.base_name = document.base_name;
  chosen.base_digest = document.base_digest;
  return chosen;
}

absl::Status ReadConfig(ImageParts& parts, const Chosen& chosen, ScannedImage& image) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, parts.Document(chosen.config));
  Sha256 digest;
  digest.Add(text);
  image.id = digest.FinishAsText();
  if (!chosen.config_digest.empty() && chosen.config_digest != image.id) {
    image.findings.push_back(
        NewFinding("digest-mismatch", "",
                   Concat("The configuration is named by ", chosen.config_digest, " and is ", image.id, ".")));
  }
  absl::StatusOr<ImageConfig> config = ParseImageConfig(text);
  if (!config.ok()) return Annotate(config.status(), "the image's configuration");
  image.config = *std::move(config);
  if (image.config->base_name.empty()) image.config->base_name = chosen.base_name;
  if (image.config->base_digest.empty()) image.config->base_digest = chosen.base_digest;
  return absl::OkStatus();
}

// Compares the digests of what was read with the stated ones.
void Verify(const std::string& stored_digest, const std::string& diff_id, size_t number, ScannedLayer& layer,
            std::vector<ImageFinding>& findings) {
  if (!layer.contents.status.ok()) return;
  const auto compare = [&](const std::string& named, const std::string& own) {
    if (named.empty()) return;
    const bool same = named == own;
    layer.verified = layer.verified.value_or(true) && same;
    if (same) return;
    ImageFinding finding =
        NewFinding("digest-mismatch", "", Concat("Layer ", number, " is named by ", named, " and is ", own, "."));
    finding.layer = number;
    findings.push_back(std::move(finding));
  };
  compare(stored_digest, layer.contents.digest);
  compare(diff_id, layer.contents.diff_id);
}

void ReadLayers(ImageParts& parts, const Chosen& chosen, ScannedImage& image) {
  const std::vector<std::string>& diff_ids = image.config->diff_ids;
  if (diff_ids.size() != chosen.layers.size()) {
    image.findings.push_back(NewFinding("digest-mismatch", "",
                                        Concat("The configuration has digests of ", diff_ids.size(),
                                               " layers, and the image has ", chosen.layers.size(), ".")));
  }
  std::map<std::string, size_t> before;  // A repeated layer is a single part.
  for (size_t i = 0; i < chosen.layers.size(); ++i) {
    ScannedLayer layer;
    layer.name = chosen.layers[i];
    const auto [same, is_new] = before.emplace(parts.RealName(layer.name), i);
    layer.contents = is_new ? parts.Layer(layer.name) : image.layers[same->second].contents;
    std::string stored = i < chosen.layer_digests.size() ? chosen.layer_digests[i] : std::string();
    // In the format of `docker save`, a blob's name is its digest.
    if (stored.empty() && layer.name.starts_with("blobs/")) stored = DigestInName(layer.name);
    Verify(stored, i < diff_ids.size() ? diff_ids[i] : std::string(), i + 1, layer, image.findings);
    image.layers.push_back(std::move(layer));
  }
}

absl::StatusOr<ScannedImage> ScanParts(ImageParts& parts, const ScanOptions& options) {
  ScannedImage image;
  image.kind = parts.kind();
  absl::StatusOr<Chosen> chosen =
      parts.Has("manifest.json") ? ChooseSaved(parts, options) : ChooseOci(parts, options, image);
  if (!chosen.ok()) return chosen.status();
  image.references = chosen->references;
  SYSCARVE_RETURN_IF_ERROR(ReadConfig(parts, *chosen, image));
  ReadLayers(parts, *chosen, image);
  if (!chosen->is_alone) return image;
  for (const std::string& name : parts.UnusedLayers()) {
    LayerContents unused = parts.Layer(name);
    image.findings.push_back(NewFinding(
        "unused-part", "", Concat(name, " belongs to no layer of the image, and has ", unused.files, " files.")));
    for (ImageFinding& finding : unused.findings) {
      if (!finding.rule.starts_with(kSecretPrefix)) continue;
      finding.deleted = true;
      image.findings.push_back(std::move(finding));
    }
  }
  return image;
}

absl::StatusOr<const SecretRules*> Rules() {
  return ShippedSecretRules();
}

std::string LayerWords(size_t number, const ScannedLayer& layer) {
  return Concat("Layer ", number, " (", layer.name, ")");
}

void TakeUnlisted(size_t number, const LayerContents& contents, std::vector<ImageFinding>& findings) {
  for (const auto& [rule, count] : contents.unlisted) {
    ImageFinding finding =
        NewFinding(rule, "", Concat("Layer ", number, " has ", count, " more of these, not listed."));
    // The highest listed severity, since those of the unlisted findings are unknown.
    for (const ImageFinding& listed : contents.findings) {
      if (listed.rule == rule) finding.severity = std::max(finding.severity, listed.severity);
    }
    finding.layer = number;
    findings.push_back(std::move(finding));
  }
}

// Moves those of a layer's findings that apply to a container, and all secrets.
void TakeLayerFindings(const Overlay& view, size_t index, ScannedLayer& layer, std::vector<ImageFinding>& findings) {
  const auto stays = [](const ImageFinding& finding) {
    return finding.rule.starts_with(kSecretPrefix) || finding.rule.ends_with("-out-of-image") || finding.path.empty();
  };
  for (ImageFinding& finding : layer.contents.findings) {
    const bool visible = view.Visible(index, finding.path);
    if (!visible && !stays(finding)) continue;
    finding.deleted = !visible && !finding.path.empty();
    finding.layer = index + 1;
    findings.push_back(std::move(finding));
  }
  TakeUnlisted(index + 1, layer.contents, findings);
  layer.contents.findings.clear();
}

// Reports a file that several layers have, such as one whose owner was changed, only once: as in the highest layer.
void LeaveOutRepeated(std::vector<ImageFinding>& findings) {
  std::set<std::tuple<std::string, std::string, size_t, std::string>> seen;
  const auto repeated = [&](const ImageFinding& finding) {
    if (finding.path.empty()) return false;
    return !seen.emplace(finding.rule, finding.path, finding.line.value_or(0), finding.message).second;
  };
  std::ranges::stable_sort(findings, [](const ImageFinding& a, const ImageFinding& b) {
    return std::tuple(a.deleted, b.layer.value_or(0)) < std::tuple(b.deleted, a.layer.value_or(0));
  });
  std::vector<ImageFinding> kept;
  for (ImageFinding& finding : findings) {
    if (!repeated(finding)) kept.push_back(std::move(finding));
  }
  findings = std::move(kept);
}

void SayWhatIsNotKnown(ScannedImage& image) {
  uint64_t cut = 0;
  uint64_t unread = 0;
  for (size_t i = 0; i < image.layers.size(); ++i) {
    const LayerContents& contents = image.layers[i].contents;
    cut += contents.texts_cut;
    unread += contents.unread;
    if (contents.lists_cut) {
      image.not_known.push_back(
          Concat(LayerWords(i + 1, image.layers[i]), " has more links and lists of packages than are kept in memory."));
    }
    if (contents.status.ok()) continue;
    image.complete = false;
    ImageFinding finding = NewFinding(
        "not-scanned", "",
        Concat(LayerWords(i + 1, image.layers[i]), " was not read to its end: ", WithoutHint(contents.status), "."));
    finding.layer = i + 1;
    image.findings.push_back(std::move(finding));
  }
  if (cut > 0) {
    image.not_known.push_back(Concat(cut, cut == 1 ? " text is" : " texts are",
                                     " larger than 2 MiB, and only the beginning was looked through for secrets."));
  }
  if (unread > 0) {
    image.complete = false;
    ImageFinding finding = NewFinding("not-scanned", "", Concat(unread, " files or folders could not be opened."));
    image.findings.push_back(std::move(finding));
  }
}

}  // namespace

Overlay ScannedImage::View() const {
  std::vector<Overlay::Layer> view;
  for (const ScannedLayer& layer : layers) view.push_back({&layer.contents.index, &layer.contents.links});
  return Overlay(std::move(view));
}

void SortFindings(std::vector<ImageFinding>& findings) {
  std::ranges::stable_sort(findings, [](const ImageFinding& a, const ImageFinding& b) {
    return std::tuple(b.severity, std::string_view(a.rule), std::string_view(a.path), a.line) <
           std::tuple(a.severity, std::string_view(b.rule), std::string_view(b.path), b.line);
  });
}

void FinishScan(ScannedImage& image) {
  const Overlay view = image.View();
  for (size_t i = 0; i < image.layers.size(); ++i) TakeLayerFindings(view, i, image.layers[i], image.findings);
  SayWhatIsNotKnown(image);
  LeaveOutRepeated(image.findings);
  SortFindings(image.findings);
}

absl::StatusOr<ScannedImage> ScanImageArchive(ByteSource source, const ScanOptions& options) {
  SYSCARVE_ASSIGN_OR_RETURN(const SecretRules* const rules, Rules());
  const SecretFinder secrets(*rules);
  ScanBudget budget{.limits = options.limits};
  SYSCARVE_ASSIGN_OR_RETURN(const std::unique_ptr<ImageParts> parts,
                            ReadImageArchive(std::move(source), secrets, budget, options.keep_packages));
  if (!parts->Has("manifest.json") && !parts->Has("index.json")) {
    return WithHint(absl::InvalidArgumentError("it has neither manifest.json nor index.json, and so is no image"),
                    "Write one with `docker save`; a root file system is scanned as a folder.");
  }
  SYSCARVE_ASSIGN_OR_RETURN(ScannedImage image, ScanParts(*parts, options));
  FindInConfig(secrets, image);
  FinishScan(image);
  return image;
}

absl::StatusOr<ScannedImage> ScanImageLayout(const std::string& folder, const ScanOptions& options) {
  SYSCARVE_ASSIGN_OR_RETURN(const SecretRules* const rules, Rules());
  const SecretFinder secrets(*rules);
  ScanBudget budget{.limits = options.limits};
  const std::unique_ptr<ImageParts> parts = OpenImageLayout(folder, secrets, budget, options.keep_packages);
  SYSCARVE_ASSIGN_OR_RETURN(ScannedImage image, ScanParts(*parts, options));
  FindInConfig(secrets, image);
  FinishScan(image);
  return image;
}

}  // namespace syscarve
