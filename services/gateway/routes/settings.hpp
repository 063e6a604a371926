// The sections `routes` and `versions` of the configuration.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "gateway/config/reader.hpp"

namespace grover::gateway {

enum class Method { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS };
BOOST_DESCRIBE_ENUM(Method, GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS)

/// Which requests a route takes, and which service answers them.
struct RouteSettings {
    /// In logs, metrics and the admin API; unset: the path.
    std::string name;
    /// "/api/users/{user_id}/posts": a segment in braces stands for any one segment. "/**" at the
    /// end: this path and everything below it.
    std::string path;
    /// None: all. GET includes HEAD.
    std::vector<Method> methods;
    /// "api.example.com", or "*.example.com" for every name below it; empty: any.
    std::string host;
    /// Fields and query parameters that the request must have; "*" stands for any value.
    std::map<std::string, std::string> headers;
    std::map<std::string, std::string> query;
    std::string service;

    int line = 0;  // in the file
};
BOOST_DESCRIBE_STRUCT(RouteSettings, (), (name, path, methods, host, headers, query, service))

/// Another spelling of the same API: "/api/v1" for "/api".
struct VersionSettings {
    std::string path;
    std::string means;
};
BOOST_DESCRIBE_STRUCT(VersionSettings, (), (path, means))

void validate(RouteSettings const& route, config::Where const& where);
void validate(VersionSettings const& version, config::Where const& where);

}  // namespace grover::gateway
