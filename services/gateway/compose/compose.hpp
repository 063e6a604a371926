// Answers a request with the answers of several services in one JSON object:
//
//     GET /api/composed/profile/user_1
//     {"profile": {...}, "stats": {...}, "posts": [...], "partial": ["stats"]}
//
// The parts of a step are asked in parallel, each as the caller and within its own time; a part may
// use values of the steps before it. One that fails, is late, or lacks a value that it needs, is
// its default, and named in `partial`; a required one that fails ends the request with its problem
// (4xx as they are, else 502, 503, 504). The answer is not to be stored.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "gateway/compose/settings.hpp"
#include "net/task.hpp"

namespace grover::gateway {

inline constexpr std::size_t part_bytes_max = 1 << 20;
inline constexpr std::size_t composed_bytes_max = 4 << 20;

/// Asks a service for a target, by then at the latest; the answer's JSON. Throws Error; anything
/// else that it throws ends the composition, once the other parts of the step have ended.
using AskPart = std::function<net::Task<boost::json::value>(
    std::string const& service, std::string target, std::chrono::steady_clock::time_point until)>;

/// The composition of one route.
class Composition {
public:
    /// `path` is the route's.
    Composition(std::string path, PartsSettings parts);

    /// The object that is answered. `plain_path` is the request's path without its version.
    net::Task<boost::json::object> answer(std::string_view plain_path, std::string_view query,
                                          AskPart const& ask) const;

private:
    std::string path_;
    PartsSettings parts_;
    std::vector<std::vector<std::string>> steps_;
};

}  // namespace grover::gateway
