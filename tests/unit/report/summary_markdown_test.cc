// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/summary_markdown.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "tests/unit/policy/recordings.h"
#include "tests/unit/report/has.h"

namespace syscarve {
namespace {

ServiceSummary Service(std::string title, const RecordingBuilder& builder, const GenerateOptions& options = {}) {
  const std::vector<Recording> recordings = {builder.Build()};
  absl::StatusOr<GeneratedProfile> made = Generate(recordings, options);
  EXPECT_TRUE(made.ok()) << made.status();
  ServiceSummary service = {.title = title,
                            .profile_path = "profiles/" + title + ".json",
                            .facts = DescribeService(recordings),
                            .made = made.value_or(GeneratedProfile())};
  service.warnings = service.made.warnings;
  return service;
}

TEST(DockerRunOptionsTest, SayWhatIsKnown) {
  ServiceSummary service =
      Service("web", RecordingBuilder().Call("bind").Capability("CAP_NET_BIND_SERVICE", "bind", 1, 0));
  EXPECT_EQ(DockerRunOptions(service),
            "--security-opt seccomp=profiles/web.json --cap-drop ALL --cap-add CAP_NET_BIND_SERVICE");
  service.facts.no_new_privs = true;
  service.made.cap_add = {};
  EXPECT_EQ(DockerRunOptions(service),
            "--security-opt seccomp=profiles/web.json --security-opt no-new-privileges --cap-drop ALL");
  service.made.capabilities_recorded = false;
  EXPECT_EQ(DockerRunOptions(service), "--security-opt seccomp=profiles/web.json --security-opt no-new-privileges");
}

TEST(DockerRunOptionsTest, HostilePathsAreQuoted) {
  ServiceSummary service = Service("web", RecordingBuilder().Call("read"));
  service.profile_path = "profiles/$(touch x) 'a\".json";
  EXPECT_TRUE(DockerRunOptions(service).starts_with("--security-opt 'seccomp=profiles/$(touch x) '\\''a\".json' "))
      << DockerRunOptions(service);
  service.profile_path = "a\x1b[2J\n.json";
  EXPECT_TRUE(DockerRunOptions(service).starts_with("--security-opt $'seccomp=a\\033\\1332J\\012.json' "))
      << DockerRunOptions(service);
}

TEST(SummaryMarkdownTest, TellsEachServiceApart) {
  GenerateOptions options;
  options.baselines = {{.source = "observed", .names = {"capset"}}};
  const ServiceSummary web = Service("web", RecordingBuilder("smoke").Call("bind").Denied("mount", 1), options);
  const ServiceSummary db = Service("db", RecordingBuilder().Call("write"));
  const std::string text = SummaryMarkdown(std::vector<ServiceSummary>{db, web});
  EXPECT_TRUE(text.starts_with(kSummaryMarker));
  const size_t section = text.find("\n## `web`\n");
  ASSERT_NE(section, std::string::npos);
  EXPECT_LT(text.find("\n## `db`\n"), section);
  const std::string of_web = text.substr(section);
  EXPECT_TRUE(Has(of_web, "The container runtime's own calls: observed.\n")) << text;
  EXPECT_TRUE(Has(of_web, "| baseline: observed | `capset` |\n")) << text;
  EXPECT_TRUE(Has(of_web, "| seen | 1 |\n")) << text;
  EXPECT_TRUE(Has(of_web, "runs `smoke`")) << text;
  EXPECT_TRUE(Has(of_web, "| `mount` | EPERM | 1 | `/usr/bin/program` |\n")) << text;
  EXPECT_TRUE(Has(text, " | none | 1 |\n")) << text;
  EXPECT_TRUE(Has(text.substr(0, section), "The container runtime's own calls: none.\n")) << text;
  EXPECT_FALSE(Has(text.substr(0, section), "Warnings:\n")) << text;
}

TEST(SummaryMarkdownTest, WhatWasRefusedIsWholeAndWhatIsDoneWithoutIsALine) {
  RecordingBuilder builder;
  builder.Call("read").Denied("clone3", ENOSYS, 7);
  const std::vector<std::string> names = {"mount",  "umount2", "bpf",   "ptrace", "unshare", "setns",
                                          "reboot", "swapon",  "chown", "mknod",  "iopl",    "vfork"};
  for (const std::string& name : names) builder.Denied(name, EPERM, 23);
  builder.recording().programs[0].path = "/a`|\n|b";
  GenerateOptions options;
  options.closure = ClosureMode::kNone;
  const std::string text = SummaryMarkdown(std::vector<ServiceSummary>{Service("web", builder, options)});
  EXPECT_TRUE(Has(text, "with a known fallback: clone3 (7 times)\n")) << text;
  EXPECT_FALSE(Has(text, "| `clone3` |")) << text;
  for (const std::string& name : names) {
    EXPECT_TRUE(Has(text, "| `" + name + "` | EPERM | 23 | ``/a`\\|\\n\\|b`` |\n")) << name << text;
  }
}

TEST(SummaryMarkdownTest, CapabilitiesAskedInPassingAreALine) {
  const std::string text = SummaryMarkdown(std::vector<ServiceSummary>{
      Service("web", RecordingBuilder().Call("read").Capability("CAP_SYS_ADMIN", "mmap", 0, 4))});
  EXPECT_TRUE(Has(text, "\nOpportunistic: `CAP_SYS_ADMIN` (granted 0 times, refused 4 times).\n")) << text;
  EXPECT_FALSE(Has(text, "| capability |")) << text;
}

TEST(SummaryMarkdownTest, HostileNamesStayText) {
  const std::string hostile = "a`b|c\n# d\x1b]0;x\x07 <script> [x](http://x.example) $(id)\n```\n";
  ServiceSummary service = Service(hostile, RecordingBuilder(hostile).Call("read"));
  service.facts.containers = 1;
  service.facts.container_names = {hostile};
  service.facts.images = {hostile};
  service.warnings = {hostile};
  service.compose = "web:\n  # ```\n";
  const std::string text = SummaryMarkdown(std::vector<ServiceSummary>{service});
  for (const char c : text) {
    ASSERT_TRUE(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f)) << static_cast<int>(c);
  }
  EXPECT_FALSE(Has(text, "\n# d"));
  EXPECT_FALSE(Has(text, "- a`b")) << "a warning is plain text";
  EXPECT_TRUE(Has(text, "- a\\`b\\|c\\\\n\\# d")) << text;
  EXPECT_TRUE(Has(text, "\n````yaml\nweb:\n  # ```\n````\n")) << text;
  EXPECT_TRUE(Has(text, "| ````a`b\\|c\\n")) << text;
  EXPECT_TRUE(Has(text, "\n## ````a`b|c\\n")) << text;
}

TEST(SummaryMarkdownTest, ManyReplicasAreCounted) {
  ServiceSummary service = Service("web", RecordingBuilder().Call("read"));
  service.facts.containers = 200;
  for (int i = 0; i < 200; ++i) service.facts.container_names.insert("web-" + std::to_string(i));
  EXPECT_TRUE(Has(SummaryMarkdown(std::vector<ServiceSummary>{service}), " and 192 more)"));
}

}  // namespace
}  // namespace syscarve
