// The settings that every service reads (contract section 8).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/config.hpp"
#include "http/server_tls.hpp"
#include "service/service.hpp"
#include "store/open.hpp"
#include "telemetry/log.hpp"

namespace grover::service {

struct Settings {
    std::string host;
    std::uint16_t port = 0;
    net::Listener::Port sharing = net::Listener::Port::alone;
    std::string unix_socket;
    store::Place store;
    std::string version;
    std::string environment;
    telemetry::Level log_level = telemetry::Level::info;
    std::string docs_dir;
    std::size_t threads = 1;
    bool rate_limit = true;                  // off for load runs
    std::size_t connections_per_client = 0;  // 0: no limit
    std::string engine;                      // epoll, io_uring or auto
    Secret internal_key;
    std::shared_ptr<http::ServerTls> tls;   // shared with the server; null: plain only
    bool http2_clear = false;               // HTTP/2 without TLS
    std::optional<std::uint16_t> tls_port;  // beside the plain port; nothing: PORT speaks TLS

    static Settings read(Environment& env, About const& about);
};

}  // namespace grover::service
