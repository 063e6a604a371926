// The stages every request of a service goes through, in order: who is calling, then the
// Idempotency-Key, then the router. Each is a plain function of the request; what a stage finds is
// left in the request's slots. All of them have the request's deadline (net/deadline.hpp).
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "auth/caller.hpp"
#include "base/string_map.hpp"
#include "http/router.hpp"
#include "service/kit.hpp"

namespace grover::service {

/// The credentials of a request: the bearer token, else the web client's cookie. Empty when there
/// are none; "?", which is no token of ours, for an Authorization of another form: presented, and
/// wrong.
std::string_view presented_token(std::string_view authorization, std::string_view cookies);

class Pipeline {
public:
    Pipeline(Kit& kit, http::Router const& router);

    Task<http::Response> handle(http::Request& request);

private:
    Task<> authenticate(http::Request& request);
    std::optional<auth::Identity> verify(std::string_view header);
    Task<http::Response> with_idempotency(http::Request& request, std::string key);

    Kit& kit_;
    http::Router const& router_;
    /// Signed identities found good, for each loop its own: the gateway sends the same one with
    /// every request of a session until it ends. By the whole header, signature included.
    std::vector<StringMap<auth::Identity>> verified_;
    std::mutex running_mutex_;
    std::unordered_set<std::string>
        running_;  // record ids of the keyed requests under way in this process
};

}  // namespace grover::service
