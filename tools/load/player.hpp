// Plays a script into a running system through the public API: people, follows, posts, likes,
// reactions, in this order, each part with many requests at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api.hpp"
#include "script.hpp"

namespace grover::load {

/// What the system made of the script.
struct Cast {
    struct Person {
        std::string user_id;
        std::string token;
    };
    std::vector<Person> people;
    std::vector<std::string> posts;  // the id of each of Script::posts
};

class Player {
public:
    /// `run` keeps this run's e-mail addresses and idempotency keys apart from any other's.
    Player(Api& api, Script const& script, std::string run, std::size_t connections);

    /// Throws Failure at the first request that the system refuses.
    net::Task<> play();

    Cast const& cast() const noexcept { return cast_; }

    /// Runs work(0) .. work(total - 1), as many at a time as there are connections, with a bar. The
    /// first failure ends it.
    net::Task<> each(std::string name, std::size_t total,
                     std::function<net::Task<>(std::size_t)> work);

private:
    net::Task<> register_person(std::size_t index);
    net::Task<> follow(std::size_t index);
    net::Task<> publish(std::size_t index);
    net::Task<> react(Reaction const& reaction);

    Api& api_;
    Script const& script_;
    std::string run_;
    std::size_t connections_;
    Cast cast_;
};

/// A string member of an answer. Throws Failure when it is not there.
std::string text_of(boost::json::value const& object, std::string_view name);
/// A whole number of an answer. Throws Failure when it is not there.
std::int64_t number_of(boost::json::value const& object, std::string_view name);

}  // namespace grover::load
