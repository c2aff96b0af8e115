// SPDX-License-Identifier: Apache-2.0
// The runs of a Recording, packed. Runs of one program make nearly the same calls, so what they made is kept once, and
// of each run only its numbers. A run of 250 calls then takes some two kilobytes instead of fifty.
//
//   recording.runs.push_back(run);
//   for (const Run& run : recording.runs) …                        // One run at a time is unpacked.
//   recording.runs.Update(0, [](Run& run) { run.name = "smoke"; });
//
// A list behaves as a vector of Runs would, except that a Run that is taken out of it is a copy: a reference into
// `runs[0].subjects` does not outlive the expression.
//
// Three levels, which are those of the file (docs/recording-format.md):
//   row    one call as a trace has it, but for its numbers: who made it, with what arguments, whether its time is known
//   shape  a SubjectTrace but for its numbers and its timeline: lists of rows, denials and capabilities
//   trace  a shape and its numbers, in the order in which the shape asks for them
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "userspace/model/run.h"

namespace syscarve {

using RowId = uint32_t;    // In the order in which a list met them; ids mean nothing outside the list.
using ShapeId = uint32_t;  // Likewise.

// A call without its numbers: every count is 0, and a first_seen that is there is 0.
using Row = std::pair<SyscallId, Observation>;

// A SubjectTrace without its numbers and timeline, its calls as ids of rows in ascending order of their calls.
struct TraceShape {
  std::vector<RowId> calls;
  std::vector<RowId> runtime_calls;
  std::vector<RowId> baseline_calls;
  std::map<SyscallId, std::vector<Denial>> denials;
  std::map<int, CapabilityUse> capabilities;
};

// What a subject did in a run, as a list keeps it.
struct PackedTrace {
  SubjectId subject = 0;
  ShapeId shape = 0;
  // Of the shape's calls, runtime_calls, baseline_calls, denials and capabilities, in this order: of a call, its
  // first_seen less the run's start, modulo 2^64, where it has one, then its count of each program, ascending; of a
  // denial, its count of each program; of a capability, granted and denied of each element of `during`, then foreign;
  // each is followed by the count and the ended of each of its results.
  std::vector<uint64_t> numbers;
  std::optional<Timeline> timeline;
};

class RunList {
 public:
  class Iterator;
  using value_type = Run;
  using const_iterator = Iterator;

  RunList() = default;
  RunList(std::initializer_list<Run> runs) {  // NOLINT(google-explicit-constructor)
    for (const Run& run : runs) push_back(run);
  }

  size_t size() const { return runs_.size(); }
  bool empty() const { return runs_.empty(); }
  // Const, so that nobody writes to a copy and believes it to be in the list. REQUIRES: i < size().
  const Run operator[](size_t i) const;              // NOLINT(readability-const-return-type)
  const Run at(size_t i) const;                      // NOLINT(readability-const-return-type): throws as a vector does.
  const Run front() const { return at(0); }          // NOLINT(readability-const-return-type)
  const Run back() const { return at(size() - 1); }  // NOLINT(readability-const-return-type)
  // The run without its subjects, for which nothing is unpacked. REQUIRES: i < size().
  const Run& head(size_t i) const { return runs_[i].head; }
  Iterator begin() const;
  Iterator end() const;

  void push_back(const Run& run);
  // Forgets the last run, with its shapes that no other run has. REQUIRES: !empty().
  void pop_back();
  void clear() { *this = {}; }
  // Lets `change` have the run, and packs what becomes of it. REQUIRES: i < size().
  void Update(size_t i, absl::FunctionRef<void(Run&)> change);

  // The places of all runs, by their starts and then ids.
  std::vector<size_t> InOrder() const;

  bool operator==(const RunList& other) const;

  // Numbers in all traces, timelines included.
  size_t numbers() const { return numbers_; }
  // An upper bound of the bytes that the runs take in a dense file, in which names are not longer than six times
  // themselves.
  size_t text_bytes() const { return text_bytes_; }

  // For the codec of the file, which copies packed runs without unpacking them.

