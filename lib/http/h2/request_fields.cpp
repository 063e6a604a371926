#include "http/h2/request_fields.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "http/h2/field_rules.hpp"
#include "http/target.hpp"

namespace grover::http::h2 {
namespace {

Refusal malformed(std::string_view text) {
    return {ErrorCode::malformed, text};
}

}  // namespace

void RequestFields::reset() {
    list_.clear();
    method_ = scheme_ = path_ = authority_ = std::nullopt;
    host_ = {};
    cookie_.clear();
    hosts_ = 0;
    expects_continue_ = false;
    refusal_.reset();
}

bool RequestFields::add(std::string_view name, std::string_view value) {
    if (refusal_ && refusal_->code == ErrorCode::headers_too_large) return false;
    if (!list_.admit(name, value)) {
        refusal_ = {ErrorCode::headers_too_large, "the header fields are too large"};
        return false;
    }
    if (!is_value(value) || !is_trimmed(value)) {
        refusal_ = malformed("a header field is not valid");
    } else if (name.starts_with(':')) {
        if (!take_pseudo(name, value)) refusal_ = malformed("a pseudo-header field is not valid");
    } else if (!is_lower_token(name)) {
        refusal_ = malformed("a header field is not valid");
    } else if (concerns_connection(name, value)) {
        refusal_ = malformed("a field of HTTP/1.1 connections has no place here");
    } else if (name == "cookie") {
        if (!cookie_.empty()) cookie_ += "; ";
        cookie_ += value;
    } else if (name == "host") {
        ++hosts_;
        host_ = list_.keep(value);  // comes first, from wherever it is known
    } else {
        list_.add(name, value);
        if (name == "expect" && same_token(value, "100-continue")) expects_continue_ = true;
    }
    return true;
}

bool RequestFields::take_pseudo(std::string_view name, std::string_view value) {
    auto* const place = name == ":method"      ? &method_
                        : name == ":scheme"    ? &scheme_
                        : name == ":path"      ? &path_
                        : name == ":authority" ? &authority_
                                               : nullptr;
    if (place == nullptr || place->has_value() || !list_.empty() || hosts_ > 0) return false;
    *place = list_.keep(value);
    return true;
}

std::optional<Refusal> RequestFields::check_target() const {
    if (!is_token(list_.view(*method_))) return malformed("the method is not valid");
    auto const scheme = list_.view(*scheme_);
    if (!same_token(scheme, "http") && !same_token(scheme, "https"))
        return malformed("the scheme is not known here");
    auto const target = list_.view(*path_);
    if (target.size() > limits::uri_bytes_max)
        return Refusal{ErrorCode::uri_too_long, "the target is too long"};
    if (!is_target(target)) return malformed("the target is not valid");
    if (target == "*" && list_.view(*method_) == "OPTIONS") return {};
    if (!target.starts_with('/')) return malformed("the target is no path");
    return {};
}

/// RFC 9113 section 8.3.1: Host and :authority are one thing.
std::optional<Refusal> RequestFields::check_host() const {
    if (hosts_ > 1) return malformed("Host is there more than once");
    if (!authority_ && hosts_ == 0) return malformed("the host is missing");
    auto const authority = authority_ ? list_.view(*authority_) : list_.view(host_);
    if (!is_host(authority)) return malformed("the host is not valid");
    if (hosts_ == 1 && !same_token(authority, list_.view(host_)))
        return malformed("Host and :authority do not agree");
    return {};
}

std::optional<Refusal> RequestFields::frame_body(BodyFollows body) {
    head_.body = BodyFraming::none();
    if (list_.lengths() > 1) return malformed("the length of the body is ambiguous");
    if (list_.lengths() == 1) {
        auto const length = content_length(list_.length());
        if (!length) return malformed("Content-Length is not a number");
        if (body == BodyFollows::no && *length > 0)
            return malformed("the body is shorter than its Content-Length");
        if (body == BodyFollows::no || *length > 0) {
            head_.body = BodyFraming::of_length(*length);
            return {};
        }
        // Whether the body is empty shows when it ends: until then the request is not complete.
        list_.drop_length();
        head_.body = BodyFraming::chunked();
    } else if (body == BodyFollows::yes) {
        head_.body = BodyFraming::chunked();
    }
    return {};
}

void RequestFields::make_fields() {
    auto& fields = head_.fields;
    fields.clear();
    fields.push_back({"host", head_.host});
    list_.append_to(fields);
    if (!cookie_.empty()) fields.push_back({"cookie", cookie_});
    if (head_.body.kind() == BodyFraming::Kind::chunked)
        fields.push_back({"transfer-encoding", "chunked"});
}

std::optional<Refusal> RequestFields::finish(BodyFollows body) {
    if (refusal_) return refusal_;
    if (method_ && list_.view(*method_) == "CONNECT")
        return Refusal{ErrorCode::not_implemented, "CONNECT is not served here"};
    if (!method_ || !scheme_ || !path_) return malformed("a pseudo-header field is missing");
    if (auto wrong = check_target()) return wrong;
    if (auto wrong = check_host()) return wrong;
    if (auto wrong = frame_body(body)) return wrong;
    head_.method = list_.view(*method_);
    head_.target = list_.view(*path_);
    head_.host = authority_ ? list_.view(*authority_) : list_.view(host_);
    head_.size = list_.bytes();
    head_.expects_continue = expects_continue_;
    make_fields();
    return {};
}

}  // namespace grover::http::h2
