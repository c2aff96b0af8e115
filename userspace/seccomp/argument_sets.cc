// SPDX-License-Identifier: Apache-2.0
#include "userspace/seccomp/argument_sets.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <set>

namespace syscarve {
namespace {

constexpr uint16_t kVariables = 6 * 64;
constexpr uint32_t kEmpty = 0;
constexpr uint32_t kWhole = 1;
constexpr size_t kMaxNodes = size_t{1} << 20;
std::atomic<size_t> node_limit = kMaxNodes;

constexpr uint16_t Variable(unsigned argument, unsigned bit) {
  return static_cast<uint16_t>(64 * argument + (63 - bit));
}

}  // namespace

size_t ArgumentSets::TripleHash::operator()(const std::array<uint32_t, 3>& key) const {
  uint64_t hash = key[0];
  hash = hash * 0x9e3779b97f4a7c15 + key[1];
  hash = hash * 0x9e3779b97f4a7c15 + key[2];
  return hash ^ (hash >> 29);
}

ArgumentSets::ArgumentSets()
    : max_nodes_(node_limit), nodes_{{kVariables, kEmpty, kEmpty}, {kVariables, kWhole, kWhole}} {
  static std::atomic<uint32_t> last_id = 0;
  id_ = ++last_id;
}

void ArgumentSets::LimitNodes(size_t limit) {
  node_limit = std::min(limit, kMaxNodes);
}

absl::Status ArgumentSets::status() const {
  return exhausted_ ? absl::ResourceExhaustedError("the conditions on arguments are too complex to be analysed")
                    : absl::OkStatus();
}

ArgumentSets::Index ArgumentSets::Own(Set set) const {
  // A node of another diagram would silently stand for an unrelated set.
  if (set.owner_ != 0 && set.owner_ != id_) std::abort();
  return set.node_;
}

ArgumentSets::Index ArgumentSets::Make(uint16_t variable, Index low, Index high) {
  if (low == high) return low;
  const auto [found, is_new] = unique_.try_emplace({variable, low, high}, static_cast<Index>(nodes_.size()));
  if (!is_new) return found->second;
  if (nodes_.size() >= max_nodes_) {
    exhausted_ = true;
    unique_.erase(found);
    return kEmpty;
  }
  nodes_.push_back({variable, low, high});
  return found->second;
}

ArgumentSets::Index ArgumentSets::Cofactor(Index set, uint16_t variable, bool value) const {
  const Node& node = nodes_[set];
  if (node.variable != variable) return set;
  return value ? node.high : node.low;
}

ArgumentSets::Index ArgumentSets::IfThenElse(Index condition, Index then, Index otherwise) {
  if (condition == kWhole || then == otherwise) return then;
  if (condition == kEmpty) return otherwise;
  if (then == kWhole && otherwise == kEmpty) return condition;
  if (exhausted_) return kEmpty;
  const std::array<uint32_t, 3> key = {condition, then, otherwise};
  if (const auto found = computed_.find(key); found != computed_.end()) return found->second;
  const uint16_t variable = std::min({nodes_[condition].variable, nodes_[then].variable, nodes_[otherwise].variable});
  const auto half = [&](bool value) {
    return IfThenElse(Cofactor(condition, variable, value), Cofactor(then, variable, value),
                      Cofactor(otherwise, variable, value));
  };
  const Index low = half(false);
  const Index high = half(true);
  const Index result = Make(variable, low, high);
  if (computed_.size() >= 4 * max_nodes_) exhausted_ = true;
  computed_.emplace(key, result);
  return result;
}

ArgumentSets::Index ArgumentSets::TestNode(const WordTest& test) {
  const auto variable = [&](unsigned bit) { return Variable(test.index, bit + (test.high ? 32 : 0)); };
  const auto is_set = [](uint32_t word, unsigned bit) { return (word >> bit & 1) != 0; };
  // From the least significant bit up: the result so far holds if the upper bits are equal.
  const auto equal = [&](uint32_t mask, uint32_t constant) {
    if ((constant & ~mask) != 0) return kEmpty;
    Index decided = kWhole;
    for (unsigned bit = 0; bit < 32; ++bit) {
      if (!is_set(mask, bit)) continue;
      decided = is_set(constant, bit) ? Make(variable(bit), kEmpty, decided) : Make(variable(bit), decided, kEmpty);
    }
    return decided;
  };
  const auto greater = [&](bool or_equal) {
    Index decided = or_equal ? kWhole : kEmpty;
    for (unsigned bit = 0; bit < 32; ++bit) {
      if (is_set(test.mask, bit)) {
        decided =
            is_set(test.constant, bit) ? Make(variable(bit), kEmpty, decided) : Make(variable(bit), decided, kWhole);
      } else if (is_set(test.constant, bit)) {
        decided = kEmpty;
      }
    }
    return decided;
  };
  const auto negate = [this](Index set) { return IfThenElse(set, kEmpty, kWhole); };
  switch (test.op) {
    case WordTestOp::kEqual:
      return equal(test.mask, test.constant);
    case WordTestOp::kNotEqual:
      return negate(equal(test.mask, test.constant));
    case WordTestOp::kGreater:
      return greater(false);
    case WordTestOp::kLessOrEqual:
      return negate(greater(false));
    case WordTestOp::kGreaterOrEqual:
      return greater(true);
    case WordTestOp::kLess:
      return negate(greater(true));
    case WordTestOp::kSet:
      return negate(equal(test.mask & test.constant, 0));
    case WordTestOp::kClear:
      return equal(test.mask & test.constant, 0);
  }
  return kEmpty;
}

ArgumentSets::Set ArgumentSets::FromTest(const WordTest& test) {
  return Made(TestNode(test));
}

ArgumentSets::Set ArgumentSets::FromCondition(const ArgumentCondition& condition, bool low_half) {
  if (condition.index >= 6) return kNone;
  const auto word = [&](bool high, WordTestOp op, uint64_t value, uint64_t mask = ~uint64_t{0}) {
    const unsigned shift = high ? 32 : 0;
    const auto mask_word = static_cast<uint32_t>(mask >> shift);
    return FromTest({.index = condition.index,
                     .high = high,
                     .mask = mask_word,
                     .op = op,
                     .constant = static_cast<uint32_t>(value >> shift) & mask_word});
  };
  const auto equal = [&](uint64_t value, uint64_t mask) {
    const Set low = word(false, WordTestOp::kEqual, value, mask);
    return low_half ? low : And(word(true, WordTestOp::kEqual, value, mask), low);
  };
  // `op` is kLess or kGreater, or one of these with "or equal".
  const auto ordered = [&](WordTestOp high_op, WordTestOp op) {
    const Set low = word(false, op, condition.value);
    if (low_half) return low;
    const Set high_equal = word(true, WordTestOp::kEqual, condition.value);
    return Or(word(true, high_op, condition.value), And(high_equal, low));
  };
  switch (condition.op) {
    case CompareOp::kNotEqual:
      return Not(equal(condition.value, ~uint64_t{0}));
    case CompareOp::kLess:
      return ordered(WordTestOp::kLess, WordTestOp::kLess);
    case CompareOp::kLessOrEqual:
      return ordered(WordTestOp::kLess, WordTestOp::kLessOrEqual);
    case CompareOp::kEqual:
      return equal(condition.value, ~uint64_t{0});
    case CompareOp::kGreaterOrEqual:
      return ordered(WordTestOp::kGreater, WordTestOp::kGreaterOrEqual);
    case CompareOp::kGreater:
      return ordered(WordTestOp::kGreater, WordTestOp::kGreater);
    case CompareOp::kMaskedEqual:
      // libseccomp uses only the masked bits of the second value.
      return equal(condition.value_two, condition.value);
  }
  return kNone;
}

ArgumentSets::Set ArgumentSets::FromConditions(std::span<const ArgumentCondition> conditions, bool low_half) {
  Set all = kAll;
  for (const ArgumentCondition& condition : conditions) all = And(all, FromCondition(condition, low_half));
  return all;
}

ArgumentSets::Index ArgumentSets::CopyPart(const ArgumentSets& from, Index set,
                                           std::unordered_map<Index, Index>& known) {
  if (set <= kWhole) return set;
  if (const auto found = known.find(set); found != known.end()) return found->second;
  const Node node = from.nodes_[set];
  const Index low = CopyPart(from, node.low, known);
  const Index high = CopyPart(from, node.high, known);
  return known[set] = Make(node.variable, low, high);
}

ArgumentSets::Set ArgumentSets::Copy(const ArgumentSets& from, Set set) {
  if (!from.status().ok()) exhausted_ = true;
  std::unordered_map<Index, Index> known;
  return Made(CopyPart(from, from.Own(set), known));
}

bool ArgumentSets::Contains(Set set, const Arguments& arguments) const {
  Index at = Own(set);
  while (at > kWhole) {
    const Node& node = nodes_[at];
    const bool bit = (arguments[node.variable / 64] >> (63 - node.variable % 64) & 1) != 0;
    at = bit ? node.high : node.low;
  }
  return at == kWhole;
}

template <typename IsMeant>
bool ArgumentSets::HasVariable(Index set, const IsMeant& is_meant) const {
  std::set<Index> seen;
  std::vector<Index> waiting = {set};
  while (!waiting.empty()) {
    const Index next = waiting.back();
    waiting.pop_back();
    if (next <= kWhole || !seen.insert(next).second) continue;
    const Node& node = nodes_[next];
    if (is_meant(node.variable)) return true;
    waiting.push_back(node.low);
    waiting.push_back(node.high);
  }
  return false;
}

bool ArgumentSets::DependsOn(Set set, unsigned argument) const {
  return HasVariable(Own(set), [&](uint16_t variable) { return variable / 64 == argument; });
}

bool ArgumentSets::DependsOnHighHalf(Set set) const {
  return HasVariable(Own(set), [](uint16_t variable) { return variable % 64 < 32; });
}

ArgumentSets::Index ArgumentSets::ReplaceExits(Index set, uint16_t end, Index exit,
                                               std::unordered_map<Index, Index>& known) {
  if (nodes_[set].variable >= end) return set == exit ? kWhole : kEmpty;
  if (const auto found = known.find(set); found != known.end()) return found->second;
  const Node node = nodes_[set];
  const Index low = ReplaceExits(node.low, end, exit, known);
  const Index high = ReplaceExits(node.high, end, exit, known);
  return known[set] = Make(node.variable, low, high);
}

std::map<ArgumentSets::Set, ArgumentSets::Set> ArgumentSets::SplitBy(Set set, unsigned argument) {
  const auto end = static_cast<uint16_t>(Variable(argument, 0) + 1);
  std::map<Set, Set> split;
  std::set<Index> seen;
  std::vector<Index> waiting = {Own(set)};
  while (!waiting.empty()) {
    const Index next = waiting.back();
    waiting.pop_back();
    if (!seen.insert(next).second) continue;
    if (nodes_[next].variable >= end) {
      split[Made(next)] = kNone;
    } else {
      waiting.push_back(nodes_[next].low);
      waiting.push_back(nodes_[next].high);
    }
  }
  for (auto& [exit, values] : split) {
    std::unordered_map<Index, Index> known;
    values = Made(ReplaceExits(Own(set), end, Own(exit), known));
  }
  return split;
}

std::optional<std::vector<ArgumentSets::Interval>> ArgumentSets::Intervals(Set set, unsigned argument, bool low_half,
                                                                           size_t limit) {
  std::vector<Interval> intervals;
  // A part of the diagram, and the values that lead to it: `prefix` and any bits from `bit` down.
  const auto visit = [&](const auto& self, Index part, int bit, uint64_t prefix) -> bool {
    if (part == kEmpty) return true;
    if (part == kWhole || bit < 0) {
      const uint64_t last = bit < 0 ? prefix : prefix | (~uint64_t{0} >> (63 - bit));
      if (!intervals.empty() && intervals.back().last + 1 == prefix) {
        intervals.back().last = last;
      } else {
        if (intervals.size() == limit) return false;
        intervals.push_back({prefix, last});
      }
      return true;
    }
    const uint16_t variable = Variable(argument, static_cast<unsigned>(bit));
    return self(self, Cofactor(part, variable, false), bit - 1, prefix) &&
           self(self, Cofactor(part, variable, true), bit - 1, prefix | uint64_t{1} << bit);
  };
  Index start = Own(set);
  while (low_half && nodes_[start].variable < Variable(argument, 31)) start = nodes_[start].low;
  if (!visit(visit, start, low_half ? 31 : 63, 0)) return std::nullopt;
  return intervals;
}

std::optional<std::vector<ArgumentSets::Cube>> ArgumentSets::Cubes(Set set, unsigned argument, bool low_half,
                                                                   size_t limit) {
  std::vector<Cube> cubes;
  const auto visit = [&](const auto& self, Index part, Cube cube) -> bool {
    if (part == kEmpty) return true;
    if (part == kWhole) {
      if (cubes.size() == limit) return false;
      cubes.push_back(cube);
      return true;
    }
    const Node node = nodes_[part];
    const unsigned bit = 63 - (node.variable - 64 * argument);
    const uint64_t position = uint64_t{1} << bit;
    if (low_half && bit >= 32) return self(self, node.low, cube);
    return self(self, node.low, {cube.mask | position, cube.value}) &&
           self(self, node.high, {cube.mask | position, cube.value | position});
  };
  if (!visit(visit, Own(set), {})) return std::nullopt;
  return cubes;
}

Arguments ArgumentSets::Example(Set set) const {
  Arguments arguments{};
  Index at = Own(set);
  while (at > kWhole) {
    const Node& node = nodes_[at];
    if (node.low != kEmpty) {
      at = node.low;
    } else {
      arguments[node.variable / 64] |= uint64_t{1} << (63 - node.variable % 64);
      at = node.high;
    }
  }
  return arguments;
}

}  // namespace syscarve