  size_t row_count() const { return rows_.items.size(); }
  size_t shape_count() const { return shapes_.items.size(); }
  Row row(RowId id) const;
  TraceShape shape(ShapeId id) const;
  // Whether a count in it is not the sum over its programs, which no file can say.
  bool irregular(ShapeId id) const { return shape_facts_[id].irregular; }
  // How many numbers a trace of this shape has.
  size_t numbers_of(ShapeId id) const { return shape_facts_[id].kinds.size(); }
  // "" when `numbers`, as many as the shape asks for, can be those of a trace: every count is at least 1, and the
  // counts of a call fit in 64 bits together. Otherwise what is wrong.
  std::string_view Objection(ShapeId id, std::span<const uint64_t> numbers) const;
  // The traces of run `i`, by ascending subject.
  void ForEachTrace(size_t i, absl::FunctionRef<void(const PackedTrace&)> visit) const {
    ForEachTrace(runs_[i], visit);
  }
  SubjectTrace Unpack(const PackedTrace& trace, UnixNanos start) const;
  // The same row or shape gets the same id. REQUIRES: the rows that `shape` names are there.
  RowId Intern(const Row& row);
  ShapeId Intern(const TraceShape& shape);
  // `head` has no subjects. REQUIRES: the traces are by ascending subject, each with as many numbers as its shape.
  void Append(Run head, std::span<const PackedTrace> traces);

 private:
  // What kind of number a trace has at a place.
  enum class Kind : char { kAny, kCount, kFirstCount, kNextCount };

  // Each byte string once. Copies of a list share them.
  struct Interner {
    std::vector<std::shared_ptr<const std::string>> items;
    std::unordered_map<std::string_view, uint32_t> ids;  // Of `items`, into which the keys point.

    // Its id, and whether it is new.
    std::pair<uint32_t, bool> Add(std::string_view bytes);
    std::string_view operator[](uint32_t id) const { return *items[id]; }
  };

  struct ShapeFacts {
    std::vector<Kind> kinds;  // Of its numbers.
    bool irregular = false;
    uint32_t uses = 0;
    size_t text_bytes = 0;
  };

  struct Packed {
    Run head;
    std::string traces;  // Varints: per trace the subject, the shape, the timeline, the numbers.
    size_t numbers = 0;
    size_t trace_count = 0;
  };

  class Packer;
  class Unpacker;

  RowId InternRow(std::string_view bytes);
  ShapeId InternShape(Packer& packer);
  void AppendTrace(SubjectId subject, ShapeId shape, const std::optional<Timeline>& timeline,
                   std::span<const uint64_t> numbers, Packed& to);
  Packed Pack(const Run& run);
  void ForEachTrace(const Packed& run, absl::FunctionRef<void(const PackedTrace&)> visit) const;
  void Count(const Packed& run);
  void Forget(const Packed& run);
  static size_t TextBytes(const Packed& run);

  Interner rows_;
  Interner shapes_;
  std::vector<ShapeFacts> shape_facts_;  // By ShapeId.
  std::vector<Packed> runs_;
  size_t numbers_ = 0;
  size_t text_bytes_ = 0;
};

class RunList::Iterator {
 public:
  using iterator_concept = std::input_iterator_tag;
  using value_type = Run;
  using difference_type = std::ptrdiff_t;

  Iterator() = default;
  Iterator(const RunList* list, size_t at) : list_(list), at_(at) {}

  const Run operator*() const { return (*list_)[at_]; }  // NOLINT(readability-const-return-type)
  Iterator& operator++() {
    ++at_;
    return *this;
  }
  Iterator operator++(int) {
    const Iterator before = *this;
    ++at_;
    return before;
  }
  bool operator==(const Iterator&) const = default;

 private:
  const RunList* list_ = nullptr;
  size_t at_ = 0;
};

inline RunList::Iterator RunList::begin() const {
  return {this, 0};
}

inline RunList::Iterator RunList::end() const {
  return {this, size()};
}

}  // namespace syscarve
