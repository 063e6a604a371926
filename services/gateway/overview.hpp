// What the gateway says of the whole system: /, /api, /health/services and the union of the
// services' OpenAPI documents.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/table.hpp"
#include "http/router.hpp"
#include "service/peer.hpp"

namespace grover::gateway {

/// Probes run in parallel; results are kept for about a second, documents for ten.
class Overview {
public:
    struct Member {
        Target target;
        service::Peer* peer;
    };

    explicit Overview(std::vector<Member> members);

    void routes(http::Router& router);
    /// The gateway's own document, into which those of the services are merged.
    void set_own_document(boost::json::object document) { own_document_ = std::move(document); }

    net::Task<http::Response> root();
    net::Task<http::Response> health_services(http::RequestInfo info);
    net::Task<http::Response> openapi(http::RequestInfo info);

private:
    using Time = std::chrono::steady_clock::time_point;
    struct Kept {
        Time made{};
        std::string body;
    };
    struct Probe {
        bool healthy = false;
        double latency_ms = 0;
    };
    net::Task<Probe> probe(service::Peer& peer, http::RequestInfo info);
    net::Task<boost::json::value> document(Member const& member, http::RequestInfo info);
    std::string kept_if_fresh(Kept const& kept, std::chrono::seconds age);

    std::vector<Member> members_;
    boost::json::object own_document_;
    std::mutex mutex_;  // for what is kept
    Kept health_;
    Kept openapi_;
    std::map<Target, boost::json::value> last_documents_;
};

}  // namespace grover::gateway
