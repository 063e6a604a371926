#include "gateway/cache/cache.hpp"

#include <algorithm>

namespace grover::gateway::cache {
namespace {

constexpr std::int64_t unshared_seconds = 60;

std::uint64_t mark_of(std::string_view key) noexcept {
    return StringHash{}(key) >> 32 << 32;
}

}  // namespace

Cache::Cache(Settings const& settings)
    : settings_(settings),
      store_({.bytes = settings.memory.count,
              .variants = static_cast<std::size_t>(std::max(settings.variants_max, 1))}) {}

Decision Cache::decide(Request const& request, RouteSettings const& route, Timestamp now,
                       Patience patience) {
    Decision out;
    auto found = store_.find(request.key, request.head);
    bool shared = !request.authenticated;
    if (found.entry) {
        auto const use = use_of(*found.entry, request, route, now);
        if (use == Use::fresh) {
            out.what = Decision::What::send;
            out.why = Forwarded::no;
            out.entry = std::move(found.entry);
            return out;
        }
        if (use == Use::never) {
            found.entry.reset();
        } else {
            shared = shared || found.entry->freshness.across_users;
            out.why =
                found.entry->freshness.left_ms(now) > 0 ? Forwarded::request : Forwarded::stale;
        }
        if (use == Use::revalidate) {
            out.entry = std::move(found.entry);
            out.version = store_.version(request.key);
            out.lead = flights_.take_off(request.key);
            out.fills = out.stores = true;
            out.what = out.lead ? Decision::What::send_and_refresh : Decision::What::send;
            return out;
        }
    } else if (found.has_variants) {
        out.why = Forwarded::vary_miss;
    }
    if (request.control.only_if_cached && route.obey_requests) {
        out.what = Decision::What::refuse;
        return out;
    }
    out.entry = std::move(found.entry);
    out.version = store_.version(request.key);
    // A HEAD brings nothing that others could use, a Range only a part.
    bool const whole = request.head.method == "GET" && !request.head.contains("Range");
    out.fills = whole && !is_unshared(request.key, now);
    out.stores = whole;
    // What is never fresh each one has to validate: nothing comes that others could wait for.
    if (out.entry && out.entry->freshness.validate_always) return out;
    if (!shared || !out.fills) return out;
    out.lead = flights_.take_off(request.key);
    if (!out.lead && patience == Patience::wait) out.what = Decision::What::wait;
    return out;
}

Decision Cache::pass_by(Request const& request, RouteSettings const& route) {
    Decision out;
    bool const looks = request.head.method == "GET" || request.head.method == "HEAD";
    out.why = looks ? Forwarded::bypass : Forwarded::method;
    // All of it reaches the service. Where that is so for those who are looked up as well, what
    // the service says a GET would bring (RFC 9110 section 9.3.3) is as good as theirs.
    out.stores = request.head.method == "POST" && counts_all(route);
    out.version = store_.version(request.key);
    return out;
}

void Cache::mark_unshared(std::string_view key, Timestamp now) noexcept {
    auto const until = static_cast<std::uint64_t>(now.ms / 1000 + unshared_seconds);
    auto const mark = mark_of(key);
    unshared_[StringHash{}(key) % unshared_.size()].store(mark | (until & 0xffff'ffffu),
                                                          std::memory_order_relaxed);
}

bool Cache::is_unshared(std::string_view key, Timestamp now) const noexcept {
    auto const word =
        unshared_[StringHash{}(key) % unshared_.size()].load(std::memory_order_relaxed);
    return word != 0 && (word >> 32 << 32) == mark_of(key) &&
           static_cast<std::int64_t>(word & 0xffff'ffffu) > now.ms / 1000;
}

void Cache::invalidate(std::string_view url, http::ReplyHead const& answer,
                       Spellings const& spellings) {
    if (answer.status < 200 || answer.status >= 400) return;
    auto const purge = [&](std::string_view one) {
        for (auto const& key : keys_of(one, spellings)) store_.purge(key);
    };
    purge(url);
    for (auto const name : {"Location", "Content-Location"})
        if (auto const related = related_key(url, answer.get(name), {});
            !related.empty() && related != url)
            purge(related);
}

}  // namespace grover::gateway::cache
