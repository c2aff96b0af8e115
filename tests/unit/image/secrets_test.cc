// SPDX-License-Identifier: Apache-2.0
// Each rule of profiles/rules/secrets.json finds what it is for, and passes over what looks like it. The secrets are
// put together here, so that nothing that looks into this file takes them for some.
#include "userspace/image/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "userspace/base/concat.h"

namespace syscarve {
namespace {

const SecretRules& Rules() {
  static const SecretRules* const rules = *ShippedSecretRules();
  return *rules;
}

struct Found {
  std::string rule;
  size_t line;
  std::string shown;
  bool encrypted;
};

std::vector<Found> InText(std::string_view text) {
  std::vector<Found> found;
  SecretFinder(Rules()).FindInText(text, [&](const SecretHit& hit) {
    found.push_back({hit.rule->id, hit.line, hit.shown, hit.encrypted});
  });
  return found;
}

std::vector<std::string> InVariables(std::string_view text) {
  std::vector<std::string> found;
  SecretFinder(Rules()).FindInVariables(text, [&](const SecretHit& hit) { found.push_back(hit.shown); });
  return found;
}

bool Finds(std::string_view text, std::string_view rule) {
  for (const Found& found : InText(text)) {
    if (found.rule == rule) return true;
  }
  return false;
}

// So many of these characters, different ones as long as there are some.
std::string Some(size_t count, std::string_view from) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += from[(i * 7 + i / from.size()) % from.size()];
  return text;
}

constexpr std::string_view kLetters = "abZQ0cdYX1efWV2ghUT3ijSR4klPO5mnNM6opLK7qrJI8stHG9uvFE";
constexpr std::string_view kCapitals = "QWERTZU2IOPAS3DFGHJ4KLYX5CVBNM67";
constexpr std::string_view kHex = "0a1b2c3d4e5f6789";

struct Sample {
  std::string right;
  std::string wrong;
};

std::map<std::string, Sample> TokenSamples() {
  std::map<std::string, Sample> samples;
  samples["aws-access-key"] = {Concat("AKIA", Some(16, kCapitals)), "AKIAIOSFODNN7EXAMPLE"};
  samples["github-token"] = {Concat("ghp_", Some(36, kLetters)), Concat("ghp_", Some(35, kLetters))};
  samples["github-fine-grained-token"] = {Concat("github_pat_", Some(82, kLetters)), "github_pat_your_token_here"};
  samples["gitlab-token"] = {Concat("glpat-", Some(20, kLetters)), Concat("glpat-", std::string(20, 'x'))};
  samples["slack-token"] = {Concat("xoxb-123456789012-", Some(24, kLetters)), "xoxb-your-token-goes-here-please"};
  samples["slack-webhook"] = {Concat("https://hooks.slack.com/services/T", "01234567/B01234567/", Some(24, kLetters)),
                              "https://hooks.slack.com/services/T0/B0/short"};
  samples["google-api-key"] = {Concat("AIza", Some(35, kLetters)), Concat("AIza", Some(36, kLetters))};
  samples["google-client-secret"] = {Concat("GOCSPX-", Some(28, kLetters)), Concat("GOCSPX-", Some(20, kLetters))};
  samples["stripe-key"] = {Concat("sk_live_", Some(24, kLetters)), Concat("sk_test_", Some(24, kLetters))};
  samples["npm-token"] = {Concat("npm_", Some(36, kLetters)), "npm_config_registry_and_what_not_else"};
  samples["pypi-token"] = {Concat("pypi-AgE", "IcHlwaS5vcmc", Some(100, kLetters)), "pypi-AgEtoken"};
  samples["docker-token"] = {Concat("dckr_pat_", Some(27, kLetters)), "dckr_pat_example_of_one_that_is_none"};
  samples["digitalocean-token"] = {Concat("dop_v1_", Some(64, kHex)), Concat("dop_v1_", Some(63, kHex))};
  samples["vault-token"] = {Concat("hvs.CAES", Some(90, kLetters)), Concat("hvs.CAES", Some(20, kLetters))};
  samples["hugging-face-token"] = {Concat("hf_", Some(34, kLetters)), "hf_hub_download_of_something_else_"};
  samples["openai-key"] = {Concat("sk-proj-", Some(48, kLetters)), "sk-proj-your-key"};
  samples["anthropic-key"] = {Concat("sk-ant-", "api03-", Some(90, kLetters)), "sk-ant-api03-xxxx"};
  samples["age-key"] = {Concat("AGE-SECRET-KEY-1", Some(58, kCapitals)),
                        Concat("AGE-SECRET-KEY-1", Some(50, kCapitals))};
  samples["azure-storage-key"] = {Concat("AccountKey=", Some(86, kLetters), "=="), "AccountKey=${KEY}"};
  samples["web-token"] = {Concat("eyJhbGciOi", Some(30, kLetters), ".", Some(60, kLetters)), "eyJhbGciOiJIUzI1NiJ9"};
  return samples;
}

TEST(Secrets, EveryTokenIsFoundAndWhatLooksLikeItIsNot) {
  const std::map<std::string, Sample> samples = TokenSamples();
  for (const SecretToken& rule : Rules().tokens) {
    const auto sample = samples.find(rule.id);
    ASSERT_NE(sample, samples.end()) << "no sample of " << rule.id;
    EXPECT_TRUE(Finds(Concat("key = \"", sample->second.right, "\"\n"), rule.id)) << rule.id;
    EXPECT_FALSE(Finds(Concat("key = \"", sample->second.wrong, "\"\n"), rule.id)) << rule.id;
    // In the middle of a word it is none, and a value of one letter only is none.
    EXPECT_FALSE(Finds(Concat("x", sample->second.right), rule.id)) << rule.id;
    EXPECT_FALSE(Finds(Concat(rule.prefixes.front(), std::string(rule.value.least, 'A')), rule.id)) << rule.id;
    // Nothing of the secret is shown but its beginning, which everybody knows.
    const std::vector<Found> found = InText(sample->second.right);
    ASSERT_FALSE(found.empty()) << rule.id;
    EXPECT_LT(found.front().shown.size(), 70U) << rule.id;
    EXPECT_EQ(found.front().shown.find(sample->second.right.substr(sample->second.right.size() - 10)),
              std::string::npos);
  }
  EXPECT_EQ(samples.size(), Rules().tokens.size());
}

std::string Block(std::string_view kind, std::string_view first = "") {
  std::string text = Concat("-----BEGIN ", kind, "-----\n", first);
  for (int i = 0; i < 6; ++i) text += Concat(Some(64, kLetters), "\n");
  return Concat(text, "-----END ", kind, "-----\n");
}

TEST(Secrets, EveryBlockIsFoundAndAnEmptyOneIsNot) {
  for (const SecretBlock& rule : Rules().blocks) {
    for (const std::string& begin : rule.begins) {
      const std::string kind = begin.substr(11, begin.size() - 16);
      EXPECT_TRUE(Finds(Concat("text\n", Block(kind)), rule.id)) << begin;
      EXPECT_FALSE(Finds(Concat(begin, "\n...\n-----END ", kind, "-----\n"), rule.id)) << begin;
      EXPECT_FALSE(Finds(Concat("if (line == \"", begin, "\") {"), rule.id)) << begin;
    }
  }
}

TEST(Secrets, AMarkInATextOfManyWordsIsNoKey) {
  std::string words;
  for (int i = 0; i < 200; ++i) words += "<match value=\"application/pgp\" type=\"string\"/>\n";
  EXPECT_TRUE(InText(Concat("<match value=\"-----BEGIN PGP PRIVATE KEY BLOCK-----\"/>\n", words)).empty());
}

TEST(Secrets, APublicKeyIsNone) {
  EXPECT_TRUE(InText(Block("PUBLIC KEY")).empty());
  EXPECT_TRUE(InText(Block("CERTIFICATE")).empty());
}

TEST(Secrets, AKeyThatTakesAPassphraseIsToldApart) {
  const std::vector<Found> old =
      InText(Block("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"));
  ASSERT_EQ(old.size(), 1U);
  EXPECT_TRUE(old.front().encrypted);
  const std::vector<Found> ssh = InText(Block("OPENSSH PRIVATE KEY", "b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAG\n"));
  ASSERT_EQ(ssh.size(), 1U);
  EXPECT_TRUE(ssh.front().encrypted);
  EXPECT_FALSE(InText(Block("OPENSSH PRIVATE KEY")).front().encrypted);
}

TEST(Secrets, AKeyInJsonHasItsLinesSpeltOut) {
  const std::string key = Concat("{\"private_key\": \"-----BEGIN PRIVATE KEY-----\\n", Some(64, kLetters), "\\n",
                                 Some(64, kLetters), "\\n-----END PRIVATE KEY-----\\n\"}");
  EXPECT_TRUE(Finds(key, "private-key"));
}

TEST(Secrets, LinesAreCounted) {
  const std::string token = TokenSamples()["github-token"].right;
  const std::vector<Found> found = InText(Concat("a\nb ", token, "\n\n", token));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].line, 2U);
  EXPECT_EQ(found[1].line, 4U);
}

