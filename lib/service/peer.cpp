#include "service/peer.hpp"

#include <algorithm>

#include "base/random.hpp"
#include "http/trace.hpp"

namespace grover::service {
namespace {

/// Nothing for the zero deadline, which means none.
std::optional<std::int64_t> milliseconds_left(http::Deadline deadline) {
    if (deadline == http::Deadline{}) return {};
    auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    return std::max<std::int64_t>(left.count(), 1);
}

/// The peer's own problem, as an error of ours; texts of 5xx stay inside.
Error error_of(http::Response const& reply, std::string const& name) {
    if (reply.status >= 500 || reply.status == 401 || reply.status == 408)
        return Error(ErrorCode::unavailable, "the " + name + " cannot answer now")
            .with_retry_after(std::chrono::seconds(1));
    std::string slug(slug_of(code_of_status(reply.status))), detail = "refused by the " + name;
    boost::system::error_code ec;
    auto const body = boost::json::parse(reply.body, ec);
    if (auto const* object = ec ? nullptr : body.if_object()) {
        if (auto const* text = object->if_contains("code"); text && text->is_string())
            slug = text->get_string();
        if (auto const* text = object->if_contains("detail"); text && text->is_string())
            detail = text->get_string();
    }
    return Error(code_of_status(reply.status), slug, detail);
}

}  // namespace

Peer::Peer(Kit& kit, std::string name, std::string origin)
    : Peer(kit, std::move(name), [origin = std::move(origin)] { return origin; }) {}

Peer::Peer(Kit& kit, std::string name, std::function<std::string()> origin)
    : kit_(kit), name_(std::move(name)), origin_(std::move(origin)) {}

std::string Peer::sign(auth::Caller const& caller) const {
    return kit_.signer().sign(caller, kit_.clock()());
}

Task<http::Response> Peer::call(std::string method, std::string target, std::string body,
                                http::RequestInfo info) {
    auto identity = kit_.signer().sign(auth::Service{kit_.service()}, kit_.clock()());
    co_return co_await exchange(std::move(method), std::move(target), std::move(body),
                                std::move(info), std::move(identity));
}

Task<http::Response> Peer::exchange(std::string method, std::string target, std::string body,
                                    http::RequestInfo info, std::string identity) {
    http::Outgoing out{
        .origin = origin_(), .method = std::move(method), .target = std::move(target)};
    if (!identity.empty()) out.headers.add(auth::identity_header, identity);
    out.headers.add("X-Request-ID", info.request_id.empty() ? random_hex(16) : info.request_id);
    if (!info.trace_id.empty())
        out.headers.add("traceparent", http::traceparent(info.trace_id, random_hex(8)));
    if (auto const left = milliseconds_left(info.deadline))
        out.headers.add(http::deadline_header, std::to_string(*left));
    if (!body.empty()) out.headers.add("Content-Type", "application/json");
    out.body = std::move(body);
    out.body_bytes_max = limits::internal_body_bytes_max;
    auto reply = co_await kit_.client().send(std::move(out), info.deadline);
    if (reply.status >= 400) throw error_of(reply, name_);
    co_return reply;
}

Task<bool> Peer::healthy(http::Deadline deadline) {
    http::Outgoing out{.origin = origin_(), .method = "GET", .target = "/health"};
    auto const reply = co_await kit_.client().send(std::move(out), deadline);
    co_return reply.status == 200;
}

}  // namespace grover::service
