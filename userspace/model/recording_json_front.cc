// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/recording_json_front.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/model/hardening_json.h"
#include "userspace/model/life_json.h"

namespace syscarve::recording_json {
namespace {

constexpr std::string_view kFirstSchema = "syscarve.recording/1";
constexpr std::string_view kSecondSchema = "syscarve.recording/2";
constexpr std::string_view kThirdSchema = "syscarve.recording/3";
constexpr std::string_view kFourthSchema = "syscarve.recording/4";

std::vector<std::string> ReadTextSet(const JsonReader& reader) {
  std::vector<std::string> texts;
  reader.ForEach(kMaxElements, [&texts](const JsonReader& element) {
    std::string text = ReadText(element);
    if (!texts.empty() && text <= texts.back()) element.Fail("the texts are not ascending");
    texts.push_back(std::move(text));
  });
  return texts;
}

std::optional<std::set<std::string>> ReadOptionalTextSet(const JsonReader& reader) {
  if (!reader.exists()) return std::nullopt;
  const std::vector<std::string> texts = ReadTextSet(reader);
  return std::set<std::string>(texts.begin(), texts.end());
}

std::optional<bool> ReadOptionalBool(const JsonReader& reader) {
  return reader.exists() ? std::optional(reader.Bool()) : std::nullopt;
}

ContainerLimits ReadLimits(const JsonReader& reader) {
  reader.AllowOnly({"memory_bytes", "cpu_milli", "pids", "open_files", "open_files_hard"});
  return {.memory_bytes = OptionalNumber(reader, "memory_bytes"),
          .cpu_milli = OptionalNumber(reader, "cpu_milli"),
          .pids = OptionalNumber(reader, "pids"),
          .open_files = OptionalNumber(reader, "open_files"),
          .open_files_hard = OptionalNumber(reader, "open_files_hard")};
}

Container ReadContainer(const JsonReader& reader, Schema schema) {
  Container container;
  if (schema >= Schema::kFifth) {
    reader.AllowOnly({"id", "name", "image", "image_digest", "runtime", "labels", "privileged", "no_new_privs",
                      "read_only_root", "user", "seccomp", "cap_add", "cap_drop", "stop_signal", "health_check",
                      "shares", "publishes", "limits"});
    container.shares = ReadOptionalTextSet(reader.Optional("shares"));
    container.publishes = ReadOptionalTextSet(reader.Optional("publishes"));
    if (const JsonReader limits = reader.Optional("limits"); limits.exists()) container.limits = ReadLimits(limits);
  } else if (schema >= Schema::kFourth) {
    reader.AllowOnly({"id", "name", "image", "image_digest", "runtime", "labels", "privileged", "no_new_privs",
                      "read_only_root", "user", "seccomp", "cap_add", "cap_drop", "stop_signal", "health_check"});
  } else {
    reader.AllowOnly({"id", "name", "image", "image_digest", "runtime", "labels", "privileged", "no_new_privs",
                      "read_only_root", "user", "seccomp", "cap_add", "cap_drop"});
  }
  if (schema >= Schema::kFourth) {
    container.stop_signal = ReadText(reader.Required("stop_signal"), kMaxWordBytes);
    container.health_check = ReadOptionalBool(reader.Optional("health_check"));
  }
  container.id = ReadText(reader.Required("id"));
  container.name = ReadText(reader.Required("name"));
  container.image = ReadText(reader.Required("image"));
  container.image_digest = ReadText(reader.Required("image_digest"));
  const JsonReader runtime = reader.Required("runtime");
  runtime.AllowOnly({"name", "version"});
  container.runtime = {.name = ReadText(runtime.Required("name")), .version = ReadText(runtime.Required("version"))};
  reader.Required("labels").ForEachMember(kMaxElements, [&](std::string_view key, const JsonReader& value) {
    std::optional<std::string> name = DecodePercent(key);
    if (!name.has_value() || key.size() > kMaxTextBytes)
      return value.Fail("the label's name is not percent-encoded text");
    container.labels[*std::move(name)] = ReadText(value);
  });
  container.privileged = ReadOptionalBool(reader.Optional("privileged"));
  container.no_new_privs = ReadOptionalBool(reader.Optional("no_new_privs"));
  container.read_only_root = ReadOptionalBool(reader.Optional("read_only_root"));
  container.user = ReadText(reader.Required("user"));
  container.seccomp = ReadText(reader.Required("seccomp"), kMaxWordBytes);
  container.cap_add = ReadTextSet(reader.Required("cap_add"));
  container.cap_drop = ReadTextSet(reader.Required("cap_drop"));
  return container;
}

Subject ReadSubject(const JsonReader& entry, Schema schema, size_t program_count) {
  const JsonReader kind = entry.Required("kind");
  const std::optional<SubjectKind> known = SubjectKindFromName(kind.Text(kMaxWordBytes));
  if (!known.has_value()) kind.Fail("unknown kind of subject");
  Subject subject = {.kind = known.value_or(SubjectKind::kCommand),
                     .name = ReadText(entry.Required("name")),
                     .cgroup = ReadText(entry.Required("cgroup"))};
  if (schema == Schema::kFirst) {
    entry.AllowOnly({"id", "kind", "name", "cgroup"});
    return subject;
  }
  if (schema >= Schema::kFifth) {
    entry.AllowOnly({"id", "kind", "name", "cgroup", "container", "start", "life", "hardening"});
    const JsonReader hardening = entry.Optional("hardening");
    if (hardening.exists()) subject.hardening = ReadHardening(hardening, program_count);
  } else if (schema == Schema::kFourth) {
    entry.AllowOnly({"id", "kind", "name", "cgroup", "container", "start", "life"});
  } else {
    entry.AllowOnly({"id", "kind", "name", "cgroup", "container", "start"});
  }
  if (schema >= Schema::kFourth) {
    if (const JsonReader life = entry.Optional("life"); life.exists()) subject.life = ReadLife(life, program_count);
  }
  const JsonReader container = entry.Optional("container");
  const JsonReader start = entry.Optional("start");
  if (container.exists()) subject.container = ReadContainer(container, schema);
  if (start.exists()) {
    start.AllowOnly({"filtered", "no_new_privs"});
    subject.start = {.filtered = start.Required("filtered").Bool(),
                     .no_new_privs = start.Required("no_new_privs").Bool()};
  }
  for (const JsonReader& of_container : {container, start}) {
    if (of_container.exists() && subject.kind != SubjectKind::kContainer) {
      of_container.Fail("only a container has it");
    }
  }
  return subject;
}

// Programs and subjects contain their own index, for people and for jq.
void CheckId(const JsonReader& entry, size_t index) {
  const JsonReader id = entry.Required("id");
  if (id.Uint() != index) id.Fail(Concat("expected ", index, ", its place in the list"));
}

void ReadLosses(const JsonReader& block, Recording& recording) {
  block.AllowOnly({"complete", "losses"});
  const JsonReader complete = block.Required("complete");
  const bool says_complete = complete.Bool();
  block.Required("losses").ForEach(kMaxElements, [&](const JsonReader& entry) {
    entry.AllowOnly({"what", "count", "missed_calls", "detail"});
    recording.losses.push_back({.what = ReadText(entry.Required("what")),
                                .count = entry.Required("count").Uint(),
                                .missed_calls = entry.Required("missed_calls").Bool(),
                                .detail = ReadText(entry.Required("detail"))});
  });
  if (says_complete != recording.complete()) complete.Fail("does not agree with \"losses\"");
}

}  // namespace

void AllowFields(const JsonReader& root, Schema schema) {
  if (schema >= Schema::kFifth) {
    root.AllowOnly(
        {"schema", "host", "method", "complete", "programs", "subjects", "proofs", "rows", "shapes", "runs"});
  } else if (schema >= Schema::kThird) {
    root.AllowOnly({"schema", "host", "method", "complete", "programs", "subjects", "rows", "shapes", "runs"});
  } else {
    root.AllowOnly({"schema", "host", "method", "complete", "programs", "subjects", "runs"});
  }
}

Schema ReadFront(const JsonReader& root, Recording& recording) {
  // The schema is checked first, so that the error for a file of another kind or version is not about an unknown field.
  const JsonReader stated = root.Required("schema");
  const std::string text = stated.Text(kMaxTextBytes);
  constexpr std::string_view kSchemas[] = {kFirstSchema, kSecondSchema, kThirdSchema, kFourthSchema, kRecordingSchema};
  const auto* const known = std::ranges::find(kSchemas, text);
  if (known == std::end(kSchemas)) {
    stated.Fail(Concat("this build reads \"", kRecordingSchema, "\" and those before it from \"", kFirstSchema,
                       "\" on, and the file is \"", EscapeForTerminal(text.substr(0, kMaxWordBytes)), "\""));
  }
  const Schema schema = known == std::end(kSchemas) ? Schema::kFifth : static_cast<Schema>(known - kSchemas);
  AllowFields(root, schema);

  const JsonReader host = root.Required("host");
  host.AllowOnly({"kernel", "native_abi", "libseccomp"});
  recording.host = {.kernel = ReadText(host.Required("kernel")),
                    .native_abi = ReadAbi(host.Required("native_abi")),
                    .libseccomp = ReadText(host.Required("libseccomp"))};

  const JsonReader method = root.Required("method");
  method.AllowOnly({"backend", "events", "capabilities", "denials", "attach"});
  recording.method = {.backend = ReadText(method.Required("backend"), kMaxWordBytes),
                      .events = ReadText(method.Required("events"), kMaxWordBytes),
                      .capabilities = ReadText(method.Required("capabilities"), kMaxWordBytes),
                      .denials = ReadText(method.Required("denials"), kMaxWordBytes),
                      .attach = ""};
  if (const JsonReader attach = method.Optional("attach"); attach.exists()) {
    recording.method.attach = ReadText(attach, kMaxWordBytes);
  }

  ReadLosses(root.Required("complete"), recording);

  root.Required("programs").ForEach(kMaxElements, [&](const JsonReader& entry) {
    entry.AllowOnly({"id", "path", "device", "inode"});
    CheckId(entry, recording.programs.size());
    recording.programs.push_back({.path = ReadText(entry.Required("path")),
                                  .device = entry.Required("device").Uint(),
                                  .inode = entry.Required("inode").Uint()});
  });
  root.Required("subjects").ForEach(kMaxElements, [&](const JsonReader& entry) {
    CheckId(entry, recording.subjects.size());
    recording.subjects.push_back(ReadSubject(entry, schema, recording.programs.size()));
  });
  return schema;
}

}  // namespace syscarve::recording_json
