// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/container_line.h"

#include <algorithm>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/text.h"
#include "userspace/model/capability.h"
#include "userspace/model/recording_json_fields.h"

namespace syscarve {
namespace {

using recording_json::AddNumber;
using recording_json::ReadText;

constexpr size_t kMaxEntries = 4096;
constexpr size_t kMaxSize = 32;

bool IsSize(const std::string& text) {
  if (text.size() < 2 || text.size() > kMaxSize) return false;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return std::all_of(text.begin(), text.end() - 1, is_digit) &&
         (text.back() == 'k' || text.back() == 'm' || text.back() == 'g');
}

WritableDirectory ReadDirectory(const JsonReader& reader) {
  reader.AllowOnly({"kind", "size", "executable", "owner", "owner_of_image"});
  WritableDirectory directory;
  const JsonReader kind = reader.Required("kind");
  const std::string word = kind.Text(kMaxSize);
  if (word != "tmpfs" && word != "volume") kind.Fail("expected \"tmpfs\" or \"volume\"");
  directory.volume = word == "volume";
  if (const JsonReader size = reader.Optional("size"); size.exists()) {
    directory.size = size.Text(kMaxSize);
    if (!IsSize(directory.size)) size.Fail("expected a size as \"64m\"");
  }
  if (const JsonReader executable = reader.Optional("executable"); executable.exists()) {
    directory.executable = executable.Bool();
  }
  if (const JsonReader owner = reader.Optional("owner"); owner.exists()) {
    directory.owner = owner.Text(kMaxSize);
    if (!ParseNumericUser(directory.owner).has_value()) owner.Fail("expected ids of a user and a group as \"33:33\"");
  }
  if (const JsonReader of_image = reader.Optional("owner_of_image"); of_image.exists()) {
    directory.owner_of_image = of_image.Bool();
  }
  return directory;
}

std::vector<std::string> ReadCapabilities(const JsonReader& reader) {
  std::vector<std::string> names;
  reader.ForEach(kCapabilityCount, [&](const JsonReader& element) {
    const std::optional<int> capability = CapabilityFromName(element.Text(kMaxSize * 2));
    if (!capability.has_value()) return element.Fail("is no capability");
    names.push_back(CapabilityName(*capability));
  });
  return names;
}

std::string AbsolutePath(const JsonReader& place, std::string_view text) {
  const std::optional<std::string> path = DecodePercent(text);
  if (!path.has_value() || !path->starts_with('/')) place.Fail("expected an absolute path");
  return path.value_or(std::string());
}

}  // namespace

std::optional<NumericUser> ParseNumericUser(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto user = ParseNumber<uint32_t>(text.substr(0, colon));
  const auto group = ParseNumber<uint32_t>(text.substr(colon + 1));
  if (!user.has_value() || !group.has_value()) return std::nullopt;
  return NumericUser{.user = *user, .group = *group};
}

std::string PodmanTmpfsOptions(const WritableDirectory& directory) {
  // The mode of /tmp: any user can write there, but not remove files of other users.
  return Concat("rw,nosuid,nodev,", directory.executable ? "exec" : "noexec",
                directory.size.empty() ? "" : Concat(",size=", directory.size), ",mode=1777");
}

std::string TmpfsOptions(const WritableDirectory& directory) {
  const std::optional<NumericUser> owner = ParseNumericUser(directory.owner);
  if (!owner.has_value()) return PodmanTmpfsOptions(directory);
  return Concat(PodmanTmpfsOptions(directory), ",uid=", owner->user, ",gid=", owner->group);
}

std::string OpenFilesLimits(const ContainerLine& line) {
  if (!line.open_files.has_value()) return "";
  return Concat(*line.open_files, ":", line.open_files_hard.value_or(*line.open_files));
}

JsonValue ContainerLineToJson(const ContainerLine& line) {
  JsonValue::Object object;
  if (line.no_new_privileges) object.push_back({"no_new_privileges", true});
  if (line.user.has_value()) object.push_back({"user", EncodePercent(*line.user)});
  if (line.read_only_root) {
    object.push_back({"read_only_root", true});
    JsonValue::Object writable;
    for (const auto& [path, directory] : line.writable) {
      JsonValue::Object one = {{"kind", directory.volume ? "volume" : "tmpfs"}};
      if (!directory.size.empty()) one.push_back({"size", directory.size});
      if (directory.executable) one.push_back({"executable", true});
      if (!directory.owner.empty()) one.push_back({"owner", directory.owner});
      if (directory.owner_of_image) one.push_back({"owner_of_image", true});
      writable.push_back({EncodePercent(path), std::move(one)});
    }
    object.push_back({"writable", std::move(writable)});
  }
  if (line.cap_add.has_value()) {
    JsonValue::Array names;
    for (const std::string& name : *line.cap_add) names.emplace_back(name);
    object.push_back({"cap_add", std::move(names)});
  }
  AddNumber(object, "memory_bytes", line.memory_bytes);
  AddNumber(object, "cpu_milli", line.cpu_milli);
  AddNumber(object, "pids", line.pids);
  AddNumber(object, "open_files", line.open_files);
  AddNumber(object, "open_files_hard", line.open_files_hard);
  if (line.no_network) object.push_back({"no_network", true});
  if (line.private_ipc) object.push_back({"private_ipc", true});
  if (!line.devices.empty()) {
    JsonValue::Array devices;
    for (const std::string& device : line.devices) devices.emplace_back(EncodePercent(device));
    object.push_back({"devices", std::move(devices)});
  }
  if (!line.sysctls.empty()) {
    JsonValue::Object sysctls;
    for (const auto& [name, value] : line.sysctls) sysctls.push_back({EncodePercent(name), EncodePercent(value)});
    object.push_back({"sysctls", std::move(sysctls)});
  }
  if (line.apparmor.has_value()) object.push_back({"apparmor", EncodePercent(*line.apparmor)});
  if (line.selinux_type.has_value()) object.push_back({"selinux_type", EncodePercent(*line.selinux_type)});
  return object;
}

ContainerLine ReadContainerLine(const JsonReader& reader) {
  reader.AllowOnly({"no_new_privileges", "user", "read_only_root", "writable", "cap_add", "memory_bytes", "cpu_milli",
                    "pids", "open_files", "open_files_hard", "no_network", "private_ipc", "devices", "sysctls",
                    "apparmor", "selinux_type"});
  ContainerLine line;
  const auto flag = [&reader](std::string_view key, bool& value) {
    if (const JsonReader member = reader.Optional(key); member.exists()) value = member.Bool();
  };
  const auto number = [&reader](std::string_view key, std::optional<uint64_t>& value) {
    if (const JsonReader member = reader.Optional(key); member.exists()) value = member.Uint(1, INT64_MAX);
  };
  const auto text = [&reader](std::string_view key, std::optional<std::string>& value) {
    if (const JsonReader member = reader.Optional(key); member.exists()) value = ReadText(member);
  };
  flag("no_new_privileges", line.no_new_privileges);
  text("user", line.user);
  flag("read_only_root", line.read_only_root);
  if (const JsonReader writable = reader.Optional("writable"); writable.exists()) {
    if (!line.read_only_root) writable.Fail("goes with read_only_root");
    writable.ForEachMember(kMaxEntries, [&](std::string_view path, const JsonReader& value) {
      line.writable[AbsolutePath(value, path)] = ReadDirectory(value);
    });
  }
  if (const JsonReader names = reader.Optional("cap_add"); names.exists()) line.cap_add = ReadCapabilities(names);
  number("memory_bytes", line.memory_bytes);
  number("cpu_milli", line.cpu_milli);
  number("pids", line.pids);
  number("open_files", line.open_files);
  number("open_files_hard", line.open_files_hard);
  if (line.open_files_hard.has_value() && (!line.open_files.has_value() || *line.open_files_hard < *line.open_files)) {
    reader.Required("open_files_hard").Fail("expected no less than open_files");
  }
  flag("no_network", line.no_network);
  flag("private_ipc", line.private_ipc);
  if (const JsonReader devices = reader.Optional("devices"); devices.exists()) {
    devices.ForEach(kMaxEntries, [&](const JsonReader& element) {
      line.devices.insert(AbsolutePath(element, element.Text(recording_json::kMaxTextBytes)));
    });
  }
  if (const JsonReader sysctls = reader.Optional("sysctls"); sysctls.exists()) {
    sysctls.ForEachMember(kMaxEntries, [&](std::string_view name, const JsonReader& value) {
      line.sysctls[DecodePercent(name).value_or(std::string(name))] = ReadText(value);
    });
  }
  text("apparmor", line.apparmor);
  text("selinux_type", line.selinux_type);
  return line;
}

}  // namespace syscarve
