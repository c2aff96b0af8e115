// SPDX-License-Identifier: Apache-2.0
#include "userspace/image/scanner_reports.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace syscarve {
namespace {

ScannerReport Read(const std::string& name) {
  std::ifstream file(std::string(SYSCARVE_SOURCE_DIR "/tests/inputs/scanners/") + name);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto report = ParseScannerReport(text);
  EXPECT_TRUE(report.ok()) << name << ": " << report.status();
  return report.value_or(ScannerReport{});
}

TEST(ScannerReports, Trivy) {
  const ScannerReport report = Read("trivy.json");
  EXPECT_EQ(report.tool, "Trivy");
  ASSERT_EQ(report.vulnerabilities.size(), 3U);
  EXPECT_EQ(report.vulnerabilities[0].id, "CVE-2099-0001");
  EXPECT_EQ(report.vulnerabilities[0].package, "demo-server");
  EXPECT_EQ(report.vulnerabilities[0].fixed, "1.0-2");
  EXPECT_EQ(report.vulnerabilities[0].severity, Severity::kCritical);
  EXPECT_EQ(report.vulnerabilities[2].type, "gobinary");
  EXPECT_EQ(report.vulnerabilities[2].paths, std::vector<std::string>{"usr/local/bin/agent"});
  ASSERT_EQ(report.secrets.size(), 1U);
  EXPECT_EQ(report.secrets[0].path, "/app/config.py");
  EXPECT_EQ(report.secrets[0].line, 3U);
  EXPECT_EQ(report.passed_over, 1U);
}

TEST(ScannerReports, Grype) {
  const ScannerReport report = Read("grype.json");
  EXPECT_EQ(report.tool, "Grype");
  ASSERT_EQ(report.vulnerabilities.size(), 2U);
  EXPECT_EQ(report.vulnerabilities[0].package, "demo-server");
  EXPECT_EQ(report.vulnerabilities[0].severity, Severity::kHigh);
  EXPECT_EQ(report.vulnerabilities[1].severity, Severity::kNote);
  EXPECT_EQ(report.vulnerabilities[1].paths, std::vector<std::string>{"/var/lib/dpkg/status"});
}

TEST(ScannerReports, SarifOfThreeTools) {
  const ScannerReport trivy = Read("trivy.sarif");
  ASSERT_EQ(trivy.vulnerabilities.size(), 1U);
  EXPECT_EQ(trivy.vulnerabilities[0].package, "demo-server");
  EXPECT_EQ(trivy.vulnerabilities[0].version, "1.0-1");
  EXPECT_EQ(trivy.vulnerabilities[0].severity, Severity::kCritical);
  const ScannerReport grype = Read("grype.sarif");
  ASSERT_EQ(grype.vulnerabilities.size(), 1U);
  EXPECT_EQ(grype.vulnerabilities[0].id, "CVE-2099-0002");
  EXPECT_EQ(grype.vulnerabilities[0].package, "demo-tools");
  EXPECT_EQ(grype.vulnerabilities[0].version, "2.0");
  const ScannerReport scout = Read("scout.sarif");
  ASSERT_EQ(scout.vulnerabilities.size(), 1U);
  EXPECT_EQ(scout.vulnerabilities[0].package, "demo-server");
  EXPECT_EQ(scout.vulnerabilities[0].type, "deb");
  EXPECT_EQ(scout.vulnerabilities[0].severity, Severity::kHigh);
}

TEST(ScannerReports, OfGitleaksNothingButThePlaceIsTaken) {
  const ScannerReport report = Read("gitleaks.json");
  EXPECT_EQ(report.tool, "gitleaks");
  ASSERT_EQ(report.secrets.size(), 1U);
  EXPECT_EQ(report.secrets[0].rule, "generic-api-key");
  EXPECT_EQ(report.secrets[0].path, "app/config.py");
  EXPECT_EQ(report.secrets[0].line, 3U);
}

TEST(ScannerReports, AnythingElseIsRefused) {
  for (const std::string text : {"", "{}", "[1]", "[{}]", "{\"runs\":1}", "{\"matches\":[{}]}",
                                 "{\"version\":\"2.1.0\",\"runs\":[{}]}", "nothing"}) {
    EXPECT_FALSE(ParseScannerReport(text).ok()) << text;
  }
}

}  // namespace
}  // namespace syscarve
