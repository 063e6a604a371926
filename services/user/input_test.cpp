#include "user/input.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"

namespace grover::user {
namespace {

using namespace std::string_literals;

TEST(Input, TrimsAsciiAndUnicodeBlanks) {
    EXPECT_EQ(trimmed("  Ann \t\r\n"), "Ann");
    EXPECT_EQ(trimmed("\u00a0\u3000 Ann Lee \u2003"), "Ann Lee");
    EXPECT_EQ(trimmed(" \u00a0 "), "");
    EXPECT_EQ(trimmed(""), "");
}

TEST(Input, FindsControls) {
    for (auto const& bad : {"a\nb"s, "a\0b"s, "\x7f"s, "x\u0085"s, "\u009f"s, "\t"s})
        EXPECT_TRUE(has_controls(bad));
    for (auto const& good : {"Ann"s, "Ünïcödé"s, "日本"s, "\u00a0"s, ""s})
        EXPECT_FALSE(has_controls(good));
}

TEST(Input, TakesEmail) {
    EXPECT_EQ(checked_email("ann@example.org"), "ann@example.org");
    EXPECT_EQ(checked_email("  Ann.Lee+news@Mail.Example.co.uk "),
              "Ann.Lee+news@Mail.Example.co.uk");
    EXPECT_EQ(checked_email("müller@bücher.example"), "müller@bücher.example");
    EXPECT_EQ(checked_email("o'neil@x-y.io"), "o'neil@x-y.io");
    EXPECT_TRUE(checked_email(std::string(64, 'a') + "@example.org"));
}

TEST(Input, RefusesWhatIsNoEmail) {
    for (auto const& bad : {""s,
                            "ann"s,
                            "@example.org"s,
                            "ann@"s,
                            "ann@example"s,
                            "ann@.org"s,
                            "ann@example."s,
                            ".ann@example.org"s,
                            "ann.@example.org"s,
                            "a..b@example.org"s,
                            "ann@exa mple.org"s,
                            "an n@example.org"s,
                            "ann@-x.org"s,
                            "ann@x-.org"s,
                            "ann@127.0.0.1"s,
                            "ann@[127.0.0.1]"s,
                            "\"ann\"@example.org"s,
                            "ann@example.org\0"s,
                            "ann@exam\nple.org"s,
                            "a@b@example.org"s,
                            "ann@example.org, bob@example.org"s,
                            "<ann@example.org>"s,
                            "ann\u00a0lee@example.org"s,
                            std::string(65, 'a') + "@example.org",
                            "a@" + std::string(64, 'b') + ".org",
                            "a@" + std::string(250, 'b') + ".org"})
        EXPECT_FALSE(checked_email(bad)) << bad;
}

TEST(Input, EmailIsUniqueWithoutCase) {
    EXPECT_EQ(email_key("Ann.Lee@Example.ORG"), email_key("ann.lee@example.org"));
    EXPECT_EQ(email_key("MÜLLER@bücher.example"), email_key("müller@BÜCHER.example"));
    EXPECT_NE(email_key("mıke@example.org"), email_key("mike@example.org"));
    EXPECT_NE(email_key("ann+a@example.org"), email_key("ann@example.org"));
}

TEST(Input, CompletesWebsites) {
    EXPECT_EQ(checked_website("example.org"), "https://example.org");
    EXPECT_EQ(checked_website(" http://Example.org/a?b=c#d "), "http://Example.org/a?b=c#d");
    EXPECT_EQ(checked_website("example.org:8080/x"), "https://example.org:8080/x");
    EXPECT_EQ(checked_website("https://bücher.example/straße"), "https://bücher.example/straße");
    EXPECT_EQ(checked_website("https://192.0.2.7/"), "https://192.0.2.7/");
}

TEST(Input, RefusesWhatIsNoWebsite) {
    for (auto const& bad : {""s,
                            " "s,
                            "javascript:alert(1)"s,
                            "javascript://example.org/%0aalert(1)"s,
                            "ftp://example.org"s,
                            "data:text/html,x"s,
                            "mailto:ann@example.org"s,
                            "https://"s,
                            "https:///x"s,
                            "https://user@example.org"s,
                            "https://user:pw@example.org"s,
                            "just words"s,
                            "word"s,
                            "https://exa mple.org"s,
                            "https://example.org/\nx"s,
                            "https://example.org/a b"s,
                            "https://example.org:99999999/"s,
                            "https://example.org:0/"s,
                            "https://exa<mple.org"s,
                            "https://example..org"s,
                            "https://-example.org"s,
                            "https://1.2.3.4.example.org/"s,
                            "https://example.org/\0"s,
                            "https://example.org/%zz"s,
                            "https://example.org/" + std::string(2048, 'a')})
        EXPECT_FALSE(checked_website(bad)) << bad;
}

TEST(Input, TakesPictures) {
    EXPECT_EQ(checked_picture("https://cdn.example.org/a.jpg"), "https://cdn.example.org/a.jpg");
    EXPECT_EQ(checked_picture("http://localhost:8000/a.jpg"), "http://localhost:8000/a.jpg");
    EXPECT_EQ(checked_picture("/api/media/media_1/file"), "/api/media/media_1/file");
    for (auto const& bad :
         {"//evil.example/a.jpg"s, "/\\evil.example"s, "a.jpg"s, "javascript:alert(1)"s,
          "data:image/png;base64,AAAA"s, "https://u@x.example/"s, "/a b"s, "/\nx"s, ""s})
        EXPECT_FALSE(checked_picture(bad)) << bad;
}

TEST(Input, CutsNamesOfProviders) {
    EXPECT_EQ(name_from_provider("  Ann Lee ", "a@example.org"), "Ann Lee");
    EXPECT_EQ(name_from_provider("Ann\nLee\u0085!", "a@example.org"), "Ann Lee !");
    EXPECT_EQ(name_from_provider("", "ann.lee@example.org"), "ann.lee");
    EXPECT_EQ(name_from_provider(" \n\u00a0", "ann@example.org"), "ann");
    EXPECT_EQ(name_from_provider("\xff\xfe", "ann@example.org"), "ann");
    std::string wide;
    for (int i = 0; i < 10'000; ++i) wide += "é";
    EXPECT_EQ(utf8_length(name_from_provider(wide, "a@example.org")), 100u);
}

}  // namespace
}  // namespace grover::user
