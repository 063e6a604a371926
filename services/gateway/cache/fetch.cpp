#include "gateway/cache/fetch.hpp"

#include <array>

#include <fmt/format.h>

#include "gateway/cache/key.hpp"
#include "http/message.hpp"

namespace grover::gateway::cache {
namespace {

/// What stale-if-error is about (RFC 5861 section 4).
bool is_failure(int status) noexcept {
    return status == 500 || status == 502 || status == 503 || status == 504;
}

}  // namespace

Fetch::Fetch(Cache& cache, Request const& request, RouteSettings const& route, Decision decision,
             Timestamp now)
    : cache_(cache),
      request_(request),
      route_(route),
      decision_(std::move(decision)),
      asked_(now),
      fills_(decision_.fills) {
    if (decision_.why == Forwarded::method || decision_.why == Forwarded::bypass) return;
    if (!route.query.empty()) edits_.target = keyed_target(request.head.target, route.query);
    if (!counts_all_fields(route)) edits_.only = &route.fields;
    for (auto const& name : cache.settings().targeted)
        if (http::same_token(name, "Surrogate-Control"))
            edits_.add("Surrogate-Capability", fmt::format("{}=\"Surrogate/1.0\"", cache_name));
    // What is kept is kept uncoded.
    edits_.without = {"Accept-Encoding"};
    if (!fills_) {
        // Passed on with its conditions, which `only` would hold back.
        if (edits_.only != nullptr)
            for (auto const name : {"If-None-Match", "If-Modified-Since", "If-Match",
                                    "If-Unmodified-Since", "If-Range", "Range"})
                if (request.head.contains(name)) edits_.add(name, request.head.get(name));
        return;
    }
    edits_.without.insert(edits_.without.end(),
                          {"If-None-Match", "If-Modified-Since", "If-Range", "Range"});
    if (!decision_.entry || !decision_.entry->can_be_validated()) return;
    validates_ = true;
    if (auto const etag = decision_.entry->etag(); !etag.empty()) edits_.add("If-None-Match", etag);
    if (auto const date = decision_.entry->last_modified(); !date.empty())
        edits_.add("If-Modified-Since", date);
}

Fetch::Next Fetch::hear(http::ReplyHead const& head, Timestamp now) {
    forward_status_ = head.status;
    Arrival const arrival{head, asked_, now};
    if (is_failure(head.status) && fail(now)) return Next::send_stored;
    if (request_.head.method == "HEAD") return hear_head_request(head, arrival);
    if (validates_ && head.status == 304) {
        renew(arrival);
        drop(stored_ ? Landing::stored : Landing::not_shared);
        return Next::send_stored;
    }
    if (decision_.entry && (head.status == 404 || head.status == 410)) {
        // It is gone, and not to be sent in its place again.
        cache_.store().purge(request_.key);
        decision_.version = cache_.store().version(request_.key);
    }
    // What the answer itself has made outdated is behind us.
    if (decision_.why == Forwarded::method)
        decision_.version = cache_.store().version(request_.key);
    if (decision_.stores) kept_ = make_entry(request_, arrival, cache_.settings(), route_);
    auto const length = head.body.kind() == http::BodyFraming::Kind::length ? head.body.remaining()
                                                                            : std::uint64_t{0};
    if (length > cache_.settings().object_max.count) kept_ = nullptr;
    if (!kept_) {
        if (decision_.lead) cache_.mark_unshared(request_.key, now);
        drop(Landing::not_shared);
        return Next::pass;
    }
    content_.reserve(length);
    stored_ = true;
    return Next::keep;
}

/// What is stored is good for longer, as the answer says, or it is for this client alone from now
/// on.
void Fetch::renew(Arrival const& arrival) {
    auto renewal = renewed(request_, *decision_.entry, arrival, cache_.settings(), route_);
    if (renewal.shared) {
        stored_ = cache_.store().insert(request_.key, renewal.entry, decision_.version);
    } else {
        cache_.store().purge(request_.key);
        if (decision_.lead) cache_.mark_unshared(request_.key, arrival.received);
    }
    decision_.entry = std::move(renewal.entry);
}

/// RFC 9111 section 4.3.5: a HEAD may tell that what is stored has changed.
Fetch::Next Fetch::hear_head_request(http::ReplyHead const& head, Arrival const& arrival) {
    auto const& stored = decision_.entry;
    if (!stored || head.status != 200) return Next::pass;
    auto const differs = [&](std::string_view name, std::string_view known) {
        auto const said = head.get(name);
        return !said.empty() && said != known;
    };
    auto const size = fmt::format_int(stored->body->content().size());
    if (differs("ETag", stored->etag()) || differs("Last-Modified", stored->last_modified()) ||
        differs("Content-Length", {size.data(), size.size()}))
        cache_.store().purge(request_.key);
    else if (head.contains("ETag") || head.contains("Last-Modified"))
        renew(arrival);
    return Next::pass;
}

bool Fetch::fail(Timestamp now) noexcept {
    drop(Landing::failed);
    return decision_.entry && usable_on_error(*decision_.entry, request_, route_, now);
}

void Fetch::add(std::string_view content) {
    if (!kept_) return;
    if (content_.size() + content.size() <= cache_.settings().object_max.count) {
        content_ += content;
        return;
    }
    content_ = {};
    if (decision_.lead) cache_.mark_unshared(request_.key, asked_);
    drop(Landing::not_shared);
}

EntryPtr Fetch::finish() {
    if (!kept_) return nullptr;
    content_.shrink_to_fit();
    kept_->body = std::make_shared<Body const>(std::move(content_));
    EntryPtr entry = std::move(kept_);
    stored_ = cache_.store().insert(request_.key, entry, decision_.version);
    drop(stored_ ? Landing::stored : Landing::not_shared);
    return entry;
}

void Fetch::drop(Landing landing) noexcept {
    kept_ = nullptr;
    decision_.lead.land(landing);
}

std::string Fetch::status() const {
    auto out = fmt::format("{}; fwd={}", cache_name, name_of(decision_.why));
    if (forward_status_ == 0)
        out += "; detail=unreachable";
    else if (validates_ || is_failure(forward_status_))
        fmt::format_to(std::back_inserter(out), "; fwd-status={}", forward_status_);
    if (stored_) out += "; stored";
    return out;
}

std::string_view name_of(Forwarded why) noexcept {
    constexpr std::array<std::string_view, 7> names{"no",      "uri-miss", "vary-miss", "stale",
                                                    "request", "bypass",   "method"};
    return names[static_cast<std::size_t>(why)];
}

std::string hit_status(Entry const& entry, Timestamp now) {
    return fmt::format("{}; hit; ttl={}", cache_name, entry.freshness.left_ms(now) / 1000);
}

}  // namespace grover::gateway::cache
