// What a service says of itself.
#pragma once

#include <cstdint>
#include <string_view>

namespace grover::service {

struct About {
    std::string_view name;         // "post-service"
    std::string_view title;        // "Grover post service", for OpenAPI
    std::string_view description;  // one sentence
    std::uint16_t port = 0;        // default of PORT
    std::string_view database;     // default of DB_NAME; empty: a service without data
    bool front = false;            // what clients outside reach: reads TLS_CERT_FILE and its kin
};

}  // namespace grover::service
