// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/cgroup_name.h"

#include <gtest/gtest.h>

#include <string>

#include "userspace/base/concat.h"

namespace syscarve {
namespace {

const std::string kId = "3f5e0c9b1a7d24860e9fb1c3d5a7e9f00112233445566778899aabbccddeeff0";
const std::string kOther = "a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90";

struct Layout {
  std::string path;  // Up to the container's own cgroup.
  std::string engine;
};

// One of each engine, driver and way of starting it.
const Layout kLayouts[] = {
    // Docker, cgroupfs driver; with --cgroup-parent; as a task of Amazon's ECS.
    {"/docker/" + kId, "docker"},
    {"/ci/job-7/" + kId, ""},
    {"/ecs/0123456789abcdef0123456789abcdef/" + kId, ""},
    // Docker, systemd driver; rootless.
    {"/system.slice/docker-" + kId + ".scope", "docker"},
    {"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" + kId + ".scope", "docker"},
    {"/user.slice/user-1000.slice/user@1000.service/app.slice/docker-" + kId + ".scope", "docker"},
    // Podman, cgroupfs driver; in a pod, whose cgroup is an id as well.
    {"/libpod_parent/libpod-" + kId, "podman"},
    {"/libpod_parent/" + kOther + "/libpod-" + kId, "podman"},
    // Podman, systemd driver; in a pod; rootless; --cgroups=split, as quadlets have it.
    {"/machine.slice/libpod-" + kId + ".scope", "podman"},
    {"/machine.slice/machine-libpod_pod_" + kOther + ".slice/libpod-" + kId + ".scope", "podman"},
    {"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + kId + ".scope", "podman"},
    {"/user.slice/user-1000.slice/user@1000.service/user.slice/user-libpod_pod_" + kOther + ".slice/libpod-" + kId +
         ".scope",
     "podman"},
    {"/system.slice/web.service/libpod-payload-" + kId, "podman"},
    // Kubernetes with containerd, both drivers, and with a cgroupfs runtime that is given systemd's notation.
    {"/kubepods/burstable/pod8a1b6e3c-0d7f-4f0e-9a53-7f4ad5ac1b1e/" + kId, ""},
    {"/kubepods/pod8a1b6e3c-0d7f-4f0e-9a53-7f4ad5ac1b1e/" + kId, ""},
    {"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod8a1b6e3c_0d7f_4f0e_9a53_7f4ad5ac1b1e.slice/"
     "cri-containerd-" +
         kId + ".scope",
     "containerd"},
    {"/system.slice/containerd.service/kubepods-burstable-pod8a1b6e3c_0d7f_4f0e_9a53_7f4ad5ac1b1e.slice:"
     "cri-containerd:" +
         kId,
     "containerd"},
    {"/k8s.io/" + kId, "containerd"},
    // Kubernetes with the old Docker shim.
    {"/kubepods.slice/kubepods-pod8a1b6e3c_0d7f_4f0e_9a53_7f4ad5ac1b1e.slice/docker-" + kId + ".scope", "docker"},
    // CRI-O, both drivers.
    {"/kubepods/besteffort/pod8a1b6e3c-0d7f-4f0e-9a53-7f4ad5ac1b1e/crio-" + kId, "crio"},
    {"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod8a1b6e3c_0d7f_4f0e_9a53_7f4ad5ac1b1e.slice/crio-" +
         kId + ".scope",
     "crio"},
    // nerdctl, both drivers and rootless.
    {"/default/" + kId, ""},
    {"/system.slice/nerdctl-" + kId + ".scope", "containerd"},
    {"/user.slice/user-1000.slice/user@1000.service/user.slice/nerdctl-" + kId + ".scope", "containerd"},
    // Some other engine.
    {"/machine.slice/my_engine-2-" + kId + ".scope", ""},
    // As it looks from inside another cgroup namespace.
    {"/../../docker/" + kId, "docker"},
    {"/../" + kId, ""},
};

TEST(ParseContainerCgroup, KnowsEveryLayout) {
  for (const Layout& layout : kLayouts) {
    EXPECT_EQ(ParseContainerCgroup(layout.path), (ContainerCgroup{layout.engine, kId, layout.path})) << layout.path;
  }
}

TEST(ParseContainerCgroup, GivesACgroupBelowToTheContainer) {
  for (const Layout& layout : kLayouts) {
    for (const char* below : {"/", "/container", "/init.scope", "/system.slice/nginx.service", "/a b/ü"}) {
      EXPECT_EQ(ParseContainerCgroup(layout.path + below), (ContainerCgroup{layout.engine, kId, layout.path}))
          << layout.path << below;
    }
  }
}

TEST(ParseContainerCgroup, GivesWhatANestedEngineStartsToTheOutermostContainer) {
  for (const Layout& outer : kLayouts) {
    for (const Layout& inner : kLayouts) {
      std::string path = inner.path;
      path.replace(path.find(kId), kId.size(), kOther);
      EXPECT_EQ(ParseContainerCgroup(outer.path + path), (ContainerCgroup{outer.engine, kId, outer.path}));
    }
  }
}

TEST(ParseContainerCgroup, LeavesOutWhatIsNoContainer) {
  const std::string short_id = kId.substr(0, 63);
  std::string upper = kId;
  upper[1] = 'F';
  std::string letter = kId;
  letter[63] = 'g';
  for (const std::string& path : {
           std::string(),
           std::string("/"),
           std::string("/user.slice/user-1000.slice/session-3.scope"),
           std::string("/docker"),
           std::string("/docker/buildkit/a1b2c3d4e5f60718293a4b5c6"),
           // The monitors and pods of Podman and CRI-O, and a health check's unit.
           "/machine.slice/libpod-conmon-" + kId + ".scope",
           "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-conmon-" + kId + ".scope",
           "/system.slice/crio-conmon-" + kId + ".scope",
           "/kubepods/besteffort/pod1/crio-conmon-" + kId,
           std::string("/libpod_parent/conmon"),
           "/libpod_parent/" + kId,
           "/machine.slice/machine-libpod_pod_" + kId + ".slice",
           "/system.slice/" + kId + ".service",
           "/system.slice/" + kId + ".scope",
           // Ids that are none.
           "/docker/" + short_id,
           "/docker/" + kId + "0",
           "/docker/" + upper,
           "/docker/" + letter,
           "/docker/" + kId + ".scope.scope",
           "/system.slice/docker-" + kId + ".slice",
           "/system.slice/docker-" + short_id + ".scope",
           "/system.slice/docker" + kId + ".scope",
           "/system.slice/-" + kId + ".scope",
           "/system.slice/--" + kId + ".scope",
           "/system.slice/:" + kId,
           "/system.slice/::" + kId,
           "/system.slice/a:" + kId,
           "/system.slice/docker -" + kId + ".scope",
           "/system.slice/docker\n-" + kId + ".scope",
           "/system.slice/\x1b[31mdocker-" + kId + ".scope",
           "/docker/" + kId + " ",
           "/docker/" + kId + std::string(1, '\0'),
       }) {
    EXPECT_EQ(ParseContainerCgroup(path), std::nullopt) << path;
  }
}

TEST(ParseContainerCgroup, StandsAnyLength) {
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "/a";
  EXPECT_EQ(ParseContainerCgroup(deep), std::nullopt);
  EXPECT_EQ(ParseContainerCgroup(deep + "/docker/" + kId)->id, kId);
  EXPECT_EQ(ParseContainerCgroup("/" + std::string(1 << 20, 'a')), std::nullopt);
}

TEST(IsContainerId, TakesSixtyFourLowerCaseHexDigits) {
  EXPECT_TRUE(IsContainerId(kId));
  EXPECT_FALSE(IsContainerId(""));
  EXPECT_FALSE(IsContainerId(kId.substr(1)));
  EXPECT_FALSE(IsContainerId(kId + "0"));
  EXPECT_FALSE(IsContainerId(std::string(64, 'A')));
  EXPECT_FALSE(IsContainerId(std::string(64, '\0')));
}

}  // namespace
}  // namespace syscarve
