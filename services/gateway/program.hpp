// The gateway, wired: the configuration, the upstreams per loop, the session cache, and what it
// says of itself.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/admin/admin.hpp"
#include "gateway/cluster/checks.hpp"
#include "gateway/config/load.hpp"
#include "gateway/content.hpp"
#include "gateway/directory.hpp"
#include "gateway/overview.hpp"
#include "gateway/purge_by_events.hpp"
#include "gateway/record.hpp"
#include "gateway/reload.hpp"
#include "http/exchange.hpp"
#include "service/peer.hpp"
#include "service/service.hpp"
#include "service/sessions.hpp"

namespace grover::gateway {

class Program {
public:
    struct Config {
        Source source;
        gateway::Config settings;  // of the source
        Overrides overrides;
        std::optional<std::uint16_t> admin_port{};  // nothing: no admin API
        static Config read(Environment& env);
    };
    /// --check-config FILE, route explain METHOD URL, route access, and --where for what no service
    /// answers.
    static constexpr std::string_view command_help =
        "  --check-config FILE  check that configuration\n"
        "  route explain METHOD URL [FIELD: VALUE ...]\n"
        "                       show which route takes a request, and why not the others\n"
        "  route access         show who may use which route\n";
    static std::optional<int> command(Environment& env, std::vector<std::string> const& arguments);

    Program(service::Kit& kit, Config config);

    void routes(http::Router& router);
    /// The document of the gateway's own routes is the base of the union that /openapi.json serves.
    void use_document(boost::json::object document) {
        overview_.set_own_document(std::move(document));
    }

    /// Answers what the table knows; false for the gateway's own paths.
    net::Task<bool> relay(http::Exchange& exchange);

private:
    /// Puts a snapshot in force: each loop takes it up at its next turn.
    void use(std::shared_ptr<Snapshot const> snapshot);
    void configure(Snapshot const& snapshot);
    ViewPtr make_view(std::size_t loop, std::shared_ptr<Snapshot const> snapshot);
    void warn_of(Snapshot const& snapshot);

    static void find_client(http::Exchange& exchange, Snapshot const& snapshot);
    void take_unrouted(http::Exchange& exchange, Snapshot const& snapshot);
    void count_unrouted(http::Exchange& exchange, Snapshot const& snapshot);
    net::Task<> answer(http::Exchange& exchange, RequestRecord& record);
    net::Task<> admit(http::Exchange& exchange, RequestRecord& record, Taken& permits,
                      std::string_view token);
    void mark_lifecycle(http::Exchange& exchange, RequestRecord const& record);
    net::Task<> identify(http::Exchange const& exchange, RequestRecord& record,
                         std::string_view token);
    void authorize(RequestRecord const& record);
    net::Task<> compose(http::Exchange& exchange, RequestRecord const& record, Audience& audience);
    void choose_canary(http::Exchange const& exchange, RequestRecord& record);
    void observe(http::Exchange& exchange, RequestRecord const& record, int status);

    service::Kit& kit_;
    Clusters clusters_;
    Checks checks_;
    Directory directory_;
    std::vector<std::unique_ptr<http::TlsContext>> tls_;  // by loop
    std::vector<ViewPtr> views_;                          // by loop
    service::Sessions sessions_;
    resilience::Gcra gcra_;
    telemetry::Counter& shadow_refusals_;
    Content content_;
    PurgeByEvents purge_by_events_;
    Tunnels tunnels_;
    Overview overview_;
    Reloader reloader_;
    std::optional<admin::Admin> admin_;
};

}  // namespace grover::gateway
