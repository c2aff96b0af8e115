// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/engine_json.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/base/text.h"
#include "userspace/model/recording_json.h"

namespace syscarve {
namespace {

const std::string kDescribedId = "a949e85cfbd7c37479738085d0bacdb9010f4d07cb926a52defbed1e460ec92b";

std::string Answer(const std::string& name) {
  std::ifstream file(SYSCARVE_SOURCE_DIR "/tests/unit/container/answers/" + name + ".json");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_FALSE(text.empty()) << name;
  return text;
}

EngineInfo InfoOf(const std::string& engine) {
  const auto info = ParseEngineInfo(Answer(engine + "-info"), Answer(engine + "-version"));
  EXPECT_TRUE(info.ok()) << info.status();
  return info.value_or(EngineInfo());
}

// `text` with the first `from` replaced.
std::string With(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(ParseEngineInfo, ReadsDocker) {
  const EngineInfo info = InfoOf("docker");
  EXPECT_EQ(info.name, "docker");
  EXPECT_EQ(info.version, "20.10.24+dfsg1");
  EXPECT_EQ(info.default_runtime, "runc");
  const ContainerRuntime runc = {"runc", "1.1.5"};
  EXPECT_EQ(info.runtimes,
            (std::map<std::string, ContainerRuntime>{
                {"io.containerd.runc.v2", runc}, {"io.containerd.runtime.v1.linux", runc}, {"runc", runc}}));
  EXPECT_EQ(info.security_options, std::vector<std::string>{"name=seccomp,profile=default"});
}

TEST(ParseEngineInfo, ReadsPodman) {
  const EngineInfo info = InfoOf("podman");
  EXPECT_EQ(info.name, "podman");
  EXPECT_EQ(info.version, "4.3.1");
  EXPECT_EQ(info.default_runtime, "runc");
  EXPECT_EQ(info.runtimes.at("runc"), (ContainerRuntime{"runc", "1.1.5"}));
  EXPECT_EQ(info.runtimes.at("crun"), (ContainerRuntime{"crun", ""}));
}

TEST(ParseEngineInfo, AnotherProgramOfTheSameNameHasItsOwnVersion) {
  const auto info = ParseEngineInfo(
      R"({"DefaultRuntime":"runc","Runtimes":{
           "runc":{"path":"runc","status":{"org.opencontainers.runtime-spec.features":"junk"}},
           "edge":{"path":"/opt/edge/runc"},
           "new":{"path":"/opt/new/runc","status":{"org.opencontainers.runtime-spec.features":
             "{\"annotations\":{\"org.opencontainers.runc.version\":\"1.3.3+ds\"}}"}},
           "io.containerd.kata.v2":{}, "shim":{"runtimeType":"x"}}})",
      R"({"Version":"28.0.0","Components":[{"Name":"runc","Version":"1.2.0-rc.1"}]})");
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->runtimes.at("runc"), (ContainerRuntime{"runc", "1.2.0-rc.1"}));
  EXPECT_EQ(info->runtimes.at("edge"), (ContainerRuntime{"runc", ""}));
  EXPECT_EQ(info->runtimes.at("new"), (ContainerRuntime{"runc", "1.3.3"}));
  EXPECT_EQ(info->runtimes.at("io.containerd.kata.v2"), (ContainerRuntime{"kata", ""}));
  EXPECT_EQ(info->runtimes.at("shim"), (ContainerRuntime{"shim", ""}));
}

TEST(PlainRuntimeVersion, LeavesOutWhatADistributionAdds) {
  EXPECT_EQ(PlainRuntimeVersion("1.1.5+ds1"), "1.1.5");
  EXPECT_EQ(PlainRuntimeVersion("1.1.5~ds1-1+deb12u1"), "1.1.5");
  EXPECT_EQ(PlainRuntimeVersion("1.2.0-rc.1"), "1.2.0-rc.1");
  EXPECT_EQ(PlainRuntimeVersion("crun version 1.8.1\ncommit: f8a096be"), "1.8.1");
  EXPECT_EQ(PlainRuntimeVersion("runc version 1.1.5+ds1\ncommit: 1"), "1.1.5");
  EXPECT_EQ(PlainRuntimeVersion(""), "");
}

