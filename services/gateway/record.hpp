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

    /// How long the client itself waits.
    std::chrono::steady_clock::time_point client_until =
        std::chrono::steady_clock::time_point::max();
    /// Until when the request may take: by its route, and by its client where that asks for less.
    std::chrono::steady_clock::time_point deadline(http::Exchange const& exchange) const {
        return deadline_of(exchange, settings(), client_until);
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

    /// The client's request on its way to a service.
    Forward forward(http::Exchange const& exchange, Audience* audience) const {
        auto out = Forward::of(exchange, identity(), client_until);
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
