// For whom an answer is made: somebody who may leave before it is there, and whose session may end
// while it goes on.
//
//     Audience audience(exchange, sessions, token);
//     ...                                       // a second later, at every sweep of the loop
//     if (audience.has_left() || (streaming && audience.is_revoked())) give_up();
//
// Nothing is done for a request that is answered at once: both questions are asked of long ones. An
// answer that is made for others too (a fetch for the cache) goes on without its first client.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "http/exchange.hpp"
#include "service/sessions.hpp"

namespace grover::gateway {

/// Belongs to its request, on its loop. What it is made of must outlive it.
class Audience {
public:
    /// `token` is the caller's; empty for none.
    Audience(http::Exchange const& exchange, service::Sessions& sessions, std::string_view token)
        : exchange_(exchange), sessions_(sessions), token_(token) {}

    /// As long as `shared` says so, others want the answer too: then nobody has left, and no
    /// session ends it.
    void share_while(std::function<bool()> shared) { shared_ = std::move(shared); }

    /// Costs a system call.
    bool has_left() const { return exchange_.client_has_left() && !is_shared(); }
    /// Watches from the first call on, which learns of the seconds before it, too: nothing is
    /// missed since the look-up.
    bool is_revoked() {
        if (token_.empty() || is_shared()) return false;
        if (!watch_) watch_ = sessions_.watch(token_);
        return watch_->revoked();
    }

private:
    bool is_shared() const { return shared_ && shared_(); }

    http::Exchange const& exchange_;
    service::Sessions& sessions_;
    std::string_view const token_;
    std::shared_ptr<service::SessionWatch const> watch_;  // shared with all that watch the session
    std::function<bool()> shared_;                        // empty: for this client alone
};

}  // namespace grover::gateway
