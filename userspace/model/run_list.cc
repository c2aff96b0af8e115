// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/run_list.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <tuple>

namespace syscarve {
namespace {

// Seven bits to a byte, the lowest first; the last byte has no upper bit (protobuf's "base 128 varint").
void AppendVarint(uint64_t number, std::string& bytes) {
  for (; number >= 0x80; number >>= 7) bytes += static_cast<char>(number | 0x80);
  bytes += static_cast<char>(number);
}

// Reads the output of AppendVarint; never gets other input.
class Varints {
 public:
  explicit Varints(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool AtEnd() const { return at_ == end_; }
  uint64_t Next() {
    uint64_t number = 0;
    for (int shift = 0; at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      number |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return number;
  }
  std::string_view Bytes(uint64_t size) {
    const std::string_view bytes(at_, std::min<uint64_t>(size, static_cast<uint64_t>(end_ - at_)));
    at_ += bytes.size();
    return bytes;
  }
  int NextInt() { return static_cast<int>(static_cast<uint32_t>(Next())); }

 private:
  const char* at_;
  const char* end_;
};

void AppendInt(int number, std::string& bytes) {
  AppendVarint(static_cast<uint32_t>(number), bytes);
}

// ABIs are fewer than 32.
uint64_t WordOf(SyscallId id) {
  return static_cast<uint64_t>(static_cast<uint32_t>(id.nr)) << 5 | static_cast<uint64_t>(id.abi);
}

SyscallId SyscallOf(uint64_t word) {
  return {static_cast<Abi>(word & 31), static_cast<int>(static_cast<uint32_t>(word >> 5))};
}

bool IsSum(uint64_t count, const std::map<ProgramId, uint64_t>& programs) {
  uint64_t sum = 0;
  for (const auto& [program, of_program] : programs) {
    if (__builtin_add_overflow(sum, of_program, &sum)) return false;
  }
  return sum == count;
}

// Flags of a row's optional parts; the number of programs is in the bits above.
constexpr uint64_t kHasFirstSeen = 1;
constexpr uint64_t kCountApart = 2;
constexpr uint64_t kHasArguments = 4;
constexpr int kFlagBits = 3;

// Flags of a row's arguments; the number of their indexes is in the bits above.
constexpr uint64_t kPointedTo = 1;
constexpr uint64_t kOpen = 2;
constexpr uint64_t kDirty = 4;
constexpr uint64_t kHasFiles = 8;
constexpr int kArgumentFlagBits = 4;

// Upper bounds of an element's size in a file, without its numbers: `{"abi":"mipsel64n32",…},` and the like.
constexpr size_t kTextOfEntry = 200;
constexpr size_t kTextOfShape = 100;
constexpr size_t kTextOfTrace = 150;
constexpr size_t kTextOfRun = 300;
constexpr size_t kTextOfByte = 4;  // "127,": a varint in decimal takes at most this per byte.
constexpr size_t kTextOfNameByte = 6;

}  // namespace

// Splits a trace into its shape's bytes and its numbers.
class RunList::Packer {
 public:
  Packer(RunList& list, UnixNanos start) : list_(list), start_(start) {}

  void Pack(const SubjectTrace& trace) {
    Pack(trace.calls);
    Pack(trace.runtime_calls);
    Pack(trace.baseline_calls);
    Pack(trace.denials);
    Pack(trace.capabilities);
  }

  // For a shape whose rows exist already.
  void Pack(const TraceShape& whole) {
    for (const std::vector<RowId>* const ids : {&whole.calls, &whole.runtime_calls, &whole.baseline_calls}) {
      Word(ids->size());
      for (const RowId id : *ids) {
        Word(id);
        const Row row = list_.row(id);
        std::string bytes;
        Pack(row.first, row.second, bytes);
      }
    }
    Pack(whole.denials);
    Pack(whole.capabilities);
  }

  // Returns the row's bytes; appends its numbers to numbers_.
  void Pack(SyscallId id, const Observation& seen, std::string& row) {
    const bool apart = !IsSum(seen.count, seen.programs);
    AppendVarint(WordOf(id), row);
    AppendVarint((seen.first_seen.has_value() ? kHasFirstSeen : 0) | (apart ? kCountApart : 0) |
                     (!seen.arguments.has_value() ? 0 : kHasArguments) | seen.programs.size() << kFlagBits,
                 row);
    if (seen.first_seen.has_value()) Number(Kind::kAny, *seen.first_seen - start_);
    PackCounts(seen.count, apart, seen.programs, row);
    if (seen.arguments.has_value()) Pack(*seen.arguments, row);
  }

