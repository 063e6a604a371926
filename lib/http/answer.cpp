#include "http/answer.hpp"

#include <stdexcept>

#include "http/problem.hpp"

namespace grover::http {
namespace {

/// Fields that the exchange writes.
bool is_servers_own(std::string_view name) {
    return same_token(name, "Content-Length") || same_token(name, "Connection") ||
           same_token(name, "Date") || same_token(name, "X-Request-ID") ||
           same_token(name, "Transfer-Encoding");
}

/// Tells of an answer that nobody has told of. `method` is empty where no head could be read.
void report(Exchange const& exchange, Shard& shard, std::string_view method, int status,
            std::size_t bytes) {
    if (!shard.observer || exchange.observed()) return;
    Request request;
    request.method = method;
    request.trace_id = exchange.trace().trace_id;
    request.request_id = exchange.request_id();
    request.peer_address = exchange.peer_address();
    shard.observer({request, status, bytes, std::chrono::steady_clock::now() - exchange.started()});
}

net::Task<> send(Exchange& exchange, Shard& shard, std::string_view method,
                 Response const& response) {
    begin(exchange, response);
    report(exchange, shard, method, response.status, response.body.size());
    co_await exchange.finish(response.body);
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

net::Task<> answer(Exchange& exchange, Shard& shard) {
    std::exception_ptr failure;
    try {
        co_await shard.handler(exchange);
        if (!exchange.ended()) throw std::logic_error("the handler did not end its answer");
        report(exchange, shard, exchange.head().method, exchange.status(),
               static_cast<std::size_t>(exchange.body_bytes_written()));
        co_return;
    } catch (...) {
        failure = std::current_exception();
    }
    auto const response =
        failure_response(failure, exchange.request_id(), shard.options.on_failure);
    if (exchange.sent()) throw Disconnected();  // Half an answer: only its loss can be told.
    co_await send(exchange, shard, exchange.head().method, response);
}

net::Task<> refuse(Exchange& exchange, Shard& shard, Error error) {
    auto const response = problem(error, exchange.request_id());
    co_await send(exchange, shard, {}, response);
}

}  // namespace grover::http
