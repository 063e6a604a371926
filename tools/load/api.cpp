#include "api.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

#include <fmt/format.h>

#include "base/error.hpp"
#include "net/async.hpp"
#include "reflect/codec.hpp"

namespace grover::load {
namespace {

using namespace std::chrono_literals;

constexpr auto answer_within = 30s;
constexpr auto patience = 60s;  // with a system that is busy, or away
constexpr std::size_t reply_bytes_max = 16 << 20;

std::chrono::milliseconds pause_before(int attempt) {
    return std::min<std::chrono::milliseconds>(50ms * (1 << std::min(attempt, 6)), 2s);
}

/// What Retry-After asks for in seconds, within reason.
std::chrono::milliseconds retry_after(http::Response const& reply) {
    auto const text = reply.headers.get("Retry-After");
    int seconds = 1;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    return std::chrono::seconds(std::clamp(seconds, 1, 60));
}

/// The problem's detail, or the beginning of whatever came instead.
std::string reason_of(http::Response const& reply) {
    boost::system::error_code ec;
    auto const body = boost::json::parse(reply.body, ec);
    if (!ec && body.is_object())
        if (auto const* detail = body.get_object().if_contains("detail");
            detail && detail->is_string())
            return std::string(std::string_view(detail->get_string()));
    return reply.body.substr(0, 200);
}

http::Outgoing outgoing_of(Call const& call, std::string const& gateway) {
    http::Outgoing request{.origin = gateway, .method = call.method, .target = call.target};
    request.body_bytes_max = reply_bytes_max;
    request.headers.add("Accept", "application/json");
    if (!call.token.empty()) request.headers.add("Authorization", "Bearer " + call.token);
    if (!call.idempotency_key.empty()) request.headers.add("Idempotency-Key", call.idempotency_key);
    if (!call.body.is_null()) {
        request.headers.add("Content-Type", "application/json");
        request.body = boost::json::serialize(call.body);
    }
    return request;
}

Answer answer_of(Call const& call, http::Response const& reply) {
    try {
        return {reply.body.empty() ? boost::json::value() : reflect::parse(reply.body),
                next_target(reply.headers.get("Link"))};
    } catch (Error const& error) {
        throw Failure(fmt::format("{} {} answered {} with a body that is not JSON: {}", call.method,
                                  call.target, reply.status, error.detail()));
    }
}

}  // namespace

std::string next_target(std::string_view link) {
    for (std::size_t at = link.find('<'); at != std::string_view::npos; at = link.find('<', at)) {
        auto const close = link.find('>', at);
        if (close == std::string_view::npos) break;
        auto target = link.substr(at + 1, close - at - 1);
        auto const end = std::min(link.find('<', close), link.size());
        if (link.substr(close, end - close).contains("rel=\"next\"")) {
            if (auto const scheme = target.find("://"); scheme != std::string_view::npos) {
                auto const path = target.find('/', scheme + 3);
                target = path == std::string_view::npos ? "/" : target.substr(path);
            }
            return std::string(target);
        }
        at = close;
    }
    return {};
}

Api::Api(net::Loop& loop, std::string gateway) : client_(loop), gateway_(std::move(gateway)) {}

net::Task<> Api::reach() {
    try {
        co_await client_.send({.origin = gateway_, .target = "/health"},
                              std::chrono::steady_clock::now() + answer_within);
    } catch (Error const&) {
        throw Failure("nothing answers at " + gateway_ + "; ./grover up starts the system");
    }
}

net::Task<Answer> Api::call(Call call) {
    auto const give_up = std::chrono::steady_clock::now() + patience;
    for (int attempt = 1;; ++attempt) {
        std::string trouble;
        auto wait = pause_before(attempt);
        bool limited = false;
        try {
            auto const reply = co_await client_.send(
                outgoing_of(call, gateway_), std::chrono::steady_clock::now() + answer_within);
            if (reply.status >= 200 && reply.status < 300) co_return answer_of(call, reply);
            trouble = fmt::format("{} {} answered {}: {}", call.method, call.target, reply.status,
                                  reason_of(reply));
            // A key whose first request still runs, after its connection was lost.
            bool const running =
                reply.status == 409 && attempt > 1 && !call.idempotency_key.empty();
            limited = reply.status == 429;
            if (!limited && reply.status != 503 && !running) throw Failure(trouble);
            if (reply.headers.contains("Retry-After")) wait = std::max(wait, retry_after(reply));
        } catch (Error const& error) {
            trouble = fmt::format("{} {}: {}", call.method, call.target, error.detail());
        }
        if (limited && limited_) std::exchange(limited_, {})();
        // A limit only says to wait, however often; trouble is waited out for a while.
        if (!limited && std::chrono::steady_clock::now() >= give_up) throw Failure(trouble);
        ++retries_;
        co_await net::pause(wait);
    }
}

}  // namespace grover::load
