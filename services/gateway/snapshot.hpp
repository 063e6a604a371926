// The configuration, compiled: what the request path reads. Immutable; a reload makes a new one.
//
// Each loop has a View of the snapshot that holds now, and every request keeps the view it began
// with, so a reload never changes the rules under a request, and the old snapshot goes when the
// last of its requests has ended. Cost per request: one count up and down that no other thread
// touches.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/smart_ptr/local_shared_ptr.hpp>
#include <boost/smart_ptr/make_local_shared.hpp>

#include "gateway/compose/compose.hpp"
#include "gateway/config/config.hpp"
#include "gateway/content.hpp"
#include "gateway/route_metrics.hpp"
#include "gateway/routes/table.hpp"
#include "gateway/stages/authorize.hpp"
#include "gateway/stages/client_address.hpp"
#include "gateway/stages/cors.hpp"
#include "gateway/stages/lifecycle.hpp"
#include "gateway/stages/rate_limits.hpp"
#include "gateway/tries.hpp"

namespace grover::gateway {

struct Route {
    static constexpr std::size_t no_service = ~std::size_t{0};

    /// Another service for a share of the requests: those below `end`, and not of one before.
    struct Canary {
        double end;
        std::size_t service;
        std::string apart;
    };

    std::string name;     // for logs, metrics and people: bounded by the configuration
    std::size_t service;  // in Snapshot::services; none for one that is composed or static
    std::string apart;    // Asking::apart() at `service`
    std::vector<Canary> canary;
    std::vector<std::size_t> services;  // all that may be asked for it
    Access access;
    std::vector<Limit const*> limits;       // that need no user: asked before one is looked up
    std::vector<Limit const*> user_limits;  // the others
    Lifecycle lifecycle;
    std::optional<Composition> composition{};
    ContentRules content{};  // cache and compression
    bool changes = false;    // something of its requests or answers
    bool takes_all = false;  // "/**": but for the gateway's own pages
    bool websocket = false;  // its requests may ask for one

    /// Asking::apart() at one of its services.
    std::string_view apart_at(std::size_t index) const noexcept {
        auto const found = std::ranges::find(canary, index, &Canary::service);
        return index == service || found == canary.end() ? apart : found->apart;
    }
    /// Composed or static: no service is asked for it.
    bool is_own() const noexcept { return service == no_service; }
};

/// Another spelling of the same paths.
struct Version {
    std::string prefix;
    std::string means;
    Lifecycle lifecycle;
};

struct Service {
    std::string name;  // "post"
    ServiceSettings settings;
};

struct Snapshot {
    Snapshot(Config settings, std::uint64_t number, telemetry::Metrics& metrics);

    Config config;
    std::uint64_t version;  // 1 at the start, one more with each reload
    std::vector<Service> services;
    Table table;
    TrustedProxies trusted_proxies;
    Cors cors;
    cache::Spellings spellings;
    std::vector<Limit> limits;
    std::vector<Limit const*> everywhere;  // of them, those that need no user
    net::Networks unlimited;               // addresses
    std::vector<Route> routes;             // by Table::Match::route
    std::vector<Version> versions;         // by Table::Match::version
};

/// The snapshot and what one loop has for it. Made, used and destroyed on that loop.
struct View {
    std::shared_ptr<Snapshot const> snapshot;  // shared by the loops
    /// By service. Shared with the view before, so that open connections stay.
    std::vector<std::shared_ptr<Upstream>> upstreams;
    std::vector<RouteMetrics> metrics;  // by route
    /// By route: for each of its services.
    std::vector<std::vector<std::pair<std::size_t, TryRules>>> tries;

    /// That of a service; null when this view has none.
    std::shared_ptr<Upstream> upstream(std::string_view service) const;
    /// How `route` asks `service`, which is one of its services.
    TryRules const& rules(std::size_t route, std::size_t service) const;
};
using ViewPtr = boost::local_shared_ptr<View>;

}  // namespace grover::gateway
