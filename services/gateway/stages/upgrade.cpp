#include "gateway/stages/upgrade.hpp"

#include "http/message.hpp"
#include "http/websocket.hpp"

namespace grover::gateway {
namespace {

/// A page of the site that it asks, by scheme-less comparison: TLS may have ended before us.
bool is_of(std::string_view origin, std::string_view host) {
    auto const scheme_end = origin.find("://");
    return scheme_end != origin.npos && http::same_token(origin.substr(scheme_end + 3), host);
}

}  // namespace

void check_websocket(http::Exchange& exchange, bool allowed, Cors const& cors) {
    auto const& head = exchange.head();
    if (!allowed)
        throw Error(ErrorCode::malformed, "no_websocket", "this path does not speak WebSocket");
    if (auto const wrong = http::websocket::refusal_of(head)) {
        if (wrong->code() == ErrorCode::upgrade_required) {
            exchange.answer_field("Upgrade", "websocket");
            exchange.answer_field("Sec-WebSocket-Version", http::websocket::version);
        }
        throw *wrong;
    }
    auto const origin = head.get("Origin");
    if (!origin.empty() && !is_of(origin, head.host) && !cors.allows(origin))
        throw Error(ErrorCode::forbidden, "origin_not_allowed",
                    "pages of this origin may not use the API");
}

}  // namespace grover::gateway
