// The operators' API, on a port of its own that only this machine reaches: what the gateway has in
// force, and what can be changed while it runs. Off unless ADMIN_PORT is set.
//
//     curl -s 127.0.0.1:9000/admin/limits
//     curl -s -X PUT 127.0.0.1:9000/admin/log-level -H 'Content-Type: application/json'
//          -d '{"level":"debug"}'
//
// There is no password: who can connect to a loopback port of this machine is its operator. Web
// pages in that operator's browser are not, so requests that a page could make (an Origin, another
// Host than the loopback's) are refused. Every request is in the log.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/asio/thread_pool.hpp>

#include "gateway/admin/cluster_views.hpp"
#include "gateway/admin/views.hpp"
#include "gateway/content.hpp"
#include "gateway/directory.hpp"
#include "gateway/reload.hpp"
#include "http/router.hpp"
#include "resilience/gcra.hpp"
#include "service/kit.hpp"

namespace grover::gateway::admin {

template <FixedString Name>
using Optional = http::Query<std::optional<std::string>, Name>;

class Admin {
public:
    /// All must outlive this.
    struct Parts {
        service::Kit& kit;
        Directory& directory;
        Clusters& clusters;
        Reloader& reloader;
        resilience::Gcra& gcra;
        Content& content;
    };
    /// Listens on `port` once the service runs; 0: a free one.
    Admin(Parts parts, std::uint16_t port);

    net::Task<ConfigurationView> configuration();
    /// Reads the file now; 422 with its problems when it is refused.
    net::Task<ConfigurationView> reload();
    net::Task<http::Response> routes();
    /// A text: which route takes a request, and why not the others.
    net::Task<http::Response> explain(http::Query<std::string, "url"> url,
                                      Optional<"method"> method);
    net::Task<http::Response> services();
    net::Task<http::Response> instances();
    net::Task<http::Response> breakers(Optional<"service"> service, Optional<"route"> route,
                                       Optional<"instance"> instance);
    /// Opens or closes breakers whatever happens, or (`none`) leaves them to themselves again.
    net::Task<http::Response> force(ForceView wanted, Optional<"service"> service,
                                    Optional<"route"> route, Optional<"instance"> instance);
    net::Task<LimitsView> limits();
    net::Task<StandingView> standing(http::Path<std::string, "limit"> limit, Optional<"ip"> ip,
                                     Optional<"user"> user, Optional<"api_key"> api_key,
                                     Optional<"route"> route);
    /// Gives one client all of its burst again.
    net::Task<StandingView> forgive(http::Path<std::string, "limit"> limit, Optional<"ip"> ip,
                                    Optional<"user"> user, Optional<"api_key"> api_key,
                                    Optional<"route"> route);
    net::Task<CacheView> cache();
    /// Forgets what is stored of one URL, of all that begin with one, of all that carry a tag
    /// (Surrogate-Key, Cache-Tag), or everything: exactly one of them is named.
    net::Task<PurgeView> purge(Optional<"url"> url, Optional<"prefix"> prefix, Optional<"tag"> tag,
                               http::Query<std::optional<bool>, "all"> all);
    net::Task<LogLevelView> log_level();
    net::Task<LogLevelView> set_log_level(LogLevelView wanted);
    /// As SIGTERM: readiness off, no new connections, requests in flight end, then the process.
    net::Task<http::Accepted<http::Message>> drain();

private:
    void add_routes();
    net::Task<http::Response> handle(http::Request& request);

    Parts parts_;
    http::Router router_;
    boost::asio::thread_pool pool_{1};  // for reading files
};

}  // namespace grover::gateway::admin
