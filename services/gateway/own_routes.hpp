// The routes that the gateway answers itself, composed or static, as documents show them: no
// service knows of these.
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

/// "GET /api/composed/profile/{user_id} gateway.yaml:54 Composed of ...", as --where prints it;
/// nothing when a service answers, or nobody.
std::optional<std::string> own_route(Config const& config, std::string const& file,
                                     std::string_view method, std::string_view target);

}  // namespace grover::gateway
