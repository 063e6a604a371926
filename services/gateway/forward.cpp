#include "gateway/forward.hpp"

#include <array>
#include <charconv>

#include "auth/identity.hpp"
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

bool is_named_in(std::string_view list, std::string_view name) noexcept {
    while (!list.empty()) {
        auto part = list.substr(0, list.find(','));
        list.remove_prefix(std::min(list.size(), part.size() + 1));
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ')) part.remove_suffix(1);
        if (same_token(part, name)) return true;
    }
    return false;
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
    return !connection.empty() && !frames_body(name) && is_named_in(connection, name);
}

bool goes_out(std::string_view name, std::string_view connection) noexcept {
    constexpr std::array<std::string_view, 3> ours{"x-request-id", "date", "server"};
    return !is_hop_by_hop(name, connection) && !is_one_of(name, ours);
}

std::string Forward::head(std::string_view authority) const {
    auto const& head = exchange.head();
    std::string out;
    out.reserve(1024 + head.size);
    out.append(head.method).append(" ").append(head.target).append(" HTTP/1.1\r\n");
    append(out, "Host", authority);
    auto const connection = head.get("Connection");
    for (auto const& [name, value] : head.fields)
        if (!is_ours(name) && !is_hop_by_hop(name, connection)) append(out, name, value);
    append(out, "X-Forwarded-For", exchange.peer_address());
    append(out, "X-Forwarded-Proto", exchange.scheme());
    if (!head.host.empty()) append(out, "X-Forwarded-Host", head.host);
    append(out, "X-Request-ID", exchange.request_id());
    append(out, "traceparent",
           http::traceparent(exchange.trace().trace_id, exchange.trace().span_id));
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