  std::string shape;
  std::vector<uint64_t> numbers;
  std::vector<Kind> kinds;  // Of the numbers.
  bool irregular = false;
  size_t entries = 0;  // Denials, capabilities and the calls in them.

 private:
  void Word(uint64_t word) { AppendVarint(word, shape); }
  void Number(Kind kind, uint64_t number) {
    kinds.push_back(kind);
    numbers.push_back(number);
  }

  void Pack(const std::map<SyscallId, Observation>& calls) {
    Word(calls.size());
    for (const auto& [id, seen] : calls) {
      row_.clear();
      Pack(id, seen, row_);
      Word(list_.InternRow(row_));
    }
  }

  void Pack(const SeenArguments& seen, std::string& row) {
    AppendVarint(seen.indexes.size() << kArgumentFlagBits | (seen.pointed_to ? kPointedTo : 0) |
                     (seen.open ? kOpen : 0) | (seen.dirty ? kDirty : 0) | (seen.files.empty() ? 0 : kHasFiles),
                 row);
    for (const int index : seen.indexes) AppendInt(index, row);
    AppendVarint(seen.values.size(), row);
    for (const auto& [values, programs] : seen.values) {
      for (const uint64_t value : values) AppendVarint(value, row);
      AppendVarint(programs.size(), row);
      for (const ProgramId program : programs) AppendVarint(program, row);
      if (!seen.files.empty()) PackFiles(seen, values, row);
    }
  }

  static void PackFiles(const SeenArguments& seen, const std::vector<uint64_t>& values, std::string& row) {
    const auto files = seen.files.find(values);
    AppendVarint(files == seen.files.end() ? 0 : files->second.size(), row);
    if (files == seen.files.end()) return;
    for (const std::string& kind : files->second) {
      AppendVarint(kind.size(), row);
      row += kind;
    }
  }

  void PackCounts(uint64_t count, bool apart, const std::map<ProgramId, uint64_t>& programs, std::string& to) {
    if (apart) Number(Kind::kAny, count);
    irregular |= apart;
    Kind kind = Kind::kFirstCount;
    for (const auto& [program, of_program] : programs) {
      AppendVarint(program, to);
      Number(kind, of_program);
      kind = Kind::kNextCount;
    }
  }

  void Pack(const std::map<SyscallId, std::vector<Denial>>& denials) {
    Word(denials.size());
    for (const auto& [id, by_errno] : denials) {
      Word(WordOf(id));
      Word(by_errno.size());
      for (const Denial& denial : by_errno) {
        const bool apart = !IsSum(denial.count, denial.programs);
        AppendInt(denial.errno_value, shape);
        Word((apart ? kCountApart : 0) | denial.programs.size() << kFlagBits);
        PackCounts(denial.count, apart, denial.programs, shape);
        ++entries;
      }
    }
  }

  void Pack(const std::map<int, CapabilityUse>& capabilities) {
    Word(capabilities.size());
    for (const auto& [capability, use] : capabilities) {
      AppendInt(capability, shape);
      Word(use.during.size());
      for (const auto& [id, checks] : use.during) {
        Word(id.has_value() ? WordOf(*id) + 1 : 0);
        PackChecks(checks);
        const auto sites = use.sites.find(id);
        Word(sites == use.sites.end() ? 0 : sites->second.size());
        if (sites != use.sites.end()) Pack(sites->second);
      }
      PackChecks(use.foreign);
      entries += 1 + use.during.size();
    }
  }

  void Pack(const ChecksBySite& sites) {
    for (const auto& [site, checks] : sites) {
      Word(site.functions.size() << 1 | (site.in_vain ? 1 : 0));
      for (const std::string& function : site.functions) {
        Word(function.size());
        shape += function;
      }
      PackChecks(checks);
      entries += 1 + site.functions.size();
    }
  }

  void PackChecks(const CapabilityChecks& checks) {
    Number(Kind::kAny, checks.granted);
    Number(Kind::kAny, checks.denied);
    Word(checks.results.size());
    for (const auto& [result, count] : checks.results) {
      AppendInt(result.errno_value << 1 | (result.granted ? 1 : 0), shape);
      Number(Kind::kCount, count.count);
      Number(Kind::kAny, count.ended);
      ++entries;
    }
  }

