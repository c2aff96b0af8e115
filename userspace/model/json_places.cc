#include "userspace/model/json_places.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "userspace/base/concat.h"

namespace syscarve {
namespace {

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::map<std::string, JsonPlace> Scan() {
    while (at_ < text_.size()) Step();
    return std::move(places_);
  }

 private:
  // An object or an array that is not closed yet.
  struct Container {
    bool is_array = false;
    size_t path_bytes = 0;  // The length of its own path.
    size_t index = 0;       // Of an array's element.
  };

  void Step() {
    const char c = text_[at_];
    switch (c) {
      case '\n':
        ++line_;
        ++at_;
        break;
      case ' ':
      case '\t':
      case '\r':
      case ':':
        ++at_;
        break;
      case '{':
      case '[':
        Open(c == '[');
        break;
      case '}':
      case ']':
        Close();
        break;
      case ',':
        NextElement();
        break;
      case '"':
        String();
        break;
      default:
        Word();
    }
  }

  void Open(bool is_array) {
    places_[path_] = {line_, at_, at_};
    open_.push_back({.is_array = is_array, .path_bytes = path_.size()});
    if (is_array) path_ += "[0]";
    key_is_next_ = !is_array;
    ++at_;
  }

  void Close() {
    ++at_;
    path_.resize(open_.back().path_bytes);
    open_.pop_back();
    places_[path_].end = at_;
    key_is_next_ = false;
  }

  void NextElement() {
    Container& container = open_.back();
    path_.resize(container.path_bytes);
    if (container.is_array) path_ += Concat("[", ++container.index, "]");
    key_is_next_ = !container.is_array;
    ++at_;
  }

  void String() {
    const size_t begin = at_++;
    while (text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    ++at_;
    if (!key_is_next_) {
      places_[path_] = {line_, begin, at_};
      return;
    }
    if (!path_.empty()) path_ += '.';
    path_ += text_.substr(begin + 1, at_ - begin - 2);
    key_is_next_ = false;
  }

  void Word() {
    const size_t begin = at_;
    at_ = std::min(text_.find_first_of(",]} \t\r\n", at_), text_.size());
    places_[path_] = {line_, begin, at_};
  }

  const std::string_view text_;
  size_t at_ = 0;
  size_t line_ = 1;
  bool key_is_next_ = false;
  std::string path_;
  std::vector<Container> open_;
  std::map<std::string, JsonPlace> places_;
};

}  // namespace

std::map<std::string, JsonPlace> JsonPlaces(std::string_view text) {
  return Scanner(text).Scan();
}

}  // namespace syscarve
