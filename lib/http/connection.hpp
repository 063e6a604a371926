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

class Connection : public boost::intrusive::list_base_hook<
                       boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    enum class Security { plain, tls };

    /// `presence` is released last.
    Connection(std::shared_ptr<void> presence, Shard& shard, net::Socket socket, std::string peer,
               Security security)
        : presence_(std::move(presence)),
          wire_(shard, std::move(socket)),
          security_(security),
          exchange_(wire_, std::move(peer), security == Security::tls ? "https" : "http") {}

    /// Lives as long as the connection; throws nothing but what the end of a loop throws.
    net::Task<> serve();
    /// Answers 503 without reading and closes.
    net::Task<> turn_away();

    /// For a drain: between two requests a connection ends at once, else after its answer.
    void close_if_idle() noexcept {
        if (idle_) wire_.stream.close();
    }
    void abort() noexcept { wire_.stream.close(); }

private:
    net::Task<> serve_all();
    net::Task<bool> read_head();
    net::Task<> refuse_and_close(Error error);

    std::shared_ptr<void> presence_;
    Wire wire_;
    Security const security_;
    RequestParser parser_;
    H1Exchange exchange_;
    std::chrono::steady_clock::time_point now_ = std::chrono::steady_clock::now();
    bool idle_ = false;
};

}  // namespace grover::http