TEST(ParseInspection, ReadsDocker) {
  const auto details = ParseInspection(Answer("docker-inspect"), InfoOf("docker"));
  ASSERT_TRUE(details.ok()) << details.status();
  EXPECT_EQ(details->container,
            (Container{.id = kDescribedId,
                       .name = "c2",
                       .image = "bb:1",
                       .image_digest = "sha256:ee94bc0224c4c6209f26e815a493037c49781bbc12ea77ec7419932b49f0f473",
                       .runtime = {"runc", "1.1.5"},
                       .labels = {{"com.docker.compose.service", "web"}, {"evil label", "a b"}, {"name", "fake"}},
                       .privileged = false,
                       .no_new_privs = true,
                       .read_only_root = true,
                       .user = "1000",
                       .seccomp = "unconfined",
                       .cap_add = {"CAP_NET_ADMIN"},
                       .cap_drop = {"ALL"},
                       .health_check = false,
                       .shares = std::set<std::string>{"cgroup"},
                       .publishes = std::set<std::string>(),
                       .limits = ContainerLimits()}));
  EXPECT_EQ(details->state, "running");
  EXPECT_EQ(details->pid, 17762);
  EXPECT_EQ(details->cgroup_parent, "");
}

TEST(ParseInspection, ReadsWhatIsSharedAndPublished) {
  const auto inspect = [](std::string_view host, std::string_view mounts) {
    const auto details = ParseInspection(
        Concat("{\"Id\":\"", std::string(64, 'a'), "\",\"Mounts\":", mounts, ",\"HostConfig\":{", host, "}}"),
        InfoOf("docker"));
    EXPECT_TRUE(details.ok()) << details.status();
    return details.value_or(ContainerDetails()).container;
  };
  const Container plain = inspect(R"("NetworkMode":"bridge","IpcMode":"private","PortBindings":null)", "null");
  EXPECT_EQ(plain.shares, std::set<std::string>());
  EXPECT_EQ(plain.publishes, std::set<std::string>());
  const Container shares =
      inspect(R"("NetworkMode":"host","PidMode":"host","PortBindings":{"80/tcp":[{"HostIp":"","HostPort":"8080"},)"
              R"({"HostIp":"127.0.0.1","HostPort":"81"}],"9/udp":null})",
              R"([{"Source":"/var/run/docker.sock","Destination":"/x"}])");
  EXPECT_EQ(shares.shares, (std::set<std::string>{"network", "pid", "engine-socket"}));
  EXPECT_EQ(shares.publishes, (std::set<std::string>{"0.0.0.0:8080", "127.0.0.1:81"}));
}

TEST(ParseInspection, ReadsLimits) {
  const auto limits = [](std::string_view host) {
    const auto details = ParseInspection(Concat("{\"Id\":\"", std::string(64, 'a'), "\"", host, "}"), InfoOf("docker"));
    EXPECT_TRUE(details.ok()) << details.status();
    return details.value_or(ContainerDetails()).container.limits;
  };
  EXPECT_EQ(limits(""), std::nullopt);
  EXPECT_EQ(limits(R"(,"HostConfig":{"Memory":0,"NanoCpus":0,"CpuQuota":0,"PidsLimit":null,"Ulimits":null})"),
            ContainerLimits());
  EXPECT_EQ(
      limits(R"(,"HostConfig":{"Memory":-1,"CpuQuota":-1,"PidsLimit":-1,"Ulimits":[{"Name":"nofile","Soft":-1}]})"),
      ContainerLimits());
  EXPECT_EQ(limits(R"(,"HostConfig":{"Memory":67108864,"NanoCpus":1500000000,"PidsLimit":32,"Ulimits":[)"
                   R"({"Name":"nproc","Soft":7,"Hard":7},{"Name":"nofile","Soft":1024,"Hard":4096}]})"),
            (ContainerLimits{
                .memory_bytes = 64 << 20, .cpu_milli = 1500, .pids = 32, .open_files = 1024, .open_files_hard = 4096}));
  EXPECT_EQ(limits(R"(,"HostConfig":{"CpuQuota":25000})"), (ContainerLimits{.cpu_milli = 250}));
  EXPECT_EQ(limits(R"(,"HostConfig":{"CpuQuota":25000,"CpuPeriod":50000})"), (ContainerLimits{.cpu_milli = 500}));
  EXPECT_EQ(limits(R"(,"HostConfig":{"NanoCpus":1,"CpuQuota":9223372036854775807})"),
            (ContainerLimits{.cpu_milli = 1}));
  EXPECT_EQ(limits(R"(,"HostConfig":{"CpuQuota":9223372036854775807})"), ContainerLimits());
}

