// SPDX-License-Identifier: Apache-2.0
#include "userspace/image/secrets.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/text.h"

namespace syscarve {
namespace {

constexpr size_t kAnchorBytes = 3;
// How many bytes of a block of base64 are examined.
constexpr size_t kBlockBytes = 8192;
constexpr size_t kMaxNameBytes = 128;

bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

char Upper(char c) {
  if (c >= 'a' && c <= 'z') return static_cast<char>(c - 'a' + 'A');
  return c == '-' ? '_' : c;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

size_t Distinct(std::string_view text) {
  CharacterSet seen;
  for (const char c : text) seen.set(static_cast<unsigned char>(c));
  return seen.count();
}

std::string Length(size_t characters) {
  return Concat(" (", characters, " characters)");
}

// The value after NAME: after "=" or, if `colon`, also after ":"; without quotes, and up to a character that ends a
// word in a shell.
std::string_view ValueBehind(std::string_view text, size_t at, bool colon) {
  const auto skip_blank = [&] {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  };
  if (colon && at < text.size() && (text[at] == '"' || text[at] == '\'')) ++at;  // The end of a quoted name.
  if (colon) skip_blank();
  if (at >= text.size() || (text[at] != '=' && (!colon || text[at] != ':'))) return {};
  ++at;
  if (colon) skip_blank();
  if (at < text.size() && (text[at] == '"' || text[at] == '\'')) {
    const size_t end = text.find_first_of(Concat("\n", text.substr(at, 1)), at + 1);
    return text.substr(at + 1, end == std::string_view::npos ? std::string_view::npos : end - at - 1);
  }
  const size_t end = text.find_first_of(" \t\r\n;&|\"'", at);
  return text.substr(at, end == std::string_view::npos ? std::string_view::npos : end - at);
}

// The number of bytes of `text` in runs of base64, which may be inside a program or JSON: words of a text are shorter.
size_t Base64Bytes(std::string_view text) {
  constexpr size_t kShortestLine = 20;
  size_t bytes = 0;
  size_t run = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : '\n';
    if ((IsWord(c) && c != '_') || c == '+' || c == '/' || c == '=') {
      ++run;
      continue;
    }
    if (run >= kShortestLine) bytes += run;
    run = 0;
  }
  return bytes;
}

// Whether the value refers to a secret stored elsewhere, or stands for none.
bool IsReference(std::string_view value) {
  constexpr std::string_view kNoSecrets[] = {"true", "false", "none", "null", "nil", "yes", "no", "auto", "random"};
  if (value.empty() || std::string_view("$<{%/*").find(value.front()) != std::string_view::npos) return true;
  if (value.starts_with("file:") || value.starts_with("http://") || value.starts_with("https://")) return true;
  return std::ranges::any_of(kNoSecrets, [&](std::string_view word) { return EqualsIgnoringCase(value, word); });
}

// Whether the last components of `path` match `pattern`, whose first component may have one "*".
bool PathFits(std::string_view path, std::string_view pattern) {
  const size_t slashes = static_cast<size_t>(std::ranges::count(pattern, '/'));
  size_t begin = path.size();
  for (size_t i = 0; i <= slashes; ++i) {
    begin = begin == 0 ? std::string_view::npos : path.rfind('/', begin - 1);
    if (begin == std::string_view::npos) {
      if (i < slashes) return false;
      begin = 0;
      break;
    }
  }
  std::string_view tail = path.substr(begin);
  if (tail.starts_with('/')) tail.remove_prefix(1);
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return tail == pattern;
  const std::string_view behind = pattern.substr(star + 1);
  return tail.size() > pattern.size() - 1 && tail.starts_with(pattern.substr(0, star)) && tail.ends_with(behind);
}

// Counts lines incrementally: the places in the text must be in ascending order.
class LineCounter {
 public:
  explicit LineCounter(std::string_view text) : text_(text) {}

  size_t LineOf(size_t at) {
    line_ += static_cast<size_t>(
        std::count(text_.begin() + static_cast<ptrdiff_t>(done_), text_.begin() + static_cast<ptrdiff_t>(at), '\n'));
    done_ = at;
    return line_;
  }

 private:
  std::string_view text_;
  size_t done_ = 0;
  size_t line_ = 1;
};

}  // namespace

SecretFinder::SecretFinder(const SecretRules& rules) : rules_(rules) {
  for (const SecretToken& token : rules.tokens) {
    for (const std::string& prefix : token.prefixes) AddAnchor({.text = prefix, .token = &token});
  }
  for (const SecretBlock& block : rules.blocks) {
    for (const std::string& begin : block.begins) AddAnchor({.text = begin, .block = &block});
  }
  for (const SecretVariable& variable : rules.variables) {
    if (!variable.in_any_text) continue;
    for (const std::string& name : variable.names) {
      AddAnchor({.text = name, .variable = &variable});
      AddAnchor({.text = Lower(name), .variable = &variable});
    }
  }
}

uint32_t SecretFinder::BucketOf(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(text[i])); };
  const uint32_t word = byte(0) | byte(1) << 8 | byte(2) << 16;
  return (word * 2654435761U) >> 20;
}

void SecretFinder::AddAnchor(Anchor anchor) {
  const uint32_t bucket = BucketOf(anchor.text);
  begun_.set(bucket);
  buckets_[bucket].push_back(static_cast<uint16_t>(anchors_.size()));
  anchors_.push_back(std::move(anchor));
}

bool SecretFinder::IsPlaceholder(std::string_view value) const {
  const std::string lower = Lower(value);
  return std::ranges::any_of(rules_.placeholders,
                             [&](const std::string& word) { return lower.find(word) != std::string::npos; });
}

