// One request that went on to the service: how it is asked, and what its answer means for the
// cache.
//
//     Fetch fetch(cache, request, route, cache.decide(...), now);
//     ask the service with fetch.edits() ...
//     switch (fetch.hear(head, now)) {
//         case Fetch::Next::pass: ...            // nothing is kept
//         case Fetch::Next::keep: ...            // add() every piece of content, then finish()
//         case Fetch::Next::send_stored: ...     // fetch.entry(): renewed by a 304, or in spite of
//         a failure
//     }
//
// No sockets; the time is an argument. What is not finished leaves the cache as it was.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/cache/cache.hpp"
#include "gateway/forward.hpp"

namespace grover::gateway::cache {

class Fetch {
public:
    /// `cache`, `request` and `route` must outlive this.
    Fetch(Cache& cache, Request const& request, RouteSettings const& route, Decision decision,
          Timestamp now);

    /// Lives as long as this.
    RequestEdits const& edits() const noexcept { return edits_; }

    enum class Next { pass, keep, send_stored };
    Next hear(http::ReplyHead const& head, Timestamp now);
    /// The service could not be asked: true when entry() is to be sent instead.
    bool fail(Timestamp now) noexcept;

    Cache& cache() const noexcept { return cache_; }
    std::string const& key() const noexcept { return request_.key; }

    bool keeping() const noexcept { return kept_ != nullptr; }
    /// Others wait for the answer, or may be sent it later.
    bool is_for_others() const {
        return keeping() || (decision_.lead && cache_.flights().awaited(key()));
    }
    void add(std::string_view content);
    /// After the last piece: what is stored now; null when it was too large meanwhile.
    EntryPtr finish();

    /// What is to be sent after send_stored.
    EntryPtr const& entry() const noexcept { return decision_.entry; }
    /// The client's own conditions stayed here: the answer has to be measured by them.
    bool holds_conditions() const noexcept { return fills_; }
    /// "grover; fwd=stale; fwd-status=304; stored" (RFC 9211).
    std::string status() const;

private:
    void drop(Landing landing) noexcept;
    void renew(Arrival const& arrival);
    Next hear_head_request(http::ReplyHead const& head, Arrival const& arrival);

    Cache& cache_;
    Request const& request_;
    RouteSettings const& route_;
    Decision decision_;
    Timestamp asked_;
    RequestEdits edits_;
    bool fills_ = false;
    bool validates_ = false;
    bool stored_ = false;
    int forward_status_ = 0;
    std::shared_ptr<Entry> kept_;
    std::string content_;
};

/// "uri-miss", "stale", ...: as in Cache-Status.
std::string_view name_of(Forwarded why) noexcept;
/// "grover; hit; ttl=30".
std::string hit_status(Entry const& entry, Timestamp now);

}  // namespace grover::gateway::cache
