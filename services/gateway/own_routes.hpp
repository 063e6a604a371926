// What documents show of the gateway itself, and no service knows of: the routes that it answers,
// composed or static, and its answers on the routes of others.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "gateway/config/config.hpp"

namespace grover::gateway {

/// The `paths` of an OpenAPI document that has the schema Problem; x-source is `file` and the line.
/// What a route with "/**" answers has no path there.
boost::json::object own_paths(Config const& config, std::string const& file);

/// Adds what any request through the gateway may be told instead of its operation's answers: 429,
/// 502, 503 and 504. What an operation says of one of these itself stays.
void add_own_answers(boost::json::object& paths);

/// "GET /api/composed/profile/{user_id} gateway.yaml:54 Composed of ...", as --where prints it;
/// nothing when a service answers, or nobody.
std::optional<std::string> own_route(Config const& config, std::string const& file,
                                     std::string_view method, std::string_view target);

}  // namespace grover::gateway
