// One request on its way through the gateway: what each stage found out, for the stages after it
// and for the access log. Made by Program::relay; belongs to the request; on its loop.
//
// A stage fills in its own fields and reads those of the stages before it. Verdicts are texts that
// outlive the request (literals, names of the snapshot), empty where the stage had nothing to say.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gateway/snapshot.hpp"
#include "gateway/tunnel.hpp"
#include "service/sessions.hpp"

namespace grover::gateway {

struct RequestRecord : TryReport {
    // --- routing: always there
    ViewPtr view;  // the rules under which this request runs, to its end
    Route const* route = nullptr;
    std::size_t route_index = 0;       // in the snapshot and in View::metrics
    Version const* version = nullptr;  // the spelling that was used; null for the plain one
    std::size_t service_index = Route::no_service;
    std::string_view service;  // that answers: "post"
    void use_service(std::size_t index) noexcept {
        service_index = index;
        if (index != Route::no_service) service = view->snapshot->services[index].name;
    }

    /// The path as the routes spell it.
    std::string plain_path(http::RequestHead const& head) const {
        auto const path = head.path();
        if (!version) return std::string(path);
        return version->means + std::string(path.substr(version->prefix.size()));
    }

    RouteSettings const& settings() const { return view->snapshot->config.routes[route_index]; }
    Upstream& upstream() const { return *view->upstreams[service_index]; }
    TryRules const& rules() const { return view->rules(route_index, service_index); }

    // --- identity
    /// Who is calling; null for requests without credentials.
    std::shared_ptr<service::Sessions::Found const> session;
    /// The signed identity for the next hop; empty for none.
    std::string_view identity() const noexcept {
        return session ? std::string_view(session->identity) : std::string_view();
    }
    auth::Caller const* caller() const noexcept {
        return session && session->caller ? &*session->caller : nullptr;
    }

    /// A request to a service for the client: its own, or another that is made of it.
    Forward forward(http::Exchange const& exchange, http::RequestHead const& request,
                    Audience* audience) const {
        auto out = Forward::of(exchange, request, identity());
        out.audience = audience;
        if (caller()) out.sticky_by = caller()->user_id.str();
        return out;
    }

    // --- rate limits: "ok", "limited", "off"
    std::string_view limiter;

    // --- cache: "hit", "miss", "stale", "revalidated", "collapsed", "bypass"
    std::string_view cache;

    // --- the tries at the service: TryReport

    // --- what a request for a WebSocket became
    TunnelReport tunnel;
};

}  // namespace grover::gateway
