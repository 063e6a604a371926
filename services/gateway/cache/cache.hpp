// The shared cache of the gateway, RFC 9111: what to do for a request, and what to do with the
// answer that came. An engine without sockets; the time is an argument.
//
//     auto decision = cache.decide(request, route, now);
//     switch (decision.what) {
//         case Decision::What::send: ...        // decision.entry, as make_answer() shapes it
//         case Decision::What::wait: ...        // cache.flights().on_landing(), then decide again
//         case Decision::What::fetch: ...       // ask the service; then Fetch says what to do
//     }
//
// What is shared by threads: the store (a lock per shard, held for a look-up) and the flights. A
// hit costs the key, one look-up and a reference count; bodies are never copied.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/cache/flights.hpp"
#include "gateway/cache/key.hpp"
#include "gateway/cache/rules.hpp"
#include "gateway/cache/settings.hpp"
#include "gateway/cache/store.hpp"

namespace grover::gateway::cache {

/// Why a request goes on to the service: "fwd" of Cache-Status (RFC 9211).
enum class Forwarded : std::uint8_t { no, uri_miss, vary_miss, stale, request, bypass, method };

struct Decision {
    enum class What : std::uint8_t {
        send,              // the entry, as it is
        send_and_refresh,  // the entry, stale; then fetch, with the lead
        fetch,             // ask the service; `entry`, if any, is to be validated
        wait,              // somebody asks already
        refuse,            // only-if-cached, and there is nothing: 504
    };
    What what = What::fetch;
    Forwarded why = Forwarded::uri_miss;
    EntryPtr entry;
    /// Held by the one who fetches for all; empty when what comes is not to be waited for.
    Lead lead;
    Store::Version version = 0;  // of the store before the service is asked
    /// A fetch that may fill the cache: of the whole, and not of what was found to be one user's.
    bool fills = false;
    /// The answer may be kept if it says so: nothing but what counts reaches the service.
    bool stores = false;
};

/// Thread-safe.
class Cache {
public:
    explicit Cache(Settings const& settings);

    Settings const& settings() const noexcept { return settings_; }
    Store& store() noexcept { return store_; }
    Flights& flights() noexcept { return flights_; }

    enum class Patience { wait, do_not_wait };
    /// For a request that may_look_up(); pass_by() for the others.
    Decision decide(Request const& request, RouteSettings const& route, Timestamp now,
                    Patience patience = Patience::wait);

    Decision pass_by(Request const& request, RouteSettings const& route);

    /// An answer to this key could not be kept: its next requests do not wait for one another, for
    /// a minute.
    void mark_unshared(std::string_view key, Timestamp now) noexcept;

    /// After an answer to an unsafe method that was no error (RFC 9111 section 4.4): the URL, whose
    /// key with all of its query is `url`, and what Location and Content-Location name of the same
    /// origin, in every spelling.
    void invalidate(std::string_view url, http::ReplyHead const& answer,
                    Spellings const& spellings);

private:
    bool is_unshared(std::string_view key, Timestamp now) const noexcept;

    Settings settings_;
    Store store_;
    Flights flights_;
    /// A hash and the second until which it counts, in one word. Collisions cost a collapse.
    std::array<std::atomic<std::uint64_t>, 4096> unshared_{};
};

}  // namespace grover::gateway::cache
