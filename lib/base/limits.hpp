// Every limit of the system, with its name and default. Contract section 1 quotes the ones that
// clients see.
#pragma once

#include <chrono>
#include <cstddef>

namespace grover::limits {

using namespace std::chrono_literals;

// What a client may send.
inline constexpr std::size_t json_body_bytes_max = 1 << 20;
inline constexpr std::size_t upload_body_bytes_max = 64 << 20;
inline constexpr std::size_t internal_body_bytes_max = 64 << 20;  // replies between services
inline constexpr std::size_t header_bytes_max = 32 << 10;
inline constexpr std::size_t header_fields_max = 100;
inline constexpr std::size_t uri_bytes_max = 8 << 10;
inline constexpr std::size_t json_depth_max = 64;
inline constexpr std::size_t page_items_default = 20;
inline constexpr std::size_t page_items_max = 100;
inline constexpr std::size_t page_skip_max = 10'000;
inline constexpr std::size_t cursor_bytes_max = 512;
inline constexpr std::size_t form_parts_max = 100;
inline constexpr std::size_t form_part_header_bytes_max = 4 << 10;

// Connections of a server, per process.
inline constexpr std::size_t connections_max = 20'000;
inline constexpr std::size_t connections_per_client = 2'000;  // many people may share an address
inline constexpr auto handshake_time_max = 10s;               // TLS
inline constexpr auto tls_ticket_key_time_max = 1h;  // then a session is remembered under another
inline constexpr auto header_time_max =
    10s;  // from the first byte of a request to the end of its head
inline constexpr auto body_time_max = 60s;       // from the end of the head to the end of the body
inline constexpr auto body_awaited_max = 250ms;  // of it, before a service is asked without
inline constexpr std::size_t body_gathered_max = 64 << 10;  // in that time
inline constexpr auto write_time_max = 30s;    // one write to a client that reads slowly
inline constexpr auto idle_time_max = 75s;     // keep-alive without a request
inline constexpr auto request_time_max = 30s;  // the deadline of a request that names none
inline constexpr auto drain_time_max = 10s;    // requests in flight after SIGTERM
inline constexpr auto drain_notice = 1s;  // of it, for clients with kept connections to hear of it
inline constexpr auto client_looked_for_after = 1s;  // whether it still waits for its answer
inline constexpr auto linger_time_max = 2s;  // until a client that sent too much has read why

// Tunnels (WebSocket) and answers that are streams, where a route says nothing else.
inline constexpr std::size_t tunnel_buffer_bytes = 16 << 10;  // each way
inline constexpr auto tunnel_drain_time_max = 8s;             // of drain_time_max, for open tunnels
inline constexpr auto tunnel_close_time_max = 1s;  // for both sides to take note of the end
inline constexpr auto stream_idle_time_max = 60s;  // without a byte
inline constexpr auto stream_lifetime_max = 1h;

// HTTP/2, per connection.
inline constexpr std::size_t http2_streams_max = 128;  // requests at once
inline constexpr std::size_t http2_stream_window_bytes = 64 << 10;
inline constexpr std::size_t http2_connection_window_bytes = 1 << 20;
inline constexpr std::size_t http2_continuations_max = 16;  // of one header block
// Frames that make work and bring nothing: so many at once, and so many more every second.
inline constexpr double http2_resets_max = 200, http2_resets_per_second = 20;
inline constexpr double http2_pings_max = 50, http2_pings_per_second = 10;
inline constexpr double http2_settings_max = 20, http2_settings_per_second = 1;
inline constexpr double http2_empty_frames_max = 100, http2_empty_frames_per_second = 10;
inline constexpr double http2_priorities_max = 500, http2_priorities_per_second = 100;
// Of header lists that are refused as too large: compressed, each may be one byte and be worth 4
// KB.
inline constexpr double http2_fields_max = 1'000, http2_fields_per_second = 100;
// Beside two for every DATA frame that was sent.
inline constexpr double http2_window_updates_max = 1'000, http2_window_updates_per_second = 100;

// HTTP/2 to a service, per connection; windows of streams as above.
inline constexpr std::size_t http2_client_streams_max = 256;  // or fewer, if the service says so
inline constexpr std::size_t http2_client_requests_max = 1 << 29;  // half the stream identifiers
inline constexpr std::size_t http2_client_connection_window_bytes = 16 << 20;
inline constexpr std::size_t http2_client_read_bytes = 64 << 10;
inline constexpr auto http2_ping_after = 10s;    // of silence while answers are awaited
inline constexpr auto http2_ping_time_max = 5s;  // then the connection is lost
inline constexpr auto http2_refused_time = 60s;  // who spoke HTTP/1.1 is not asked again so long
inline constexpr auto http2_doubted_time = 1s;   // nor who hangs up, again and again

// Connections to an upstream, per thread and upstream.
inline constexpr std::size_t upstream_idle_max = 128;
inline constexpr auto upstream_idle_time_max = 30s;  // below every server's idle_time_max
inline constexpr auto connect_time_max = 1s;

// Store.
inline constexpr std::size_t batch_operations_max = 10'000;
inline constexpr std::size_t group_commit_batches_max = 128;
inline constexpr std::size_t write_queue_max = 4'096;
inline constexpr std::size_t find_limit_max = 1'000;
inline constexpr std::size_t in_values_max = 10'000;
inline constexpr std::size_t document_bytes_max = 16 << 20;
inline constexpr std::size_t document_depth_max = 128;
inline constexpr std::size_t search_words_max = 64;
inline constexpr auto search_time_max = 2s;

// Store on a server (MongoDB).
inline constexpr std::size_t store_connections_default = 16;
inline constexpr std::size_t store_queue_max = 512;  // operations that wait for a connection
inline constexpr auto store_time_max = 3s;           // one operation; a try at another server adds:
inline constexpr auto store_failover_time_max = 2s;  // until another server is the primary
inline constexpr auto store_index_time_max = 24h;    // an index that is made at start
inline constexpr auto store_failure_shown_max = 30s;         // a failed write in /health/db
inline constexpr std::size_t fiber_stack_bytes = 512 << 10;  // of a connection's calls

}  // namespace grover::limits
