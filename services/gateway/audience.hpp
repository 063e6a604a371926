// For whom an answer is made: somebody who may leave before it is there, and whose session may end
// while it goes on.
//
//     Audience audience(exchange, sessions, token);
//     ...                                       // a second later, at every sweep of the loop
//     if (audience.has_left() || (streaming && audience.is_revoked())) give_up();
//
// Nothing is done for a request that is answered at once: both questions are asked of long ones. An
// answer that is made for others too (a fetch for the cache) goes on without its first client. A
// part of an answer that may be left while it is under way has an audience of its own, which is
// nobody once the whole answer's is gone.
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
        : exchange_(&exchange), sessions_(&sessions), token_(token) {}
    ~Audience() {
        if (here_) *here_ = nullptr;
    }
    Audience(Audience const&) = delete;
    Audience& operator=(Audience const&) = delete;

    /// That of a part, which may outlive this.
    std::unique_ptr<Audience> of_part() {
        if (!here_) here_ = std::make_shared<Audience*>(this);
        return std::unique_ptr<Audience>(new Audience(here_));
    }

    /// As long as `shared` says so, others want the answer too: then nobody has left, and no
    /// session ends it.
    void share_while(std::function<bool()> shared) { shared_ = std::move(shared); }

    /// Costs a system call.
    bool has_left() const {
        if (whole_) return !*whole_ || (*whole_)->has_left();
        return exchange_->client_has_left() && !is_shared();
    }
    /// Watches from the first call on, which learns of the seconds before it, too: nothing is
    /// missed since the look-up.
    bool is_revoked() {
        if (whole_) return *whole_ && (*whole_)->is_revoked();
        if (token_.empty() || is_shared()) return false;
        if (!watch_) watch_ = sessions_->watch(token_);
        return watch_->revoked();
    }

private:
    explicit Audience(std::shared_ptr<Audience* const> whole) : whole_(std::move(whole)) {}
    bool is_shared() const { return shared_ && shared_(); }

    http::Exchange const* exchange_ = nullptr;  // null: whole_ is there
    service::Sessions* sessions_ = nullptr;
    std::string_view token_{};
    std::shared_ptr<service::SessionWatch const> watch_;  // shared with all that watch the session
    std::function<bool()> shared_;                        // empty: for this client alone
    std::shared_ptr<Audience*> here_;         // where its parts look for it; null when it is gone
    std::shared_ptr<Audience* const> whole_;  // of a part
};

}  // namespace grover::gateway
