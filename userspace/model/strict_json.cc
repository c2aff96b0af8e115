#include "userspace/model/strict_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"

namespace syscarve {
namespace {

// A key or word from the text for a message: safe to print and not longer than a line.
std::string Shown(std::string_view text) {
  constexpr size_t kMaxShown = 60;
  const std::string escaped = EscapeForTerminal(text.substr(0, kMaxShown));
  return text.size() > kMaxShown ? Concat(escaped, "...") : escaped;
}

// Builds the tree from the parser's events. An event handler returns false to stop the parser, with `error` set.
class TreeBuilder : public nlohmann::json_sax<nlohmann::json> {
 public:
  TreeBuilder(const JsonLimits& limits, JsonValue* root) : limits_(limits), root_(root) {}

  const std::string& error() const { return error_; }

  bool null() override { return Put(nullptr); }
  bool boolean(bool value) override { return Put(value); }
  bool number_integer(number_integer_t value) override { return Put(value); }
  bool number_unsigned(number_unsigned_t value) override { return Put(value); }
  bool number_float(number_float_t value, const string_t&) override { return Put(value); }
  bool string(string_t& value) override { return Put(std::move(value)); }
  bool binary(binary_t&) override { return Fail("binary data is not JSON"); }

  bool start_object(size_t) override { return Open(JsonValue::Object()); }
  bool key(string_t& key) override {
    std::get<JsonValue::Object>(open_.back()->data).push_back({std::move(key), {}});
    return true;
  }
  bool end_object() override {
    const auto& members = std::get<JsonValue::Object>(open_.back()->data);
    std::vector<std::string_view> keys;
    keys.reserve(members.size());
    for (const JsonMember& member : members) keys.push_back(member.key);
    std::ranges::sort(keys);
    const auto twice = std::ranges::adjacent_find(keys);
    if (twice != keys.end()) return Fail(Concat("the key \"", Shown(*twice), "\" is there twice in one object"));
    open_.pop_back();
    return true;
  }
  bool start_array(size_t) override { return Open(JsonValue::Array()); }
  bool end_array() override {
    open_.pop_back();
    return true;
  }

  bool parse_error(size_t position, const std::string&, const nlohmann::json::exception& problem) override {
    constexpr int kOutOfRangeIds = 400;
    if (problem.id / 100 * 100 == kOutOfRangeIds) {
      return Fail(Concat("a number near byte ", position, " is too large"));
    }
    return Fail(Concat("not JSON: syntax error at byte ", position));
  }

 private:
  bool Fail(std::string message) {
    error_ = std::move(message);
    return false;
  }

  // The next value's place: behind the last element of an array, or in the member whose key was just read.
  JsonValue* Place(JsonValue value) {
    if (open_.empty()) {
      *root_ = std::move(value);
      return root_;
    }
    if (auto* array = std::get_if<JsonValue::Array>(&open_.back()->data)) {
      return &array->emplace_back(std::move(value));
    }
    JsonValue& place = std::get<JsonValue::Object>(open_.back()->data).back().value;
    place = std::move(value);
    return &place;
  }

  bool Put(JsonValue value) {
    if (++values_ > limits_.values) return Fail(Concat("more than ", limits_.values, " values"));
    Place(std::move(value));
    return true;
  }

  bool Open(JsonValue container) {
    if (++values_ > limits_.values) return Fail(Concat("more than ", limits_.values, " values"));
    if (open_.size() == limits_.depth) return Fail(Concat("nested more than ", limits_.depth, " deep"));
    // Pointers stay good: a container grows only while none of its elements is open.
    open_.push_back(Place(std::move(container)));
    return true;
  }

  const JsonLimits limits_;
  JsonValue* root_;
  std::vector<JsonValue*> open_;
  size_t values_ = 0;
  std::string error_;
};

class Printer {
 public:
  explicit Printer(size_t width) : width_(width) {}

  std::string Print(const JsonValue& value) {
    PrintValue(value, 0, 0);
    out_ += '\n';
    return std::move(out_);
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
      std::string operator()(double number) const { return nlohmann::json(number).dump(); }
      std::string operator()(const std::string& text) const { return QuoteForJson(text); }
      std::string operator()(const JsonValue::Array&) const { return "[]"; }
      std::string operator()(const JsonValue::Object&) const { return "{}"; }
    };
    out_ += std::visit(Visitor{}, value.data);
  }

  // Goes through the elements of a container, with its punctuation; `separate` writes what stands before each element
  // and, with true, before the closing bracket. Returns false for a scalar or an empty container, with nothing written.
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

  // `indent` is the depth of the line; `column` is how much of it is taken.
  void PrintValue(const JsonValue& value, size_t indent, size_t column) {
    const size_t begin = out_.size();
    // One column is kept for the comma that may follow.
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

absl::StatusOr<JsonValue> ParseStrictJson(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes) {
    return absl::InvalidArgumentError(Concat("larger than ", limits.bytes, " bytes, the most that is read"));
  }
  JsonValue root;
  TreeBuilder builder(limits, &root);
  // The parser keeps its own stack and reports through the builder: it neither recurses nor throws.
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder))
    return absl::InvalidArgumentError(builder.error());
  return root;
}

std::string PrintJson(const JsonValue& value, size_t width) {
  return Printer(width).Print(value);
}

std::string PrintCompactJson(const JsonValue& value) {
  return Printer(0).PrintCompact(value);
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
  const std::string place = Place();
  *error_ = place.empty() ? std::string(message) : Concat(place, ": ", message);
}

std::string JsonReader::Place() const {
  if (parent_ == nullptr) return {};
  std::string place = parent_->Place();
  if (key_.empty()) return Concat(place, "[", index_, "]");
  return Concat(place, place.empty() ? "" : ".", Shown(key_));
}

}  // namespace syscarve
