// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/strict_json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"

namespace syscarve {
namespace {

// A key or word from the text, for a message: safe to print and not longer than a line.
std::string Shown(std::string_view text) {
  constexpr size_t kMaxShown = 60;
  const std::string escaped = EscapeForTerminal(text.substr(0, kMaxShown));
  return text.size() > kMaxShown ? Concat(escaped, "...") : escaped;
}

absl::Status TextError(const JsonPlace& place, std::string_view message) {
  return absl::InvalidArgumentError(Concat(PlaceWords(place), ": ", message));
}

// The shortest spelling that is read as the same double, and as a double: "1.0", "1e+20", "0.25". JSON has no infinity
// and no NaN.
std::string SpellDouble(double number) {
  if (!std::isfinite(number)) return "null";
  std::array<char, 32> buffer;
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  std::string text(buffer.data(), end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

class Printer {
 public:
  explicit Printer(size_t width) : width_(width) {}

  std::string Print(const JsonValue& value) {
    PrintValue(value, 0, 0);
    out_ += '\n';
    return std::move(out_);
  }

  std::string PrintPart(const JsonValue& value, size_t indent, size_t column) {
    // The columns before the part count as written.
    out_.assign(column, ' ');
    PrintValue(value, indent, column);
    return out_.substr(column);
  }

  std::string PrintCompact(const JsonValue& value) {
    colon_ = ":";
    AppendCompact(value);
    return std::move(out_);
  }

 private:
  void PrintScalar(const JsonValue& value) {
    struct Visitor {
      std::string operator()(std::nullptr_t) const { return "null"; }
      std::string operator()(bool flag) const { return flag ? "true" : "false"; }
      std::string operator()(uint64_t number) const { return Concat(number); }
      std::string operator()(int64_t number) const { return Concat(number); }
      std::string operator()(double number) const { return SpellDouble(number); }
      std::string operator()(const std::string& text) const { return QuoteForJson(text); }
      std::string operator()(const JsonValue::Array&) const { return "[]"; }
      std::string operator()(const JsonValue::Object&) const { return "{}"; }
    };
    out_ += std::visit(Visitor{}, value.data);
  }

  // Iterates over the elements of a container, with its punctuation; `separate` writes the separator before each
  // element and, with true, before the closing bracket. Returns false for a scalar or an empty container, with nothing
  // written.
  template <typename Separate, typename Element>
  bool PrintContainer(const JsonValue& value, Separate separate, Element element) {
    const auto all = [&](const auto& elements, char open, char close, auto print) {
      if (elements.empty()) return false;
      out_ += open;
      bool first = true;
      for (const auto& each : elements) {
        if (!first) out_ += ',';
        separate(first, false);
        first = false;
        if (!print(each)) return true;
      }
      separate(false, true);
      out_ += close;
      return true;
    };
    if (const auto* array = std::get_if<JsonValue::Array>(&value.data)) return all(*array, '[', ']', element);
    if (const auto* object = std::get_if<JsonValue::Object>(&value.data)) {
      return all(*object, '{', '}', [&](const JsonMember& member) {
        out_ += QuoteForJson(member.key);
        out_ += colon_;
        return element(member.value);
      });
    }
    return false;
  }

  // Writes `value` on one line. Returns false, with a part written, as soon as the output is longer than `end`.
  bool PrintInline(const JsonValue& value, size_t end) {
    const auto separate = [this](bool first, bool closing) {
      if (!first && !closing) out_ += ' ';
    };
    const auto element = [this, end](const JsonValue& inner) { return PrintInline(inner, end); };
    if (!PrintContainer(value, separate, element)) PrintScalar(value);
    return out_.size() <= end;
  }

  void AppendCompact(const JsonValue& value) {
    const auto element = [this](const JsonValue& inner) {
      AppendCompact(inner);
      return true;
    };
    if (!PrintContainer(
            value, [](bool, bool) {}, element))
      PrintScalar(value);
  }

  // `indent` is the depth of the line; `column` is the number of columns already used.
  void PrintValue(const JsonValue& value, size_t indent, size_t column) {
    const size_t begin = out_.size();
    // One column is reserved for the comma that may follow.
    if (width_ > column + 1 && PrintInline(value, begin + width_ - column - 1)) return;
    out_.resize(begin);
    const auto separate = [&](bool, bool closing) {
      out_ += '\n';
      out_.append(2 * (closing ? indent : indent + 1), ' ');
    };
    const auto element = [&](const JsonValue& inner) {
      const size_t line = out_.rfind('\n') + 1;
      PrintValue(inner, indent + 1, out_.size() - line);
      return true;
    };
    if (!PrintContainer(value, separate, element)) PrintScalar(value);
  }

  const size_t width_;
  std::string_view colon_ = ": ";
  std::string out_;
};

template <typename T>
constexpr std::string_view kKindName = "";
template <>
constexpr std::string_view kKindName<std::nullptr_t> = "null";
template <>
constexpr std::string_view kKindName<bool> = "a boolean";
template <>
constexpr std::string_view kKindName<uint64_t> = "an unsigned integer";
template <>
constexpr std::string_view kKindName<int64_t> = "a negative integer";
template <>
constexpr std::string_view kKindName<double> = "a number that is no 64-bit integer";
template <>
constexpr std::string_view kKindName<std::string> = "a string";
template <>
constexpr std::string_view kKindName<JsonValue::Array> = "an array";
template <>
constexpr std::string_view kKindName<JsonValue::Object> = "an object";

std::string_view KindName(const JsonValue& value) {
  return std::visit([]<typename T>(const T&) { return kKindName<T>; }, value.data);
}

}  // namespace

const JsonValue* FindMember(const JsonValue& object, std::string_view key) {
  const auto* members = std::get_if<JsonValue::Object>(&object.data);
  if (members == nullptr) return nullptr;
  const auto found = std::ranges::find(*members, key, &JsonMember::key);
  return found == members->end() ? nullptr : &found->value;
}

absl::Status JsonTreeBuilder::Take(JsonEvent& event) {
  switch (event.kind) {
    case JsonEventKind::kNull:
      return Put(nullptr, event.place);
    case JsonEventKind::kBool:
      return Put(event.flag, event.place);
    case JsonEventKind::kUint:
      return Put(event.uint, event.place);
    case JsonEventKind::kInt:
      return Put(event.integer, event.place);
    case JsonEventKind::kDouble:
      return Put(event.real, event.place);
    case JsonEventKind::kString:
      return Put(std::move(event.text), event.place);
    case JsonEventKind::kObjectStart:
      return Open(JsonValue::Object(), event.place);
    case JsonEventKind::kArrayStart:
      return Open(JsonValue::Array(), event.place);
    case JsonEventKind::kKey:
      std::get<JsonValue::Object>(open_.back()->data).push_back({std::move(event.text), {}, event.place});
      return absl::OkStatus();
    case JsonEventKind::kObjectEnd:
      if (!leniency_.repeated_keys) SYSCARVE_RETURN_IF_ERROR(CheckKeys());
      Close(event.place);
      return absl::OkStatus();
    case JsonEventKind::kArrayEnd:
      Close(event.place);
      return absl::OkStatus();
    case JsonEventKind::kEnd:
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

// Checks the object that ends.
absl::Status JsonTreeBuilder::CheckKeys() const {
  const auto& members = std::get<JsonValue::Object>(open_.back()->data);
  std::vector<const JsonMember*> sorted;
  sorted.reserve(members.size());
  for (const JsonMember& member : members) sorted.push_back(&member);
  std::ranges::stable_sort(sorted, {}, [](const JsonMember* member) -> const std::string& { return member->key; });
  const auto same = [](const JsonMember* a, const JsonMember* b) { return a->key == b->key; };
  const auto twice = std::ranges::adjacent_find(sorted, same);
  if (twice == sorted.end()) return absl::OkStatus();
  return TextError((*std::next(twice))->place,
                   Concat("the key \"", Shown((*twice)->key), "\" is there twice in one object"));
}

// Adds the value after the last element of an array, or to the member whose key was just read.
JsonValue* JsonTreeBuilder::Add(JsonValue value, const JsonPlace& place) {
  value.place = place;
  JsonValue* added = &root_;
  if (open_.empty()) {
    root_ = std::move(value);
  } else if (auto* array = std::get_if<JsonValue::Array>(&open_.back()->data)) {
    added = &array->emplace_back(std::move(value));
  } else {
    added = &std::get<JsonValue::Object>(open_.back()->data).back().value;
    *added = std::move(value);
  }
  return added;
}

absl::Status JsonTreeBuilder::Put(JsonValue value, const JsonPlace& place) {
  if (++values_ > limits_.values) return TextError(place, Concat("more than ", limits_.values, " values"));
  Add(std::move(value), place);
  return absl::OkStatus();
}

absl::Status JsonTreeBuilder::Open(JsonValue container, const JsonPlace& place) {
  if (++values_ > limits_.values) return TextError(place, Concat("more than ", limits_.values, " values"));
  // Pointers stay valid: a container grows only while none of its elements is open.
  open_.push_back(Add(std::move(container), place));
  return absl::OkStatus();
}

void JsonTreeBuilder::Close(const JsonPlace& place) {
  open_.back()->place.end = place.end;
  open_.pop_back();
}

JsonValue JsonTreeBuilder::TakeRoot() {
  values_ = 0;
  open_.clear();
  return std::exchange(root_, {});
}

absl::StatusOr<JsonValue> ParseStrictJson(std::string_view text, const JsonLimits& limits,
                                          const JsonLeniency& leniency) {
  if (text.size() > limits.bytes) {
    return absl::InvalidArgumentError(Concat("larger than ", limits.bytes, " bytes, the most that is read"));
  }
  JsonParser parser(
      text, {.depth = limits.depth, .text_bytes = limits.bytes, .allow_byte_order_mark = leniency.byte_order_mark});
  JsonTreeBuilder builder(limits, leniency);
  JsonEvent event;
  do {
    SYSCARVE_RETURN_IF_ERROR(parser.Next(event));
    SYSCARVE_RETURN_IF_ERROR(builder.Take(event));
  } while (event.kind != JsonEventKind::kEnd);
  return builder.TakeRoot();
}

std::string PrintJson(const JsonValue& value, size_t width) {
  return Printer(width).Print(value);
}

std::string PrintJsonPart(const JsonValue& value, size_t width, size_t indent, size_t column) {
  return Printer(width).PrintPart(value, indent, column);
}

std::string PrintCompactJson(const JsonValue& value) {
  return Printer(0).PrintCompact(value);
}

size_t CountValues(const JsonValue& value) {
  size_t count = 1;
  if (const auto* array = std::get_if<JsonValue::Array>(&value.data)) {
    for (const JsonValue& element : *array) count += CountValues(element);
  } else if (const auto* object = std::get_if<JsonValue::Object>(&value.data)) {
    for (const JsonMember& member : *object) count += CountValues(member.value);
  }
  return count;
}

template <typename T>
const T* JsonReader::As(std::string_view expected) const {
  if (!ok() || value_ == nullptr) return nullptr;
  const T* data = std::get_if<T>(&value_->data);
  if (data == nullptr) Fail(Concat("expected ", expected, ", found ", KindName(*value_)));
  return data;
}

bool JsonReader::IsNull() const {
  return value_ != nullptr && std::holds_alternative<std::nullptr_t>(value_->data);
}

bool JsonReader::IsEmptyContainer() const {
  if (value_ == nullptr) return false;
  const auto* array = std::get_if<JsonValue::Array>(&value_->data);
  const auto* object = std::get_if<JsonValue::Object>(&value_->data);
  return (array != nullptr && array->empty()) || (object != nullptr && object->empty());
}

bool JsonReader::IsEmptyText() const {
  if (value_ == nullptr) return false;
  const auto* text = std::get_if<std::string>(&value_->data);
  return text != nullptr && text->empty();
}

bool JsonReader::IsObject() const {
  return value_ != nullptr && std::holds_alternative<JsonValue::Object>(value_->data);
}

bool JsonReader::IsText() const {
  return value_ != nullptr && std::holds_alternative<std::string>(value_->data);
}

void JsonReader::AllowOnly(std::initializer_list<std::string_view> keys) const {
  const auto* members = As<JsonValue::Object>(kKindName<JsonValue::Object>);
  if (members == nullptr) return;
  for (const JsonMember& member : *members) {
    if (std::ranges::find(keys, std::string_view(member.key)) == keys.end()) {
      return Fail(Concat("unknown field \"", Shown(member.key), "\""));
    }
  }
}

JsonReader JsonReader::Required(std::string_view key) const {
  JsonReader member = Optional(key);
  if (!member.exists()) Fail(Concat("the field \"", key, "\" is missing"));
  return member;
}

JsonReader JsonReader::Optional(std::string_view key) const {
  const JsonValue* found = nullptr;
  if (const auto* members = As<JsonValue::Object>(kKindName<JsonValue::Object>)) {
    const auto member = std::ranges::find(*members, key, &JsonMember::key);
    if (member != members->end()) found = &member->value;
  }
  return JsonReader(found, this, key, 0);
}

uint64_t JsonReader::Uint(uint64_t smallest, uint64_t largest) const {
  const uint64_t* number = As<uint64_t>(kKindName<uint64_t>);
  if (number == nullptr) return 0;
  if (*number < smallest || *number > largest) {
    Fail(Concat(*number, " is outside ", smallest, " to ", largest));
    return 0;
  }
  return *number;
}

bool JsonReader::Bool() const {
  const bool* flag = As<bool>(kKindName<bool>);
  return flag != nullptr && *flag;
}

std::string JsonReader::Text(size_t max_bytes) const {
  const std::string* text = As<std::string>(kKindName<std::string>);
  if (text == nullptr) return {};
  if (text->size() > max_bytes) {
    Fail(Concat("longer than ", max_bytes, " bytes"));
    return {};
  }
  return *text;
}

void JsonReader::ForEach(size_t max_elements, absl::FunctionRef<void(const JsonReader&)> visit) const {
  const auto* elements = As<JsonValue::Array>(kKindName<JsonValue::Array>);
  if (elements == nullptr) return;
  if (elements->size() > max_elements) return Fail(Concat("more than ", max_elements, " elements"));
  for (size_t i = 0; i < elements->size() && ok(); ++i) visit(JsonReader(&(*elements)[i], this, {}, i));
}

void JsonReader::ForEachMember(size_t max_members,
                               absl::FunctionRef<void(std::string_view key, const JsonReader&)> visit) const {
  const auto* members = As<JsonValue::Object>(kKindName<JsonValue::Object>);
  if (members == nullptr) return;
  if (members->size() > max_members) return Fail(Concat("more than ", max_members, " members"));
  for (const JsonMember& member : *members) {
    if (!ok()) return;
    visit(member.key, JsonReader(&member.value, this, member.key, 0));
  }
}

void JsonReader::Fail(std::string_view message) const {
  if (!ok()) return;
  const std::string place = Path();
  *error_ = place.empty() ? std::string(message) : Concat(place, ": ", message);
}

std::string JsonReader::Path() const {
  if (parent_ == nullptr) return {};
  std::string place = parent_->Path();
  if (key_.empty()) return Concat(place, "[", index_, "]");
  return Concat(place, place.empty() ? "" : ".", Shown(key_));
}

}  // namespace syscarve