  RunList& list_;
  const UnixNanos start_;
  std::string row_;
};

// Builds a trace from a shape's bytes and consecutive numbers.
class RunList::Unpacker {
 public:
  // `numbers` returns the next number on each call.
  Unpacker(const RunList& list, UnixNanos start, absl::FunctionRef<uint64_t()> numbers)
      : list_(list), start_(start), number_(numbers) {}

  SubjectTrace Trace(std::string_view shape) {
    Varints words(shape);
    SubjectTrace trace;
    trace.calls = Calls(words);
    trace.runtime_calls = Calls(words);
    trace.baseline_calls = Calls(words);
    trace.denials = Denials(words);
    trace.capabilities = Capabilities(words);
    return trace;
  }

  TraceShape Shape(std::string_view bytes) {
    Varints words(bytes);
    TraceShape shape;
    for (std::vector<RowId>* const ids : {&shape.calls, &shape.runtime_calls, &shape.baseline_calls}) {
      for (uint64_t n = words.Next(); n > 0; --n) ids->push_back(static_cast<RowId>(words.Next()));
    }
    shape.denials = Denials(words);
    shape.capabilities = Capabilities(words);
    return shape;
  }

  Row OneRow(std::string_view bytes) {
    Varints words(bytes);
    Row row;
    row.first = SyscallOf(words.Next());
    const uint64_t flags = words.Next();
    if ((flags & kHasFirstSeen) != 0) row.second.first_seen = number_() + start_;
    row.second.count = Counts(flags, words, row.second.programs);
    if ((flags & kHasArguments) != 0) row.second.arguments = Arguments(words);
    return row;
  }

 private:
  static SeenArguments Arguments(Varints& words) {
    SeenArguments seen;
    const uint64_t head = words.Next();
    seen.pointed_to = (head & kPointedTo) != 0;
    seen.open = (head & kOpen) != 0;
    seen.dirty = (head & kDirty) != 0;
    for (uint64_t n = head >> kArgumentFlagBits; n > 0; --n) seen.indexes.push_back(words.NextInt());
    for (uint64_t n = words.Next(); n > 0; --n) {
      std::vector<uint64_t> values;
      for (size_t i = 0; i < seen.indexes.size(); ++i) values.push_back(words.Next());
      std::set<ProgramId>& programs = seen.values[values];
      for (uint64_t m = words.Next(); m > 0; --m) programs.insert(static_cast<ProgramId>(words.Next()));
      if ((head & kHasFiles) == 0) continue;
      for (uint64_t m = words.Next(); m > 0; --m) seen.files[values].emplace(words.Bytes(words.Next()));
    }
    return seen;
  }

  std::map<SyscallId, Observation> Calls(Varints& words) {
    std::map<SyscallId, Observation> calls;
    for (uint64_t n = words.Next(); n > 0; --n) {
      calls.insert(calls.end(), OneRow(list_.rows_[static_cast<RowId>(words.Next())]));
    }
    return calls;
  }

  uint64_t Counts(uint64_t flags, Varints& words, std::map<ProgramId, uint64_t>& programs) {
    const bool apart = (flags & kCountApart) != 0;
    const uint64_t stated = apart ? number_() : 0;
    uint64_t sum = 0;
    for (uint64_t n = flags >> kFlagBits; n > 0; --n) {
      const auto program = static_cast<ProgramId>(words.Next());
      const uint64_t count = number_();
      programs.emplace_hint(programs.end(), program, count);
      sum += count;
    }
    return apart ? stated : sum;
  }

  std::map<SyscallId, std::vector<Denial>> Denials(Varints& words) {
    std::map<SyscallId, std::vector<Denial>> denials;
    for (uint64_t n = words.Next(); n > 0; --n) {
      std::vector<Denial>& of_call = denials[SyscallOf(words.Next())];
      for (uint64_t i = words.Next(); i > 0; --i) {
        Denial& denial = of_call.emplace_back();
        denial.errno_value = words.NextInt();
        const uint64_t flags = words.Next();
        denial.count = Counts(flags, words, denial.programs);
      }
    }
    return denials;
  }

