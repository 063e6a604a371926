// The settings that every service reads (contract section 8).
#pragma once

#include <cstdint>
#include <string>

#include "base/config.hpp"
#include "service/service.hpp"
#include "telemetry/log.hpp"

namespace grover::service {

struct Settings {
    std::string host;
    std::uint16_t port = 0;
    std::string unix_socket;
    std::string data_dir;
    std::string version;
    std::string environment;
    telemetry::Level log_level = telemetry::Level::info;
    std::string docs_dir;
    std::size_t threads = 1;
    Secret internal_key;

    static Settings read(Environment& env, About const& about);
};

}  // namespace grover::service
