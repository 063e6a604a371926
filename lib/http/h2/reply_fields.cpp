#include "http/h2/reply_fields.hpp"

#include "http/h2/field_rules.hpp"

namespace grover::http::h2 {

void ReplyFields::reset() {
    list_.clear();
    good_ = true;
    head_.status = 0;
}

bool ReplyFields::add(std::string_view name, std::string_view value) {
    bool const admitted = list_.admit(name, value);
    good_ = good_ && admitted && is_value(value) && is_trimmed(value);
    if (!good_) return false;
    if (name.starts_with(':')) return good_ = take_status(name, value);
    if (!is_lower_token(name) || concerns_connection(name, value)) return good_ = false;
    list_.add(name, value);
    return true;
}

/// Three digits, first and once; nobody here asks for another protocol (101: RFC 9113 section 8.6).
bool ReplyFields::take_status(std::string_view name, std::string_view value) {
    bool const good = name == ":status" && head_.status == 0 && list_.empty() &&
                      value.size() == 3 && is_digit(value[0]) && is_digit(value[1]) &&
                      is_digit(value[2]);
    if (!good) return false;
    head_.status = (value[0] - '0') * 100 + (value[1] - '0') * 10 + (value[2] - '0');
    return head_.status >= 100 && head_.status <= 599 && head_.status != 101;
}

bool ReplyFields::frame_body(std::string_view method, BodyFollows body) {
    if (list_.lengths() > 1) return false;
    auto const length = list_.lengths() == 1 ? content_length(list_.length()) : std::nullopt;
    if (list_.lengths() == 1 && !length) return false;
    bool const without_body =
        method == "HEAD" || head_.status < 200 || head_.status == 204 || head_.status == 304;
    head_.body = BodyFraming::none();
    if (without_body) return true;
    if (length) {
        head_.body = BodyFraming::of_length(*length);
        return body == BodyFollows::yes || *length == 0;
    }
    if (body == BodyFollows::yes) {
        head_.body = BodyFraming::chunked();
        head_.fields.push_back({"transfer-encoding", "chunked"});
    } else {
        head_.body = BodyFraming::of_length(0);
        head_.fields.push_back({"content-length", "0"});
    }
    return true;
}

bool ReplyFields::finish(std::string_view method, BodyFollows body) {
    if (!good_ || head_.status == 0) return false;
    // An interim answer is none yet: the stream goes on behind it.
    if (head_.status < 200 && body == BodyFollows::no) return false;
    head_.size = list_.bytes();
    head_.fields.clear();
    list_.append_to(head_.fields);
    return frame_body(method, body);
}

}  // namespace grover::http::h2
