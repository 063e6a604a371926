#include "http/fields.hpp"

#include <gtest/gtest.h>

#include "http/head_parser.hpp"

namespace grover::http {
namespace {

TEST(Fields, LinesOfOneListAreOneList) {
    Headers headers;
    std::string room = "what was there before";
    EXPECT_EQ(list_of(headers.all(), "Accept-Encoding", room), "");
    headers.add("accept-encoding", "br;q=0");
    headers.add("X-Other", "zstd");
    auto const* const before = room.data();
    EXPECT_EQ(list_of(headers.all(), "Accept-Encoding", room), "br;q=0");
    EXPECT_EQ(room.data(), before);  // no copy of a single line
    headers.add("Accept-Encoding", "gzip");
    headers.add("ACCEPT-ENCODING", "");
    headers.add("Accept-Encoding", "\"a,b\"");
    EXPECT_EQ(list_of(headers.all(), "Accept-Encoding", room), "br;q=0, gzip, , \"a,b\"");
    EXPECT_EQ(list_of(headers.all(), "X-Othe", room), "");
}

TEST(Fields, LinesOfAHeadAreOneListToo) {
    MessageHead head;
    head.fields = {{"Cache-Control", "max-age=5"}, {"cache-control", "No-Transform"}};
    std::string room;
    EXPECT_TRUE(has_member(list_of(head.fields, "Cache-Control", room), "no-transform"));
    EXPECT_FALSE(has_member(head.get("Cache-Control"), "no-transform"));
}

}  // namespace
}  // namespace grover::http
