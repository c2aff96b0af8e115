// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/create_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "userspace/base/concat.h"
#include "userspace/base/strict_json.h"

namespace syscarve {
namespace {

using testing::HasSubstr;

const Confinement kConfinement = {
    .profile = R"({"defaultAction":"SCMP_ACT_ERRNO"})", .cap_add = {{"CAP_CHOWN"}}, .label = "ours"};
constexpr char kOption[] = R"("seccomp={\"defaultAction\":\"SCMP_ACT_ERRNO\"}")";

std::string Confined(const std::string& body, const Confinement& confinement = kConfinement) {
  const absl::StatusOr<std::string> confined = Confine(body, confinement);
  EXPECT_TRUE(confined.ok()) << confined.status();
  // Whatever was changed, it is JSON, without a key twice.
  EXPECT_TRUE(ParseStrictJson(confined.value_or(""), {.bytes = 1 << 20, .values = 1000, .depth = 20}).ok())
      << confined.value_or("");
  return confined.value_or("");
}

TEST(CreateTargetTest, KnowsItsPathsInEveryVersion) {
  EXPECT_EQ(CreateTargetOf("POST", "/containers/create"), CreateTarget::kDocker);
  EXPECT_EQ(CreateTargetOf("POST", "/v1.41/containers/create?name=a"), CreateTarget::kDocker);
  EXPECT_EQ(CreateTargetOf("POST", "/v4.3.1/libpod/containers/create"), CreateTarget::kLibpod);
  for (const char* target :
       {"/containers/create/x", "/containers/abc/start", "/v/containers/create", "/vx/containers/create",
        "/v1.41containers/create", "/containers/json?all=/containers/create", "/"}) {
    EXPECT_EQ(CreateTargetOf("POST", target), CreateTarget::kOther) << target;
  }
  EXPECT_EQ(CreateTargetOf("GET", "/containers/create"), CreateTarget::kOther);
}

TEST(ReadCreateRequestTest, ReadsWhatAContainerIsCalledBy) {
  const auto request = ReadCreateRequest("/v1.41/containers/create?platform=&name=a%2Db%20c",
                                         R"({"Image": "nginx:1", "Labels": {"k": "v", "n": 1},
                                             "HostConfig": {"Privileged": true}})");
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->container.name, "a-b c");
  EXPECT_EQ(request->container.image, "nginx:1");
  EXPECT_EQ(request->container.labels, (std::map<std::string, std::string>{{"k", "v"}}));
  EXPECT_TRUE(request->privileged);
}

TEST(ReadCreateRequestTest, TakesKeysWithoutRegardToCaseAsEnginesDo) {
  const auto request = ReadCreateRequest("/containers/create", R"({"image": "a", "hostconfig": {"privileged": true}})");
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->container.image, "a");
  EXPECT_TRUE(request->privileged);
}

TEST(ReadCreateRequestTest, NullIsNothing) {
  const auto request =
      ReadCreateRequest("/containers/create?name=/web", R"({"Image": null, "Labels": null, "HostConfig": null})");
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->container.name, "web");
  EXPECT_FALSE(request->privileged);
}

TEST(ReadCreateRequestTest, RefusesWhatItCannotUnderstand) {
  for (const char* body :
       {"", "[]", "{", R"({"Image": 1})", R"({"HostConfig": []})", R"({"HostConfig": {"Privileged": 1}})",
        R"({"Labels": "x"})", R"({"HostConfig": {}, "hostConfig": {}})", R"({} {})"}) {
    EXPECT_FALSE(ReadCreateRequest("/containers/create", body).ok()) << body;
  }
  const std::string deep = Concat("{\"x\":", std::string(1000, '['), std::string(1000, ']'), "}");
  EXPECT_FALSE(ReadCreateRequest("/containers/create", deep).ok());
}

TEST(ConfineTest, ReplacesWhatIsThereAndKeepsTheRest) {
  const std::string body =
      R"({"Image": "a",  "HostConfig": {"Memory": 12345678901234567, "SecurityOpt": ["no-new-privileges", "seccomp=x",)"
      R"( "seccomp:y"], "CapAdd": ["NET_ADMIN"], "CapDrop": null, "Binds": ["/a:/b"]}, "Labels": {"k": "\u0041"}})";
  EXPECT_EQ(
      Confined(body),
      Concat(
          R"({"Image": "a",  "HostConfig": {"Memory": 12345678901234567, "SecurityOpt": ["no-new-privileges",)",
          kOption,
          R"(], "CapAdd": ["CAP_CHOWN"], "CapDrop": ["ALL"], "Binds": ["/a:/b"]}, "Labels": {"ours":"1","k": "\u0041"}})"));
}

