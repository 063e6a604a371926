#include "http/head_parser.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include <boost/beast/http/basic_parser.hpp>

#include "base/limits.hpp"
#include "http/characters.hpp"
#include "http/message.hpp"

namespace grover::http {
namespace {

namespace beast = boost::beast;
using boost::system::error_code;

std::string_view view(beast::string_view text) noexcept {
    return {text.data(), text.size()};
}

/// What Beast found, and the facts that it does not keep.
template <bool isRequest>
class Collector final : public beast::http::basic_parser<isRequest> {
public:
    using Head = std::conditional_t<isRequest, RequestHead, ReplyHead>;

    explicit Collector(Head& head) : head_(head) {
        this->eager(false);
        this->skip(true);                  // Bodies are BodyFraming's.
        this->header_limit(0xffff'ffffu);  // LineScanner has the limit.
        this->body_limit(boost::none);
        head_.fields.clear();
    }

    std::size_t hosts = 0;
    std::size_t lengths = 0;
    std::size_t encodings = 0;
    std::string_view host;
    std::string_view length;
    std::string_view encoding;
    std::string_view expect;

private:
    using Verb = beast::http::verb;
    using Field = beast::http::field;

    void on_request_impl(Verb, beast::string_view method, beast::string_view target, int version,
                         error_code&) override {
        if constexpr (isRequest) {
            head_.method = view(method);
            head_.target = view(target);
        }
        head_.minor_version = version - 10;
    }
    void on_response_impl(int status, beast::string_view reason, int version,
                          error_code&) override {
        if constexpr (!isRequest) {
            head_.status = status;
            head_.reason = view(reason);
        }
        head_.minor_version = version - 10;
    }
    void on_field_impl(Field field, beast::string_view name, beast::string_view value,
                       error_code&) override {
        switch (field) {
            case Field::host:
                ++hosts;
                host = view(value);
                break;
            case Field::content_length:
                ++lengths;
                length = view(value);
                break;
            case Field::transfer_encoding:
                ++encodings;
                encoding = view(value);
                break;
            case Field::expect:
                expect = view(value);
                break;
            default:
                break;
        }
        head_.fields.push_back({view(name), view(value)});
    }
    void on_header_impl(error_code&) override {}
    // A head alone is parsed: these are never called.
    void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
    std::size_t on_body_impl(beast::string_view body, error_code&) override { return body.size(); }
    void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, error_code&) override {
        return body.size();
    }
    void on_finish_impl(error_code&) override {}

