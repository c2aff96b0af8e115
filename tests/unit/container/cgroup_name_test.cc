// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/cgroup_name.h"

#include <gtest/gtest.h>

#include <string>

#include "userspace/base/concat.h"

namespace syscarve {
namespace {

const std::string kCgroupId = "3f5e0c9b1a7d24860e9fb1c3d5a7e9f00112233445566778899aabbccddeeff0";
const std::string kOther = "a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90";

struct Layout {
  std::string path;  // Up to the container's own cgroup.
  std::string engine;
};

// One of each engine, driver and way of starting it.
const Layout kLayouts[] = {
    // Docker, cgroupfs driver; with --cgroup-parent; as a task of Amazon's ECS.
    {"/docker/" + kCgroupId, "docker"},
    {"/ci/job-7/" + kCgroupId, ""},
    {"/ecs/0123456789abcdef0123456789abcdef/" + kCgroupId, ""},
    // Docker, systemd driver; rootless.
    {"/system.slice/docker-" + kCgroupId + ".scope", "docker"},
    {"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" + kCgroupId + ".scope", "docker"},
    {"/user.slice/user-1000.slice/user@1000.service/app.slice/docker-" + kCgroupId + ".scope", "docker"},
    // Podman, cgroupfs driver; in a pod, whose cgroup is an id as well.
    {"/libpod_parent/libpod-" + kCgroupId, "podman"},
    {"/libpod_parent/" + kOther + "/libpod-" + kCgroupId, "podman"},
    // Podman, systemd driver; in a pod; rootless; --cgroups=split, as quadlets have it.
    {"/machine.slice/libpod-" + kCgroupId + ".scope", "podman"},
    {"/machine.slice/machine-libpod_pod_" + kOther + ".slice/libpod-" + kCgroupId + ".scope", "podman"},
    {"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + kCgroupId + ".scope", "podman"},
    {"/user.slice/user-1000.slice/user@1000.service/user.slice/user-libpod_pod_" + kOther + ".slice/libpod-" +
         kCgroupId + ".scope",
     "podman"},
    {"/system.slice/web.service/libpod-payload-" + kCgroupId, "podman"},
    // Kubernetes with containerd, both drivers, and with a cgroupfs runtime that is given systemd's notation.
    {"/kubepods/burstable/pod8a1b6e3c-0d7f-4f0e-9a53-7f4ad5ac1b1e/" + kCgroupId, ""},
    {"/kubepods/pod8a1b6e3c-0d7f-4f0e-9a53-7f4ad5ac1b1e/" + kCgroupId, ""},
    {"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod8a1b6e3c_0d7f_4f0e_9a53_7f4ad5ac1b1e.slice/"
     "cri-containerd-" +
         kCgroupId + ".scope",
     "containerd"},
    {"/system.slice/containerd.service/kubepods-burstable-pod8a1b6e3c_0d7f_4f0e_9a53_7f4ad5ac1b1e.slice:"
     "cri-containerd:" +
         kCgroupId,
     "containerd"},
    {"/k8s.io/" + kCgroupId, "containerd"},
    // Kubernetes with the old Docker shim.
    {"/kubepods.slice/kubepods-pod8a1b6e3c_0d7f_4f0e_9a53_7f4ad5ac1b1e.slice/docker-" + kCgroupId + ".scope", "docker"},
    // CRI-O, both drivers.
    {"/kubepods/besteffort/pod8a1b6e3c-0d7f-4f0e-9a53-7f4ad5ac1b1e/crio-" + kCgroupId, "crio"},
    {"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod8a1b6e3c_0d7f_4f0e_9a53_7f4ad5ac1b1e.slice/crio-" +
         kCgroupId + ".scope",
     "crio"},
    // nerdctl, both drivers and rootless.
    {"/default/" + kCgroupId, ""},
    {"/system.slice/nerdctl-" + kCgroupId + ".scope", "containerd"},
    {"/user.slice/user-1000.slice/user@1000.service/user.slice/nerdctl-" + kCgroupId + ".scope", "containerd"},
    // Some other engine.
    {"/machine.slice/my_engine-2-" + kCgroupId + ".scope", ""},
    // As it looks from inside another cgroup namespace.
    {"/../../docker/" + kCgroupId, "docker"},
    {"/../" + kCgroupId, ""},
};

TEST(ParseContainerCgroup, KnowsEveryLayout) {
  for (const Layout& layout : kLayouts) {
    EXPECT_EQ(ParseContainerCgroup(layout.path), (ContainerCgroup{layout.engine, kCgroupId, layout.path}))
        << layout.path;
  }
}

TEST(ParseContainerCgroup, GivesACgroupBelowToTheContainer) {
  for (const Layout& layout : kLayouts) {
    for (const char* below : {"/", "/container", "/init.scope", "/system.slice/nginx.service", "/a b/ü"}) {
      EXPECT_EQ(ParseContainerCgroup(layout.path + below), (ContainerCgroup{layout.engine, kCgroupId, layout.path}))
          << layout.path << below;
    }
  }
}

TEST(ParseContainerCgroup, GivesWhatANestedEngineStartsToTheOutermostContainer) {
  for (const Layout& outer : kLayouts) {
    for (const Layout& inner : kLayouts) {
      std::string path = inner.path;
      path.replace(path.find(kCgroupId), kCgroupId.size(), kOther);
      EXPECT_EQ(ParseContainerCgroup(outer.path + path), (ContainerCgroup{outer.engine, kCgroupId, outer.path}));
    }
  }
}

TEST(ParseContainerCgroup, LeavesOutWhatIsNoContainer) {
  const std::string short_id = kCgroupId.substr(0, 63);
  std::string upper = kCgroupId;
  upper[1] = 'F';
  std::string letter = kCgroupId;
  letter[63] = 'g';
  for (const std::string& path : {
           std::string(),
           std::string("/"),
           std::string("/user.slice/user-1000.slice/session-3.scope"),
           std::string("/docker"),
           std::string("/docker/buildkit/a1b2c3d4e5f60718293a4b5c6"),
           // The monitors and pods of Podman and CRI-O, and a health check's unit.
           "/machine.slice/libpod-conmon-" + kCgroupId + ".scope",
           "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-conmon-" + kCgroupId + ".scope",
           "/system.slice/crio-conmon-" + kCgroupId + ".scope",
           "/kubepods/besteffort/pod1/crio-conmon-" + kCgroupId,
           std::string("/libpod_parent/conmon"),
           "/libpod_parent/" + kCgroupId,
           "/machine.slice/machine-libpod_pod_" + kCgroupId + ".slice",
           "/system.slice/" + kCgroupId + ".service",
           "/system.slice/" + kCgroupId + ".scope",
           // Ids that are none.
           "/docker/" + short_id,
           "/docker/" + kCgroupId + "0",
           "/docker/" + upper,
           "/docker/" + letter,
           "/docker/" + kCgroupId + ".scope.scope",
           "/system.slice/docker-" + kCgroupId + ".slice",
           "/system.slice/docker-" + short_id + ".scope",
           "/system.slice/docker" + kCgroupId + ".scope",
           "/system.slice/-" + kCgroupId + ".scope",
           "/system.slice/--" + kCgroupId + ".scope",
           "/system.slice/:" + kCgroupId,
           "/system.slice/::" + kCgroupId,
           "/system.slice/a:" + kCgroupId,
           "/system.slice/docker -" + kCgroupId + ".scope",
           "/system.slice/docker\n-" + kCgroupId + ".scope",
           "/system.slice/\x1b[31mdocker-" + kCgroupId + ".scope",
           "/docker/" + kCgroupId + " ",
           "/docker/" + kCgroupId + std::string(1, '\0'),
       }) {
    EXPECT_EQ(ParseContainerCgroup(path), std::nullopt) << path;
  }
}

TEST(ParseContainerCgroup, StandsAnyLength) {
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "/a";
  EXPECT_EQ(ParseContainerCgroup(deep), std::nullopt);
  EXPECT_EQ(ParseContainerCgroup(deep + "/docker/" + kCgroupId)->id, kCgroupId);
  EXPECT_EQ(ParseContainerCgroup("/" + std::string(1 << 20, 'a')), std::nullopt);
}

TEST(IsContainerId, TakesSixtyFourLowerCaseHexDigits) {
  EXPECT_TRUE(IsContainerId(kCgroupId));
  EXPECT_FALSE(IsContainerId(""));
  EXPECT_FALSE(IsContainerId(kCgroupId.substr(1)));
  EXPECT_FALSE(IsContainerId(kCgroupId + "0"));
  EXPECT_FALSE(IsContainerId(std::string(64, 'A')));
  EXPECT_FALSE(IsContainerId(std::string(64, '\0')));
}

}  // namespace
}  // namespace syscarve
