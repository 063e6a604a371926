#include "gateway/forward.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "auth/identity.hpp"
#include "http/fields.hpp"
#include "http/h2/field_list.hpp"
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

/// CGI and WSGI know a field by its name with '_' for '-': to them the two are one.
bool begins_like(std::string_view name, std::string_view known) noexcept {
    return name.size() >= known.size() &&
           std::ranges::equal(name.substr(0, known.size()), known, [](char c, char lower) {
               return (c == '_'               ? '-'
                       : c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20)
                                              : c) == lower;
           });
}

/// Fields that the gateway writes itself, whatever the client sent, and however it spelled them.
bool is_ours(std::string_view name) noexcept {
    constexpr std::array<std::string_view, 6> names{
        "host", "x-request-id", "traceparent", "tracestate", "forwarded", "x-request-deadline-ms"};
    constexpr std::array<std::string_view, 2> prefixes{"x-forwarded-", "x-grover-"};
    auto const is = [&](auto known) {
        return name.size() == known.size() && begins_like(name, known);
    };
    return std::ranges::any_of(names, is) ||
           std::ranges::any_of(prefixes, [&](auto prefix) { return begins_like(name, prefix); });
}

void append(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

bool frames_body(std::string_view name) noexcept {
    return same_token(name, "content-length") || same_token(name, "transfer-encoding");
}

bool describes_bytes(std::string_view name) noexcept {
    constexpr std::array<std::string_view, 6> names{"content-md5", "digest",  "content-digest",
                                                    "repr-digest", "trailer", "accept-ranges"};
    return is_one_of(name, names);
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
    return only == nullptr || std::ranges::any_of(*only, is);
}

namespace {

/// What the service gets of the client's fields.
template <class Add>
void for_each_field(Forward const& forward, Add add) {
    auto const& request = forward.request;
    std::string room;
    auto const connection = http::list_of(request.fields, "Connection", room);
    for (auto const& [name, value] : request.fields)
        if (!is_ours(name) && !is_hop_by_hop(name, connection) &&
            (forward.edits == nullptr || forward.edits->passes(name)))
            add(name, value);
}

/// What the gateway says itself, beside Host.
template <class Add>
void for_each_own_field(Forward const& forward, Add add) {
    add("X-Forwarded-For", forward.peer_address);
    add("X-Forwarded-Proto", forward.scheme);
    if (!forward.request.host.empty()) add("X-Forwarded-Host", forward.request.host);
    add("X-Request-ID", forward.request_id);
    add("traceparent", http::traceparent(forward.trace.trace_id, forward.trace.span_id));
    if (!forward.identity.empty()) add(auth::identity_header, forward.identity);
    auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(
        forward.deadline - std::chrono::steady_clock::now());
    char text[24];
    auto const end =
        std::to_chars(text, text + sizeof text, std::max<std::int64_t>(left.count(), 1)).ptr;
    add(http::deadline_header, std::string_view(text, end));
}

std::string_view target_of(Forward const& forward) noexcept {
    auto const* const edits = forward.edits;
    return edits == nullptr || edits->target.empty() ? forward.request.target
                                                     : std::string_view(edits->target);
}

}  // namespace

std::string Forward::head(std::string_view authority) const {
    std::string out;
    out.reserve(1024 + request.size);
    out.append(request.method).append(" ").append(target_of(*this)).append(" HTTP/1.1\r\n");
    auto const add = [&out](std::string_view name, std::string_view value) {
        append(out, name, value);
    };
    add("Host", authority);
    for_each_field(*this, add);
    if (edits != nullptr) out += edits->more;
    if (websocket) out += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    for_each_own_field(*this, add);
    out += "\r\n";
    return out;
}

http::BodyFraming Forward::head(std::string_view authority, http::h2::FieldText& out) const {
    auto framing = http::BodyFraming::none();
    auto const add = [&](std::string_view name, std::string_view value) {
        if (same_token(name, "transfer-encoding")) {
            framing = http::BodyFraming::chunked();
            return;
        }
        if (same_token(name, "content-length"))
            framing = http::BodyFraming::of_length(http::content_length(value).value_or(0));
        constexpr auto kept = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;
        out.add(name, value, kept);
    };
    add(":method", request.method);
    add(":scheme", "http");
    add(":authority", authority);
    add(":path", target_of(*this));
    for_each_field(*this, add);
    if (edits != nullptr) http::for_each_field_line(edits->more, add);
    for_each_own_field(*this, add);
    return framing;
}

}  // namespace grover::gateway