TEST(ParseInspection, ReadsHowAContainerIsStoppedAndAsked) {
  const auto inspect = [](std::string_view state, std::string_view config) {
    const auto details = ParseInspection("{\"Id\":\"" + std::string(64, 'a') + "\",\"State\":{" + std::string(state) +
                                             "},\"Config\":{" + std::string(config) + "}}",
                                         InfoOf("docker"));
    EXPECT_TRUE(details.ok()) << details.status();
    return details.value_or(ContainerDetails());
  };
  const ContainerDetails full = inspect(
      R"("ExitCode":137,"Health":{"Status":"healthy"})",
      R"("StopSignal":"QUIT","StopTimeout":3,"Healthcheck":{"Test":["CMD-SHELL","curl x"]},"Shell":["/bin/bash","-c"])");
  EXPECT_EQ(full.container.stop_signal, "SIGQUIT");
  EXPECT_EQ(full.container.health_check, true);
  EXPECT_EQ(full.health_command, (std::vector<std::string>{"/bin/bash", "-c", "curl x"}));
  EXPECT_EQ(full.health, "healthy");
  EXPECT_EQ(full.exit_status, 137);
  EXPECT_EQ(full.stop_time, std::chrono::seconds(3));
  const ContainerDetails odd =
      inspect(R"("ExitCode":-1)", R"("StopSignal":15,"StopTimeout":-1,"Healthcheck":{"Test":["CMD","/check","-v"]})");
  EXPECT_EQ(odd.container.stop_signal, "SIGTERM");
  EXPECT_EQ(odd.health_command, (std::vector<std::string>{"/check", "-v"}));
  EXPECT_EQ(odd.exit_status, 0);
  EXPECT_EQ(odd.stop_time, std::nullopt);
  for (const char* none :
       {"", R"("Healthcheck":{"Test":["NONE"]})", R"("Healthcheck":{"Test":[]},"StopSignal":"SIGSHOUT")"}) {
    const ContainerDetails details = inspect("", none);
    EXPECT_EQ(details.container.health_check, false) << none;
    EXPECT_EQ(details.container.stop_signal, "") << none;
  }
}

TEST(ParseInspection, ReadsPodmansCompatibleApi) {
  const auto details = ParseInspection(Answer("podman-inspect"), InfoOf("podman"));
  ASSERT_TRUE(details.ok()) << details.status();
  const Container& container = details->container;
  EXPECT_EQ(container.name, "c2");
  EXPECT_EQ(container.image, "localhost/bb:1");
  EXPECT_EQ(container.image_digest, "sha256:10925c9473e128e98a9c9a058c186c439bc733edadfe419e939e335df45480f1");
  EXPECT_EQ(container.runtime, (ContainerRuntime{"runc", "1.1.5"}));
  EXPECT_EQ(container.no_new_privs, true);
  EXPECT_EQ(container.seccomp, "unconfined");
  EXPECT_EQ(container.cap_add, std::vector<std::string>{"CAP_NET_ADMIN"});
  EXPECT_EQ(container.cap_drop.front(), "CAP_AUDIT_WRITE");
  EXPECT_EQ(details->pid, 18093);
}

TEST(ParseInspection, ReadsPodmansOwnApi) {
  const std::string text = Answer("libpod-inspect");
  const auto details = ParseInspection(text, InfoOf("podman"));
  ASSERT_TRUE(details.ok()) << details.status();
  const Container& container = details->container;
  EXPECT_EQ(container.name, "l2");
  EXPECT_EQ(container.image_digest, "sha256:10925c9473e128e98a9c9a058c186c439bc733edadfe419e939e335df45480f1");
  EXPECT_EQ(container.seccomp, "default");
  EXPECT_EQ(container.no_new_privs, false);
  EXPECT_TRUE(container.labels.empty());
  EXPECT_EQ(details->state, "created");
  EXPECT_EQ(details->pid, 0);
  const auto crun = ParseInspection(With(text, R"("OCIRuntime": "runc")", R"("OCIRuntime": "crun")"), InfoOf("podman"));
  EXPECT_EQ(crun->container.runtime, (ContainerRuntime{"crun", ""}));
}

TEST(InspectionPath, AsksPodmansOwnApiFromVersionFourOn) {
  EXPECT_EQ(InspectionPath({.name = "docker", .version = "20.10.24"}, "a"), "/containers/a/json");
  EXPECT_EQ(InspectionPath({.name = "podman", .version = "3.4.4"}, "a"), "/containers/a/json");
  EXPECT_EQ(InspectionPath({.name = "podman", .version = "5"}, "a"), "/v4.0.0/libpod/containers/a/json");
}

