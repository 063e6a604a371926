// What the gateway says of the whole system: /, /api, /health/services and the union of the
// services' OpenAPI documents.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "http/router.hpp"
#include "service/peer.hpp"

namespace grover::gateway {

/// Probes run in parallel; results are kept for about a second, documents for ten.
class Overview {
public:
    struct Member {
        std::string name;  // "user"
        service::Peer* peer;
    };
    /// All may answer differently after a reload: the services that run, whether a path is the
    /// API's, and the documented paths of routes that the gateway answers itself.
    using Members = std::function<std::vector<Member>()>;
    using Knows = std::function<bool(std::string_view path)>;
    using Paths = std::function<boost::json::object()>;

    Overview(Members members, Knows knows, Paths own_paths);

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
    net::Task<boost::json::value> document(Member member, http::RequestInfo info);
    std::string kept_if_fresh(Kept const& kept, std::chrono::seconds age);

    boost::json::object api_paths(boost::json::object const& document) const;

    Members members_;
    Knows knows_;
    Paths own_paths_;
    boost::json::object own_document_;
    std::mutex mutex_;  // for what is kept
    Kept health_;
    Kept openapi_;
    std::map<std::string, boost::json::value> last_documents_;
};

}  // namespace grover::gateway
