// SPDX-License-Identifier: Apache-2.0
// Whether our JSON parser and nlohmann/json, which knows nothing of it, take the same texts and read the same from
// them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/base/json_parser.h"

namespace syscarve {

// Builds what nlohmann/json would have built. A number of ours that is no integer is compared as a double.
inline absl::StatusOr<nlohmann::json> ReadWithOurs(JsonParser& parser) {
  using Json = nlohmann::json;
  Json root;
  std::vector<Json*> open;
  std::string key;
  JsonEvent event;
  const auto put = [&](Json value) {
    Json* place = &root;
    if (!open.empty() && open.back()->is_array()) {
      open.back()->push_back(nullptr);
      place = &open.back()->back();
    } else if (!open.empty()) {
      place = &(*open.back())[key];
    }
    *place = std::move(value);
    return place;
  };
  while (true) {
    SYSCARVE_RETURN_IF_ERROR(parser.Next(event));
    switch (event.kind) {
      case JsonEventKind::kNull:
        put(nullptr);
        break;
      case JsonEventKind::kBool:
        put(event.flag);
        break;
      case JsonEventKind::kUint:
        put(event.uint);
        break;
      case JsonEventKind::kInt:
        put(event.integer);
        break;
      case JsonEventKind::kDouble:
        put(event.real);
        break;
      case JsonEventKind::kString:
        put(event.text);
        break;
      case JsonEventKind::kKey:
        key = event.text;
        break;
      case JsonEventKind::kObjectStart:
        open.push_back(put(Json::object()));
        break;
      case JsonEventKind::kArrayStart:
        open.push_back(put(Json::array()));
        break;
      case JsonEventKind::kObjectEnd:
      case JsonEventKind::kArrayEnd:
        open.pop_back();
        break;
      case JsonEventKind::kEnd:
        return root;
    }
  }
}

// "", or how they disagree.
inline std::string JsonDisagreement(std::string_view text) {
  JsonParser parser(text, {.depth = text.size() + 1, .text_bytes = text.size(), .allow_byte_order_mark = true});
  const absl::StatusOr<nlohmann::json> ours = ReadWithOurs(parser);
  const nlohmann::json theirs = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (ours.ok() == theirs.is_discarded()) {
    // A bound of ours, which no real number reaches.
    if (ours.status().message().find("digits") != std::string::npos) return "";
    // To nlohmann's lexer a NUL between two tokens is the end of the text.
    if (!ours.ok() && text.find('\0') != std::string_view::npos) return "";
    return Concat(ours.ok() ? "only ours takes it" : Concat("only theirs takes it: ", ours.status().message()));
  }
  if (ours.ok() && *ours != theirs) return Concat("ours ", ours->dump(), ", theirs ", theirs.dump());
  return "";
}

}  // namespace syscarve