Container Configured(std::string_view host_config, std::vector<std::string> daemon = {"name=seccomp,profile=builtin"}) {
  const std::string text = "{\"Id\":\"" + kDescribedId + "\",\"HostConfig\":{" + std::string(host_config) + "}}";
  const auto details = ParseInspection(text, {.name = "docker", .security_options = std::move(daemon)});
  EXPECT_TRUE(details.ok()) << details.status();
  return details.ok() ? details->container : Container();
}

TEST(ParseInspection, ResolvesSeccomp) {
  EXPECT_EQ(Configured("").seccomp, "default");
  EXPECT_EQ(Configured(R"("SecurityOpt":null)").seccomp, "default");
  EXPECT_EQ(Configured(R"("SecurityOpt":["seccomp=unconfined"])").seccomp, "unconfined");
  EXPECT_EQ(Configured(R"("SecurityOpt":["seccomp:unconfined"])").seccomp, "unconfined");
  EXPECT_EQ(Configured(R"("SecurityOpt":["seccomp=builtin"])").seccomp, "default");
  EXPECT_EQ(Configured(R"("SecurityOpt":["label=x","seccomp={\"defaultAction\":\"SCMP_ACT_ALLOW\"}"])").seccomp,
            "custom");
  EXPECT_EQ(Configured(R"("SecurityOpt":["seccompx","apparmor=unconfined"])").seccomp, "default");
  EXPECT_EQ(Configured(R"("Privileged":true)").seccomp, "unconfined");
  EXPECT_EQ(Configured(R"("Privileged":true,"SecurityOpt":["seccomp=/p.json"])").seccomp, "custom");
  EXPECT_EQ(Configured("", {}).seccomp, "unconfined");
  EXPECT_EQ(Configured("", {"name=seccomp,profile=unconfined"}).seccomp, "unconfined");
  EXPECT_EQ(Configured("", {"name=seccomp,profile=/etc/strict.json"}).seccomp, "custom");
  EXPECT_EQ(Configured("", {"seccomp"}).seccomp, "default");
}

TEST(ParseInspection, ResolvesNoNewPrivileges) {
  const std::vector<std::string> on = {"name=seccomp,profile=default", "name=no-new-privileges"};
  EXPECT_EQ(Configured("").no_new_privs, false);
  EXPECT_EQ(Configured("", on).no_new_privs, true);
  EXPECT_EQ(Configured(R"("SecurityOpt":["no-new-privileges"])").no_new_privs, true);
  for (const char* yes : {":true", "=true", "=1", ":T"}) {
    EXPECT_EQ(Configured("\"SecurityOpt\":[\"no-new-privileges" + std::string(yes) + "\"]").no_new_privs, true) << yes;
  }
  for (const char* no : {":false", "=false", "=0", ":"}) {
    EXPECT_EQ(Configured("\"SecurityOpt\":[\"no-new-privileges" + std::string(no) + "\"]", on).no_new_privs, false)
        << no;
  }
}

TEST(ParseInspection, SortsCapabilitiesAndSpellsThemOneWay) {
  const Container container =
      Configured(R"("CapAdd":["sys_time","CAP_CHOWN","net_admin","NET_ADMIN"],"CapDrop":["all","","x y","\u001b[2J"])");
  EXPECT_EQ(container.cap_add, (std::vector<std::string>{"CAP_CHOWN", "CAP_NET_ADMIN", "CAP_SYS_TIME"}));
  EXPECT_EQ(container.cap_drop, std::vector<std::string>{"ALL"});
}

TEST(ParseInspection, WhatIsNotToldIsAbsent) {
  const auto bare = ParseInspection("{\"Id\":\"" + kDescribedId + "\"}", {});
  ASSERT_TRUE(bare.ok()) << bare.status();
  EXPECT_EQ(bare->container, (Container{.id = kDescribedId}));
  const auto nulls = ParseInspection("{\"Id\":\"" + kDescribedId +
                                         R"(","Name":null,"Image":null,"State":null,"Config":{"Labels":null},)"
                                         R"("HostConfig":{"CapAdd":null,"Privileged":null}})",
                                     {});
  ASSERT_TRUE(nulls.ok()) << nulls.status();
  EXPECT_EQ(nulls->container.privileged, std::nullopt);
}

