#include "http/h2/client_connections.hpp"

#include <algorithm>

namespace grover::http::h2 {
namespace {

using Steady = std::chrono::steady_clock;

// A service that is ending, or whose process was killed, may take connections and end them at once.
constexpr int connects_max = 3;

/// Calls a function at the end of a scope.
template <class Function>
struct AtEnd {
    Function function;
    ~AtEnd() { function(); }
};

}  // namespace

ClientConnections::ClientConnections(net::Loop& loop, Upstream& upstream, ClientOptions options)
    : loop_(loop), upstream_(upstream), options_(options) {}

ClientConnections::~ClientConnections() {
    for (auto const& session : sessions_) session->leave();
}

ClientStreamPtr ClientConnections::kept() {
    // The oldest first, so that those beyond what is needed become idle.
    for (auto const& session : sessions_)
        if (session->has_room()) return session->open_stream();
    return nullptr;
}

net::Task<ClientStreamPtr> ClientConnections::open(Deadline deadline, Http1 http1) {
    for (int made = 0;;) {
        if (auto stream = kept()) co_return stream;
        if (http1 == Http1::possible && refused(Steady::now())) co_return nullptr;
        if (connecting_) {
            co_await wait_for_connection(deadline);
        } else if (made++ < connects_max) {
            co_await connect(deadline, http1);
        } else {
            if (http1 == Http1::never) throw unreachable();
            refused_until_ = Steady::now() + limits::http2_doubted_time;
        }
    }
}

net::Task<> ClientConnections::wait_for_connection(Deadline deadline) {
    net::Signal made(loop_);
    AtEnd const forget{[&] { std::erase(waiting_, &made); }};
    waiting_.push_back(&made);
    auto const failures = failures_;
    if (!co_await made.wait(deadline)) throw too_late();
    if (failures_ != failures) throw unreachable();
}

net::Task<> ClientConnections::connect(Deadline deadline, Http1 http1) {
    connecting_ = true;
    bool good = false;
    AtEnd const tell{[&] {
        connecting_ = false;
        // Who had too little time says nothing of the service.
        if (!good && Steady::now() < deadline) ++failures_;
        for (auto* const waiter : waiting_) waiter->notify();
    }};
    std::erase_if(sessions_, [](auto const& session) { return session->ended(); });
    auto const session =
        std::make_shared<ClientSession>(loop_, co_await upstream_.connect(deadline), options_);
    session->start();
    good = co_await session->ready(std::min(deadline, Steady::now() + limits::connect_time_max));
    if (!good) {
        session->leave();
        if (Steady::now() >= deadline) throw too_late();
        if (!session->speaks_http1() && !session->ended()) throw unreachable();
        if (session->speaks_http1()) {
            if (http1 == Http1::never) throw unreachable();
            refused_until_ = Steady::now() + limits::http2_refused_time;
        }
        good = true;  // for who waits: they look for themselves
        co_return;
    }
    sessions_.push_back(session);
}

void ClientConnections::sweep(TimePoint now) {
    for (auto const& session : sessions_) session->sweep(now);
    std::erase_if(sessions_, [](auto const& session) { return session->ended(); });
}

void ClientConnections::drop_idle() {
    for (auto const& session : sessions_)
        if (session->idle()) session->leave();
}

}  // namespace grover::http::h2