    Head& head_;
};

std::optional<std::uint64_t> decimal(std::string_view text) {
    // from_chars alone would take "1x" and nothing checks an empty text.
    if (text.empty() || !std::ranges::all_of(text, is_digit)) return {};
    std::uint64_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc()) return {};
    return value;
}

/// Where the body ends (RFC 9112 section 6.3), or why nobody can tell. `unframed` is what a message
/// without either field has.
template <bool isRequest>
std::string_view frame_body(Collector<isRequest> const& found, MessageHead& head,
                            BodyFraming unframed) {
    if (found.lengths + found.encodings > 1) return "the length of the body is ambiguous";
    if (found.encodings == 1) {
        if (head.minor_version == 0) return "HTTP/1.0 knows no Transfer-Encoding";
        if (!same_token(found.encoding, "chunked")) return "the transfer coding is not known";
        head.body = BodyFraming::chunked();
    } else if (found.lengths == 1) {
        auto const length = decimal(found.length);
        if (!length) return "Content-Length is not a number";
        head.body = BodyFraming::of_length(*length);
    } else {
        head.body = unframed;
    }
    return {};
}

bool is_host(std::string_view text) {
    // reg-name, IP-literal and port of RFC 3986 section 3.2.2, by their characters.
    constexpr std::string_view marks = "-._~%!$&'()*+,;=:[]";
    return !text.empty() && std::ranges::all_of(text, [&](char c) {
        char const lower = static_cast<char>(c | 0x20);
        return is_digit(c) || (lower >= 'a' && lower <= 'z') || marks.find(c) != marks.npos;
    });
}

/// Brings the target into origin form (RFC 9112 section 3.2); an absolute form names the host.
std::string_view normalise_target(RequestHead& head) {
    auto& target = head.target;
    // Beast lets bytes above 0x7f through; a fragment has no place in a request.
    for (char const c : target)
        if (static_cast<unsigned char>(c) > 0x7f || c == '#')
            return "the target has a character that must be percent-encoded";
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

std::string_view check_request(Collector<true> const& found, RequestHead& head) {
    if (found.hosts > 1) return "Host is there more than once";
    if (found.hosts == 0 && head.minor_version == 1) return "Host is missing";
    if (found.hosts == 1 && !is_host(found.host)) return "Host is not valid";
    head.host = found.host;
    if (auto const wrong = frame_body(found, head, BodyFraming::none()); !wrong.empty())
        return wrong;
    head.expects_continue = head.minor_version == 1 && same_token(found.expect, "100-continue");
    return normalise_target(head);
}

/// "METHOD target HTTP/d.d" is of another version; anything else is no request line.
Refusal refuse_version(std::string_view bytes) {
    auto const line = bytes.substr(0, bytes.find('\r'));
    auto const version = line.substr(std::min(line.rfind(' '), line.size() - 1) + 1);
    bool const other = std::ranges::count(line, ' ') == 2 && version.size() == 8 &&
                       version.starts_with("HTTP/") && is_digit(version[5]) && version[6] == '.' &&
                       is_digit(version[7]);
    if (other) return {ErrorCode::http_version, "only HTTP/1.0 and HTTP/1.1 are spoken here"};
    return {ErrorCode::malformed, "the request line is not valid"};
}

Refusal refuse_parsed(error_code error, std::string_view bytes) {
    if (error == beast::http::error::bad_version) return refuse_version(bytes);
    if (error == beast::http::error::bad_method || error == beast::http::error::bad_target)
        return {ErrorCode::malformed, "the request line is not valid"};
    return {ErrorCode::malformed, "a header field is not valid"};
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
    Collector<true> found(head_);
    error_code error;
    found.put(boost::asio::buffer(bytes), error);
    if (error || !found.is_header_done()) {
        refusal_ = refuse_parsed(error, bytes);
        return HeadState::refused;
    }
    head_.size = bytes.size();
    head_.keep_alive = found.keep_alive();
    if (head_.method == "CONNECT") {
        refusal_ = {ErrorCode::not_implemented, "CONNECT is not served here"};
        return HeadState::refused;
    }
    auto const wrong = check_request(found, head_);
    if (wrong.empty()) return HeadState::complete;
    refusal_ = {ErrorCode::malformed, wrong};
    return HeadState::refused;
}

HeadState ReplyParser::parse(std::string_view bytes, std::string_view method) {
    auto const state = scanner_.scan(bytes, refusal_, false);
    if (state == HeadState::incomplete) return state;
    refusal_ = {ErrorCode::bad_gateway, "the reply is not valid"};
    if (state == HeadState::refused) return state;
    bytes = bytes.substr(0, scanner_.head_size());
    Collector<false> found(head_);
    error_code error;
    found.put(boost::asio::buffer(bytes), error);
    if (error || !found.is_header_done()) return HeadState::refused;
    // Nobody here asks for another protocol.
    if (head_.status < 100 || head_.status > 599 || head_.status == 101) return HeadState::refused;
    head_.size = bytes.size();
    head_.keep_alive = found.keep_alive();
    if (!frame_body(found, head_, BodyFraming::until_close()).empty()) return HeadState::refused;
    bool const without_body =
        method == "HEAD" || head_.status < 200 || head_.status == 204 || head_.status == 304;
    if (without_body) head_.body = BodyFraming::none();
    if (head_.body.kind() == BodyFraming::Kind::until_close) head_.keep_alive = false;
    return HeadState::complete;
}

}  // namespace grover::http
