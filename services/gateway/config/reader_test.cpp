#include "gateway/config/reader.hpp"

#include <gtest/gtest.h>

#include "gateway/config/load.hpp"

namespace grover::gateway::config {

enum class Colour { red, dark_green };
BOOST_DESCRIBE_ENUM(Colour, red, dark_green)

struct Inner {
    int count = 3;
    std::optional<std::string> note;
};
BOOST_DESCRIBE_STRUCT(Inner, (), (count, note))

struct Sample {
    bool on = false;
    std::uint16_t port = 1;
    double factor = 1;
    std::string text = "default";
    std::chrono::milliseconds time{5};
    Bytes size;
    Ratio share;
    Timestamp at;
    Colour colour = Colour::red;
    std::vector<int> numbers;
    std::map<std::string, Inner> inners;
    boost::json::value any;
};
BOOST_DESCRIBE_STRUCT(Sample, (),
                      (on, port, factor, text, time, size, share, at, colour, numbers, inners, any))

void validate(Inner const& inner, Where const& where) {
    if (inner.count < 0) where.add("count", "must not be negative");
}

namespace {

/// Reads `text`; what was wrong goes to `problems`.
Sample sample(std::string_view text, std::string& problems) {
    Problems found("f");
    auto const tree = parse(text, found);
    auto out = read<Sample>(tree, found);
    problems = found.print();
    return out;
}

std::string problems_of(std::string_view text) {
    std::string problems;
    sample(text, problems);
    return problems;
}

TEST(Reader, ReadsEveryType) {
    std::string problems;
    auto const out = sample(R"(
on: yes
port: 65535
factor: 0.25
text: "true"
time: 1.5s
size: 64KiB
share: 20%
at: 2027-06-30
colour: dark_green
numbers: [1, 2]
inners:
  a: {count: 7, note: hello}
  b:
any: {n: 1, r: 0.5, b: true, s: "1", z: null, l: [x]}
)",
                            problems);
    EXPECT_EQ(problems, "");
    EXPECT_TRUE(out.on);
    EXPECT_EQ(out.port, 65535);
    EXPECT_EQ(out.factor, 0.25);
    EXPECT_EQ(out.text, "true");
    EXPECT_EQ(out.time, std::chrono::milliseconds(1500));
    EXPECT_EQ(out.size.count, 65536u);
    EXPECT_EQ(out.share.value, 0.2);
    EXPECT_EQ(out.at.to_string(), "2027-06-30T00:00:00.000Z");
    EXPECT_EQ(out.colour, Colour::dark_green);
    EXPECT_EQ(out.numbers, (std::vector{1, 2}));
    EXPECT_EQ(out.inners.at("a").count, 7);
    EXPECT_EQ(out.inners.at("a").note, "hello");
    EXPECT_EQ(out.inners.at("b").count, 3);
    EXPECT_EQ(boost::json::serialize(out.any),
              R"({"n":1,"r":5E-1,"b":true,"s":"1","z":null,"l":["x"]})");
}

TEST(Reader, WhatIsNotSaidKeepsItsDefault) {
    std::string problems;
    auto const out = sample("text:\n", problems);
    EXPECT_EQ(problems, "");
    EXPECT_EQ(out.text, "default");
    EXPECT_EQ(sample("", problems).port, 1);
    EXPECT_EQ(problems, "");
    EXPECT_EQ(sample("# only a comment\n", problems).port, 1);
    EXPECT_EQ(problems, "");
}

TEST(Reader, NamesEveryProblemWithItsLine) {
    EXPECT_EQ(problems_of("prt: 1\ntime: fast\ninners:\n  a:\n    count: -1\nnumbers: [1, x]\n"),
              "f:1: unknown key 'prt'; did you mean 'port'?\n"
              "f:2: must be a duration as in 250ms, 1.5s, 2m, 1h or 7d, not 'fast'\n"
              "f:5: must not be negative\n"
              "f:6: must be a whole number in range, not 'x'");
    EXPECT_EQ(problems_of("colour: dark_gren"),
              "f:1: there is no 'dark_gren'; did you mean 'dark_green'?");
    EXPECT_EQ(problems_of("colour: 7"), "f:1: there is no '7'; there is red, dark_green");
}

TEST(Reader, RefusesValuesOfAnotherForm) {
    for (auto const* text : {"on: maybe",
                             "on: [1]",
                             "port: 65536",
                             "port: -1",
                             "port: 1.5",
                             "port: 0x10",
                             "port: {}",
                             "factor: nan",
                             "factor: 1e999",
                             "text: [a]",
                             "text: {a: b}",
                             "text: \"\\0\"",
                             "time: 5",
                             "time: -1s",
                             "time: 1 fortnight",
                             "time: 1us",
                             "time: 1e30d",
                             "size: -1",
                             "size: 1.5B",
                             "size: 1XB",
                             "share: 1.5",
                             "share: 120%",
                             "share: -1%",
                             "at: yesterday",
                             "at: 2027-13-01",
                             "numbers: 1",
                             "numbers: [1, ]x",
                             "numbers: [~]",
                             "inners: [a]",
                             "inners: {a: 1}",
                             "inners: {\"\": {}}",
                             "[a]",
                             "a",
                             "- a"})
        EXPECT_NE(problems_of(text), "") << text;
}

TEST(Reader, RefusesYamlThatIsMoreThanATree) {
    EXPECT_EQ(problems_of("text: a\ntext: b"), "f:2: the key 'text' is there twice");
    for (auto const* text : {"text: &a b", "text: *a", "inners: {<<: *a}", "text: !!binary abc",
                             "text: !x y", "text: a\n---\ntext: b", "text: a: b", "\ttext: a", "{",
                             "text: \"abc", "? [a]\n: b", "text: \xff"})
        EXPECT_NE(problems_of(text), "") << text;
    EXPECT_NE(problems_of(std::string(100'000, '[')), "");
    EXPECT_NE(problems_of("any: [" + std::string(400'000, ',') + "]"), "");
    EXPECT_NE(problems_of(std::string(file_bytes_max + 1, '#')), "");
}

TEST(Reader, SaysInPlainWordsWhereYamlIsBroken) {
    for (auto const& [text, said] : {
             std::pair("any:\n\t- 1\n", "f:2:1: a line is indented by blanks, not by a tab"),
             {"any:\n  a: 1\n \tb: 2\n", "f:3:2: a line is indented by blanks, not by a tab"},
             {"on: yes\nany\n  - {a: b}\n", "f:2:4: a ':' is missing behind 'any'"},
             {"any:\n  path /a\n\n  # b\n  b: 1\n", "f:2:10: a ':' is missing behind 'path /a'"},
             {"any:\n  b:1\n  c: 2\n", "f:2:5: a blank is missing behind ':'"},
             {"any: b: c\n", "f:1:7: a second ': ' in one value: put the value in quotes"},
             {"any:\n  b: 1\n    c: 2\n",
              "f:3:6: this line is indented otherwise than what it belongs to"},
             {"any:\n    b: 1\n  c: 2\n",
              "f:3:3: this line is indented otherwise than what it belongs to"},
             {"any: \"x\" y\n",
              "f:1:10: something stands behind the value: put all of it in quotes"},
             {"any: 1\n- b\n", "f:2:1: a list item among the keys of a map"},
             {"any: [1, 2\non: yes\n", "f:2:3: a ',' or the ']' is missing"},
             {"any: {a: 1 b: 2}\n", "f:1:13: a ',' or the '}' is missing"},
             {"any: [1, 2]]\n", "f:1:12: ']' does not close what is open here"},
             {"any: @x\n", "f:1:6: a value cannot begin with '@': put it in quotes"},
             {"any: \"\\q\"\n", "f:1:9: in double quotes a backslash is written twice"},
             {"any: \"x\non: yes\n", "f:1:6: the quote that begins here does not end"},
             {"any: 'it''s\non: yes\n", "f:1:6: the quote that begins here does not end"},
         })
        EXPECT_EQ(problems_of(text), said) << text;
    EXPECT_EQ(problems_of("any: ['it''s', \"\\\"\", '']\n"), "");
}

std::string refusal_of(std::string text) {
    try {
        parse_config({"f", std::move(text)});
        return {};
    } catch (ConfigError const& e) {
        return e.what();
    }
}

TEST(ConfigFile, TheShippedOneIsGood) {
    auto const config = parse_config(Source::of(default_config_file()));
    EXPECT_EQ(config.services.at("user").instances.size(), 1u);
}

TEST(ConfigFile, RulesThatJoinSectionsHaveLinesToo) {
    EXPECT_EQ(refusal_of("services:\n  post: {instances: [http://127.0.0.1:1]}\n"
                         "routes:\n"
                         "  - {path: /a, service: pots}\n"
                         "  - {path: /b, service: post, name: b}\n"
                         "  - {path: /b, service: post, name: b}\n"),
              "f:4: there is no service 'pots'; did you mean 'post'?\n"
              "f:6: another route is called 'b'\n"
              "f:6: nothing reaches this route: the one of line 5 takes all of it");
    EXPECT_EQ(refusal_of("services:\n  post:\n    instances: [ftp://x]\n"),
              "f:3: 'ftp://x' is no address: http://host:port, https://host:port or unix:/path");
    for (auto const* text :
         {"routes: [{path: /a}]", "routes: [{service: a}]", "routes: [{path: a, service: a}]",
          "versions: {v1: {path: /api/v1}}", "versions: {v1: {path: '/{a}', means: /api}}"})
        EXPECT_NE(refusal_of(text), "") << text;
}

TEST(ConfigFile, AnEmptyOneIsRefused) {
    EXPECT_EQ(refusal_of(""), "f: the file is empty");
    EXPECT_EQ(refusal_of("# nothing yet\n"), "f: the file is empty");
}

TEST(ConfigFile, WhatCannotWorkIsRefused) {
    auto const problems = [](std::string const& rest) {
        try {
            parse_config({"f", "services: {a: {instances: ['http://h:1']}}\n" + rest});
            return std::string();
        } catch (ConfigError const& error) {
            return std::string(error.what());
        }
    };
    EXPECT_EQ(problems("routes: [{path: /a, service: a}]"), "");
    for (auto const& [rest, why] :
         {std::pair("routes: [{path: /a, service: a, timeout: 0s}]", "more than nothing"),
          {"routes: [{path: /a/../b, service: a}]", "no request reaches"},
          {"routes: [{path: '/{x}/{x}', service: a}]", "is there twice"},
          {"routes: [{path: /a, service: a}]\nversions: {v: {path: /a, means: /a}}", "itself"}})
        EXPECT_TRUE(problems(rest).contains(why)) << problems(rest);
    EXPECT_THROW(parse_config({"f", "services: {a: {instances: ['http://h:1', 'http://h:1']}}"}),
                 ConfigError);
}

TEST(ConfigFile, ABrokenOneIsNotCalledEmpty) {
    try {
        parse_config({"f", "routes: ["});
        ADD_FAILURE() << "it was taken";
    } catch (ConfigError const& error) {
        EXPECT_FALSE(std::string_view(error.what()).contains("empty")) << error.what();
    }
}

TEST(ConfigFile, AScopeThatNoRoleHasIsRefused) {
    std::string const route =
        "services: {a: {}}\nroutes:\n  - {path: /a, service: a, access: {scopes: [moderate]}}\n";
    EXPECT_EQ(refusal_of(route + "authorization: {roles: {user: [use], moderator: [moderat]}}\n"),
              "f:3: no role has the scope 'moderate'; did you mean 'moderat'?");
    EXPECT_EQ(refusal_of(route + "authorization: {roles: {admin: ['*'], moderator: [moderat]}}\n"),
              "f:3: no role has the scope 'moderate'; did you mean 'moderat'?");
    EXPECT_EQ(refusal_of(route), "f:3: no role has the scope 'moderate'");
    for (auto const* roles : {"{moderator: [use, moderate]}", "{admin: ['*'], user: [use]}"})
        EXPECT_EQ(refusal_of(route + "authorization: {roles: " + roles + "}\n"), "") << roles;
}

TEST(ConfigFile, ACanaryOfItselfIsRefused) {
    EXPECT_EQ(refusal_of("services: {a: {}}\nroutes:\n"
                         "  - {path: /a, service: a, canary: {a: 5%}}\n"),
              "f:3: 'a' is the canary of itself");
}

TEST(ConfigFile, AWeightOfNothingDrainsAnInstanceButNotAll) {
    std::string const two = "services:\n  a:\n    instances: [unix:/x, unix:/y]\n    weights: ";
    EXPECT_EQ(refusal_of(two + "{unix:/x: 0}\n"), "");
    EXPECT_EQ(refusal_of(two + "{unix:/x: 0, unix:/y: 0}\n"),
              "f:4: every instance weighs 0: none would be asked");
}

TEST(ConfigFile, EveryShareMayBeInPercent) {
    auto const config = parse_config({"f", R"(
services:
  post:
    panic_below: 10%
    outliers: {max_share: 30%}
    retries: {ratio: 5%}
    hedging: {quantile: 99%}
    breaker: {error_ratio: 40%, slow_ratio: 0.8}
)"});
    auto const& post = config.services.at("post");
    EXPECT_EQ(post.panic_below, Ratio{0.1});
    EXPECT_EQ(post.outliers.max_share, Ratio{0.3});
    EXPECT_EQ(post.retries.ratio, Ratio{0.05});
    EXPECT_EQ(post.hedging.quantile, Ratio{0.99});
    EXPECT_EQ(post.breaker.error_ratio, Ratio{0.4});
    EXPECT_EQ(post.breaker.slow_ratio, Ratio{0.8});
    for (auto const* share : {"panic_below: 101%", "panic_below: -1", "retries: {ratio: 1.1}",
                              "hedging: {quantile: 100%}", "hedging: {quantile: 0}",
                              "breaker: {error_ratio: half}", "outliers: {max_share: 2}"})
        EXPECT_NE(refusal_of("services: {post: {" + std::string(share) + "}}"), "") << share;
}

TEST(ConfigFile, TheEnvironmentNamesInstances) {
    auto config = parse_config(Source::of(default_config_file()));
    Environment env({{"POST_SERVICE_URL", "http://127.0.0.1:1, unix:/tmp/x"},
                     {"MEDIA_SERVICE_URL", "nonsense"}});
    Overrides::read(env, config).apply(config);
    EXPECT_EQ(config.services.at("post").instances,
              (std::vector<std::string>{"http://127.0.0.1:1", "unix:/tmp/x"}));
    EXPECT_THROW(env.check(), ConfigError);
}

TEST(ConfigFile, OneThatIsNotThereIsRefused) {
    EXPECT_THROW(Source::of("/nowhere/gateway.yaml"), ConfigError);
    EXPECT_THROW(Source::of("/"), ConfigError);
}

}  // namespace
}  // namespace grover::gateway::config
