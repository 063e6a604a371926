// The member `compose` of a route: its answer is made of several services' answers.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe.hpp>
#include <boost/json/value.hpp>

#include "gateway/config/reader.hpp"

namespace grover::gateway {

/// One call of a composition, a GET as the caller.
struct PartSettings {
    std::string service;
    /// "/api/users/{user_id}/posts?limit=10". Names in braces: a name of the route's path;
    /// query.limit, a parameter of the query, empty when it is missing; profile#/user_id, a value
    /// of another part.
    std::string get;
    std::chrono::milliseconds timeout = std::chrono::seconds(1);
    /// Without it nothing is answered but its problem.
    bool required = false;
    /// What stands in its place when it fails; null.
    boost::json::value default_;  // NOLINT(readability-identifier-naming): `default` is a keyword
};
BOOST_DESCRIBE_STRUCT(PartSettings, (), (service, get, timeout, required, default_))

/// By the member of the answer that they fill.
using PartsSettings = std::map<std::string, PartSettings>;

void validate(PartSettings const& part, config::Where const& where);
/// The rules over all parts of the route with that path.
void check_parts(PartsSettings const& parts, std::string_view path, config::Where const& where);

/// The parts that `get` takes values of.
std::vector<std::string> needs_of(PartSettings const& part);
/// The parts in steps: those of one step need only what earlier steps have. Nothing when parts wait
/// for each other, or for one that is not there.
std::optional<std::vector<std::vector<std::string>>> steps_of(PartsSettings const& parts);

}  // namespace grover::gateway
