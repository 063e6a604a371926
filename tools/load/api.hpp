// The public API as the player uses it: JSON in and out, tried again where that is safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "http/client.hpp"
#include "net/loop.hpp"

namespace grover::load {

/// The system did not do what it should; what() says which request and what came back.
class Failure : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct Call {
    std::string method;
    std::string target;
    std::string token{};            // empty: anonymous
    boost::json::value body{};      // null: none
    std::string idempotency_key{};  // for what must not happen twice
};

struct Answer {
    boost::json::value body;
    std::string next;  // target of the next page; empty at the end
};

/// Belongs to one loop.
class Api {
public:
    Api(net::Loop& loop, std::string gateway);

    /// The answer to a call that succeeds. 429, 503 and lost connections are waited for and tried
    /// again: every call of the player is a read, idempotent, or has a key. Throws Failure for
    /// everything else.
    net::Task<Answer> call(Call call);

    /// Throws Failure unless something answers there.
    net::Task<> reach();

    /// Told once, when the system first answers 429.
    void on_limited(std::function<void()> told) { limited_ = std::move(told); }
    std::uint64_t retries() const noexcept { return retries_; }

private:
    http::Client client_;
    std::string gateway_;
    std::function<void()> limited_;
    std::uint64_t retries_ = 0;
};

/// The target of the rel="next" link of RFC 8288, without its origin; empty when there is none.
std::string next_target(std::string_view link);

}  // namespace grover::load