TEST(ParseInspection, NamesWhatIsWrong) {
  const std::string good = Answer("docker-inspect");
  const auto message = [&](std::string_view from, std::string_view to) {
    const auto details = ParseInspection(With(good, from, to), {});
    EXPECT_FALSE(details.ok()) << to;
    return std::string(details.status().message());
  };
  const std::string what = "the engine's description of a container: ";
  EXPECT_EQ(message("\"Id\"", "\"ID\""), what + "the field \"Id\" is missing");
  EXPECT_EQ(message(kDescribedId, "../../etc"), what + "Id: is no container id, which is 64 hex digits");
  EXPECT_EQ(message("\"/c2\"", "7"), what + "Name: expected a string, found an unsigned integer");
  EXPECT_EQ(message("17762", "-1"), what + "State.Pid: expected an unsigned integer, found a negative integer");
  EXPECT_EQ(message("17762", "4294967297"), what + "State.Pid: 4294967297 is outside 0 to 2147483647");
  EXPECT_EQ(message("\"fake\"", "{}"), what + "Config.Labels.name: expected a string, found an object");
  EXPECT_EQ(message("\"ReadonlyRootfs\": true", "\"ReadonlyRootfs\": \"true\""),
            what + "HostConfig.ReadonlyRootfs: expected a boolean, found a string");
  EXPECT_EQ(message("\"fake\"", "\"\xff\""), what + "line 167, column 13: the byte \\xff is not UTF-8");
}

TEST(ParseInspection, RefusesEveryTruncation) {
  const std::string good = Answer("docker-inspect");
  const size_t end = good.rfind('}');
  for (size_t length = 0; length < end; ++length)
    ASSERT_FALSE(ParseInspection(good.substr(0, length), {}).ok()) << length;
}

TEST(ParseInspection, StandsDeepNesting) {
  const std::string deep(1 << 20, '[');
  EXPECT_FALSE(ParseInspection(deep, {}).ok());
  EXPECT_FALSE(ParseInspection("{\"Id\":\"" + kDescribedId + "\",\"x\":" + deep, {}).ok());
}

TEST(ParseInspection, LeavesOutLabelsThatNoRecordingCouldCarry) {
  std::string labels = R"("ok":"\u001b[2J\u0000\u202e","long":")" + std::string(5000, 'x') + "\",\"" +
                       std::string(5000, 'k') + "\":\"\"";
  for (int i = 0; i < 3000; ++i) labels += ",\"n" + std::to_string(i) + "\":\"" + std::string(10, '%') + "\"";
  const std::string text = "{\"Id\":\"" + kDescribedId + "\",\"Config\":{\"Image\":\"" + std::string(5000, 'i') +
                           "\",\"Labels\":{" + labels + "}}}";
  const auto details = ParseInspection(text, {});
  ASSERT_TRUE(details.ok()) << details.status();
  EXPECT_EQ(details->container.image, "");
  EXPECT_EQ(details->container.labels.size(), 1024u);
  EXPECT_EQ(details->container.labels.at("ok"), std::string("\x1b[2J\0\xe2\x80\xae", 8));
  EXPECT_FALSE(details->container.labels.contains("long"));
  Recording recording;
  recording.subjects = {{.kind = SubjectKind::kContainer, .name = "x", .container = details->container}};
  const auto again = ParseRecording(FormatRecording(recording));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->subjects[0].container, details->container);
}

TEST(ParseContainerList, GivesTheIds) {
  EXPECT_EQ(*ParseContainerList(Answer("docker-list")), std::vector<std::string>{kDescribedId});
  EXPECT_EQ(ParseContainerList(Answer("podman-list"))->size(), 1u);
  EXPECT_TRUE(ParseContainerList("[]")->empty());
  for (const char* bad : {"", "{}", "null", "[{}]", R"([{"Id":"x"}])", "[[]]"}) {
    EXPECT_FALSE(ParseContainerList(bad).ok()) << bad;
  }
}

std::vector<EngineEvent> Events(const std::string& answer) {
  const std::string text = Answer(answer);
  std::vector<EngineEvent> events;
  for (const std::string_view line : SplitNonEmpty(text, '\n')) {
    const auto event = ParseEngineEvent(line);
    EXPECT_TRUE(event.ok()) << event.status() << line;
    if (event.ok() && event->has_value()) events.push_back(**event);
  }
  return events;
}

std::vector<EngineEventKind> KindsOf(const std::vector<EngineEvent>& events, std::string_view id) {
  std::vector<EngineEventKind> kinds;
  for (const EngineEvent& event : events) {
    if (event.id == id) kinds.push_back(event.kind);
  }
  return kinds;
}

