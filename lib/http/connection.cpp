#include "http/connection.hpp"

#include <optional>

#include "http/problem.hpp"

namespace grover::http {
namespace {

using Steady = std::chrono::steady_clock;

/// Fields that end_head() or finish() writes.
bool is_servers_own(std::string_view name) {
    return same_token(name, "Content-Length") || same_token(name, "Connection") ||
           same_token(name, "Date") || same_token(name, "X-Request-ID") ||
           same_token(name, "Transfer-Encoding");
}

}  // namespace

Response failure_response(std::exception_ptr const& failure, std::string_view request_id,
                          FailureObserver const& observer) {
    auto const unexpected = [&](std::string_view what) {
        if (observer) observer(request_id, what);
        return problem(Error(ErrorCode::internal, "something went wrong here"), request_id);
    };
    try {
        std::rethrow_exception(failure);
    } catch (Error const& error) {
        return problem(error, request_id);
    } catch (Disconnected const&) {
        throw;
    } catch (std::exception const& error) {
        return unexpected(error.what());
    } catch (...) {
        return unexpected("an exception of no known type");
    }
}

void begin(Exchange& exchange, Response const& response) {
    exchange.begin(response.status);
    for (auto const& [name, value] : response.headers.all())
        if (!is_servers_own(name)) exchange.field(name, value);
}

net::Task<> Connection::serve() {
    try {
        co_await serve_all();
    } catch (Disconnected const&) {
        // There is nobody left to tell.
    }
    wire_.stream.close();
}

net::Task<> Connection::serve_all() {
    while (co_await read_head()) {
        wire_.shard.requests.add();
        exchange_.start(parser_.head(), now_);
        co_await answer();
        if (!exchange_.settle()) {
            co_await wire_.flush();
            // The client may be sending still, unless it wanted the end itself.
            bool const expected = exchange_.body_complete() && !parser_.head().keep_alive;
            if (!expected) co_await linger();
            co_return;
        }
    }
}

/// True with a complete head in the parser. Sends what is collected before it waits.
net::Task<bool> Connection::read_head() {
    auto& input = wire_.input;
    auto const& options = wire_.shard.options;
    std::optional<Steady::time_point> head_until;  // from the first byte on
    parser_.reset();
    for (bool skipped = false;;) {
        // RFC 9112 section 2.2: some clients send an empty line behind a body.
        if (!skipped && input.unread().starts_with("\r\n")) {
            input.consume(2);
            skipped = true;
        }
        bool const half_line = !skipped && input.unread() == "\r";
        auto const state =
            half_line || input.empty() ? HeadState::incomplete : parser_.parse(input.unread());
        if (state == HeadState::complete) co_return true;
        if (state == HeadState::refused) {
            wire_.shard.malformed.add();
            auto const& refusal = parser_.refusal();
            co_await refuse(Error(refusal.code, std::string(refusal.text)));
            co_return false;
        }
        co_await wire_.flush();
        if (input.empty()) {
            if (wire_.shard.draining) co_return false;
            input.shrink();
        } else if (!head_until) {
            head_until = now_ + options.header_time_max;
        }
        idle_ = input.empty();
        auto const got = co_await wire_.read(
            input.space(), idle_ ? Steady::now() + options.idle_time_max : *head_until);
        now_ = Steady::now();
        if (got.late && !idle_) {
            wire_.shard.timed_out.add();
            co_await refuse(Error(ErrorCode::request_timeout, "the request did not come in time"));
        }
        idle_ = false;
        if (got.count == 0) co_return false;
        input.commit(got.count);
    }
}

net::Task<> Connection::answer() {
    std::exception_ptr failure;
    try {
        co_await wire_.shard.handler(exchange_);
        if (!exchange_.ended()) throw std::logic_error("the handler did not end its answer");
        co_return;
    } catch (...) {
        failure = std::current_exception();
    }
    auto const response =
        failure_response(failure, exchange_.request_id(), wire_.shard.options.on_failure);
    if (exchange_.sent()) throw Disconnected();  // Half an answer: only its loss can be told.
    begin(exchange_, response);
    report(response);
    co_await exchange_.finish(response.body);
}

/// Tells of an answer that no handler has made.
void Connection::report(Response const& response) {
    if (!wire_.shard.observer) return;
    Request request;
    request.request_id = exchange_.request_id();
    request.peer_address = exchange_.peer_address();
    wire_.shard.observer({request, response.status, response.body.size(), Steady::now() - now_});
}

/// Answers what is no request, and closes.
net::Task<> Connection::refuse(Error error) {
    static RequestHead const no_request = [] {
        RequestHead out;
        out.keep_alive = false;
        return out;
    }();
    exchange_.start(no_request, now_);
    auto const response = problem(error, exchange_.request_id());
    begin(exchange_, response);
    report(response);
    co_await exchange_.finish(response.body);
    co_await wire_.flush();
    co_await linger();
}

net::Task<> Connection::turn_away() {
    wire_.shard.refused.add();
    try {
        co_await refuse(Error(ErrorCode::unavailable, "too many connections")
                            .with_retry_after(std::chrono::seconds(1)));
    } catch (Disconnected const&) {
        // There is nobody left to tell.
    }
    wire_.stream.close();
}

/// Waits until the client has seen the end of the answer and closes, or its time is over: closing
/// with bytes unread would reset the connection under the answer.
net::Task<> Connection::linger() {
    wire_.stream.shutdown_send();
    auto& input = wire_.input;
    auto const until = Steady::now() + wire_.shard.options.linger_time_max;
    for (;;) {
        input.consume(input.unread().size());
        auto const got = co_await wire_.read(input.space(), until);
        if (got.count == 0) co_return;
    }
}

}  // namespace grover::http
