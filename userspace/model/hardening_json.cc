// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/hardening_json.h"

#include <limits>
#include <string>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/model/recording_json_fields.h"

namespace syscarve {
namespace {

using recording_json::AddNumber;
using recording_json::AddUnique;
using recording_json::kMaxElements;
using recording_json::kMaxWordBytes;
using recording_json::NumberFromKey;
using recording_json::OptionalNumber;
using recording_json::ReadText;
using recording_json::ReadWord;

constexpr uint64_t kMaxId = std::numeric_limits<uint32_t>::max();
constexpr uint64_t kMaxDeviceNumber = std::numeric_limits<uint32_t>::max();
constexpr uint64_t kMaxPort = 65535;
constexpr uint64_t kMaxSocketType = 255;

JsonValue::Array UsesToJson(FileUses uses) {
  JsonValue::Array names;
  for (int i = 0; i < kFileUseCount; ++i) {
    const auto use = static_cast<FileUse>(i);
    if (uses.has(use)) names.emplace_back(FileUseName(use));
  }
  return names;
}

JsonValue FileToJson(const UsedPath& path, const UsedFile& file) {
  JsonValue::Object object = {{"path", EncodePercent(path.path)}};
  if (path.others) object.push_back({"others", true});
  object.push_back({"kind", FileKindName(file.kind)});
  if (file.kind == FileKind::kCharacterDevice || file.kind == FileKind::kBlockDevice) {
    object.push_back({"device", JsonValue::Array{file.device_major, file.device_minor}});
  }
  if (!file.mount.empty()) object.push_back({"mount", EncodePercent(file.mount)});
  if (!file.filesystem.empty()) object.push_back({"filesystem", EncodePercent(file.filesystem)});
  JsonValue::Object uses;
  for (const auto& [program, used] : file.uses) uses.push_back({Concat(program), UsesToJson(used)});
  object.push_back({"uses", std::move(uses)});
  return object;
}

JsonValue ProcessIdsToJson(const ProcessIds& ids) {
  return JsonValue::Object{{"user", ids.user},
                           {"effective_user", ids.effective_user},
                           {"group", ids.group},
                           {"effective_group", ids.effective_group}};
}

JsonValue PeaksToJson(const Peaks& peaks) {
  JsonValue::Object object;
  AddNumber(object, "memory_bytes", peaks.memory_bytes);
  AddNumber(object, "anonymous_bytes", peaks.anonymous_bytes);
  AddNumber(object, "tasks", peaks.tasks);
  AddNumber(object, "cpu_milli", peaks.cpu_milli);
  AddNumber(object, "processors", peaks.processors);
  AddNumber(object, "open_files", peaks.open_files);
  object.push_back({"memory_sampled", peaks.memory_sampled});
  object.push_back({"tasks_sampled", peaks.tasks_sampled});
  return object;
}

ProgramId ReadProgram(const JsonReader& reader, uint64_t id, size_t program_count) {
  if (id >= program_count) reader.Fail("no program has this id");
  return static_cast<ProgramId>(id);
}

// Calls `visit` for each member of `reader`; the keys are program ids.
void ForEachProgram(const JsonReader& reader, size_t program_count,
                    absl::FunctionRef<void(ProgramId program, const JsonReader& value)> visit) {
  reader.ForEachMember(kMaxElements, [&](std::string_view key, const JsonReader& value) {
    visit(ReadProgram(value, NumberFromKey(key).value_or(kMaxElements), program_count), value);
  });
}

FileUses ReadUses(const JsonReader& reader) {
  FileUses uses;
  reader.ForEach(kFileUseCount, [&uses](const JsonReader& element) {
    const FileUse use = ReadWord(element, FileUseFromName);
    if (uses.has(use)) element.Fail("repeats an earlier entry");
    uses |= use;
  });
  if (uses.empty()) reader.Fail("must not be empty");
  return uses;
}

void ReadDevice(const JsonReader& reader, UsedFile& file) {
  int numbers = 0;
  reader.ForEach(2, [&](const JsonReader& element) {
    const auto number = static_cast<uint32_t>(element.Uint(0, kMaxDeviceNumber));
    (numbers++ == 0 ? file.device_major : file.device_minor) = number;
  });
  if (numbers != 2) reader.Fail("expected a major and a minor number");
}

void ReadFile(const JsonReader& entry, size_t program_count, HardeningEvidence& hardening) {
  entry.AllowOnly({"path", "others", "kind", "device", "mount", "filesystem", "uses"});
  const JsonReader path = entry.Required("path");
  UsedPath used = {.path = ReadText(path)};
  if (!used.path.starts_with('/')) path.Fail("must begin with \"/\"");
  if (const JsonReader others = entry.Optional("others"); others.exists()) used.others = others.Bool();
  UsedFile& file = AddUnique(entry, hardening.files, used);
  file.kind = ReadWord(entry.Required("kind"), FileKindFromName);
  const JsonReader device = entry.Optional("device");
  const bool is_device = file.kind == FileKind::kCharacterDevice || file.kind == FileKind::kBlockDevice;
  if (device.exists() != is_device) entry.Fail("a device, and only a device, must have \"device\"");
  if (device.exists()) ReadDevice(device, file);
  if (const JsonReader mount = entry.Optional("mount"); mount.exists()) file.mount = ReadText(mount);
  if (const JsonReader filesystem = entry.Optional("filesystem"); filesystem.exists()) {
    file.filesystem = ReadText(filesystem, kMaxWordBytes);
  }
  ForEachProgram(entry.Required("uses"), program_count,
                 [&file](ProgramId program, const JsonReader& uses) { file.uses[program] = ReadUses(uses); });
}

ProcessIds ReadProcessIds(const JsonReader& entry) {
  entry.AllowOnly({"user", "effective_user", "group", "effective_group"});
  const auto id = [&entry](std::string_view key) { return static_cast<uint32_t>(entry.Required(key).Uint(0, kMaxId)); };
  return {.user = id("user"),
          .effective_user = id("effective_user"),
          .group = id("group"),
          .effective_group = id("effective_group")};
}

ProgramPrivileges ReadPrivileges(const JsonReader& entry) {
  entry.AllowOnly({"set_user", "set_group", "gained"});
  return {.set_user = entry.Required("set_user").Bool(),
          .set_group = entry.Required("set_group").Bool(),
          .gained = entry.Required("gained").Bool()};
}

void ReadEndpoint(const JsonReader& entry, size_t program_count, HardeningEvidence& hardening) {
  entry.AllowOnly({"use", "family", "scope", "type", "port", "programs"});
  const Endpoint endpoint = {.use = ReadWord(entry.Required("use"), EndpointUseFromName),
                             .family = ReadWord(entry.Required("family"), AddressFamilyFromName),
                             .scope = ReadWord(entry.Required("scope"), AddressScopeFromName),
                             .socket_type = static_cast<int>(entry.Required("type").Uint(0, kMaxSocketType)),
                             .port = static_cast<int>(entry.Required("port").Uint(0, kMaxPort))};
  std::set<ProgramId>& programs = AddUnique(entry, hardening.endpoints, endpoint);
  entry.Required("programs").ForEach(kMaxElements, [&](const JsonReader& program) {
    if (!programs.insert(ReadProgram(program, program.Uint(), program_count)).second) {
      program.Fail("repeats an earlier entry");
    }
  });
}

Peaks ReadPeaks(const JsonReader& reader) {
  reader.AllowOnly({"memory_bytes", "anonymous_bytes", "tasks", "cpu_milli", "processors", "open_files",
                    "memory_sampled", "tasks_sampled"});
  return {.memory_bytes = OptionalNumber(reader, "memory_bytes"),
          .anonymous_bytes = OptionalNumber(reader, "anonymous_bytes"),
          .tasks = OptionalNumber(reader, "tasks"),
          .cpu_milli = OptionalNumber(reader, "cpu_milli"),
          .processors = OptionalNumber(reader, "processors"),
          .open_files = OptionalNumber(reader, "open_files"),
          .memory_sampled = reader.Required("memory_sampled").Bool(),
          .tasks_sampled = reader.Required("tasks_sampled").Bool()};
}

}  // namespace

JsonValue HardeningToJson(const HardeningEvidence& hardening) {
  JsonValue::Array missing;
  for (const std::string& part : hardening.missing) {
    if (part != kMissingMessages) missing.emplace_back(part);
  }
  JsonValue::Array files;
  for (const auto& [path, file] : hardening.files) files.push_back(FileToJson(path, file));
  JsonValue::Object identities;
  for (const auto& [program, ids] : hardening.identities) {
    JsonValue::Array list;
    for (const ProcessIds& each : ids) list.push_back(ProcessIdsToJson(each));
    identities.push_back({Concat(program), std::move(list)});
  }
  JsonValue::Object privileges;
  for (const auto& [program, known] : hardening.privileges) {
    privileges.push_back(
        {Concat(program),
         JsonValue::Object{{"set_user", known.set_user}, {"set_group", known.set_group}, {"gained", known.gained}}});
  }
  JsonValue::Array endpoints;
  for (const auto& [endpoint, programs] : hardening.endpoints) {
    JsonValue::Array ids;
    for (const ProgramId program : programs) ids.emplace_back(program);
    endpoints.emplace_back(JsonValue::Object{{"use", EndpointUseName(endpoint.use)},
                                             {"family", AddressFamilyName(endpoint.family)},
                                             {"scope", AddressScopeName(endpoint.scope)},
                                             {"type", endpoint.socket_type},
                                             {"port", endpoint.port},
                                             {"programs", std::move(ids)}});
  }
  JsonValue::Object object = {{"missing", std::move(missing)},
                              {"files", std::move(files)},
                              {"identities", std::move(identities)},
                              {"privileges", std::move(privileges)},
                              {"endpoints", std::move(endpoints)}};
  // Files older than this field do not list them as missing.
  if (!hardening.missing.contains(std::string(kMissingMessages)))
    object.push_back({std::string(kMissingMessages), true});
  object.push_back({"peaks", PeaksToJson(hardening.peaks)});
  return object;
}

HardeningEvidence ReadHardening(const JsonReader& reader, size_t program_count) {
  reader.AllowOnly({"missing", "files", "identities", "privileges", "endpoints", kMissingMessages, "peaks"});
  HardeningEvidence hardening;
  reader.Required("missing").ForEach(kMaxElements, [&hardening](const JsonReader& part) {
    if (!hardening.missing.insert(part.Text(kMaxWordBytes)).second) part.Fail("repeats an earlier entry");
  });
  reader.Required("files").ForEach(kMaxElements,
                                   [&](const JsonReader& entry) { ReadFile(entry, program_count, hardening); });
  ForEachProgram(reader.Required("identities"), program_count, [&](ProgramId program, const JsonReader& list) {
    std::set<ProcessIds>& ids = hardening.identities[program];
    list.ForEach(kMaxElements, [&ids](const JsonReader& entry) {
      if (!ids.insert(ReadProcessIds(entry)).second) entry.Fail("repeats an earlier entry");
    });
  });
  ForEachProgram(reader.Required("privileges"), program_count, [&](ProgramId program, const JsonReader& entry) {
    hardening.privileges[program] = ReadPrivileges(entry);
  });
  reader.Required("endpoints").ForEach(kMaxElements, [&](const JsonReader& entry) {
    ReadEndpoint(entry, program_count, hardening);
  });
  const JsonReader messages = reader.Optional(kMissingMessages);
  if (!messages.exists() || !messages.Bool()) hardening.missing.emplace(kMissingMessages);
  hardening.peaks = ReadPeaks(reader.Required("peaks"));
  return hardening;
}

}  // namespace syscarve