TEST(Secrets, TheSecretKeyOfAwsIsFoundByItsName) {
  const std::string key = Some(40, kLetters);
  EXPECT_TRUE(Finds(Concat("aws_secret_access_key = ", key, "\n"), "aws-secret-key"));
  EXPECT_TRUE(Finds(Concat("\"AWS_SECRET_ACCESS_KEY\": \"", key, "\""), "aws-secret-key"));
  EXPECT_FALSE(Finds(Concat("aws_secret_access_key = ", key.substr(1), "\n"), "aws-secret-key"));
  EXPECT_FALSE(Finds("aws_secret_access_key = ${AWS_SECRET}\n", "aws-secret-key"));
}

TEST(Secrets, VariablesAreKnownByTheirLastWords) {
  EXPECT_THAT(InVariables("PATH=/bin\nDB_PASSWORD=hunter2\n"), testing::ElementsAre("DB_PASSWORD (7 characters)"));
  EXPECT_THAT(InVariables("|1 API_KEY=a1b2c3d4 /bin/sh -c make"), testing::ElementsAre("API_KEY (8 characters)"));
  EXPECT_THAT(InVariables("mysql --password=tiger -u scott"), testing::ElementsAre("password (5 characters)"));
  EXPECT_THAT(InVariables("export TOKEN='a b c d'"), testing::IsEmpty());  // A blank is in no value.
  EXPECT_THAT(InVariables("export TOKEN='abcdef'"), testing::ElementsAre("TOKEN (6 characters)"));
}

