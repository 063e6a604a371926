#include <gtest/gtest.h>

#include <set>

#include "base/clock.hpp"
#include "base/config.hpp"
#include "base/encoding.hpp"
#include "base/error.hpp"
#include "base/id.hpp"
#include "base/secret.hpp"

namespace grover {
namespace {

TEST(Timestamp, ReadsEveryFormOfRfc3339) {
    EXPECT_EQ(Timestamp::parse("1970-01-01T00:00:00Z")->ms, 0);
    EXPECT_EQ(Timestamp::parse("2026-11-22T10:19:05.123Z")->to_string(),
              "2026-11-22T10:19:05.123Z");
    EXPECT_EQ(Timestamp::parse("2026-11-22t12:19:05.1239+02:00")->to_string(),
              "2026-11-22T10:19:05.123Z");
    EXPECT_EQ(Timestamp::parse("2024-02-29T23:59:59-00:30")->to_string(),
              "2024-03-01T00:29:59.000Z");
}

TEST(Timestamp, IsWrittenWithEveryDigit) {
    EXPECT_EQ(Timestamp{0}.to_string(), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(Timestamp{-1}.to_string(), "1969-12-31T23:59:59.999Z");
    EXPECT_EQ(Timestamp{1'709'251'199'007}.to_string(), "2024-02-29T23:59:59.007Z");
    for (auto const* text : {"0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"})
        EXPECT_EQ(Timestamp::parse(text)->to_string(), text);
}

TEST(Timestamp, RefusesWhatIsNotOne) {
    for (auto const* text :
         {"", "2026-11-22", "2026-11-22T10:19:05", "2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z",
          "2026-11-22 10:19:05Z", "2026-11-22T24:00:00Z", "2026-11-22T10:60:00Z",
          "2026-11-22T10:19:05.Z", "2026-11-22T10:19:05+0200", "2026-11-22T10:19:05Zx",
          "20261122T101905Z", "-026-11-22T10:19:05Z", "2026-11-22T10:19:05+24:00"})
        EXPECT_FALSE(Timestamp::parse(text)) << text;
}

TEST(Ulid, LaterIdsSortAfterEarlierOnesEvenWhenTheClockGoesBack) {
    std::string last;
    for (int i = 0; i < 10'000; ++i) {
        auto const id = make_ulid({1'700'000'000'000 - i % 7});
        ASSERT_EQ(id.size(), 26u);
        ASSERT_LT(last, id);
        last = id;
    }
}

TEST(Ulid, IsReadAsItIsWritten) {
    for (int i = 0; i < 1'000; ++i) {
        auto const text = make_ulid({i * 1'000'000'007LL});
        auto const bits = parse_ulid(text);
        ASSERT_TRUE(bits);
        ASSERT_EQ(print_ulid(*bits), text);
    }
    EXPECT_EQ(print_ulid(*parse_ulid("7ZZZZZZZZZZZZZZZZZZZZZZZZZ")), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
    EXPECT_EQ(*parse_ulid("0000000000000000000000000Z"), (Ulid{0, 31}));
    for (auto const* text : {"", "0", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "01jd8Y4M7Q2V9X3K5N6P8R0S1T",
                             "01ID8Y4M7Q2V9X3K5N6P8R0S1T", "01JD8Y4M7Q2V9X3K5N6P8R0S1TX",
                             "01JD8Y4M7Q2V9X3K5N6P8R0S1", "0_JD8Y4M7Q2V9X3K5N6P8R0S1T"})
        EXPECT_FALSE(parse_ulid(text)) << text;
}

TEST(Id, AcceptsTheDocumentedAlphabetOnly) {
    EXPECT_TRUE(Id<"post">::parse("post_01JD8Y4M7Q2V9X3K5N6P8R0S1T"));
    EXPECT_TRUE(Id<"post">::parse("a"));
    for (std::string const& text :
         {std::string(), std::string(65, 'a'), std::string("a b"), std::string("a/b"),
          std::string("a\0b", 3), std::string("\xc3\xa4"), std::string("a%20")})
        EXPECT_FALSE(Id<"post">::parse(text)) << text;
}

TEST(Encoding, Base64UrlGoesBothWays) {
    for (std::string const& bytes : {std::string(), std::string("f"), std::string("fo"),
                                     std::string("foo"), std::string("\xff\xfe\0\x01", 4)})
        EXPECT_EQ(from_base64url(to_base64url(bytes)), bytes);
    EXPECT_EQ(to_base64url("\xfb\xff"), "-_8");
    for (auto const* text :
         {"A", "AB=", "AB==", "A B", "A+/=", "AB"})  // "AB": left-over bits are not zero
        EXPECT_FALSE(from_base64url(text)) << text;
}

TEST(Encoding, PercentDecodingRefusesBrokenEscapesAndBrokenUtf8) {
    EXPECT_EQ(percent_decode("a%20b+c", false), "a b+c");
    EXPECT_EQ(percent_decode("a%20b+c", true), "a b c");
    EXPECT_EQ(percent_decode("%C3%A4", false), "\xc3\xa4");
    EXPECT_EQ(percent_decode("%41", false), "A");
    for (auto const* text : {"%", "%4", "%zz", "%C3", "%ff", "a%", "%C3%28"})
        EXPECT_FALSE(percent_decode(text, false)) << text;
}

TEST(Encoding, Utf8FollowsTable37) {
    for (auto const* text :
         {"", "abc", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xef\xbf\xbf"})
        EXPECT_TRUE(is_valid_utf8(text)) << text;
    for (auto const* text :
         {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "\xff"})
        EXPECT_FALSE(is_valid_utf8(text));
    EXPECT_EQ(utf8_length("a\xc3\xa4\xf0\x9f\x98\x80"), 3u);
    EXPECT_EQ(utf8_prefix("a\xc3\xa4\xf0\x9f\x98\x80", 2), "a\xc3\xa4");
}

TEST(Environment, NamesEveryBadVariableInOneLine) {
    Environment env({{"PORT", "99999"},
                     {"RATE_LIMIT", "maybe"},
                     {"USER_SERVICE_URL", "ftp://x"},
                     {"LOG_LEVEL", "loud"}});
    env.port("PORT", 8001, "port");
    env.flag("RATE_LIMIT", true, "limits");
    env.url("USER_SERVICE_URL", "http://127.0.0.1:8001", "users");
    env.one_of("LOG_LEVEL", {"debug", "info"}, "info", "level");
    try {
        env.check();
        FAIL() << "nothing was found wrong";
    } catch (ConfigError const& e) {
        std::string const what = e.what();
        for (auto const* name : {"PORT", "RATE_LIMIT", "USER_SERVICE_URL", "LOG_LEVEL"})
            EXPECT_NE(what.find(name), std::string::npos) << what;
        EXPECT_EQ(what.find('\n'), std::string::npos);
    }
}

TEST(Environment, SaysTwiceReadVariablesOnce) {
    Environment env({{"THREADS", "0"}});
    for (int i = 0; i < 2; ++i) env.integer("THREADS", 1, 1, 256, "threads");
    try {
        env.check();
        FAIL() << "nothing was found wrong";
    } catch (ConfigError const& e) {
        EXPECT_EQ(std::string_view(e.what()), "THREADS: must be a whole number from 1 to 256");
    }
}

TEST(Environment, PrintsWhatIsSetEvenWhereItIsWrong) {
    Environment env({{"PORT", "abc"}, {"RATE_LIMIT", "maybe"}, {"LOG_LEVEL", "loud"}});
    EXPECT_EQ(env.port("PORT", 8001, "port"), 8001);
    EXPECT_TRUE(env.flag("RATE_LIMIT", true, "limits"));
    EXPECT_EQ(env.one_of("LOG_LEVEL", {"debug", "info"}, "info", "level"), "info");
    EXPECT_EQ(env.integer("THREADS", 2, 1, 256, "threads"), 2);
    EXPECT_EQ(env.print(),
              "LOG_LEVEL=loud  # level\nPORT=abc  # port\nRATE_LIMIT=maybe  # limits\n"
              "THREADS=2  # threads\n");
}

TEST(Environment, NeverPrintsWhatIsNoUrl) {
    Environment env({{"USER_SERVICE_URL", "http://ada:horse@users"}});
    EXPECT_EQ(env.url("USER_SERVICE_URL", "http://127.0.0.1:8001", "users"),
              "http://127.0.0.1:8001");
    EXPECT_EQ(env.print(), "USER_SERVICE_URL=***  # users\n");
}

TEST(Environment, NeverPrintsASecret) {
    Environment env({{"INTERNAL_KEY", "correct horse battery staple"}});
    EXPECT_EQ(env.secret("INTERNAL_KEY", "key").reveal(), "correct horse battery staple");
    EXPECT_EQ(env.print().find("horse"), std::string::npos);
    EXPECT_NE(env.print().find("INTERNAL_KEY=***"), std::string::npos);
}

TEST(Environment, ASecretFileThatCannotBeReadIsAProblem) {
    Environment env({{"INTERNAL_KEY_FILE", "/nonexistent/key"}});
    env.secret("INTERNAL_KEY", "key");
    EXPECT_THROW(env.check(), ConfigError);
}

TEST(Environment, ASecretInThePlaceOfItsFileIsNotShown) {
    for (std::string const secret : {"mongodb://ada:opensesame@db1/", "opensesame"}) {
        Environment env({{"MONGO_URL_FILE", secret}});
        env.secret("MONGO_URL", "url");
        try {
            env.check();
            ADD_FAILURE() << "was taken";
        } catch (ConfigError const& refused) {
            EXPECT_EQ(std::string(refused.what()), "MONGO_URL_FILE: names no file that is there");
        }
        EXPECT_FALSE(env.print().contains("opensesame"));
    }
}

TEST(Error, EveryCodeHasItsOwnStatus) {
    std::set<int> seen;
    for (int code = 0; code <= static_cast<int>(ErrorCode::http_version); ++code) {
        auto const status = status_of(static_cast<ErrorCode>(code));
        EXPECT_TRUE(seen.insert(status).second) << status;
        EXPECT_EQ(code_of_status(status), static_cast<ErrorCode>(code));
    }
}

TEST(Secret, ConstantTimeComparisonIsAComparison) {
    EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
    EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
    EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
}

TEST(Encoding, APlainPrefixEndsAtTheFirstByteThatJsonEscapes) {
    for (std::size_t length = 0; length < 20; ++length) {
        std::string const plain(length, 'a');
        EXPECT_EQ(plain_prefix(plain), length);
        for (int byte = 0; byte < 256; ++byte) {
            bool const stops = byte < 0x20 || byte > 0x7f || byte == '"' || byte == '\\';
            for (std::size_t at = 0; at < length; ++at) {
                auto text = plain;
                text[at] = static_cast<char>(byte);
                EXPECT_EQ(plain_prefix(text), stops ? at : length) << byte << " at " << at;
            }
        }
    }
}

TEST(Encoding, Utf8IsCheckedBehindLongAscii) {
    for (std::size_t length = 0; length < 20; ++length) {
        std::string const plain(length, 'a');
        EXPECT_TRUE(is_valid_utf8(plain + "\xc3\xa9" + plain));
        EXPECT_FALSE(is_valid_utf8(plain + "\xff" + plain));
        EXPECT_FALSE(is_valid_utf8(plain + "\xc3"));
    }
}

}  // namespace
}  // namespace grover
