#include "gateway/forward.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "auth/identity.hpp"
#include "http/fields.hpp"
#include "http/message.hpp"
#include "http/trace.hpp"

namespace grover::gateway {
namespace {

using http::same_token;

template <std::size_t N>
bool is_one_of(std::string_view name, std::array<std::string_view, N> const& names) noexcept {
    for (auto const known : names)
        if (same_token(name, known)) return true;
    return false;
}

/// Fields that the gateway writes itself, whatever the client sent.
bool is_ours(std::string_view name) noexcept {
    constexpr std::array<std::string_view, 10> names{"host",
                                                     "x-request-id",
                                                     "traceparent",
                                                     "tracestate",
                                                     "x-forwarded-for",
                                                     "x-forwarded-proto",
                                                     "x-forwarded-host",
                                                     "forwarded",
                                                     "x-grover-identity",
                                                     "x-request-deadline-ms"};
    return name.size() >= 4 && is_one_of(name, names);
}

void append(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

bool frames_body(std::string_view name) noexcept {
    return same_token(name, "content-length") || same_token(name, "transfer-encoding");
}

bool is_hop_by_hop(std::string_view name, std::string_view connection) noexcept {
    constexpr std::array<std::string_view, 8> names{
        "connection", "keep-alive", "proxy-connection",   "proxy-authorization",
        "te",         "upgrade",    "proxy-authenticate", "expect"};
    if (is_one_of(name, names)) return true;
    return !connection.empty() && !frames_body(name) && http::has_member(connection, name);
}

bool goes_out(std::string_view name, std::string_view connection) noexcept {
    constexpr std::array<std::string_view, 3> ours{"x-request-id", "date", "server"};
    return !is_hop_by_hop(name, connection) && !is_one_of(name, ours);
}

bool RequestEdits::passes(std::string_view name) const noexcept {
    auto const is = [&](std::string_view known) { return same_token(name, known); };
    if (std::ranges::any_of(without, is)) return false;
    if (only == nullptr || std::ranges::any_of(*only, is) || frames_body(name)) return true;
    return name.size() > 8 && same_token(name.substr(0, 8), "content-");
}

std::string Forward::head(std::string_view authority) const {
    std::string out;
    out.reserve(1024 + request.size);
    auto const target = edits == nullptr || edits->target.empty() ? request.target
                                                                  : std::string_view(edits->target);
    out.append(request.method).append(" ").append(target).append(" HTTP/1.1\r\n");
    append(out, "Host", authority);
    auto const connection = request.get("Connection");
    for (auto const& [name, value] : request.fields)
        if (!is_ours(name) && !is_hop_by_hop(name, connection) &&
            (edits == nullptr || edits->passes(name)))
            append(out, name, value);
    if (edits != nullptr) out += edits->more;
    if (websocket) out += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    append(out, "X-Forwarded-For", peer_address);
    append(out, "X-Forwarded-Proto", scheme);
    if (!request.host.empty()) append(out, "X-Forwarded-Host", request.host);
    append(out, "X-Request-ID", request_id);
    append(out, "traceparent", http::traceparent(trace.trace_id, trace.span_id));
    if (!identity.empty()) append(out, auth::identity_header, identity);
    auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    char text[24];
    auto const end =
        std::to_chars(text, text + sizeof text, std::max<std::int64_t>(left.count(), 1)).ptr;
    append(out, http::deadline_header, {text, end});
    out += "\r\n";
    return out;
}

}  // namespace grover::gateway
