// Answers a request with the answers of several services in one JSON object:
//
//     GET /api/composed/profile/user_1
//     {"profile": {...}, "stats": {...}, "posts": [...], "partial": ["stats"]}
//
// The parts are asked in parallel, each as the caller and within its own time; one that uses values
// of others begins as soon as those are there. One that fails, is late, or lacks a value that it
// needs, is its default, and named in `partial`; a required one that fails ends the request with
// its problem (4xx as they are, else 502, 503, 504), and nobody waits for those that are still
// under way. The answer is not to be stored.
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
/// else that it throws ends the composition. What it returns may be left under way, and this
/// function and all of the request be gone when it goes on: it must own what it uses.
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
    struct Part {
        std::string name;
        PartSettings settings;
        std::vector<std::string> needs;
    };

    std::string path_;
    std::vector<Part> parts_;  // as they are answered
};

}  // namespace grover::gateway