  std::map<int, CapabilityUse> Capabilities(Varints& words) {
    std::map<int, CapabilityUse> capabilities;
    for (uint64_t n = words.Next(); n > 0; --n) {
      CapabilityUse& use = capabilities[words.NextInt()];
      for (uint64_t i = words.Next(); i > 0; --i) {
        const uint64_t word = words.Next();
        const auto call = word == 0 ? std::nullopt : std::optional(SyscallOf(word - 1));
        use.during[call] = Checks(words);
        for (uint64_t sites = words.Next(); sites > 0; --sites) {
          const CapabilitySite site = Site(words);
          use.sites[call][site] = Checks(words);
        }
      }
      use.foreign = Checks(words);
    }
    return capabilities;
  }

  static CapabilitySite Site(Varints& words) {
    CapabilitySite site;
    const uint64_t head = words.Next();
    site.in_vain = (head & 1) != 0;
    for (uint64_t n = head >> 1; n > 0; --n) site.functions.emplace_back(words.Bytes(words.Next()));
    return site;
  }

  CapabilityChecks Checks(Varints& words) {
    CapabilityChecks checks;
    checks.granted = number_();
    checks.denied = number_();
    for (uint64_t n = words.Next(); n > 0; --n) {
      const int head = words.NextInt();
      ResultCount& count = checks.results[{.granted = (head & 1) != 0, .errno_value = head >> 1}];
      count.count = number_();
      count.ended = number_();
    }
    return checks;
  }