TEST(ParseEngineEvent, ReadsDocker) {
  const std::vector<EngineEvent> events = Events("docker-events");
  EXPECT_EQ(KindsOf(events, kDescribedId),
            (std::vector{EngineEventKind::kCreate, EngineEventKind::kStart, EngineEventKind::kRename,
                         EngineEventKind::kKill, EngineEventKind::kDie, EngineEventKind::kDestroy}));
  EXPECT_EQ(events[0].name, "c1");
  EXPECT_EQ(events[0].image, "bb:1");
  EXPECT_EQ(events[0].time, 1795508287653337324u);
  for (const EngineEvent& event : events) {
    if (event.id != kDescribedId) continue;
    EXPECT_EQ(event.signal, event.kind == EngineEventKind::kKill ? 9 : 0);
    EXPECT_EQ(event.exit_code, event.kind == EngineEventKind::kDie ? 137 : 0);
    EXPECT_EQ(event.labels,
              (std::map<std::string, std::string>{{"com.docker.compose.service", "web"}, {"evil label", "a b"}}));
  }
}

TEST(ParseEngineEvent, ReadsPodman) {
  const std::vector<EngineEvent> events = Events("podman-events");
  EXPECT_EQ(KindsOf(events, events[0].id),
            (std::vector{EngineEventKind::kCreate, EngineEventKind::kStart, EngineEventKind::kRename,
                         EngineEventKind::kDie, EngineEventKind::kDestroy}));
  EXPECT_EQ(events[0].name, "c1");
  EXPECT_EQ(events[0].labels, (std::map<std::string, std::string>{{"com.docker.compose.service", "web"}}));
}

TEST(ParseEngineEvent, PassesOverWhatIsOfNoContainer) {
  EXPECT_EQ(*ParseEngineEvent("{}"), std::nullopt);
  EXPECT_EQ(*ParseEngineEvent(R"({"Type":"network","Action":"create","Actor":{"ID":"x"}})"), std::nullopt);
  EXPECT_EQ(*ParseEngineEvent(R"({"Type":"container","Action":"exec_start: sh","Actor":7})"), std::nullopt);
}

TEST(ParseEngineEvent, RefusesWhatIsNone) {
  for (const char* bad : {"", "null", "[]", "{\"Type\":7}", "{\"Type\":\"container\"", "\x1e{}",
                          R"({"Type":"container","Action":"start"})",
                          R"({"Type":"container","Action":"start","Actor":{"ID":"/../x"}})"}) {
    EXPECT_FALSE(ParseEngineEvent(bad).ok()) << bad;
  }
  const std::string start = R"({"Type":"container","Action":"start","Actor":{"ID":")" + kDescribedId + "\",";
  EXPECT_FALSE(ParseEngineEvent(start + R"("Attributes":[]}})").ok());
  EXPECT_FALSE(ParseEngineEvent(start + R"("Attributes":{"name":1}}})").ok());
  EXPECT_FALSE(ParseEngineEvent(start + R"("Attributes":{}},"timeNano":"x"})").ok());
  EXPECT_FALSE(ParseEngineEvent(std::string(kMaxEngineEventBytes + 1, ' ')).ok());
}

TEST(ParseImported, FindsTheImageAmongTheProgress) {
  EXPECT_EQ(*ParseImported("{\"status\":\"sha256:" + kDescribedId + "\"}\r\n"), "sha256:" + kDescribedId);
  EXPECT_EQ(
      *ParseImported("{\"status\":\"Importing\",\"progress\":\"50%\"}\r\n{\"status\":\"" + kDescribedId + "\"}\n"),
      "sha256:" + kDescribedId);
  const auto failed = ParseImported(R"({"errorDetail":{"message":"no"},"error":"no \u001b[2J space"})");
  EXPECT_EQ(failed.status().message(), "no \\x1b[2J space");
  EXPECT_FALSE(ParseImported("").ok());
  EXPECT_FALSE(ParseImported("{\"status\":\"done\"}").ok());
  EXPECT_FALSE(ParseImported("junk").ok());
}

TEST(ParseEngineError, GivesOneSafeLine) {
  EXPECT_EQ(ParseEngineError(R"({"message":"No such container: \u001b[31mx\ny"})"),
            "No such container: \\x1b[31mx\\ny");
  EXPECT_EQ(ParseEngineError("Not Found\n"), "");
  EXPECT_EQ(ParseEngineError("{\"message\":{}}"), "");
  EXPECT_LE(ParseEngineError("{\"message\":\"" + std::string(100000, 'x') + "\"}").size(), 400u);
}

}  // namespace
}  // namespace syscarve
