// Compares what the system answers with what the script says: feeds to their very end, counters,
// reactions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "player.hpp"

namespace grover::load {

struct CheckOptions {
    std::size_t people = 50;
    std::size_t posts = 50;
    std::uint64_t seed = 1;
    /// What is projected from events may take this long to arrive.
    std::chrono::seconds settle_within = std::chrono::seconds(30);
};

/// Where two lists of ids differ, for people: what is missing, what is there too much, and the
/// first place out of order. Empty when they are equal.
std::string difference(std::vector<std::string> const& expected,
                       std::vector<std::string> const& found);

/// Every difference found, one text each; empty when the system is right.
class Check {
public:
    Check(Player& player, Api& api, Script const& script, CheckOptions options);

    net::Task<std::vector<std::string>> run();

private:
    net::Task<> check_person(std::uint32_t person);
    net::Task<> check_post(std::uint32_t post);
    net::Task<std::string> feed_problem(std::uint32_t person);
    net::Task<std::string> profile_problem(std::uint32_t person);
    net::Task<std::string> post_problem(std::uint32_t post);
    std::vector<std::string> expected_feed(std::uint32_t person) const;

    Player& player_;
    Api& api_;
    Script const& script_;
    CheckOptions options_;
    std::vector<std::string> problems_;
};

}  // namespace grover::load
