// One connection of a server: reads heads, lets the handler answer, goes on or closes. Internal to
// the server.
#pragma once

#include <memory>
#include <string>

#include <boost/intrusive/list.hpp>

#include "http/h1_exchange.hpp"
#include "http/head_parser.hpp"
#include "http/wire.hpp"

namespace grover::http {

namespace h2 {
class ServerSession;
}

class Connection : public boost::intrusive::list_base_hook<
                       boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    enum class Security { plain, tls };

    /// `presence` is released last.
    Connection(std::shared_ptr<void> presence, Shard& shard, net::Socket socket, std::string peer,
               Security security);
    ~Connection();

    /// Lives as long as the connection; throws nothing but what the end of a loop throws.
    net::Task<> serve();
    /// Answers 503 without reading and closes.
    net::Task<> turn_away();

    /// For a drain: who speaks HTTP/2 is told at once, others by their next answer.
    void drain();
    /// Between two requests a connection ends at once, else after its answers.
    void close_if_idle();
    void abort() noexcept { wire_.stream.close(); }

private:
    std::string_view scheme() const noexcept {
        return security_ == Security::tls ? "https" : "http";
    }
    net::Task<bool> begins_http2();
    net::Task<> serve_http2();
    net::Task<> serve_http1();
    net::Task<bool> read_head();
    net::Task<> refuse_and_close(Error error);

    std::shared_ptr<void> presence_;
    Wire wire_;
    Security const security_;
    std::string const peer_;
    RequestParser parser_;
    H1Exchange exchange_;
    std::chrono::steady_clock::time_point now_ = std::chrono::steady_clock::now();
    bool idle_ = false;
    std::unique_ptr<h2::ServerSession> session_;  // of a connection that speaks HTTP/2
};

}  // namespace grover::http
