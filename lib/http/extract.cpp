#include "http/extract.hpp"

#include <openssl/sha.h>

#include "base/encoding.hpp"
#include "http/fields.hpp"
#include "http/url.hpp"

namespace grover::http {

namespace json = boost::json;

std::optional<std::string> Extraction::query(std::string_view name) {
    if (!query_) {
        query_ = parse_query(request.query);
        if (!query_)
            throw Error(ErrorCode::malformed, "malformed_query",
                        "the query string is not valid UTF-8");
    }
    for (auto const& [key, value] : *query_)
        if (key == name) return value;
    return {};
}

json::value const& Extraction::json_body() {
    if (body_) return *body_;
    if (!is_json(request.headers.get("Content-Type")))
        throw Error(ErrorCode::unsupported_media, "the body must be application/json in UTF-8");
    return body_.emplace(reflect::parse(request.body));
}

RequestInfo Extract<RequestInfo>::from(Extraction& in) {
    auto const agent = utf8_prefix(in.request.headers.get("User-Agent"), 256);
    return {std::string(is_valid_utf8(agent) ? agent : ""), in.request.peer_address,
            in.request.request_id, in.request.trace_id, in.request.deadline};
}

std::string encode_cursor(Position const& position) {
    return to_base64url(json::serialize(json::array(position.begin(), position.end())));
}

std::optional<Position> decode_cursor(std::string_view cursor) {
    if (cursor.size() > limits::cursor_bytes_max) return {};
    auto const text = from_base64url(cursor);
    if (!text) return {};
    boost::system::error_code ec;
    auto const value = json::parse(*text, ec);
    if (ec || !value.is_array() || value.get_array().empty()) return {};
    for (auto const& item : value.get_array())
        if (item.is_object() || item.is_array()) return {};
    return Position(value.get_array().begin(), value.get_array().end());
}

void PageRequest::check_cursor(std::size_t values) const {
    if (after && after->size() != values)
        throw Error({{"query/cursor", "is not a cursor of this list"}});
}

PageRequest detail::extract_page(Extraction& in, std::size_t default_limit) {
    PageRequest page{default_limit, 0, std::nullopt};
    auto const number = [&](std::string_view name, std::size_t& out, std::size_t min,
                            std::size_t max) {
        auto const text = in.query(name);
        if (!text) return;
        auto const value = TextValue<std::size_t>::parse(*text);
        if (value && *value >= min && *value <= max)
            out = *value;
        else
            in.issues.add_at("query/" + std::string(name), "must be a whole number from " +
                                                               std::to_string(min) + " to " +
                                                               std::to_string(max));
    };
    number("limit", page.limit, 1, limits::page_items_max);
    number("skip", page.skip, 0, limits::page_skip_max);
    if (auto const cursor = in.query("cursor")) {
        page.after = decode_cursor(*cursor);
        if (!page.after)
            in.issues.add_at("query/cursor", "is not a cursor of this list");
        else if (page.skip > 0)
            in.issues.add_at("query/skip", "cannot be used together with a cursor");
    }
    return page;
}

void detail::describe_page(Operation& op, std::size_t default_limit) {
    op.parameter("query", "limit", false,
                 {{"type", "integer"},
                  {"minimum", 1},
                  {"maximum", limits::page_items_max},
                  {"default", default_limit}});
    op.parameter("query", "cursor", false,
                 {{"type", "string"}, {"description", "from the Link header of the page before"}});
    op.parameter(
        "query", "skip", false,
        {{"type", "integer"}, {"minimum", 0}, {"maximum", limits::page_skip_max}, {"default", 0}});
}

namespace {

/// Of W/"EDITION.REST" and "EDITION.REST": EDITION. Of "REST": REST.
std::string_view edition_part(std::string_view tag) {
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag.size() < 2 || !tag.starts_with('"') || !tag.ends_with('"')) return {};
    tag = tag.substr(1, tag.size() - 2);
    return tag.substr(0, tag.find('.'));
}

}  // namespace

IfMatch IfMatch::of(Request const& request) {
    if (!request.headers.contains("If-Match")) return {};
    std::string room;
    return {std::string(list_of(request.headers.all(), "If-Match", room))};
}

void IfMatch::check(std::string_view etag) const {
    if (!present()) return;
    std::string_view rest = *value;
    while (!rest.empty()) {
        auto const tag = next_member(rest);
        auto const edition = edition_part(tag);
        if (tag == "*" || (!edition.empty() && edition == edition_part(etag))) return;
    }
    throw Error(ErrorCode::precondition_failed, "the resource has changed: read it again");
}

std::string etag_of(std::string_view representation, std::string_view edition) {
    auto const digest_of = [](std::string_view text, std::size_t bytes) {
        unsigned char digest[SHA256_DIGEST_LENGTH];
        SHA256(reinterpret_cast<unsigned char const*>(text.data()), text.size(), digest);
        return to_base64url({reinterpret_cast<char const*>(digest), bytes});
    };
    std::string tag = "\"";
    if (!edition.empty()) (tag += digest_of(edition, 8)) += '.';
    return (tag += digest_of(representation, 16)) += '"';
}

}  // namespace grover::http
