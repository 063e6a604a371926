// The limits that a server sets its clients, by which those who run into one are counted.
#pragma once

#include <cstddef>
#include <cstdint>

#include <boost/describe.hpp>

namespace grover::http {

enum class ClientLimit : std::uint8_t {
    connections,              // of all clients together
    connections_per_address,  // of one
    handshake_time,           // TLS
    head_time,                // of a request ("slowloris"), or of a header block
    body_time,                // the same for its body
    read_time,                // an answer that is not read
    uri_bytes,
    head_bytes,
    body_bytes,
};
BOOST_DESCRIBE_ENUM(ClientLimit, connections, connections_per_address, handshake_time, head_time,
                    body_time, read_time, uri_bytes, head_bytes, body_bytes)
inline constexpr auto client_limits = static_cast<std::size_t>(ClientLimit::body_bytes) + 1;

}  // namespace grover::http