  const RunList& list_;
  const UnixNanos start_;
  absl::FunctionRef<uint64_t()> number_;
};

std::pair<uint32_t, bool> RunList::Interner::Add(std::string_view bytes) {
  if (const auto known = ids.find(bytes); known != ids.end()) return {known->second, false};
  const auto id = static_cast<uint32_t>(items.size());
  items.push_back(std::make_shared<const std::string>(bytes));
  ids.emplace(*items.back(), id);
  return {id, true};
}

RowId RunList::InternRow(std::string_view bytes) {
  const auto [id, added] = rows_.Add(bytes);
  // The fixed text around an argument is longer than its bytes account for.
  if (added) text_bytes_ += 2 * kTextOfEntry + kTextOfByte * bytes.size();
  return id;
}

RowId RunList::Intern(const Row& row) {
  std::string bytes;
  Packer(*this, 0).Pack(row.first, row.second, bytes);
  return InternRow(bytes);
}

ShapeId RunList::InternShape(Packer& packer) {
  const auto [id, added] = shapes_.Add(packer.shape);
  if (!added) return id;
  const size_t text_bytes = kTextOfShape + kTextOfEntry * packer.entries + kTextOfByte * packer.shape.size();
  shape_facts_.push_back({.kinds = std::move(packer.kinds), .irregular = packer.irregular, .text_bytes = text_bytes});
  text_bytes_ += text_bytes;
  return id;
}

ShapeId RunList::Intern(const TraceShape& shape) {
  Packer packer(*this, 0);
  packer.Pack(shape);
  return InternShape(packer);
}

Row RunList::row(RowId id) const {
  return Unpacker(*this, 0, [] { return uint64_t{0}; }).OneRow(rows_[id]);
}

TraceShape RunList::shape(ShapeId id) const {
  return Unpacker(*this, 0, [] { return uint64_t{0}; }).Shape(shapes_[id]);
}

std::string_view RunList::Objection(ShapeId id, std::span<const uint64_t> numbers) const {
  const std::vector<Kind>& kinds = shape_facts_[id].kinds;
  uint64_t sum = 0;
  for (size_t i = 0; i < kinds.size(); ++i) {
    if (kinds[i] == Kind::kAny) continue;
    if (numbers[i] == 0) return "a count is at least 1";
    if (kinds[i] == Kind::kCount) continue;
    if (kinds[i] == Kind::kFirstCount) sum = 0;
    if (__builtin_add_overflow(sum, numbers[i], &sum)) return "the counts of a call do not fit in 64 bits";
  }
  return {};
}

void RunList::AppendTrace(SubjectId subject, ShapeId shape, const std::optional<Timeline>& timeline,
                          std::span<const uint64_t> numbers, Packed& to) {
  ++shape_facts_[shape].uses;
  AppendVarint(subject, to.traces);
  AppendVarint(shape, to.traces);
  AppendVarint(timeline.has_value() ? timeline->counts.size() + 1 : 0, to.traces);
  if (timeline.has_value()) {
    AppendVarint(timeline->start, to.traces);
    AppendVarint(timeline->bucket_nanos, to.traces);
    for (const uint64_t count : timeline->counts) AppendVarint(count, to.traces);
    to.numbers += timeline->counts.size();
  }
  for (const uint64_t number : numbers) AppendVarint(number, to.traces);
  to.numbers += numbers.size();
  ++to.trace_count;
}

RunList::Packed RunList::Pack(const Run& run) {
  Packed packed;
  packed.head = {.id = run.id, .name = run.name, .start = run.start, .end = run.end, .command = run.command};
  for (const auto& [subject, trace] : run.subjects) {
    Packer packer(*this, run.start);
    packer.Pack(trace);
    AppendTrace(subject, InternShape(packer), trace.timeline, packer.numbers, packed);
  }
  packed.traces.shrink_to_fit();
  return packed;
}

size_t RunList::TextBytes(const Packed& run) {
  return kTextOfRun + kTextOfNameByte * (run.head.id.size() + run.head.name.size()) + kTextOfTrace * run.trace_count +
         kTextOfByte * run.traces.size();
}

void RunList::Count(const Packed& run) {
  numbers_ += run.numbers;
  text_bytes_ += TextBytes(run);
}

// Reverts Count and AppendTrace.
void RunList::Forget(const Packed& run) {
  numbers_ -= run.numbers;
  text_bytes_ -= TextBytes(run);
  ForEachTrace(run, [this](const PackedTrace& trace) { --shape_facts_[trace.shape].uses; });
  while (!shape_facts_.empty() && shape_facts_.back().uses == 0) {
    text_bytes_ -= shape_facts_.back().text_bytes;
    shapes_.ids.erase(*shapes_.items.back());
    shapes_.items.pop_back();
    shape_facts_.pop_back();
  }
}

void RunList::push_back(const Run& run) {
  runs_.push_back(Pack(run));
  Count(runs_.back());
}

void RunList::Append(Run head, std::span<const PackedTrace> traces) {
  Packed& packed = runs_.emplace_back();
  packed.head = std::move(head);
  for (const PackedTrace& trace : traces) {
    AppendTrace(trace.subject, trace.shape, trace.timeline, trace.numbers, packed);
  }
  packed.traces.shrink_to_fit();
  Count(packed);
}

void RunList::pop_back() {
  Forget(runs_.back());
  runs_.pop_back();
}

void RunList::Update(size_t i, absl::FunctionRef<void(Run&)> change) {
  Run run = (*this)[i];
  change(run);
  Packed packed = Pack(run);
  Forget(runs_[i]);
  Count(packed);
  runs_[i] = std::move(packed);
}

void RunList::ForEachTrace(const Packed& run, absl::FunctionRef<void(const PackedTrace&)> visit) const {
  Varints varints(run.traces);
  PackedTrace trace;
  while (!varints.AtEnd()) {
    trace.subject = static_cast<SubjectId>(varints.Next());
    trace.shape = static_cast<ShapeId>(varints.Next());
    trace.timeline.reset();
    if (const uint64_t buckets = varints.Next(); buckets > 0) {
      trace.timeline.emplace();
      trace.timeline->start = varints.Next();
      trace.timeline->bucket_nanos = varints.Next();
      for (uint64_t n = buckets - 1; n > 0; --n) trace.timeline->counts.push_back(varints.Next());
    }
    trace.numbers.resize(numbers_of(trace.shape));
    for (uint64_t& number : trace.numbers) number = varints.Next();
    visit(trace);
  }
}

SubjectTrace RunList::Unpack(const PackedTrace& packed, UnixNanos start) const {
  auto next = packed.numbers.begin();
  SubjectTrace trace = Unpacker(*this, start, [&next] { return *next++; }).Trace(shapes_[packed.shape]);
  trace.timeline = packed.timeline;
  return trace;
}

const Run RunList::operator[](size_t i) const {
  Run run = runs_[i].head;
  ForEachTrace(i, [&](const PackedTrace& packed) {
    run.subjects.emplace_hint(run.subjects.end(), packed.subject, Unpack(packed, run.start));
  });
  return run;
}

const Run RunList::at(size_t i) const {
  if (i >= size()) throw std::out_of_range("no such run");
  return (*this)[i];
}

std::vector<size_t> RunList::InOrder() const {
  std::vector<size_t> order(size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [this](size_t i) { return std::tie(head(i).start, head(i).id); });
  return order;
}

bool RunList::operator==(const RunList& other) const {
  if (size() != other.size()) return false;
  for (size_t i = 0; i < size(); ++i) {
    if ((*this)[i] != other[i]) return false;
  }
  return true;
}

}  // namespace syscarve
