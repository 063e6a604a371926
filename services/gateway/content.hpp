// What happens to the content of a route's answers between the service and the client: the shared
// cache (cache/) and compression (http/coding/). Routes with neither do not come here.
//
//     ContentRules const rules{.cache = route.cache, .compression = ...};
//     verdict = co_await content.serve(exchange, rules, authenticated, asking);
//
// Cost: a hit is a key, a look-up under a shard's lock, and one send with the head; the body is
// sent from where it is stored when it is large. An answer that is neither stored nor encoded
// passes as the raw delivery passes it, byte for byte.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "gateway/audience.hpp"
#include "gateway/cache/cache.hpp"
#include "gateway/cache/key.hpp"
#include "gateway/compression.hpp"
#include "gateway/deliver.hpp"
#include "http/exchange.hpp"
#include "telemetry/metrics.hpp"

namespace grover::gateway {

/// Of one route; must outlive its requests.
struct ContentRules {
    std::optional<cache::RouteSettings> cache;
    CompressionSettings compression;
    /// What an unsafe request makes old; null where nothing is ever stored.
    cache::Spellings const* spellings = nullptr;

    /// Neither keeps nor encodes any answer to this request, nor makes another old.
    bool leaves_alone(http::RequestHead const& request) const noexcept {
        return !cache && (compression.codings.empty() || !request.contains("Accept-Encoding")) &&
               (!spellings || http::is_safe(request.method));
    }
};

/// How a request gets to its service: the rest of the pipeline.
class Asking {
public:
    virtual ~Asking() = default;
    /// For the client's own exchange. Throws what relay() throws.
    virtual net::Task<> ask(Delivery& delivery) = 0;
    /// Until when that may take.
    virtual std::chrono::steady_clock::time_point deadline() const = 0;

    /// Answers to one URL by other ways are not answers by this one: other routes of the same path,
    /// a canary. Empty for the usual way; else a word without blanks.
    virtual std::string_view apart() const = 0;

    /// Makes a function that asks without the client, who may be gone by then: for what is fetched
    /// in the background. It keeps alive what it needs.
    using Again = std::function<net::Task<>(Forward const&, Delivery&)>;
    virtual Again again() = 0;
};

/// "hit", "miss", "stale", "revalidated", "collapsed", "bypass"; empty without a cache.
using CacheVerdict = std::string_view;

/// One for the process. Thread-safe.
class Content {
public:
    Content(cache::Settings const& settings, telemetry::Metrics& metrics);

    /// `audience` is asking's, if it has one: told when others want the answer too.
    net::Task<CacheVerdict> serve(http::Exchange& exchange, ContentRules const& rules,
                                  bool authenticated, Asking& asking, Audience* audience = nullptr);

    /// For purges.
    cache::Store& store() noexcept { return cache_->store(); }
    cache::Settings const& settings() const noexcept { return cache_->settings(); }

private:
    net::Task<CacheVerdict> from_cache(http::Exchange& exchange, ContentRules const& rules,
                                       bool authenticated, Asking& asking, Audience* audience);
    net::Task<CacheVerdict> fetch(http::Exchange& exchange, ContentRules const& rules,
                                  cache::Request const& request, cache::Decision decision,
                                  Asking& asking, Audience* audience);
    void refresh(http::Exchange const& exchange, ContentRules const& rules,
                 cache::Request const& request, cache::Decision decision, Asking& asking);
    CacheVerdict count(CacheVerdict verdict) noexcept;

    std::shared_ptr<cache::Cache> cache_;  // shared with fetches in the background
    std::array<telemetry::Counter*, 6> verdicts_{};
};

}  // namespace grover::gateway
