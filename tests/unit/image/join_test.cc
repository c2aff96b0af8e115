// SPDX-License-Identifier: Apache-2.0
// An image beside a recording: what ran, what never did, and what is not known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/image/made_images.h"
#include "userspace/image/recorded_programs.h"

namespace syscarve {
namespace {

MadeImage Debian() {
  MadeImage image;
  image.layers.push_back({
      {.path = "bin", .link = "usr/bin"},
      ElfFile("usr/bin/demo-server"),
      ElfFile("usr/bin/demo-tool"),
      ElfFile("usr/bin/su", 04755),
      ElfFile("usr/bin/passwd", 04755),
      ElfFile("usr/local/bin/agent"),
      ElfFile("usr/lib/libdemo.so.1"),
      {.path = "usr/bin/demo-script", .content = "#!/bin/sh\n", .mode = S_IFREG | 0755},
      // Spelt as before the merge of /bin and /usr/bin.
      {.path = "var/lib/dpkg/info/demo-server.list", .content = "/.\n/bin\n/bin/demo-server\n"},
      {.path = "var/lib/dpkg/info/demo-tools.list", .content = "/usr/bin/demo-tool\n/usr/share/doc/demo/copyright\n"},
      {.path = "var/lib/dpkg/info/libdemo1:amd64.list", .content = "/usr/lib/libdemo.so.1\n"},
      {.path = "var/lib/dpkg/info/demo-scripts.list", .content = "/usr/bin/demo-script\n"},
      {.path = "var/lib/dpkg/info/gone.list", .content = "/usr/bin/gone\n"},
  });
  return image;
}

ScannedImage Scanned(const MadeImage& made) {
  ScanOptions options;
  options.keep_packages = true;
  return *ScanTar(MakeTar(OciParts(made)), options);
}

Recording Of(const std::vector<std::string>& paths) {
  Recording recording;
  recording.subjects.push_back({.kind = SubjectKind::kContainer, .name = "web"});
  Run run;
  run.id = std::string(32, 'a');
  SubjectTrace trace;
  for (const std::string& path : paths) {
    const auto id = static_cast<ProgramId>(recording.programs.size());
    recording.programs.push_back({.path = path, .inode = id + 1});
    Observation& exit = trace.calls[{Abi::kX86_64, 231}];
    exit.programs[id] = 3;
    exit.count += 3;
  }
  run.subjects.emplace(0, std::move(trace));
  recording.runs.push_back(std::move(run));
  return recording;
}

struct Joined {
  ScannedImage image;
  RecordedPrograms programs;
  std::vector<std::string> unused;
};

Joined Join(const MadeImage& made, const Recording& recording) {
  Joined joined{.image = Scanned(made), .programs = {}, .unused = {}};
  joined.programs = ProgramsOf(recording, joined.image, PackageFiles(joined.image));
  joined.unused = JoinPrograms(joined.programs, joined.image);
  return joined;
}

TEST(Join, SetIdFilesThatNeverRanAreNamed) {
  const Joined joined = Join(Debian(), Of({"/usr/bin/demo-server", "/bin/su"}));
  EXPECT_EQ(FindRule(joined.image, "set-id", "usr/bin/su")->executed, true);
  EXPECT_EQ(FindRule(joined.image, "set-id", "usr/bin/passwd")->executed, false);
  EXPECT_EQ(joined.unused, std::vector<std::string>{"/usr/bin/passwd"});
  ASSERT_EQ(joined.programs.programs.size(), 2U);
  EXPECT_EQ(joined.programs.programs[1].package, "demo-server");
  EXPECT_TRUE(joined.programs.programs[1].in_image);
}

TEST(Join, ARecordingWithGapsNamesNone) {
  Recording lossy = Of({"/usr/bin/demo-server"});
  lossy.losses.push_back({.what = "slots_full", .count = 1, .missed_calls = false});
  Recording unnamed = Of({"/usr/bin/demo-server", ""});
  Recording loader = Of({"/lib64/ld-linux-x86-64.so.2"});
  for (const Recording& recording : {lossy, unnamed, loader, Of({})}) {
    const Joined joined = Join(Debian(), recording);
    EXPECT_FALSE(joined.programs.all_known);
    EXPECT_FALSE(joined.programs.why_not.empty());
    EXPECT_EQ(FindRule(joined.image, "set-id", "usr/bin/su")->executed, std::nullopt);
    EXPECT_TRUE(joined.unused.empty());
  }
  Recording harmless = Of({"/usr/bin/demo-server"});
  harmless.losses.push_back({.what = "ring_full", .count = 1, .missed_calls = false});
  EXPECT_TRUE(Join(Debian(), harmless).programs.all_known);
}

TEST(Join, OnlyTheContainersOfTheImageCount) {
  Recording recording = Of({"/bin/su"});
  recording.subjects.front().container = Container{.image = "other:1", .image_digest = "sha256:other"};
  recording.subjects.push_back({.kind = SubjectKind::kContainer, .name = "web"});
  const std::string id = Scanned(Debian()).id;
  recording.subjects.back().container = Container{.image = "web:1", .image_digest = id};
  syscarve::Run run = *recording.runs.begin();
  run.subjects.emplace(1, SubjectTrace{});
  recording.programs.push_back({.path = "/bin/demo-server", .inode = 9});
  run.subjects[1].calls[{Abi::kX86_64, 231}].programs[1] = 1;
  run.subjects[1].calls[{Abi::kX86_64, 231}].count = 1;
  recording.runs = {};
  recording.runs.push_back(std::move(run));
  const Joined joined = Join(Debian(), recording);
  EXPECT_TRUE(joined.programs.notes.empty());
  EXPECT_EQ(FindRule(joined.image, "set-id", "usr/bin/su")->executed, false);
}

PackageUse UseOf(const std::string& package, const Recording& recording, const std::string& type = "deb",
                 const std::vector<std::string>& paths = {}) {
  const Joined joined = Join(Debian(), recording);
  ScannerReport report{.tool = "Grype"};
  report.vulnerabilities.push_back({.id = "CVE-2099-0001", .package = package, .type = type, .paths = paths});
  const auto vulnerabilities =
      JoinVulnerabilities({report}, joined.image, PackageFiles(joined.image), &joined.programs);
  EXPECT_FALSE(vulnerabilities.front().why.empty());
  return vulnerabilities.front().use;
}

TEST(Join, APackageRanNeverRanOrIsNotKnown) {
  const Recording recording = Of({"/usr/bin/demo-server"});
  EXPECT_EQ(UseOf("demo-server", recording), PackageUse::kRan);
  EXPECT_EQ(UseOf("demo-tools", recording), PackageUse::kNeverRan);
  EXPECT_EQ(UseOf("libdemo1", recording), PackageUse::kNotKnown);
  EXPECT_EQ(UseOf("demo-scripts", recording), PackageUse::kNotKnown);
  EXPECT_EQ(UseOf("gone", recording), PackageUse::kNotKnown);
  EXPECT_EQ(UseOf("unheard-of", recording), PackageUse::kNotKnown);
  EXPECT_EQ(UseOf("demo-tools", recording, "python"), PackageUse::kNotKnown);
  EXPECT_EQ(UseOf("stdlib", recording, "gobinary", {"usr/local/bin/agent"}), PackageUse::kNeverRan);
  EXPECT_EQ(UseOf("stdlib", Of({"/usr/local/bin/agent"}), "gobinary", {"usr/local/bin/agent"}), PackageUse::kRan);
  Recording lossy = Of({"/usr/bin/demo-server"});
  lossy.losses.push_back({.what = "slots_full", .count = 1, .missed_calls = true});
  EXPECT_EQ(UseOf("demo-tools", lossy), PackageUse::kNotKnown);
  EXPECT_EQ(UseOf("demo-server", lossy), PackageUse::kRan);
}

// The files of `paths` were opened.
Recording WithFiles(Recording recording, const std::vector<UsedPath>& paths, FileUse use = FileUse::kRead) {
  HardeningEvidence& evidence = recording.subjects.front().hardening.emplace();
  for (const UsedPath& path : paths) evidence.files[path].uses[0] = use;
  return recording;
}

PackageUse UseOf(const Recording& recording, const std::string& package) {
  const Joined joined = Join(Debian(), recording);
  const ScannerReport report{.tool = "t", .vulnerabilities = {{.id = "CVE-1", .package = package, .type = "deb"}}};
  return JoinVulnerabilities({report}, joined.image, PackageFiles(joined.image), &joined.programs).front().use;
}

TEST(Join, WithHardeningEvidenceLibrariesAndScriptsAreKnown) {
  const Recording none = WithFiles(Of({"/usr/bin/demo-server"}), {});
  EXPECT_EQ(UseOf(none, "libdemo1"), PackageUse::kNeverRan);
  EXPECT_EQ(UseOf(none, "demo-scripts"), PackageUse::kNeverRan);
  EXPECT_EQ(UseOf(none, "demo-server"), PackageUse::kRan);
  const Recording both =
      WithFiles(Of({"/usr/bin/demo-server"}), {{.path = "/usr/lib/libdemo.so.1"}, {.path = "/bin/demo-script"}});
  EXPECT_EQ(UseOf(both, "libdemo1"), PackageUse::kRan);
  EXPECT_EQ(UseOf(both, "demo-scripts"), PackageUse::kRan);
  // Its document alone says nothing of its program.
  EXPECT_EQ(UseOf(WithFiles(none, {{.path = "/usr/share/doc/demo/copyright"}}), "demo-tools"), PackageUse::kNeverRan);
  // To be removed is not to be used.
  EXPECT_EQ(UseOf(WithFiles(none, {{.path = "/usr/lib/libdemo.so.1"}}, FileUse::kRemoved), "libdemo1"),
            PackageUse::kNeverRan);
}

TEST(Join, WhatTheEvidenceLeavesOpenIsNotKnown) {
  const Recording within = WithFiles(Of({"/usr/bin/demo-server"}), {{.path = "/usr/lib", .others = true}});
  EXPECT_EQ(UseOf(within, "libdemo1"), PackageUse::kNotKnown);
  EXPECT_EQ(UseOf(within, "demo-tools"), PackageUse::kNeverRan);
  Recording gaps = WithFiles(Of({"/usr/bin/demo-server"}), {});
  gaps.subjects.front().hardening->missing = {"io_uring"};
  EXPECT_EQ(UseOf(gaps, "libdemo1"), PackageUse::kNotKnown);
  EXPECT_THAT(Join(Debian(), gaps).programs.why_files_not, testing::HasSubstr("io_uring"));
}

TEST(Join, PackagesThatWereNotUsedAreListed) {
  const auto unused = [](const Recording& recording) {
    const Joined joined = Join(Debian(), recording);
    return UnusedPackages(joined.programs, joined.image, PackageFiles(joined.image));
  };
  EXPECT_THAT(unused(WithFiles(Of({"/usr/bin/demo-server"}), {{.path = "/usr/bin/demo-script"}})),
              testing::ElementsAre("demo-tools", "libdemo1"));
  EXPECT_THAT(unused(Of({"/usr/bin/demo-server"})), testing::IsEmpty());
}

TEST(Join, WithoutARecordingNothingIsKnown) {
  const ScannedImage image = Scanned(Debian());
  ScannerReport report{.tool = "Grype"};
  report.vulnerabilities.push_back({.id = "CVE-2099-0001", .package = "demo-tools"});
  const auto joined = JoinVulnerabilities({report}, image, PackageFiles(image), nullptr);
  EXPECT_EQ(joined.front().use, PackageUse::kNotKnown);
}

TEST(Join, WhatNeverRanIsLowAtMostAndWhatRanComesFirst) {
  Joined joined = Join(Debian(), Of({"/usr/bin/demo-server"}));
  ScannerReport report{.tool = "Grype"};
  report.vulnerabilities.push_back({.id = "CVE-1", .package = "demo-tools", .severity = Severity::kCritical});
  report.vulnerabilities.push_back({.id = "CVE-2", .package = "libdemo1", .severity = Severity::kHigh});
  report.vulnerabilities.push_back({.id = "CVE-3", .package = "demo-server", .severity = Severity::kMedium});
  const auto vulnerabilities =
      JoinVulnerabilities({report}, joined.image, PackageFiles(joined.image), &joined.programs);
  EXPECT_EQ(vulnerabilities[0].reported.id, "CVE-3");
  EXPECT_EQ(vulnerabilities[2].reported.id, "CVE-1");
  AddJoinedFindings(vulnerabilities, {report}, joined.image);
  for (const ImageFinding& finding : joined.image.findings) {
    if (finding.message.starts_with("CVE-1")) {
      EXPECT_EQ(finding.severity, Severity::kLow);
    }
    if (finding.message.starts_with("CVE-2")) {
      EXPECT_EQ(finding.severity, Severity::kHigh);
    }
  }
}

TEST(Packages, OfAlpineAndOfImagesWithoutAPackageManager) {
  MadeImage made;
  made.layers.push_back({
      ElfFile("bin/busybox"),
      ElfFile("usr/bin/ssl"),
      {.path = "lib/apk/db/installed",
       .content = "P:busybox\nV:1\nF:bin\nR:busybox\nF:etc\nR:securetty\n\nP:musl\nF:lib\nR:ld-musl-x86_64.so.1\n"},
      {.path = "var/lib/dpkg/status.d/openssl.md5sums", .content = "0123456789abcdef0123456789abcdef  usr/bin/ssl\n"},
  });
  const ScannedImage image = Scanned(made);
  const PackageFiles packages(image);
  ASSERT_NE(packages.Find("busybox"), nullptr);
  EXPECT_THAT(*packages.Find("busybox"), testing::ElementsAre("bin/busybox", "etc/securetty"));
  EXPECT_THAT(*packages.Find("musl"), testing::ElementsAre("lib/ld-musl-x86_64.so.1"));
  EXPECT_EQ(packages.OwnerOf("bin/busybox"), "busybox");
  EXPECT_EQ(packages.OwnerOf("usr/bin/ssl"), "openssl");
  EXPECT_EQ(packages.Find("none"), nullptr);
}

}  // namespace
}  // namespace syscarve
