#include "reflect/codec.hpp"

#include <gtest/gtest.h>

namespace grover::reflect {
namespace {

enum class Audience { public_, followers, private_ };
BOOST_DESCRIBE_ENUM(Audience, public_, followers, private_)

struct Place {
    Text<1, 10> name;
    std::optional<double> latitude;
};
BOOST_DESCRIBE_STRUCT(Place, (), (name, latitude))

struct Draft {
    Id<"post"> id;
    Text<0, 5> content;
    std::optional<Audience> audience;
    std::vector<Place> places;
    std::map<std::string, int> counts;
    bool pinned = false;
    Timestamp at;
};
BOOST_DESCRIBE_STRUCT(Draft, (), (id, content, audience, places, counts, pinned, at))

struct Range {
    int from = 0;
    int to = 0;
};
BOOST_DESCRIBE_STRUCT(Range, (), (from, to))
void validate(Range const& range, Issues& issues) {
    if (range.to < range.from) issues.add("to", "must not be before from");
}

constexpr auto whole =
    R"({"id":"post_1","content":"h\u00e4\n","audience":"private","places":[{"name":"x","latitude":1.5}],)"
    R"("counts":{"a":1},"pinned":true,"at":"2026-11-22T10:19:05.123Z"})";

struct Trip {
    Range days;
    Text<1, 5> name;
    std::string color;
};
BOOST_DESCRIBE_STRUCT(Trip, (), (days, name, color))
void validate(Trip const& trip, Issues& issues) {
    if (trip.name.str() == "") issues.add("name", "must not be blank");
    if (trip.color != "red") issues.add("color", "must be red");
    if (trip.days.to == 0) issues.add_at("/days/to", "must not be 0");
    issues.add_at("", "is never good as a whole");
}

template <class T = Draft>
std::vector<Issue> issues_of(std::string_view text) {
    try {
        from_json<T>(text);
        return {};
    } catch (Error const& e) {
        EXPECT_EQ(e.code(), ErrorCode::invalid);
        return e.issues();
    }
}

TEST(Codec, WritesWhatItReads) {
    auto const draft = from_json<Draft>(whole);
    EXPECT_EQ(draft.audience, Audience::private_);
    EXPECT_EQ(draft.content.value, "h\xc3\xa4\n");
    auto const text = to_json(draft);
    EXPECT_EQ(to_json(from_json<Draft>(text)), text);
    EXPECT_NE(text.find("\"audience\":\"private\""), std::string::npos) << text;
}

TEST(Codec, NamesEveryProblemWithItsPath) {
    auto const issues = issues_of(
        R"({"id":"no way","content":"too long","audience":"world","places":[{"name":""},{"latitude":"x","name":null}],)"
        R"("counts":{"a/b":"1"},"pinned":"yes"})");
    std::vector<std::string> pointers;
    for (auto const& issue : issues) pointers.push_back(issue.pointer);
    EXPECT_EQ(pointers, (std::vector<std::string>{"/id", "/content", "/audience", "/places/0/name",
                                                  "/places/1/name", "/places/1/latitude",
                                                  "/counts/a~1b", "/pinned", "/at"}));
}

TEST(Codec, ExplicitNullForARequiredMemberIsAProblem) {
    auto const issues = issues_of(R"({"id":null})");
    ASSERT_FALSE(issues.empty());
    EXPECT_EQ(issues[0], (Issue{"/id", "must not be null"}));
}

TEST(Codec, UnknownMembersAreIgnored) {
    std::string text(whole);
    text.insert(1, R"("surprise":{"a":[1,2]},)");
    EXPECT_NO_THROW(from_json<Draft>(text));
}

TEST(Codec, StoredDocumentsMayLackMembersThatCameLater) {
    EXPECT_NO_THROW(from_json<Draft>(R"({"id":"post_1"})", Reading::stored));
}

TEST(Codec, MalformedTextIsNotInvalidText) {
    for (std::string const& text :
         {std::string(""), std::string("{"), std::string("{\"a\":1,}"), std::string("nul"),
          std::string("{} x"), std::string("\"\xff\""), std::string("\"\xed\xa0\x80\""),
          std::string("{\"a\":01}"), std::string("'a'"), std::string(100, '[')}) {
        try {
            from_json<Draft>(text);
            ADD_FAILURE() << text;
        } catch (Error const& e) {
            EXPECT_EQ(e.code(), ErrorCode::malformed) << text;
        }
    }
}

TEST(Codec, IntegersOutOfRangeAreRefused) {
    for (auto const* text :
         {R"({"from":2147483648,"to":1})", R"({"from":1.5,"to":2})", R"({"from":"1","to":2})",
          R"({"from":1e400,"to":2})", R"({"from":-2147483649,"to":2})"})
        EXPECT_THROW(from_json<Range>(text), Error) << text;
    EXPECT_EQ(from_json<Range>(R"({"from":1.0,"to":2})").from, 1);
}

TEST(Codec, NulIsRefusedInText) {
    EXPECT_EQ(issues_of(R"({"content":"a\u0000b"})")[1].pointer, "/content");
}

TEST(Codec, RulesOverSeveralMembersRunAfterReading) {
    EXPECT_THROW(from_json<Range>(R"({"from":2,"to":1})"), Error);
    EXPECT_NO_THROW(from_json<Range>(R"({"from":1,"to":2})"));
}

TEST(Codec, TextLengthCountsCodePoints) {
    EXPECT_NO_THROW(from_json<Place>(R"({"name":"ääääääääää"})"));
    EXPECT_THROW(from_json<Place>(R"({"name":"äääääääääää"})"), Error);
}

TEST(Codec, ControlCharactersAreEscaped) {
    EXPECT_EQ(to_json(std::string("\x01\"\\\n")), R"("\u0001\"\\\n")");
}

TEST(Schema, ShowsBoundsEnumsAndRequiredMembers) {
    Schemas schemas;
    auto const reference = Codec<Draft>::schema(schemas);
    EXPECT_EQ(reference.at("$ref"), "#/components/schemas/Draft");
    static_cast<void>(Codec<Trip>::schema(schemas));
    auto const used = schemas.used_by(json::object{{"a", json::array{reference}}});
    auto const& draft = used.at("Draft");
    EXPECT_EQ(draft.at_pointer("/properties/content/maxLength").to_number<int>(), 5);
    EXPECT_EQ(draft.at("required").as_array().size(), 6u);
    EXPECT_TRUE(used.contains("Place")) << "Draft refers to it";
    EXPECT_FALSE(used.contains("Trip"));
    EXPECT_TRUE(schemas.used_by(json::object{{"$ref", "#/components/schemas/Nobody"}}).empty());
}

TEST(Members, AreFoundByPointer) {
    EXPECT_EQ(member_name<&Draft::audience>(), "audience");
}

TEST(Codec, RulesAreReportedBesideWhatCouldNotBeRead) {
    auto const pointers = [](std::string_view text) {
        std::vector<std::string> out;
        for (auto const& issue : issues_of<Trip>(text)) out.push_back(issue.pointer);
        return out;
    };
    using Pointers = std::vector<std::string>;
    EXPECT_EQ(pointers(R"({"days":{"from":1,"to":2},"name":"a","color":"red"})"), Pointers{""});
    // Once for each member, in the words of who saw it first; a rule about all of it says nothing
    // new.
    EXPECT_EQ(pointers(R"({"days":{"from":1,"to":2},"name":"","color":"blue"})"),
              (Pointers{"/name", "/color"}));
    EXPECT_EQ(pointers(R"({"days":5,"name":"too long","color":"blue"})"),
              (Pointers{"/days", "/name", "/color"}));
    EXPECT_EQ(pointers(R"({"days":{"from":"x"},"name":"a","color":7})"),
              (Pointers{"/days/from", "/days/to", "/color"}));
    EXPECT_EQ(pointers("[]"), Pointers{""});
}

}  // namespace
}  // namespace grover::reflect
