#include "gateway/compose/part_call.hpp"

#include <algorithm>
#include <array>
#include <list>
#include <memory>

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

/// The fields that say who asks, and how; the rest of the client's is about another request.
constexpr std::array<std::string_view, 4> kept{"Authorization", "Cookie", "Accept-Language",
                                               "User-Agent"};

/// A call with all that it uses of the client's request, which may be gone before it has ended.
class PartCall {
public:
    PartCall(http::Exchange const& exchange, Audience& audience, RequestRecord const& record,
             std::size_t service, std::string target)
        : view_(record.view),
          session_(record.session),
          audience_(audience.of_part()),
          rules_(view_->rules(record.route_index, service)),
          upstream_(*view_->upstreams[service]),
          target_(std::move(target)),
          host_(exchange.head().host),
          request_id_(exchange.request_id()),
          trace_(exchange.trace()),
          peer_address_(exchange.peer_address()),
          request_(head_of(exchange.head())),
          forward_{.request = request_,
                   .request_id = request_id_,
                   .trace = trace_,
                   .peer_address = peer_address_,
                   .scheme = exchange.scheme(),
                   .identity = record.identity(),
                   .deadline = exchange.deadline(),
                   .client_until = record.client_until,
                   .audience = audience_.get()} {
        if (auto const* caller = record.caller()) forward_.sticky_by = caller->user_id.str();
        bound(forward_, exchange, rules_);
        forward_.stream = nullptr;  // The time of a part is for all of it.
    }
    PartCall(PartCall const&) = delete;
    PartCall& operator=(PartCall const&) = delete;

    void by(std::chrono::steady_clock::time_point until) {
        forward_.deadline = std::min(forward_.deadline, until);
    }
    net::Task<> ask(Delivery& answer) {
        TryReport report;  // of a part; the log tells of the whole
        co_await relay(forward_, upstream_, rules_, answer, report);
    }

private:
    http::RequestHead head_of(http::RequestHead const& client) {
        http::RequestHead out;
        out.method = "GET";
        out.target = target_;
        out.host = host_;
        out.fields.push_back({"Accept", "application/json"});
        for (auto const& field : client.fields)
            for (auto const name : kept)
                if (http::same_token(name, field.name))
                    out.fields.push_back({name, values_.emplace_back(field.value)});
        return out;
    }

    ViewPtr const view_;                                             // the rules that held
    std::shared_ptr<service::Sessions::Found const> const session_;  // shared with their cache
    std::unique_ptr<Audience> const audience_;
    TryRules const& rules_;
    Upstream& upstream_;
    std::string const target_, host_, request_id_;
    http::TraceContext const trace_;
    std::string const peer_address_;
    std::list<std::string> values_;  // of fields
    http::RequestHead const request_;
    Forward forward_;
};

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

net::Task<json::value> answer_of(std::unique_ptr<PartCall> call) {
    Collected answer;
    co_await call->ask(answer);
    if (answer.status != 200) throw problem_of(answer);
    if (!answer.has_json) throw Error(ErrorCode::bad_gateway, "a service answered without JSON");
    try {
        co_return reflect::parse(answer.body);
    } catch (Error const&) {
        throw Error(ErrorCode::bad_gateway, "a service answered with broken JSON");
    }
}

}  // namespace

net::Task<json::value> call_part(http::Exchange const& exchange, Audience& audience,
                                 RequestRecord const& record, std::size_t service,
                                 std::string target, std::chrono::steady_clock::time_point until) {
    auto call = std::make_unique<PartCall>(exchange, audience, record, service, std::move(target));
    call->by(until);
    return answer_of(std::move(call));
}

}  // namespace grover::gateway
