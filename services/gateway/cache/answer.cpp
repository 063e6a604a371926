#include "gateway/cache/answer.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "http/characters.hpp"
#include "http/coding/negotiation.hpp"
#include "http/date.hpp"

namespace grover::gateway::cache {
namespace {

struct Part {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    bool satisfiable = true;
};

std::optional<std::uint64_t> number(std::string_view text) noexcept {
    if (text.empty() || text.size() > 18 || !std::ranges::all_of(text, http::is_digit)) return {};
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

/// One range of bytes (RFC 9110 section 14.1.2); nothing for what is none, or several: those are
/// answered as if nothing had been asked.
std::optional<Part> parse_range(std::string_view field, std::uint64_t size) noexcept {
    auto const equals = field.find('=');
    if (equals == field.npos || !http::same_token(http::trim(field.substr(0, equals)), "bytes"))
        return {};
    auto const spec = http::trim(field.substr(equals + 1));
    auto const dash = spec.find('-');
    if (dash == spec.npos || spec.find(',') != spec.npos) return {};
    auto const first = number(spec.substr(0, dash)), last = number(spec.substr(dash + 1));
    if (dash == 0) {
        if (!last) return {};
        auto const count = std::min(*last, size);
        return Part{size - count, size - 1, count > 0};
    }
    if (!first || (!last && dash + 1 < spec.size()) || (last && *last < *first)) return {};
    return Part{*first, std::min(last.value_or(size), size - 1), *first < size};
}

/// If-Range compares strongly (RFC 9110 section 13.1.5).
bool range_applies(http::RequestHead const& request, Entry const& entry) noexcept {
    auto const condition = request.get("If-Range");
    if (condition.empty()) return true;
    if (condition.starts_with('"')) return condition == entry.etag();
    return !condition.starts_with("W/") && condition == entry.last_modified();
}

}  // namespace

bool is_not_modified(http::RequestHead const& request, std::string_view etag,
                     std::string_view last_modified, std::string_view date) noexcept {
    if (request.contains("If-None-Match")) {
        std::string room;
        auto const wanted = http::list_of(request.fields, "If-None-Match", room);
        return !etag.empty() ? http::etag_matches(wanted, etag) : http::trim(wanted) == "*";
    }
    auto const since = http::parse_date(request.get("If-Modified-Since"));
    if (!since) return false;
    auto const modified = http::parse_date(last_modified.empty() ? date : last_modified);
    return modified && *modified <= *since;
}

Answer make_answer(http::RequestHead const& request, Entry const& entry, Offer const& offer,
                   Timestamp now) {
    Answer answer{
        .entry = entry, .status = entry.status, .body = {}, .content_range = {}, .age = {}};
    answer.age = fmt::format_int(entry.freshness.age_ms(now) / 1000).str();
    auto const content = entry.body ? entry.body->content() : std::string_view();
    auto const range = request.method == "GET" && entry.status == 200 && !content.empty() &&
                               range_applies(request, entry)
                           ? request.get("Range")
                           : std::string_view();
    std::string control, liked;  // room for lists in several lines
    answer.varies_by_coding =
        !offer.codings.empty() &&
        http::may_encode(
            {.status = entry.status,
             .content_type = entry.fields.get("Content-Type"),
             .content_encoding = entry.fields.get("Content-Encoding"),
             .cache_control = http::list_of(entry.fields.all(), "Cache-Control", control),
             .length = content.size(),
             .bytes_min = offer.coded_bytes_min,
             .sets_cookie = !entry.fields.get("Set-Cookie").empty()});
    if (answer.varies_by_coding && range.empty())
        answer.coding = http::choose_coding(http::list_of(request.fields, "Accept-Encoding", liked),
                                            offer.codings);
    bool const may_be_304 = entry.status == 200;
    if (may_be_304 &&
        is_not_modified(request, entry.etag(), entry.last_modified(), entry.fields.get("Date"))) {
        answer.status = 304;
        return answer;
    }
    if (!range.empty())
        if (auto const part = parse_range(range, content.size())) {
            answer.status = part->satisfiable ? 206 : 416;
            answer.content_range = part->satisfiable ? fmt::format("bytes {}-{}/{}", part->first,
                                                                   part->last, content.size())
                                                     : fmt::format("bytes */{}", content.size());
            if (part->satisfiable)
                answer.body = content.substr(part->first, part->last - part->first + 1);
            return answer;
        }
    answer.body = content;
    if (answer.coding != http::Coding::identity) {
        auto const* form = entry.body->coded(answer.coding);
        if (form == nullptr) {
            form = &entry.body->encode(answer.coding);
            answer.made_bytes = form->capacity();
        }
        answer.body = *form;
    }
    return answer;
}

}  // namespace grover::gateway::cache
