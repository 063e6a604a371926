#include "http/head_parser.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/limits.hpp"
#include "http/characters.hpp"
#include "http/fields.hpp"
#include "http/message.hpp"
#include "http/target.hpp"

namespace grover::http {
namespace {

/// What the fields say of the message itself; the rest of them is only listed.
struct Found {
    std::size_t hosts = 0;
    std::size_t lengths = 0;
    std::size_t encodings = 0;
    std::string_view host;
    std::string_view length;
    std::string_view encoding;
    std::string_view expect;
    bool close = false;       // Connection has "close"
    bool keep_alive = false;  // or "keep-alive"
    bool upgrade = false;     // or "upgrade"
    bool websocket = false;   // Upgrade has "websocket"
};

void note_connection(std::string_view list, Found& found) {
    while (!list.empty()) {
        auto const part = trimmed(list.substr(0, list.find(',')));
        found.close = found.close || same_token(part, "close");
        found.keep_alive = found.keep_alive || same_token(part, "keep-alive");
        found.upgrade = found.upgrade || same_token(part, "upgrade");
        list.remove_prefix(std::min(list.size(), list.find(',')));
        if (!list.empty()) list.remove_prefix(1);
    }
}

void note(FieldView const& field, Found& found) {
    auto const& [name, value] = field;
    if (name.size() == 4 && same_token(name, "Host")) {
        ++found.hosts;
        found.host = value;
    } else if (name.size() == 6 && same_token(name, "Expect")) {
        found.expect = value;
    } else if (name.size() == 7 && same_token(name, "Upgrade")) {
        found.websocket = found.websocket || has_member(value, "websocket");
    } else if (name.size() == 10 && same_token(name, "Connection")) {
        note_connection(value, found);
    } else if (name.size() == 14 && same_token(name, "Content-Length")) {
        ++found.lengths;
        found.length = value;
    } else if (name.size() == 17 && same_token(name, "Transfer-Encoding")) {
        ++found.encodings;
        found.encoding = value;
    }
}

/// Reads lines that LineScanner has found good, to the empty one. False when one is no field (RFC
/// 9110 section 5.5, RFC 9112 section 5: no blank before the colon, nothing but text in the value).
bool read_fields(std::string_view lines, MessageHead& head, Found& found) {
    if (head.fields.capacity() == 0) head.fields.reserve(16);
    while (lines.size() > 2) {
        auto const* const end =
            static_cast<char const*>(std::memchr(lines.data(), '\n', lines.size()));
        auto const line = lines.substr(0, static_cast<std::size_t>(end - lines.data()) - 1);
        std::size_t colon = 0;
        while (colon < line.size() && is_token_character(line[colon])) ++colon;
        if (colon == 0 || colon == line.size() || line[colon] != ':') return false;
        FieldView const field{line.substr(0, colon), trimmed(line.substr(colon + 1))};
        if (!is_value(field.value)) return false;
        note(field, found);
        head.fields.push_back(field);
        lines.remove_prefix(line.size() + 2);
    }
    return true;
}

/// Of "HTTP/1.x": 0 or 1; nothing for every other text.
std::optional<int> minor_version(std::string_view text) noexcept {
    if (text == "HTTP/1.1") return 1;
    if (text == "HTTP/1.0") return 0;
    return {};
}

/// "method SP target SP version" (RFC 9112 section 3), or why not.
std::optional<Refusal> read_request_line(std::string_view line, RequestHead& head) {
    constexpr Refusal invalid{ErrorCode::malformed, "the request line is not valid"};
    auto const first = line.find(' '), last = line.rfind(' ');
    if (first == line.npos || first == last) return invalid;
    head.method = line.substr(0, first);
    head.target = line.substr(first + 1, last - first - 1);
    auto const version = line.substr(last + 1);
    if (!is_token(head.method) || !is_target(head.target)) return invalid;
    if (auto const minor = minor_version(version)) {
        head.minor_version = *minor;
        return {};
    }
    bool const other = version.size() == 8 && version.starts_with("HTTP/") &&
                       is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
    if (other)
        return Refusal{ErrorCode::http_version, "only HTTP/1.0 and HTTP/1.1 are spoken here"};
    return invalid;
}

/// "version SP status [SP reason]" (RFC 9112 section 4).
bool read_status_line(std::string_view line, ReplyHead& head) {
    auto const minor = minor_version(line.substr(0, 8));
    if (!minor || line.size() < 12 || line[8] != ' ' || (line.size() > 12 && line[12] != ' '))
        return false;
    auto const digits = line.substr(9, 3);
    if (!std::ranges::all_of(digits, is_digit)) return false;
    head.minor_version = *minor;
    head.status = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
    head.reason = line.substr(std::min<std::size_t>(line.size(), 13));
    return is_value(head.reason);
}

/// The first line without its end, and what is behind it.
std::pair<std::string_view, std::string_view> first_line(std::string_view bytes) noexcept {
    auto const size = bytes.find('\n') + 1;
    return {bytes.substr(0, size - 2), bytes.substr(size)};
}

/// RFC 9112 section 9.3.
bool stays_open(MessageHead const& head, Found const& found) noexcept {
    return !found.close && (head.minor_version == 1 || found.keep_alive);
}

/// Where the body ends (RFC 9112 section 6.3), or why nobody can tell. `unframed` is what a message
/// without either field has.
std::string_view frame_body(Found const& found, MessageHead& head, BodyFraming unframed) {
    if (found.lengths + found.encodings > 1) return "the length of the body is ambiguous";
    if (found.encodings == 1) {
        if (head.minor_version == 0) return "HTTP/1.0 knows no Transfer-Encoding";
        if (!same_token(found.encoding, "chunked")) return "the transfer coding is not known";
        head.body = BodyFraming::chunked();
    } else if (found.lengths == 1) {
        auto const length = content_length(found.length);
        if (!length) return "Content-Length is not a number";
        head.body = BodyFraming::of_length(*length);
    } else {
        head.body = unframed;
    }
    return {};
}

/// Brings the target into origin form (RFC 9112 section 3.2); an absolute form names the host.
std::string_view normalise_target(RequestHead& head) {
    auto& target = head.target;
    if (target.starts_with('/')) return {};
    if (target == "*") return head.method == "OPTIONS" ? "" : "the target \"*\" is for OPTIONS";
    auto const scheme = target.find("://");
    auto const name = target.substr(0, scheme);
    if (scheme == target.npos || !(same_token(name, "http") || same_token(name, "https")))
        return "the target is neither a path nor a URL";
    auto const rest = target.substr(scheme + 3);
    auto const slash = rest.find('/');
    auto const authority = rest.substr(0, slash);
    if (!is_host(authority)) return "the target has no valid host";
    head.host = authority;
    target = slash == rest.npos ? std::string_view("/") : rest.substr(slash);
    // RFC 9112 section 3.2.2: the Host field is ignored and, where it is passed on, replaced.
    for (auto& field : head.fields)
        if (same_token(field.name, "Host")) field.value = authority;
    return {};
}

std::string_view check_request(Found const& found, RequestHead& head) {
    if (found.hosts > 1) return "Host is there more than once";
    if (found.hosts == 0 && head.minor_version == 1) return "Host is missing";
    if (found.hosts == 1 && !is_host(found.host)) return "Host is not valid";
    head.host = found.host;
    if (auto const wrong = frame_body(found, head, BodyFraming::none()); !wrong.empty())
        return wrong;
    head.wants_websocket = found.upgrade && found.websocket;
    head.expects_continue = head.minor_version == 1 && same_token(found.expect, "100-continue");
    return normalise_target(head);
}

/// Of a request line that may not have its end yet.
std::size_t target_bytes(std::string_view line) noexcept {
    auto const begin = std::min(line.find(' '), line.size() - 1) + 1;
    return std::min(line.find(' ', begin), line.size()) - begin;
}

std::string_view find(std::vector<FieldView> const& fields, std::string_view name) noexcept {
    for (auto const& field : fields)
        if (same_token(field.name, name)) return field.value;
    return {};
}

}  // namespace

std::string_view MessageHead::get(std::string_view name) const noexcept {
    return find(fields, name);
}

bool MessageHead::contains(std::string_view name) const noexcept {
    return find(fields, name).data() != nullptr;
}

HeadState detail::LineScanner::scan(std::string_view bytes, Refusal& refusal,
                                    bool request) noexcept {
    auto const refuse = [&](ErrorCode code, std::string_view text) {
        refusal = {code, text};
        return HeadState::refused;
    };
    // What does not even begin like a message (a TLS greeting, say) is not waited for.
    if (at_ == 0 && !bytes.empty() && !is_token_character(bytes[0]))
        return refuse(ErrorCode::malformed, "this is not an HTTP message");
    while (at_ < bytes.size()) {
        auto const* const found =
            static_cast<char const*>(std::memchr(bytes.data() + at_, '\n', bytes.size() - at_));
        at_ = found == nullptr ? bytes.size() : static_cast<std::size_t>(found - bytes.data()) + 1;
        if (request && lines_ == 0 && target_bytes(bytes.substr(0, at_)) > limits::uri_bytes_max)
            return refuse(ErrorCode::uri_too_long, "the target is too long");
        if (at_ > limits::header_bytes_max)
            return refuse(ErrorCode::headers_too_large, "the header fields are too large");
        if (found == nullptr) break;
        auto const line = bytes.substr(line_start_, at_ - line_start_);
        if (line.size() < 2 || line[line.size() - 2] != '\r')
            return refuse(ErrorCode::malformed, "a line does not end in CR LF");
        if (line.front() == ' ' || line.front() == '\t')
            return refuse(ErrorCode::malformed, "a header field is folded");
        if (line.size() == 2) return HeadState::complete;
        if (++lines_ > limits::header_fields_max + 1)
            return refuse(ErrorCode::headers_too_large, "there are too many header fields");
        line_start_ = at_;
    }
    return HeadState::incomplete;
}

HeadState RequestParser::parse(std::string_view bytes) {
    auto const state = scanner_.scan(bytes, refusal_, true);
    if (state != HeadState::complete) return state;
    bytes = bytes.substr(0, scanner_.head_size());
    auto const [line, lines] = first_line(bytes);
    if (auto const wrong = read_request_line(line, head_)) {
        refusal_ = *wrong;
        return HeadState::refused;
    }
    Found found;
    head_.fields.clear();
    if (!read_fields(lines, head_, found)) {
        refusal_ = {ErrorCode::malformed, "a header field is not valid"};
        return HeadState::refused;
    }
    head_.size = bytes.size();
    head_.keep_alive = stays_open(head_, found);
    if (head_.method == "CONNECT") {
        refusal_ = {ErrorCode::not_implemented, "CONNECT is not served here"};
        return HeadState::refused;
    }
    auto const wrong = check_request(found, head_);
    if (wrong.empty()) return HeadState::complete;
    refusal_ = {ErrorCode::malformed, wrong};
    return HeadState::refused;
}

HeadState ReplyParser::parse(std::string_view bytes, std::string_view method, Protocol asked_for) {
    auto const state = scanner_.scan(bytes, refusal_, false);
    if (state == HeadState::incomplete) return state;
    refusal_ = {ErrorCode::bad_gateway, "the reply is not valid"};
    if (state == HeadState::refused) return state;
    bytes = bytes.substr(0, scanner_.head_size());
    auto const [line, lines] = first_line(bytes);
    Found found;
    head_.fields.clear();
    if (!read_status_line(line, head_) || !read_fields(lines, head_, found))
        return HeadState::refused;
    if (head_.status < 100 || head_.status > 599) return HeadState::refused;
    if (head_.status == 101 && asked_for == Protocol::http) return HeadState::refused;
    head_.size = bytes.size();
    head_.keep_alive = stays_open(head_, found);
    if (!frame_body(found, head_, BodyFraming::until_close()).empty()) return HeadState::refused;
    bool const without_body =
        method == "HEAD" || head_.status < 200 || head_.status == 204 || head_.status == 304;
    if (without_body) head_.body = BodyFraming::none();
    if (head_.body.kind() == BodyFraming::Kind::until_close) head_.keep_alive = false;
    return HeadState::complete;
}

}  // namespace grover::http