bool SecretFinder::FitsValue(const SecretValue& value, std::string_view text) const {
  if (text.size() < value.least || text.size() > value.most) return false;
  const bool right = std::ranges::all_of(text, [&](char c) { return value.characters[static_cast<unsigned char>(c)]; });
  return right && Distinct(text) >= value.distinct && !IsPlaceholder(text);
}

bool SecretFinder::MatchToken(const SecretToken& token, std::string_view prefix, std::string_view text, size_t at,
                              SecretHit& hit) const {
  // Not in the middle of a longer word.
  if (at > 0 && (IsWord(text[at - 1]) || text[at - 1] == '-')) return false;
  size_t end = at + prefix.size();
  const size_t behind = end;
  while (end < text.size() && end - behind <= token.value.most &&
         token.value.characters[static_cast<unsigned char>(text[end])]) {
    ++end;
  }
  if (end < text.size() && IsWord(text[end])) return false;
  if (!FitsValue(token.value, text.substr(behind, end - behind))) return false;
  hit.rule = &token;
  hit.shown = Concat(prefix, "…", Length(end - at));
  return true;
}

bool SecretFinder::MatchBlock(const SecretBlock& block, std::string_view text, size_t behind, SecretHit& hit) const {
  const std::string_view rest = text.substr(behind, kBlockBytes);
  const std::string_view body = rest.substr(0, rest.find("-----"));
  const size_t base64 = Base64Bytes(body);
  if (base64 < block.least || Distinct(body) < 16 || body.find("...") != std::string_view::npos) return false;
  hit.rule = &block;
  hit.shown = Length(base64).substr(1);
  hit.encrypted = std::ranges::any_of(
      block.encrypted, [&](const std::string& mark) { return body.find(mark) != std::string_view::npos; });
  return true;
}

bool SecretFinder::MatchVariable(const SecretVariable& variable, std::string_view name, std::string_view text,
                                 size_t behind, SecretHit& hit) const {
  const std::string_view value = ValueBehind(text, behind, /*colon=*/true);
  if (IsReference(value) || !FitsValue(variable.value, value)) return false;
  hit.rule = &variable;
  hit.shown = Concat(name, Length(value.size()));
  return true;
}

bool SecretFinder::MatchAt(const Anchor& anchor, std::string_view text, size_t at, SecretHit& hit) const {
  if (text.compare(at, anchor.text.size(), anchor.text) != 0) return false;
  const size_t behind = at + anchor.text.size();
  if (anchor.token != nullptr) return MatchToken(*anchor.token, anchor.text, text, at, hit);
  if (anchor.block != nullptr) return MatchBlock(*anchor.block, text, behind, hit);
  if (at > 0 && IsWord(text[at - 1])) return false;
  return MatchVariable(*anchor.variable, anchor.text, text, behind, hit);
}

void SecretFinder::FindInText(std::string_view text, Sink sink) const {
  LineCounter lines(text);
  for (size_t at = 0; at + kAnchorBytes <= text.size(); ++at) {
    const uint32_t bucket = BucketOf(text.substr(at, kAnchorBytes));
    if (!begun_[bucket]) continue;
    for (const uint16_t index : buckets_[bucket]) {
      SecretHit hit;
      if (!MatchAt(anchors_[index], text, at, hit)) continue;
      hit.line = lines.LineOf(at);
      sink(hit);
      break;
    }
  }
}

const SecretVariable* SecretFinder::VariableCalled(std::string_view name) const {
  std::string upper(name);
  for (char& c : upper) c = Upper(c);
  for (const SecretVariable& variable : rules_.variables) {
    for (const std::string& last : variable.names) {
      if (upper == last) return &variable;
      if (!variable.in_any_text && upper.ends_with(last) && upper[upper.size() - last.size() - 1] == '_') {
        return &variable;
      }
    }
  }
  return nullptr;
}

void SecretFinder::FindInVariables(std::string_view text, Sink sink) const {
  LineCounter lines(text);
  for (size_t equals = text.find('='); equals != std::string_view::npos; equals = text.find('=', equals + 1)) {
    size_t begin = equals;
    while (begin > 0 && equals - begin < kMaxNameBytes && (IsWord(text[begin - 1]) || text[begin - 1] == '-')) --begin;
    while (begin < equals && text[begin] == '-') ++begin;  // An option's.
    if (begin == equals) continue;
    const std::string_view name = text.substr(begin, equals - begin);
    const SecretVariable* const variable = VariableCalled(name);
    if (variable == nullptr) continue;
    const std::string_view value = ValueBehind(text, equals, /*colon=*/false);
    if (IsReference(value) || !FitsValue(variable->value, value)) continue;
    SecretHit hit;
    hit.rule = variable;
    hit.line = lines.LineOf(begin);
    hit.shown = Concat(name, Length(value.size()));
    sink(hit);
  }
}

std::vector<const SecretFile*> SecretFinder::FileRules(std::string_view path) const {
  std::vector<const SecretFile*> found;
  for (const SecretFile& rule : rules_.files) {
    const auto fits = [&](const std::string& pattern) { return PathFits(path, pattern); };
    if (std::ranges::any_of(rule.names, fits) && std::ranges::none_of(rule.except, fits)) found.push_back(&rule);
  }
  return found;
}

bool SecretFinder::Holds(const SecretFile& rule, std::string_view text) {
  if (text.empty()) return false;
  if (rule.holds.empty()) return true;
  for (const std::string& mark : rule.holds) {
    for (size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1)) {
      const size_t behind = at + mark.size();
      const bool reference = behind < text.size() && text[behind] == '$' && text.substr(behind, 2) == "${";
      if (!reference) return true;
    }
  }
  return false;
}

}  // namespace syscarve
