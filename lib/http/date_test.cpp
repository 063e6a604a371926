#include "http/date.hpp"

#include <gtest/gtest.h>

namespace grover::http {
namespace {

TEST(Date, ReadsTheThreeForms) {
    for (auto const* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                             "Sun Nov  6 08:49:37 1994", "SUN, 06 nov 1994 08:49:37 gmt"})
        EXPECT_EQ(parse_date(text), 784111777) << text;
    EXPECT_EQ(parse_date("Thu Aug 18 02:01:18 2050"), parse_date("Thu, 18 Aug 2050 02:01:18 GMT"));
    EXPECT_EQ(parse_date("Thursday, 18-Aug-50 02:01:18 GMT"),
              parse_date("Thu, 18 Aug 2050 02:01:18 GMT"));
    EXPECT_EQ(parse_date("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
    EXPECT_EQ(parse_date("Thu, 29 Feb 2024 00:00:00 GMT"), 1709164800);
}

TEST(Date, ReadsNothingElse) {
    for (auto const* text : {"",
                             "0",
                             "-1",
                             "never",
                             "Sun",
                             "Sun,",
                             "Sun, ",
                             "Sun, 06 Nov 1994",
                             "784111777",
                             "Sun, 06 Nov 1994 08:49:37",
                             "Sun, 06 Nov 1994 08:49:37 UTC",
                             "Sun, 06 Nov 1994 08:49:37 +0000",
                             "Sun, 06 Nov 1994 08:49:37 GMT ",
                             "Sun, 6 Nov 1994 08:49:37 GMT",
                             "Sun, 06 Nov 94 08:49:37 GMT",
                             "Sun, 06-Nov-1994 08:49:37 GMT",
                             "Sun, 06 Nov 1994 8:49:37 GMT",
                             "Sun, 06  Nov 1994 08:49:37 GMT",
                             "Sun, 06 Nov 1994 08.49.37 GMT",
                             "Sun, 31 Feb 1994 08:49:37 GMT",
                             "Sun, 00 Nov 1994 08:49:37 GMT",
                             "Sun, 06 Nov 1994 24:00:00 GMT",
                             "Sun, 06 Nov 1994 08:60:37 GMT",
                             "Sun, 06 Foo 1994 08:49:37 GMT",
                             "Sun, 0x Nov 1994 08:49:37 GMT",
                             "Sun Nov 6 08:49:37 1994",
                             "Sun Nov  6 08:49:37 94",
                             "Wed, 21 Oct 2015 07:28:00 GMT, x",
                             "\xff\xff\xff, 06 Nov 1994 08:49:37 GMT"})
        EXPECT_FALSE(parse_date(text)) << text;
}

TEST(Date, WritesWhatItReads) {
    EXPECT_EQ(format_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
    for (std::int64_t const time : {0LL, 951782400LL, 1709164800LL, 4102444799LL, 253402300799LL})
        EXPECT_EQ(parse_date(format_date(time)), time);
}

}  // namespace
}  // namespace grover::http