TEST(ConfineTest, AddsWhatIsMissing) {
  const std::string host = Concat(R"({"SecurityOpt":[)", kOption, R"(],"CapDrop":["ALL"],"CapAdd":["CAP_CHOWN"]})");
  EXPECT_EQ(Confined("{}"), Concat(R"({"HostConfig":)", host, R"(,"Labels":{"ours":"1"}})"));
  EXPECT_EQ(Confined(R"({"HostConfig":null,"Labels":{}})"),
            Concat(R"({"HostConfig":)", host, R"(,"Labels":{"ours":"1"}})"));
  EXPECT_THAT(Confined(R"({"Image":"a"})"), HasSubstr(R"({"ours":"1"},"Image":"a"})"));
  EXPECT_THAT(Confined(R"({"HostConfig":{"Memory":1}})"), HasSubstr(R"(["CAP_CHOWN"],"Memory":1})"));
}

TEST(ConfineTest, LeavesCapabilitiesOfWhichNothingIsKnown) {
  const std::string body = R"({"HostConfig":{"CapAdd":["NET_ADMIN"],"CapDrop":["CHOWN"]}})";
  const std::string confined = Confined(body, {.profile = "{}", .cap_add = std::nullopt, .label = "ours"});
  EXPECT_THAT(confined, HasSubstr(R"("CapAdd":["NET_ADMIN"],"CapDrop":["CHOWN"])"));
  EXPECT_THAT(Confined("{}", {.profile = "{}", .cap_add = std::vector<std::string>(), .label = "ours"}),
              HasSubstr(R"("CapDrop":["ALL"],"CapAdd":[])"));
}

TEST(ConfineTest, ALabelAloneChangesNothingElse) {
  const Confinement label = {.profile = std::nullopt, .cap_add = std::nullopt, .label = "ours"};
  EXPECT_EQ(Confined(R"({"Image": "a", "HostConfig": {"CapAdd": ["KILL"]}})", label),
            R"({"Labels":{"ours":"1"},"Image": "a", "HostConfig": {"CapAdd": ["KILL"]}})");
  EXPECT_EQ(Confined(R"({"Image": "a"})", label), R"({"Labels":{"ours":"1"},"Image": "a"})");
}

ContainerLine WholeLine() {
  ContainerLine line;
  line.no_new_privileges = true;
  line.user = "101:101";
  line.read_only_root = true;
  line.writable = {{"/run", {.size = "16m"}}, {"/data", {.volume = true}}};
  line.memory_bytes = uint64_t{64} << 20;
  line.cpu_milli = 500;
  line.pids = 64;
  line.open_files = 1024;
  line.no_network = true;
  line.private_ipc = true;
  line.sysctls = {{"net.ipv4.ip_unprivileged_port_start", "0"}};
  line.apparmor = "web";
  line.selinux_type = "web_t";
  return line;
}

TEST(ConfineTest, PutsTheWholeLineIntoTheRequest) {
  const Confinement confinement = {
      .profile = std::nullopt, .cap_add = std::nullopt, .line = WholeLine(), .label = "ours"};
  EXPECT_EQ(Confined(R"({"Image":"a"})", confinement),
            R"({"User":"101:101","Volumes":{"/data":{}},"NetworkingConfig":{},"HostConfig":{)"
            R"("SecurityOpt":["no-new-privileges:true","apparmor=web","label=type:web_t"],"ReadonlyRootfs":true,)"
            R"("Tmpfs":{"/run":"rw,nosuid,nodev,noexec,size=16m,mode=1777"},"Memory":67108864,"MemorySwap":67108864,)"
            R"("NanoCpus":500000000,"CpuQuota":0,"CpuPeriod":0,"PidsLimit":64,)"
            R"("Ulimits":[{"Name":"nofile","Soft":1024,"Hard":1024}],"NetworkMode":"none","IpcMode":"private",)"
            R"("Sysctls":{"net.ipv4.ip_unprivileged_port_start":"0"}},"Labels":{"ours":"1"},"Image":"a"})");
}

