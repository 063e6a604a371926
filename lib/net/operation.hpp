// An asynchronous operation that waits for its end: Asio's completion handler in a Job. Internal to
// lib/net.
#pragma once

#include <cstddef>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/system/error_code.hpp>

#include "net/job.hpp"

namespace grover::net {

using ErrorCode = boost::system::error_code;

class Operation;

/// Where an operation waits.
class Waiting {
public:
    /// Ends it with operation_aborted, perhaps later. Called on the loop's thread.
    virtual void cancel(Operation& operation) noexcept = 0;

protected:
    ~Waiting() = default;
};

class Operation : public Job {
public:
    ErrorCode error;
    std::size_t count = 0;        // bytes, or the descriptor of an accepted socket
    Waiting* waits_at = nullptr;  // none once its end is queued

protected:
    using Job::Job;
    ~Operation() = default;
};

/// How many of an operation's results its handler takes.
enum class Takes { error, error_and_count };

template <class Handler, Takes takes>
class HandlerOperation final : public Operation {
public:
    explicit HandlerOperation(Handler&& handler) : Operation(end), handler_(std::move(handler)) {
        auto slot = boost::asio::get_associated_cancellation_slot(handler_);
        if (!slot.is_connected()) return;
        slot.assign([this](boost::asio::cancellation_type_t) {
            if (waits_at) waits_at->cancel(*this);
        });
    }

private:
    static void end(Job& job, End how) {
        auto& self = static_cast<HandlerOperation&>(job);
        auto slot = boost::asio::get_associated_cancellation_slot(self.handler_);
        if (slot.is_connected()) slot.clear();
        // Out of the node first: the handler's next operation may get its memory.
        Handler handler(std::move(self.handler_));
        auto const error = self.error;
        auto const count = self.count;
        free_node(self);
        if (how == End::drop) return;
        if constexpr (takes == Takes::error)
            std::move(handler)(error);
        else
            std::move(handler)(error, count);
    }

    Handler handler_;
};

template <Takes takes, class Handler>
Operation& make_operation(Handler&& handler) {
    return make_node<HandlerOperation<std::decay_t<Handler>, takes>>(
        std::forward<Handler>(handler));
}

}  // namespace grover::net
