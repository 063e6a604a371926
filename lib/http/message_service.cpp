#include "http/message_service.hpp"

#include "http/answer.hpp"

namespace grover::http {
namespace {

void fill(Request& request, Exchange const& exchange) {
    auto const& head = exchange.head();
    request.method = head.method;
    request.target = head.target;
    request.path = head.path();
    request.query = head.query();
    for (auto const& [name, value] : head.fields) request.headers.add(name, value);
    request.request_id = exchange.request_id();
    request.trace_id = exchange.trace().trace_id;
    request.span_id = exchange.trace().span_id;
    request.peer_address = exchange.peer_address();
}

struct MessageService {
    Handler handler;
    AccessObserver observer;
    FailureObserver on_failure;

    net::Task<> operator()(Exchange& exchange) const {
        Request request;
        fill(request, exchange);
        Response response;
        std::exception_ptr failure;
        try {
            if (!exchange.body_complete()) request.body = co_await exchange.read_all();
            request.deadline = exchange.deadline();
            response = co_await handler(request);
            begin(exchange, response);
            if (response.writer) co_await write(exchange, response.writer);
        } catch (...) {
            failure = std::current_exception();
        }
        bool const broken_off = failure && exchange.sent();
        if (failure && !broken_off) {
            response = failure_response(failure, request.request_id, on_failure);
            begin(exchange, response);
        }
        if (!exchange.ended() && !broken_off) co_await exchange.finish(response.body);
        exchange.set_observed();
        if (observer)
            observer({request, response.status,
                      static_cast<std::size_t>(exchange.body_bytes_written()),
                      std::chrono::steady_clock::now() - exchange.started()});
        if (broken_off) give_up(failure, request.request_id);
    }

    /// Half an answer: only its loss can be told.
    [[noreturn]] void give_up(std::exception_ptr const& failure,
                              std::string const& request_id) const {
        try {
            std::rethrow_exception(failure);
        } catch (Disconnected const&) {
            throw;
        } catch (std::exception const& error) {
            if (on_failure) on_failure(request_id, error.what());
        }
        throw Disconnected();
    }

    static net::Task<> write(Exchange& exchange, BodyWriter const& writer) {
        exchange.stream(Exchange::Transfer::chunked);
        co_await writer([&](std::string_view piece) { return exchange.write(piece); });
        co_await exchange.end();
    }
};

}  // namespace

StreamHandler message_service(Handler handler, AccessObserver observer,
                              FailureObserver on_failure) {
    // A coroutine's frame refers to the object that it was called on: the server keeps this one.
    return MessageService{std::move(handler), std::move(observer), std::move(on_failure)};
}

}  // namespace grover::http