TEST(Secrets, WhatRefersToASecretIsNone) {
  for (const std::string text :
       {"DB_PASSWORD=$(cat /run/secrets/db)", "DB_PASSWORD=${PW}", "DB_PASSWORD=", "DB_PASSWORD_FILE=/run/secrets/db",
        "TOKEN=<token>", "SECRET=/etc/secret", "TOKEN=changeme", "PASSWORD=***", "API_KEY=your_api_key", "TOKEN=false",
        "GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D", "PASSWORD_MIN_LENGTH=12345", "MONKEY=banana", "TOKEN=1"}) {
    EXPECT_THAT(InVariables(text), testing::IsEmpty()) << text;
  }
}

struct FileSample {
  std::string path;
  std::string right;
  std::string wrong;  // Text that the rule passes over; "" where every text counts.
  std::string other;  // A path that is none of the rule's.
};

TEST(Secrets, EveryFileRuleHasItsFilesAndNoOthers) {
  std::map<std::string, FileSample> samples;
  samples["env-file"] = {"srv/.env", "A=1", "", "srv/.env.example"};
  samples["shell-history"] = {"root/.bash_history", "ls", "", "root/bash_history.txt"};
  samples["netrc"] = {"root/.netrc", "machine a login b password c", "# nothing", "root/netrc"};
  samples["docker-login"] = {"root/.docker/config.json", R"({"auths":{"r":{"auth":"eA=="}}})", R"({"auths":{}})",
                             "etc/config.json"};
  samples["git-credentials"] = {"root/.git-credentials", "https://u:p@host", "# nothing", "root/git-credentials"};
  samples["npm-login"] = {"root/.npmrc", "//r/:_authToken=abc", "//r/:_authToken=${NPM_TOKEN}", "root/npmrc"};
  samples["pypi-login"] = {"root/.pypirc", "password = x", "[distutils]", "root/pypirc"};
  samples["pgpass"] = {"root/.pgpass", "h:5432:d:u:p", "#", "root/pgpass"};
  samples["kubeconfig"] = {"root/.kube/config", "client-key-data: QQ==", "clusters: []", "root/kube/config"};
  samples["password-hash"] = {"etc/shadow", "root:$y$j9T$abc:19000::::::", "root:*:19000::::::", "usr/share/shadow"};
  samples["terraform-state"] = {"srv/terraform.tfstate", R"({"resources":[]})", "{}", "srv/tfstate"};
  samples["key-store"] = {"srv/server.p12", "x", "", "srv/p12"};
  const SecretFinder finder(Rules());
  for (const SecretFile& rule : Rules().files) {
    const auto sample = samples.find(rule.id);
    ASSERT_NE(sample, samples.end()) << "no sample of " << rule.id;
    EXPECT_THAT(finder.FileRules(sample->second.path), testing::Contains(&rule)) << rule.id;
    EXPECT_THAT(finder.FileRules(sample->second.other), testing::Not(testing::Contains(&rule))) << rule.id;
    EXPECT_TRUE(SecretFinder::Holds(rule, sample->second.right)) << rule.id;
    EXPECT_FALSE(SecretFinder::Holds(rule, sample->second.wrong)) << rule.id;
  }
  EXPECT_EQ(samples.size(), Rules().files.size());
}

TEST(SecretRules, AFileOfRulesIsReadStrictly) {
  EXPECT_FALSE(ParseSecretRules("{}").ok());
  EXPECT_FALSE(ParseSecretRules(R"({"schema":"syscarve.secrets/1","source":"s","tokens":[{"id":"a","summary":"b",
    "severity":"grave","prefixes":["abcd"],"characters":"a","least":1,"most":1,"distinct":1}],"blocks":[],"variables":[],
    "files":[],"placeholders":["x"]})")
                   .ok());
}

}  // namespace
}  // namespace syscarve
