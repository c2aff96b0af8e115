// SPDX-License-Identifier: Apache-2.0
// The runs of a Recording, packed. Runs of one program make nearly the same calls, so what they have in common is
// stored once, and per run only its numbers. A run of 250 calls then takes some two kilobytes instead of fifty.
//
//   recording.runs.push_back(run);
//   for (const Run& run : recording.runs) …                        // One run at a time is unpacked.
//   recording.runs.Update(0, [](Run& run) { run.name = "smoke"; });
//
// A list behaves like a vector of Runs, except that access returns a copy of a Run: a reference into `runs[0].subjects`
// does not outlive the expression.
//
// The three levels of the file (docs/recording-format.md):
//   row    one call of a trace without its numbers: its programs, its arguments, whether its time is known
//   shape  a SubjectTrace without its numbers and its timeline: lists of rows, denials and capabilities
//   trace  a shape and its numbers, in the shape's order
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

using RowId = uint32_t;    // Numbered in order of first appearance; ids mean nothing outside the list.
using ShapeId = uint32_t;  // Likewise.

// A call without its numbers: every count is 0, and first_seen is 0 if present.
using Row = std::pair<SyscallId, Observation>;

// A SubjectTrace without its numbers and timeline. Its calls are ids of rows, in ascending order of the calls.
struct TraceShape {
  std::vector<RowId> calls;
  std::vector<RowId> runtime_calls;
  std::vector<RowId> baseline_calls;
  std::map<SyscallId, std::vector<Denial>> denials;
  std::map<int, CapabilityUse> capabilities;
};

// The trace of a subject in a run, as a list stores it.
struct PackedTrace {
  SubjectId subject = 0;
  ShapeId shape = 0;
  // The numbers of the shape's calls, runtime_calls, baseline_calls, denials and capabilities, in this order. A call
  // has its first_seen minus the run's start, modulo 2^64, if present, then its count per program, ascending; a denial
  // its count per program; a capability has granted and denied for each element of `during`, then for foreign, each
  // followed by the count and the ended of each of its results.
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
  // Const, so that writing to the copy, which would not change the list, does not compile. REQUIRES: i < size().
  const Run operator[](size_t i) const;              // NOLINT(readability-const-return-type)
  const Run at(size_t i) const;                      // NOLINT(readability-const-return-type): throws as a vector does.
  const Run front() const { return at(0); }          // NOLINT(readability-const-return-type)
  const Run back() const { return at(size() - 1); }  // NOLINT(readability-const-return-type)
  // The run without its subjects; unpacks nothing. REQUIRES: i < size().
  const Run& head(size_t i) const { return runs_[i].head; }
  Iterator begin() const;
  Iterator end() const;

  void push_back(const Run& run);
  // Removes the last run, and its shapes that no other run has. REQUIRES: !empty().
  void pop_back();
  void clear() { *this = {}; }
  // Unpacks the run, calls `change` with it, and packs the result. REQUIRES: i < size().
  void Update(size_t i, absl::FunctionRef<void(Run&)> change);

  // The indices of all runs, ordered by start and then id.
  std::vector<size_t> InOrder() const;

  bool operator==(const RunList& other) const;

  // The numbers in all traces, including timelines.
  size_t numbers() const { return numbers_; }
  // An upper bound of the bytes that the runs take in a dense file, if escaping makes names at most six times as long.
  size_t text_bytes() const { return text_bytes_; }

  // For the file's codec, which copies packed runs without unpacking them.

  size_t row_count() const { return rows_.items.size(); }
  size_t shape_count() const { return shapes_.items.size(); }
  Row row(RowId id) const;
  TraceShape shape(ShapeId id) const;
  // Whether one of its counts is not the sum over its programs, which the file format cannot express.
  bool irregular(ShapeId id) const { return shape_facts_[id].irregular; }
  // The number of numbers in a trace of this shape.
  size_t numbers_of(ShapeId id) const { return shape_facts_[id].kinds.size(); }
  // "" if `numbers`, of which there are numbers_of(id), are valid for a trace: every count is at least 1, and the sum
  // of a call's counts fits in 64 bits. Otherwise the reason why not.
  std::string_view Objection(ShapeId id, std::span<const uint64_t> numbers) const;
  // Calls `visit` for each trace of run `i`, by ascending subject.
  void ForEachTrace(size_t i, absl::FunctionRef<void(const PackedTrace&)> visit) const {
    ForEachTrace(runs_[i], visit);
  }
  SubjectTrace Unpack(const PackedTrace& trace, UnixNanos start) const;
  // Equal rows and equal shapes get the same id. REQUIRES: the rows that `shape` refers to exist.
  RowId Intern(const Row& row);
  ShapeId Intern(const TraceShape& shape);
  // Appends a run. REQUIRES: `head` has no subjects; the traces are by ascending subject, each with as many numbers as
  // its shape.
  void Append(Run head, std::span<const PackedTrace> traces);

 private:
  // The kind of one number of a trace.
  enum class Kind : char { kAny, kCount, kFirstCount, kNextCount };

  // Stores each byte string once. Copies of a list share them.
  struct Interner {
    std::vector<std::shared_ptr<const std::string>> items;
    std::unordered_map<std::string_view, uint32_t> ids;  // Indices in `items`; the keys point into the strings there.

    // The id of `bytes`, and whether it is new.
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