TEST(ConfineTest, TheLineReplacesAndAddsToWhatWasAskedFor) {
  const Confinement confinement = {
      .profile = std::nullopt, .cap_add = std::nullopt, .line = WholeLine(), .label = "ours"};
  const std::string confined = Confined(
      R"({"user":"root","Volumes":{"/x":{}},"HostConfig":{"SecurityOpt":["no-new-privileges=false","apparmor:x","label=disable"],)"
      R"("Tmpfs":{"/run":"rw"},"Binds":["/srv:/data:ro"],"Ulimits":[{"Name":"nofile","Soft":1,"Hard":2},{"Name":"core","Soft":0,"Hard":0}],)"
      R"("Memory":5,"NetworkMode":"default","Sysctls":{"a":"1"}}})",
      confinement);
  EXPECT_THAT(confined, HasSubstr(R"("user":"101:101")"));
  EXPECT_THAT(
      confined,
      HasSubstr(R"("SecurityOpt":["label=disable","no-new-privileges:true","apparmor=web","label=type:web_t"])"));
  // What the request mounts stays as it is.
  EXPECT_THAT(confined, HasSubstr(R"("Tmpfs":{"/run":"rw"})"));
  EXPECT_THAT(confined, HasSubstr(R"("Volumes":{"/x":{}})"));
  EXPECT_THAT(confined,
              HasSubstr(R"("Ulimits":[{"Name":"core","Soft":0,"Hard":0},{"Name":"nofile","Soft":1024,"Hard":1024}])"));
  EXPECT_THAT(confined, HasSubstr(R"("Memory":67108864)"));
  EXPECT_THAT(confined, HasSubstr(R"("NetworkMode":"none")"));
  EXPECT_THAT(confined, HasSubstr(R"("Sysctls":{"a":"1","net.ipv4.ip_unprivileged_port_start":"0"})"));
}

TEST(ConfineTest, AnEmptyLineChangesNothingElse) {
  const Confinement confinement = {
      .profile = std::nullopt, .cap_add = std::nullopt, .line = ContainerLine(), .label = "ours"};
  EXPECT_EQ(Confined(R"({"Image": "a"})", confinement), R"({"Labels":{"ours":"1"},"Image": "a"})");
}

TEST(ReadCreateRequestTest, ReadsCapabilities) {
  const auto request =
      ReadCreateRequest("/containers/create", R"({"HostConfig": {"CapAdd": ["KILL"], "CapDrop": ["all", 1]}})");
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_THAT(request->container.cap_add, testing::ElementsAre("KILL"));
  EXPECT_THAT(request->container.cap_drop, testing::ElementsAre("all"));
}

TEST(ReadCreateRequestTest, ReadsWhatIsSaidOfSeccomp) {
  const auto asked = [](const char* options) {
    const auto request =
        ReadCreateRequest("/containers/create", Concat(R"({"HostConfig": {"SecurityOpt": )", options, "}}"));
    EXPECT_TRUE(request.ok()) << request.status();
    return request.ok() ? request->seccomp : std::nullopt;
  };
  EXPECT_EQ(asked("null"), std::nullopt);
  EXPECT_EQ(asked(R"(["no-new-privileges", "apparmor=seccomp"])"), std::nullopt);
  EXPECT_EQ(asked(R"(["seccomp=unconfined"])"), "unconfined");
  EXPECT_EQ(asked(R"(["seccomp:{\"a\": 1}", "label=x"])"), R"({"a": 1})");
}

TEST(EndedContainerTest, KnowsTheRequestsThatMayEndAContainer) {
  EXPECT_EQ(EndedContainer("POST", "/v1.41/containers/web/stop?t=3"), "web");
  EXPECT_EQ(EndedContainer("POST", "/containers/a%2Db/kill?signal=HUP"), "a-b");
  EXPECT_EQ(EndedContainer("POST", "/containers/web/restart"), "web");
  EXPECT_EQ(EndedContainer("DELETE", "/v1.41/containers/web?force=1"), "web");
  for (const char* const target :
       {"/containers/web/start", "/containers/web", "/containers//stop", "/containers/json", "/images/web/stop",
        "/containers/web/stop/more", "/containers/a%2Fb/stop", "/containers/../stop", "/containers/a%0D%0Ab/stop"}) {
    EXPECT_EQ(EndedContainer("POST", target), std::nullopt) << target;
  }
  EXPECT_EQ(EndedContainer("GET", "/containers/web/stop"), std::nullopt);
}

TEST(ConfineTest, RefusesWhatWouldBeSaidTwice) {
  for (const char* body :
       {R"({"HostConfig":{"CapAdd":[],"capadd":[]}})", R"({"HostConfig":{"SecurityOpt":"x"}})",
        R"({"Labels":{},"labels":{}})", R"({"HostConfig":{"SecurityOpt":[],"SecurityOpt":[]}})", "[]"}) {
    EXPECT_FALSE(Confine(body, kConfinement).ok()) << body;
  }
}

}  // namespace
}  // namespace syscarve
