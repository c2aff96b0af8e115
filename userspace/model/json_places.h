// Where the values of a JSON text stand in it, for messages with lines and for changes that leave the rest of a file as
// its author wrote it.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace syscarve {

struct JsonPlace {
  size_t line = 0;   // From 1, of the value's first byte.
  size_t begin = 0;  // Bytes of the text; `end` is behind the last one.
  size_t end = 0;
  bool operator==(const JsonPlace&) const = default;
};

// The places of all values of `text`, which ParseStrictJson has taken, by their paths as JsonReader's messages spell
// them: "" is the document, "syscalls[3].names[0]" a name. A key that is written with escapes is not decoded.
std::map<std::string, JsonPlace> JsonPlaces(std::string_view text);

}  // namespace syscarve
