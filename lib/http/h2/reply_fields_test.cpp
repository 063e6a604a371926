#include "http/h2/reply_fields.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace grover::http::h2 {
namespace {

using namespace std::string_literals;
using List = std::vector<std::pair<std::string, std::string>>;

bool read(ReplyFields& fields, List const& list, BodyFollows body = BodyFollows::yes,
          std::string_view method = "GET") {
    fields.reset();
    for (auto const& [name, value] : list) fields.add(name, value);
    return fields.finish(method, body);
}

TEST(ReplyFields, MakeTheHeadOfHttp1) {
    ReplyFields fields;
    ASSERT_TRUE(read(fields, {{":status", "201"}, {"content-length", "5"}, {"a", "b"}}));
    auto const& head = fields.head();
    EXPECT_EQ(head.status, 201);
    EXPECT_EQ(head.get("A"), "b");
    EXPECT_EQ(head.body.kind(), BodyFraming::Kind::length);
    EXPECT_EQ(head.body.remaining(), 5u);
    ASSERT_TRUE(read(fields, {{":status", "200"}}));
    EXPECT_EQ(head.get("Transfer-Encoding"), "chunked");
    EXPECT_EQ(head.body.kind(), BodyFraming::Kind::chunked);
    ASSERT_TRUE(read(fields, {{":status", "200"}}, BodyFollows::no));
    EXPECT_EQ(head.get("Content-Length"), "0");
    EXPECT_TRUE(head.body.complete());
}

TEST(ReplyFields, KnowAnswersWithoutABody) {
    ReplyFields fields;
    List const ok{{":status", "200"}, {"content-length", "5"}};
    ASSERT_TRUE(read(fields, ok, BodyFollows::no, "HEAD"));
    EXPECT_EQ(fields.head().get("content-length"), "5");
    EXPECT_EQ(fields.head().body.kind(), BodyFraming::Kind::none);
    for (auto const* status : {"204", "304"}) {
        ASSERT_TRUE(read(fields, {{":status", status}}, BodyFollows::no));
        EXPECT_EQ(fields.head().body.kind(), BodyFraming::Kind::none);
        EXPECT_FALSE(fields.head().contains("content-length"));
    }
    ASSERT_TRUE(read(fields, {{":status", "103"}, {"link", "x"}}));
    EXPECT_EQ(fields.status(), 103);
    EXPECT_FALSE(read(fields, {{":status", "103"}}, BodyFollows::no));
}

TEST(ReplyFields, RefuseWhatIsNoAnswer) {
    ReplyFields fields;
    for (List const& list : std::vector<List>{
             {},
             {{"a", "b"}},
             {{"a", "b"}, {":status", "200"}},
             {{":status", "200"}, {":status", "200"}},
             {{":status", "20"}},
             {{":status", "2000"}},
             {{":status", "2x0"}},
             {{":status", "099"}},
             {{":status", "600"}},
             {{":status", "101"}},
             {{":status", "200"}, {":path", "/"}},
             {{":method", "GET"}, {":status", "200"}},
             {{":status", "200"}, {"A", "b"}},
             {{":status", "200"}, {"", "b"}},
             {{":status", "200"}, {"a b", "c"}},
             {{":status", "200"}, {"a", "b\r\nc: d"}},
             {{":status", "200"}, {"a", "b\0c"s}},
             {{":status", "200"}, {"a", " b"}},
             {{":status", "200"}, {"a", "b\t"}},
             {{":status", "200"}, {"connection", "close"}},
             {{":status", "200"}, {"transfer-encoding", "chunked"}},
             {{":status", "200"}, {"upgrade", "x"}},
             {{":status", "200"}, {"content-length", "1"}, {"content-length", "1"}},
             {{":status", "200"}, {"content-length", "+1"}},
             {{":status", "200"}, {"content-length", ""}},
         })
        EXPECT_FALSE(read(fields, list)) << (list.empty() ? "" : list.back().first);
    EXPECT_FALSE(read(fields, {{":status", "200"}, {"content-length", "1"}}, BodyFollows::no));
}

TEST(ReplyFields, AreLimited) {
    ReplyFields fields;
    List many{{":status", "200"}};
    for (std::size_t i = 0; i + 1 < limits::header_fields_max; ++i) many.push_back({"a", "b"});
    EXPECT_TRUE(read(fields, many));
    many.push_back({"a", "b"});
    EXPECT_FALSE(read(fields, many));
    List large{{":status", "200"}, {"a", std::string(limits::header_bytes_max - 33 - 42, 'x')}};
    EXPECT_TRUE(read(fields, large));
    large.back().second += "x";
    EXPECT_FALSE(read(fields, large));
}

}  // namespace
}  // namespace grover::http::h2
