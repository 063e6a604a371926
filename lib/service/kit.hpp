// What every service is built from. A service's Program gets a Kit and wires its own objects by
// hand.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/caller.hpp"
#include "auth/identity.hpp"
#include "base/clock.hpp"
#include "base/config.hpp"
#include "http/client.hpp"
#include "http/router.hpp"
#include "http/server.hpp"
#include "net/loop.hpp"
#include "store/document_store.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

namespace grover::service {

using net::Task;

/// Looks a presented session token up: the caller, or nothing when it is unknown, expired or
/// revoked. Throws Error (unavailable) when that cannot be found out.
using TokenVerifier =
    std::function<Task<std::optional<auth::Caller>>(std::string token, http::Deadline deadline)>;

class Kit {
public:
    Kit(std::string service, telemetry::Log& log, telemetry::Metrics& metrics, net::Loops& loops,
        Clock clock, auth::IdentitySigner const& signer, store::DocumentStore* store);
    ~Kit();
    Kit(Kit const&) = delete;
    Kit& operator=(Kit const&) = delete;

    std::string const& service() const noexcept { return service_; }
    telemetry::Log& log() noexcept { return log_; }
    telemetry::Metrics& metrics() noexcept { return metrics_; }
    net::Loops& loops() noexcept { return loops_; }
    Clock const& clock() const noexcept { return clock_; }
    auth::IdentitySigner const& signer() const noexcept { return signer_; }
    /// The service's own database. Must not be called by a service without one.
    store::DocumentStore& store() noexcept { return *store_; }
    bool has_store() const noexcept { return store_ != nullptr; }
    /// The HTTP client of the calling loop.
    http::Client& client();

    /// How tokens of requests without a signed identity are checked. Without one such requests are
    /// anonymous.
    void verify_tokens_with(TokenVerifier verifier) { verifier_ = std::move(verifier); }
    TokenVerifier const& token_verifier() const noexcept { return verifier_; }

    /// Runs `work` on loop 0 every `period`, first one period after the start, never twice at once.
    /// Whatever it throws is logged, and the next turn comes. It ends with the service.
    void every(std::chrono::milliseconds period, std::string name, std::function<Task<>()> work);
    /// What a service is while another one is down.
    enum class Without { degraded, unready };
    /// /health/dependencies lists `name`; the check runs when asked, with a deadline of one second.
    /// Without::unready: it answers for /health/ready too.
    void dependency(std::string name, std::function<Task<bool>(http::Deadline)> check,
                    Without without = Without::degraded);

    /// A second server of this process, beside the one that clients use: opened with it, closed
    /// after it.
    void serve_also(http::ServerOptions options, http::Handler handler) {
        doors_.push_back({std::move(options), std::move(handler)});
    }
    /// Asks the process to drain and end, as SIGTERM does. From any thread.
    void stop() const { stop_(); }
    /// How stop() does it; for run() and tests.
    void stop_with(std::function<void()> how) { stop_ = std::move(how); }

    /// Runs `work` on the main thread when the drain begins, beside the loops.
    void on_drain(std::function<void()> work) { drains_.push_back(std::move(work)); }

    enum class Reload {
        asked,       // by SIGHUP
        if_changed,  // about every second: what is new on the disk?
    };
    /// Runs `work` on the main thread, beside the loops; it may block.
    void on_reload(std::function<void(Reload)> work) { reloads_.push_back(std::move(work)); }

    struct Periodic {
        std::chrono::milliseconds period;
        std::string name;
        std::function<Task<>()> work;
    };
    struct Dependency {
        std::string name;
        std::function<Task<bool>(http::Deadline)> check;
        Without without;
    };
    struct Door {
        http::ServerOptions options;
        http::Handler handler;
    };
    std::vector<Door> const& doors() const noexcept { return doors_; }
    std::vector<Periodic> const& periodic() const noexcept { return periodic_; }
    std::vector<Dependency> const& dependencies() const noexcept { return dependencies_; }
    std::vector<std::function<void()>> const& drains() const noexcept { return drains_; }
    std::vector<std::function<void(Reload)>> const& reloads() const noexcept { return reloads_; }

private:
    std::string service_;
    telemetry::Log& log_;
    telemetry::Metrics& metrics_;
    net::Loops& loops_;
    Clock clock_;
    auth::IdentitySigner const& signer_;
    store::DocumentStore* store_;
    TokenVerifier verifier_;
    std::function<void()> stop_ = [] {};
    std::vector<Door> doors_;
    std::vector<Periodic> periodic_;
    std::vector<Dependency> dependencies_;
    std::vector<std::function<void()>> drains_;
    std::vector<std::function<void(Reload)>> reloads_;
    std::vector<std::unique_ptr<http::Client>> clients_;  // by loop index
};

}  // namespace grover::service
