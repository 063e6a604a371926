#include "gateway/compose/part_call.hpp"

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "gateway/compose/compose.hpp"
#include "gateway/whole_body.hpp"
#include "http/fields.hpp"
#include "http/message.hpp"
#include "reflect/codec.hpp"

namespace grover::gateway {
namespace {

namespace json = boost::json;

/// Holds an answer whole.
class Collected final : public Delivery {
public:
    net::Task<> deliver(Attempt& attempt) override {
        status = attempt.head().status;
        has_json = http::is_json(attempt.head().get("Content-Type"));
        body = co_await whole_body(attempt, part_bytes_max);
    }
    net::Task<bool> fall_back(Error const&, FallbackSettings const*) override { co_return false; }

    int status = 0;
    bool has_json = false;
    std::string body;
};

/// What says who asks, and how; the rest of the client's fields is about another request.
http::RequestHead head_of(http::RequestHead const& client, std::string_view target) {
    constexpr std::array<std::string_view, 4> kept{"Authorization", "Cookie", "Accept-Language",
                                                   "User-Agent"};
    http::RequestHead out;
    out.method = "GET";
    out.target = target;
    out.host = client.host;
    out.fields.push_back({"Accept", "application/json"});
    for (auto const& field : client.fields)
        if (std::ranges::any_of(kept,
                                [&](auto name) { return http::same_token(name, field.name); }))
            out.fields.push_back(field);
    return out;
}

/// The problem of an answer as ours; texts of 5xx stay inside.
Error problem_of(Collected const& answer) {
    if (answer.status == 503 || answer.status == 429)
        return Error(ErrorCode::unavailable, "a service cannot answer now")
            .with_retry_after(std::chrono::seconds(1));
    if (answer.status == 504)
        return Error(ErrorCode::gateway_timeout, "a service did not answer in time");
    if (answer.status < 400 || answer.status >= 500)
        return Error(ErrorCode::bad_gateway, "a service could not answer");
    auto const code = code_of_status(answer.status);
    std::string slug(slug_of(code)), detail(title_of(code));
    boost::system::error_code error;
    auto const document = json::parse(answer.body, error);
    if (auto const* object = error ? nullptr : document.if_object())
        for (auto const& [name, text] : {std::pair("code", &slug), {"detail", &detail}})
            if (auto const* value = object->if_contains(name); value && value->is_string())
                *text = value->get_string();
    return Error(code, std::move(slug), std::move(detail));
}

}  // namespace

net::Task<json::value> call_part(http::Exchange const& exchange, Audience& audience,
                                 RequestRecord const& record, std::size_t service,
                                 std::string target, std::chrono::steady_clock::time_point until) {
    auto& upstream = *record.view->upstreams[service];
    auto const& rules = record.view->rules(record.route_index, service);
    auto const head = head_of(exchange.head(), target);
    auto request = record.forward(exchange, head, &audience);
    bound(request, exchange, rules);
    request.stream = nullptr;  // The time of a part is for all of it.
    request.deadline = std::min(request.deadline, until);
    Collected answer;
    TryReport report;  // of a part; the log tells of the whole
    co_await relay(request, upstream, rules, answer, report);
    if (answer.status != 200) throw problem_of(answer);
    if (!answer.has_json) throw Error(ErrorCode::bad_gateway, "a service answered without JSON");
    boost::system::error_code error;
    auto value = json::parse(answer.body, error);
    if (error) throw Error(ErrorCode::bad_gateway, "a service answered with broken JSON");
    co_return value;
}

}  // namespace grover::gateway
