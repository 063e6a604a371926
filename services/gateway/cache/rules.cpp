#include "gateway/cache/rules.hpp"

#include <algorithm>
#include <array>

#include "gateway/cache/key.hpp"
#include "gateway/cache/vary.hpp"
#include "http/date.hpp"
#include "http/fields.hpp"
#include "http/message.hpp"

namespace grover::gateway::cache {
namespace {

using http::same_token;

template <std::size_t N>
bool is_one_of(std::string_view name, std::array<std::string_view, N> const& names) noexcept {
    return std::ranges::any_of(names, [&](auto known) { return same_token(name, known); });
}

/// What concerns one connection or one transfer, this cache alone, or is made anew each time.
bool is_kept(std::string_view name) noexcept {
    constexpr std::array<std::string_view, 18> names{"connection",
                                                     "keep-alive",
                                                     "proxy-connection",
                                                     "proxy-authenticate",
                                                     "te",
                                                     "proxy-authorization",
                                                     "proxy-authentication-info",
                                                     "trailer",
                                                     "upgrade",
                                                     "transfer-encoding",
                                                     "content-length",
                                                     "age",
                                                     "expect",
                                                     "surrogate-control",
                                                     "surrogate-key",
                                                     "cache-tag",
                                                     "server",
                                                     "x-request-id"};
    return !is_one_of(name, names);
}

/// Fields of a 304 that say nothing of the stored bytes (RFC 9111 section 3.2 leaves out those of
/// the stored representation).
bool renews(std::string_view name) noexcept {
    constexpr std::array<std::string_view, 5> names{"content-encoding", "content-md5",
                                                    "content-range", "etag", "digest"};
    return is_kept(name) && !is_one_of(name, names);
}

/// Status codes whose meaning for caches we know: must-understand asks.
bool is_understood(int status) noexcept {
    constexpr std::array known{200, 201, 202, 203, 204, 205, 300, 301, 302, 303, 307, 308, 400,
                               401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413,
                               414, 415, 416, 417, 421, 422, 423, 424, 425, 426, 428, 429, 431,
                               451, 500, 501, 502, 503, 504, 505, 506, 507, 508, 511};
    return std::ranges::binary_search(known, status);
}

/// May be given a lifetime that the service did not name (RFC 9110 section 15.1).
bool is_heuristic(int status) noexcept {
    constexpr std::array known{200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501};
    return std::ranges::binary_search(known, status);
}

bool is_negative(int status) noexcept {
    return status == 404 || status == 405 || status == 410 || status == 414 || status == 501;
}

/// All that an answer's fields say to caches, read in one pass.
struct Said {
    http::CacheControl control;
    bool targeted = false;  // by a field before Cache-Control, which Expires is then beside
    std::optional<std::int64_t> date;
    std::optional<std::int64_t> expires;
    std::optional<std::int64_t> last_modified;
    bool has_expires = false;
    bool has_validator = false;
    bool sets_cookie = false;
    bool varies_by_all = false;
    std::optional<std::uint32_t> age;
    int ages = 0;
    std::vector<std::string> tags;
};

/// An answer with more is not kept: a purge by one that was left out would miss it.
constexpr std::size_t tags_max = 1000;

void add_tags(std::vector<std::string>& tags, std::string_view list, char separator) {
    while (!list.empty() && tags.size() <= tags_max)
        if (auto const tag = http::next_member(list, separator); !tag.empty())
            tags.emplace_back(tag);
}

void hear(Said& said, std::string_view name, std::string_view value) {
    auto const is = [&](std::string_view known) { return same_token(name, known); };
    if (is("cache-control")) {
        said.control.add(value);
    } else if (is("expires")) {
        // Several: as good as one that is no date.
        said.expires = said.has_expires ? std::nullopt : http::parse_date(value);
        said.has_expires = true;
    } else if (is("date")) {
        said.date = http::parse_date(value);
    } else if (is("last-modified")) {
        said.last_modified = http::parse_date(value);
        said.has_validator = true;
    } else if (is("etag")) {
        said.has_validator = true;
    } else if (is("age")) {
        said.age = http::parse_delta_seconds(value);
        ++said.ages;
    } else if (is("set-cookie") || is("set-cookie2")) {
        said.sets_cookie = true;
    } else if (is("vary")) {
        said.varies_by_all = said.varies_by_all || http::has_member(value, "*");
    } else if (is("cache-tag")) {
        add_tags(said.tags, value, ',');
    } else if (is("surrogate-key")) {
        add_tags(said.tags, value, ' ');
    }
}

/// All lines of a field as one value.
std::string joined(std::vector<http::FieldView> const& fields, std::string_view name) {
    std::string room;
    return std::string(http::list_of(fields, name, room));
}

Said listen(http::ReplyHead const& head, Settings const& settings) {
    Said said;
    for (auto const& [name, value] : head.fields) hear(said, name, value);
    for (auto const& name : settings.targeted) {
        if (!head.contains(name)) continue;
        auto const value = joined(head.fields, name);
        auto found = same_token(name, "surrogate-control")
                         ? http::parse_surrogate(value, cache_name)
                         : http::parse_targeted(value);
        if (!found) continue;
        said.control = *std::move(found);
        said.targeted = true;
        break;
    }
    return said;
}

std::int64_t lifetime_ms(Said const& said, int status, Timestamp received,
                         RouteSettings const& route) {
    auto const& control = said.control;
    if (said.ages > 1 || (said.ages == 1 && !said.age)) return 0;  // nobody knows how old it is
    if (control.s_maxage) return std::int64_t{*control.s_maxage} * 1000;
    if (control.max_age) return std::int64_t{*control.max_age} * 1000;
    auto const date = said.date.value_or(received.ms / 1000);
    if (said.has_expires && !said.targeted) return said.expires ? (*said.expires - date) * 1000 : 0;
    if (is_negative(status) && route.negative.count() > 0) return route.negative.count() * 1000;
    if (!is_heuristic(status) && !control.is_public) return 0;
    if (route.fresh.count() > 0 && !is_negative(status)) return route.fresh.count() * 1000;
    if (!said.last_modified) return 0;
    constexpr std::int64_t heuristic_ms_max = 24 * 3600 * 1000;
    return std::clamp<std::int64_t>((date - *said.last_modified) * 100, 0, heuristic_ms_max);
}

Freshness freshness_of(Said const& said, Arrival const& arrival, RouteSettings const& route) {
    auto const& control = said.control;
    Freshness out;
    out.received = arrival.received;
    auto const date = said.date.value_or(arrival.received.ms / 1000) * 1000;
    auto const apparent = std::max<std::int64_t>(arrival.received.ms - date, 0);
    auto const corrected = std::int64_t{said.age.value_or(0)} * 1000 +
                           std::max<std::int64_t>(arrival.received.ms - arrival.asked.ms, 0);
    out.initial_age_ms = std::max(apparent, corrected);
    out.lifetime_ms = lifetime_ms(said, arrival.head.status, arrival.received, route);
    out.validate_always = control.no_cache;
    out.never_stale =
        control.must_revalidate || control.proxy_revalidate || control.s_maxage.has_value();
    out.across_users = control.is_public;
    auto const or_route = [](http::DeltaSeconds const& said_so, std::chrono::seconds otherwise) {
        return (said_so ? std::int64_t{*said_so} : std::int64_t{otherwise.count()}) * 1000;
    };
    if (!out.never_stale && !out.validate_always) {
        out.while_revalidate_ms =
            or_route(control.stale_while_revalidate, route.stale_while_revalidate);
        out.if_error_ms = or_route(control.stale_if_error, route.stale_if_error);
    }
    return out;
}

/// An answer, or one that was stored and is renewed, may be for others than this request.
bool is_shareable(Said const& said, Request const& request, int status,
                  RouteSettings const& route) {
    auto const& control = said.control;
    if (request.control.no_store) return false;
    if (control.must_understand ? !is_understood(status) : control.no_store) return false;
    if (control.is_private || said.varies_by_all) return false;
    if (said.sets_cookie && !route.keep_cookies) return false;
    return (!request.authenticated || control.is_public) && said.tags.size() <= tags_max;
}

/// RFC 9111 section 3, for a shared cache.
bool may_keep(Said const& said, Request const& request, http::ReplyHead const& head,
              RouteSettings const& route) {
    auto const& control = said.control;
    if (head.status == 206 || head.status == 304) return false;
    if (!is_shareable(said, request, head.status, route)) return false;
    bool const named = control.max_age || control.s_maxage || control.is_public ||
                       (said.has_expires && !said.targeted);
    if (request.head.method == "GET") return named || is_heuristic(head.status);
    // RFC 9110 section 9.3.3: a POST's answer that is what a GET would bring, and says how long.
    return request.head.method == "POST" && named && !head.get("Content-Location").empty() &&
           related_key(request.key, head.get("Content-Location"), route.query) == request.key;
}

/// By what Vary names, but Accept-Encoding, which stays here: codings are made here.
std::vector<std::pair<std::string, std::string>> selection(Request const& request,
                                                           http::ReplyHead const& head) {
    auto out = selected_by(request.head, joined(head.fields, "Vary"));
    if (!head.contains("Content-Encoding"))
        std::erase_if(out, [](auto const& field) { return field.first == "accept-encoding"; });
    return out;
}

void add_missing_date(Entry& to, Arrival const& arrival) {
    if (!arrival.head.contains("Date"))
        to.fields.add("Date", http::format_date(arrival.received.ms / 1000));
}

void copy_fields(Entry& to, http::ReplyHead const& head, Said const& said, Arrival const& arrival) {
    auto const connection = joined(head.fields, "Connection");
    for (auto const& [name, value] : head.fields) {
        if (!is_kept(name) || http::has_member(connection, name)) continue;
        bool const withheld = std::ranges::any_of(
            said.control.fields, [&](auto const& listed) { return same_token(listed, name); });
        if (!withheld) to.fields.add(name, value);
    }
    add_missing_date(to, arrival);
}

}  // namespace

Request::Request(http::RequestHead const& request, std::string its_key, bool has_session)
    : head(request), key(std::move(its_key)) {
    bool controlled = false, pragma = false;
    authenticated = has_session;
    for (auto const& [name, value] : head.fields) {
        if (same_token(name, "cache-control")) {
            control.add(value);
            controlled = true;
        } else if (same_token(name, "pragma")) {
            pragma = pragma || http::has_member(value, "no-cache");
        } else if (same_token(name, "authorization")) {
            authenticated = true;
        }
    }
    if (pragma && !controlled) control.no_cache = true;
}

bool counts_all_fields(RouteSettings const& route) noexcept {
    return route.fields.size() == 1 && route.fields.front() == "*";
}

bool counts_all(RouteSettings const& route) noexcept {
    return counts_all_fields(route) && route.query.empty();
}

bool may_look_up(http::RequestHead const& head) noexcept {
    return (head.method == "GET" || head.method == "HEAD") && !head.contains("If-Match") &&
           !head.contains("If-Unmodified-Since") &&
           head.body.kind() == http::BodyFraming::Kind::none;
}

std::shared_ptr<Entry> make_entry(Request const& request, Arrival const& arrival,
                                  Settings const& settings, RouteSettings const& route) {
    auto said = listen(arrival.head, settings);
    if (!may_keep(said, request, arrival.head, route)) return nullptr;
    auto freshness = freshness_of(said, arrival, route);
    bool const good = freshness.left_ms(arrival.received) > 0 && !freshness.validate_always;
    if (!good && !said.has_validator) return nullptr;
    auto entry = std::make_shared<Entry>();
    entry->status = arrival.head.status;
    entry->freshness = freshness;
    copy_fields(*entry, arrival.head, said, arrival);
    entry->fields.shrink();
    entry->selected_by = selection(request, arrival.head);
    entry->tags = std::move(said.tags);
    return entry;
}

Renewal renewed(Request const& request, Entry const& stored, Arrival const& arrival,
                Settings const& settings, RouteSettings const& route) {
    auto const& head = arrival.head;
    auto const said = listen(head, settings);
    auto entry = std::make_shared<Entry>();
    entry->status = stored.status;
    entry->body = stored.body;
    entry->selected_by = stored.selected_by;
    entry->tags = said.tags.empty() ? stored.tags : said.tags;
    auto const connection = joined(head.fields, "Connection");
    auto const renewing = [&](std::string_view name) {
        return renews(name) && !http::has_member(connection, name);
    };
    for (auto const& [name, value] : stored.fields.all()) {
        bool const replaced = same_token(name, "Date") || (renewing(name) && head.contains(name));
        if (!replaced) entry->fields.add(name, value);
    }
    for (auto const& [name, value] : head.fields)
        if (renewing(name)) entry->fields.add(name, value);
    add_missing_date(*entry, arrival);
    entry->fields.shrink();
    // What the 304 does not say about time, the stored fields still do.
    http::ReplyHead merged;
    merged.status = stored.status;
    for (auto const& field : entry->fields.all()) merged.fields.push_back(field);
    for (auto const& name : settings.targeted)
        if (auto const value = head.get(name); !value.empty() && entry->fields.get(name).empty())
            merged.fields.push_back({name, value});
    if (auto const age = head.get("Age"); !age.empty()) merged.fields.push_back({"Age", age});
    auto const said_now = listen(merged, settings);
    entry->freshness = freshness_of(said_now, {merged, arrival.asked, arrival.received}, route);
    using Field = std::pair<std::string, std::string>;
    bool const varies_as_before = std::ranges::equal(selection(request, merged), stored.selected_by,
                                                     {}, &Field::first, &Field::first);
    bool const shared = varies_as_before && said.tags.size() <= tags_max &&
                        is_shareable(said_now, request, stored.status, route);
    return {std::move(entry), shared};
}

Use use_of(Entry const& entry, Request const& request, RouteSettings const& route, Timestamp now) {
    auto const& freshness = entry.freshness;
    if (request.authenticated && !freshness.across_users) return Use::never;
    if (freshness.validate_always) return Use::validate;
    auto const age = freshness.age_ms(now), left = freshness.left_ms(now);
    auto const& asked = request.control;
    std::int64_t needed = 0;
    if (route.obey_requests) {
        if (asked.no_cache) return Use::validate;
        if (asked.max_age && age > std::int64_t{*asked.max_age} * 1000) return Use::validate;
        if (asked.min_fresh) needed = std::int64_t{*asked.min_fresh} * 1000;
    }
    if (left > needed) return Use::fresh;
    if (freshness.never_stale) return Use::validate;
    if (left > 0) return Use::validate;
    if (route.obey_requests && asked.max_stale && -left <= std::int64_t{*asked.max_stale} * 1000)
        return Use::fresh;
    return -left < freshness.while_revalidate_ms ? Use::revalidate : Use::validate;
}

bool usable_on_error(Entry const& entry, Request const& request, RouteSettings const& route,
                     Timestamp now) noexcept {
    auto const& freshness = entry.freshness;
    if (freshness.never_stale || freshness.validate_always) return false;
    if (request.authenticated && !freshness.across_users) return false;
    auto allowed = freshness.if_error_ms;
    if (route.obey_requests && request.control.stale_if_error)
        allowed = std::max(allowed, std::int64_t{*request.control.stale_if_error} * 1000);
    return -freshness.left_ms(now) <= allowed;
}

}  // namespace grover::gateway::cache
