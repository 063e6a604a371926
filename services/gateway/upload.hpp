// The rest of a request's body on its way to a service, beside the answer, which may begin before
// the body ends (RFC 9112 section 9.3, RFC 9113 section 8.1).
//
//     Upload upload(client, [this](std::string_view piece) { return put(piece); },
//                   [this] { cancel(); });
//     ...                             // the answer's head; then the answer
//     co_await upload.ended();        // all is sent, or one of the two wants no more
//
// Bodies that came with their head, or in one piece behind it, have no Upload: it costs a coroutine
// of its own.
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <string_view>

#include "http/exchange.hpp"
#include "net/signal.hpp"
#include "net/task.hpp"

namespace grover::gateway {

/// Belongs to its request, on its loop. Must have ended before it goes.
class Upload {
public:
    /// Takes a piece to the service; false when it takes no more.
    using Put = std::function<net::Task<bool>(std::string_view piece)>;

    /// Begins. `on_failure` is called when the client's body cannot be read to its end, unless
    /// stop() was first.
    Upload(http::Exchange& client, Put put, std::function<void()> on_failure);
    Upload(Upload const&) = delete;
    Upload& operator=(Upload const&) = delete;

    /// No further piece is read.
    void enough() noexcept { enough_ = true; }
    net::Task<> ended();
    /// Ends the reading, within about a sweep of the loop. The caller has seen to it that putting
    /// ends.
    net::Task<> stop();
    bool whole() const noexcept { return whole_at_ != Time::max(); }
    /// When the last piece had been taken; max() before.
    std::chrono::steady_clock::time_point whole_at() const noexcept { return whole_at_; }
    /// After stop(): throws what reading the client's body threw, and for an attempt that was
    /// `late` Error (request_timeout) when it was the client that let it wait.
    void check(bool late) const;

private:
    using Time = std::chrono::steady_clock::time_point;
    net::Task<> run();

    http::Exchange& client_;
    Put put_;
    std::function<void()> on_failure_;
    net::Signal end_;
    std::exception_ptr failure_;
    Time whole_at_ = Time::max();
    bool under_way_ = true;
    bool enough_ = false;
    bool stopped_ = false;
    bool reading_ = false;         // right now
    bool client_was_due_ = false;  // when it was stopped
};

}  // namespace grover::gateway
