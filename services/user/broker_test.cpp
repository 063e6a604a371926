#include "user/broker.hpp"

#include <gtest/gtest.h>

namespace grover::user {
namespace {

std::optional<ExternalPerson> read(char const* text) {
    return person_of_broker(boost::json::parse(text).as_object());
}

TEST(Broker, ReadsAPerson) {
    auto const person = read(R"({"email": "Ann@Example.org", "name": "Ann",
                                 "picture": "https://x.example/a.jpg", "session_token": "t"})");
    ASSERT_TRUE(person);
    EXPECT_EQ(person->provider, "broker");
    EXPECT_EQ(person->subject, "ann@example.org");
    EXPECT_EQ(person->email, "Ann@Example.org");
    EXPECT_EQ(person->name, "Ann");
    EXPECT_EQ(person->email_verified, true);
    EXPECT_TRUE(read(R"({"email": "a@x.org", "name": "A", "picture": null})"));
    EXPECT_TRUE(read(R"({"email": "a@x.org"})"));
}

TEST(Broker, RefusesWhatIsNone) {
    for (auto const* bad :
         {"{}", R"({"email": null})", R"({"email": ""})", R"({"email": 7})",
          R"({"email": ["a@x.org"]})", R"({"name": "Ann"})", R"({"email": "a@x.org", "name": 7})",
          R"({"email": "a@x.org", "name": {"first": "A"}})",
          R"({"email": "a@x.org", "picture": false})"})
        EXPECT_FALSE(read(bad)) << bad;
}

}  // namespace
}  // namespace grover::user
