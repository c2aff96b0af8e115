// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/http_head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "userspace/base/concat.h"

namespace syscarve {
namespace {

using testing::HasSubstr;

std::string Get(const std::string& headers) {
  return Concat("GET /v1.41/info HTTP/1.1\r\n", headers, "\r\n");
}

TEST(HttpHeadTest, SizesAHeadWithItsEnd) {
  EXPECT_EQ(HeadSize("GET / HTTP/1.1\r\n"), std::nullopt);
  EXPECT_EQ(HeadSize("GET / HTTP/1.1\r\n\r\nbody"), 18u);
  // A line feed alone ends nothing.
  EXPECT_EQ(HeadSize("GET / HTTP/1.1\n\n"), std::nullopt);
}

TEST(HttpHeadTest, ReadsARequestAndPrintsItAgain) {
  const std::string text =
      "POST /containers/create?name=web HTTP/1.1\r\nHost: docker\r\nContent-Length:  2 \r\nEmpty:\r\n\r\n";
  const auto head = ParseRequestHead(text);
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->method, "POST");
  EXPECT_EQ(head->target, "/containers/create?name=web");
  EXPECT_EQ(HeaderValue(head->headers, "content-length"), "2");
  EXPECT_EQ(head->Print(),
            "POST /containers/create?name=web HTTP/1.1\r\nHost: docker\r\nContent-Length: 2\r\nEmpty: \r\n\r\n");
}

TEST(HttpHeadTest, ReadsAResponse) {
  const auto head = ParseResponseHead("HTTP/1.1 101 UPGRADED\r\nConnection: keep-alive, Upgrade\r\n\r\n");
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->status, 101);
  EXPECT_EQ(head->reason, "UPGRADED");
  EXPECT_TRUE(HeaderHasToken(head->headers, "connection", "upgrade"));
  EXPECT_FALSE(HeaderHasToken(head->headers, "connection", "close"));
  EXPECT_TRUE(ParseResponseHead("HTTP/1.0 204\r\n\r\n").ok());
}

TEST(HttpHeadTest, RefusesWhatIsNoRequest) {
  for (const char* line :
       {"GET  HTTP/1.1", "GET /", "/ HTTP/1.1", "GET / HTTP/2.0", "PRI * HTTP/2.0", "GET / HTTP/1.1 ",
        "GET http://x/ HTTP/1.1", "GET /a b HTTP/1.1", "G(T / HTTP/1.1", " GET / HTTP/1.1", "", "GET /\x01 HTTP/1.1"}) {
    EXPECT_FALSE(ParseRequestHead(Concat(line, "\r\n\r\n")).ok()) << line;
  }
}

TEST(HttpHeadTest, RefusesHeadersThatReadersDisagreeAbout) {
  const std::string nul("X: a\0b\r\n", 8);
  for (const std::string& headers :
       {std::string("Content-Length : 2\r\n"), std::string(" folded: x\r\n"), std::string("X: a\r\n b\r\n"),
        std::string("no colon\r\n"), std::string(": no name\r\n"), std::string("X: a\nY: b\r\n"),
        std::string("X: a\rY: b\r\n"), nul}) {
    EXPECT_FALSE(ParseRequestHead(Get(headers)).ok()) << headers;
  }
}

TEST(HttpHeadTest, BoundsHeads) {
  std::string many;
  for (size_t i = 0; i <= kMaxHeaders; ++i) many += "X: y\r\n";
  EXPECT_EQ(ParseRequestHead(Get(many)).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ParseRequestHead(Get(Concat("X: ", std::string(kMaxHeadBytes, 'x'), "\r\n"))).status().code(),
            absl::StatusCode::kResourceExhausted);
}

absl::StatusOr<BodyFraming> Framing(const std::string& headers) {
  const auto head = ParseRequestHead(Get(headers));
  EXPECT_TRUE(head.ok()) << head.status();
  return FramingOf(head->headers);
}

TEST(HttpHeadTest, FramesABody) {
  EXPECT_EQ(Framing("")->length, 0u);
  EXPECT_EQ(Framing("Content-Length: 17\r\n")->length, 17u);
  EXPECT_TRUE(Framing("Transfer-Encoding: Chunked\r\n")->chunked);
}

TEST(HttpHeadTest, RefusesContradictingFrames) {
  for (const char* headers :
       {"Content-Length: 2\r\nContent-Length: 2\r\n", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n",
        "Content-Length: +2\r\n", "Content-Length: -2\r\n", "Content-Length: 2, 2\r\n", "Content-Length:\r\n",
        "Content-Length: 99999999999999999999\r\n", "Content-Length: 0x2\r\n"}) {
    EXPECT_FALSE(Framing(headers).ok()) << headers;
  }
}

// Gives `text` in pieces of `piece` bytes; returns what is left of it.
absl::StatusOr<std::string> Collect(BodyCollector& collector, const std::string& text, size_t piece) {
  std::string buffer;
  for (size_t at = 0; at < text.size(); at += piece) {
    buffer += text.substr(at, piece);
    if (!collector.done()) SYSCARVE_RETURN_IF_ERROR(collector.Take(buffer));
  }
  return buffer;
}

TEST(BodyCollectorTest, CollectsInAnyPieces) {
  for (const size_t piece : {1, 2, 3, 7, 100}) {
    BodyCollector by_length({.chunked = false, .length = 5}, 10);
    EXPECT_EQ(Collect(by_length, "helloNEXT", piece).value(), "NEXT");
    EXPECT_TRUE(by_length.done());
    EXPECT_EQ(by_length.body(), "hello");

    BodyCollector in_chunks({.chunked = true, .length = 0}, 20);
    EXPECT_EQ(Collect(in_chunks, "3;ext=1\r\nhel\r\nA\r\nlo world!!\r\n0\r\nT: x\r\n\r\nNEXT", piece).value(), "NEXT");
    EXPECT_TRUE(in_chunks.done());
    EXPECT_EQ(in_chunks.body(), "hello world!!");
  }
}

TEST(BodyCollectorTest, AnEmptyBodyIsThereAtOnce) {
  std::string none;
  BodyCollector collector({}, 10);
  EXPECT_TRUE(collector.Take(none).ok());
  EXPECT_TRUE(collector.done());
}

TEST(BodyCollectorTest, RefusesBrokenChunksAndWhatIsTooLong) {
  for (const char* text : {"x\r\n", "-1\r\n", "\r\n", "3\r\nhello\r\n", "FFFFFFFFFFFFFFFFF\r\n", "3 3\r\nhel\r\n"}) {
    BodyCollector collector({.chunked = true, .length = 0}, 20);
    EXPECT_FALSE(Collect(collector, text, 100).ok()) << text;
  }
  for (const char* text : {"15\r\n", "FFFFFFFFFFFFFFFF\r\n", "A\r\n0123456789\r\nB\r\n"}) {
    BodyCollector collector({.chunked = true, .length = 0}, 20);
    EXPECT_EQ(Collect(collector, text, 100).status().code(), absl::StatusCode::kResourceExhausted) << text;
  }
  std::string body = "x";
  EXPECT_EQ(BodyCollector({.chunked = false, .length = 21}, 20).Take(body).code(),
            absl::StatusCode::kResourceExhausted);
  BodyCollector endless({.chunked = true, .length = 0}, 20);
  EXPECT_FALSE(Collect(endless, std::string(1000, '0'), 1000).ok());
}

}  // namespace
}  // namespace syscarve
