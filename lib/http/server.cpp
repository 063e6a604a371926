#include "http/server.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "http/connection.hpp"
#include "http/message_service.hpp"
#include "http/peers.hpp"
#include "http/shard.hpp"
#include "net/listener.hpp"

namespace grover::http {
namespace {

// Turned away with a 503 each; beyond that the connection is closed without a word.
constexpr std::size_t turned_away_max = 256;

ServerOptions with_defaults(ServerOptions options) {
    if (options.body_bytes_max == 0) options.body_bytes_max = limits::json_body_bytes_max;
    return options;
}

}  // namespace

class ServerCore : public std::enable_shared_from_this<ServerCore> {
public:
    ServerCore(net::Loops& loops, ServerOptions wanted, StreamHandler handler,
               AccessObserver observer)
        : options_(with_defaults(std::move(wanted))),
          handler_(std::move(handler)),
          observer_(std::move(observer)),
          peers_(options_.connections_per_peer_max) {
        for (std::size_t i = 0; i < loops.size(); ++i) places_.emplace_back(*this, loops.at(i));
    }

    void start(net::Loops& loops) {
        using enum Connection::Security;
        bool const tls_alone = options_.tls && !options_.tls_port;
        auto const tcp = [&](std::uint16_t port) {
            return net::Listener::tcp(loops, options_.host, port, options_.sharing);
        };
        if (!options_.host.empty()) port_ = listen(tcp(options_.port), tls_alone ? tls : plain);
        if (tls_alone) tls_port_ = port_;
        if (options_.tls && options_.tls_port) tls_port_ = listen(tcp(*options_.tls_port), tls);
        if (!options_.unix_path.empty()) {
            std::vector<std::unique_ptr<net::Listener>> one;
            one.push_back(net::Listener::unix_socket(loops, options_.unix_path));
            listen(std::move(one), plain);
        }
    }

    std::uint16_t port() const noexcept { return port_; }
    std::uint16_t tls_port() const noexcept { return tls_port_; }

    /// True when no connection is left.
    bool drain(std::chrono::milliseconds limit) {
        on_every_loop([](ServerCore& core, Place& place) {
            if (std::exchange(place.shard.draining, true)) return;
            core.for_listeners_of(place, [&core](net::Listener& listener) {
                ++core.open_;
                listener.drain([kept = core.shared_from_this()] { kept->leave(); });
            });
            for (auto& connection : place.connections) connection.drain();
        });
        auto const notice = std::min(limit, options_.drain_notice);
        wait_until_empty(notice);
        on_every_loop([](ServerCore& core, Place& place) {
            place.shard.closing = true;
            core.for_listeners_of(place, [](net::Listener& listener) { listener.close(); });
            for (auto& connection : place.connections) connection.close_if_idle();
        });
        return wait_until_empty(limit - notice);
    }

    /// The listeners must not outlive their loops, which the connections' frames may.
    void close() {
        drain(std::chrono::milliseconds(0));
        listeners_.clear();
    }

    void abort() {
        on_every_loop([](ServerCore&, Place& place) {
            for (auto& connection : place.connections) connection.abort();
        });
    }

    bool loops_run() const noexcept { return places_.front().shard.loop.running(); }

    /// False after `limit`, or at once when nobody is there to end anything.
    bool wait_until_empty(std::chrono::milliseconds limit) {
        std::unique_lock lock(mutex_);
        return left_.wait_for(lock, loops_run() ? limit : std::chrono::milliseconds(0),
                              [&] { return open_ == 0; });
    }

    Server::Counters counters() const {
        Server::Counters out;
        out.open = open_;
        for (auto const& place : places_) {
            out.accepted += place.shard.accepted.get();
            out.requests += place.shard.requests.get();
            out.malformed += place.shard.malformed.get();
            out.tls_failed += place.shard.tls_failed.get();
            for (std::size_t i = 0; i < client_limits; ++i)
                out.limits[i] += place.shard.limits[i].get();
            for (std::size_t i = 0; i < h2::floods; ++i)
                out.floods[i] += place.shard.floods[i].get();
        }
        return out;
    }

private:
    struct Place {
        Place(ServerCore& core, net::Loop& loop)
            : shard{loop, core.options_, core.handler_, core.observer_} {}

        Shard shard;
        boost::intrusive::list<Connection, boost::intrusive::constant_time_size<false>>
            connections{};
    };

    std::uint16_t listen(std::vector<std::unique_ptr<net::Listener>> listeners,
                         Connection::Security security) {
        for (auto& listener : listeners) {
            listener->start([core = shared_from_this(), security](
                                net::Loop& loop, net::Socket socket, std::string peer) {
                core->adopt(core->places_[loop.index()], std::move(socket), std::move(peer),
                            security);
            });
            listeners_.push_back(std::move(listener));
        }
        return listeners_.back()->port();
    }

    void adopt(Place& place, net::Socket socket, std::string peer, Connection::Security security) {
        place.shard.accepted.add();
        auto const open = ++open_;
        bool const welcome = peers_.enter(peer);
        std::shared_ptr<void> presence(this, [core = shared_from_this(), peer](void*) {
            core->peers_.leave(peer);
            core->leave();
        });
        bool const full = open > options_.connections_max;
        if (!welcome)
            place.shard.hit(ClientLimit::connections_per_address);
        else if (full)
            place.shard.hit(ClientLimit::connections);
        if (open > options_.connections_max + turned_away_max) return;
        auto connection = std::make_unique<Connection>(
            std::move(presence), place.shard, std::move(socket), std::move(peer), security);
        place.connections.push_back(*connection);
        boost::asio::co_spawn(
            place.shard.loop.executor(),
            [connection = std::move(connection), serves = welcome && !full] {
                return serves ? connection->serve() : connection->turn_away();
            },
            boost::asio::detached);
    }

    template <class Function>
    void for_listeners_of(Place& place, Function function) {
        for (auto& listener : listeners_)
            if (&listener->loop() == &place.shard.loop) function(*listener);
    }

    void leave() {
        // Under the lock, so that the last one is not missed between check and wait.
        std::lock_guard const lock(mutex_);
        if (--open_ == 0) left_.notify_all();
    }

    /// Returns when `function` has run for every loop, on its thread; here for a loop at rest.
    template <class Function>
    void on_every_loop(Function function) {
        using namespace std::chrono_literals;
        for (auto& place : places_) {
            auto& loop = place.shard.loop;
            auto task = std::make_shared<std::packaged_task<void()>>(
                [core = shared_from_this(), &place, function] { function(*core, place); });
            auto const done = task->get_future();
            if (loop.running()) boost::asio::post(loop.executor(), [task] { (*task)(); });
            while (loop.running() && done.wait_for(10ms) != std::future_status::ready) continue;
            if (done.wait_for(0ms) != std::future_status::ready) function(*this, place);
        }
    }

    ServerOptions const options_;
    StreamHandler const handler_;
    AccessObserver const observer_;
    Peers peers_;
    std::deque<Place> places_;
    std::vector<std::unique_ptr<net::Listener>> listeners_;
    std::uint16_t port_ = 0;
    std::uint16_t tls_port_ = 0;
    std::atomic<std::size_t> open_ = 0;
    std::mutex mutex_;
    std::condition_variable left_;
};

Server::Server(net::Loops& loops, ServerOptions options, Handler handler, AccessObserver observer)
    : Server(loops, options, message_service(std::move(handler), observer, options.on_failure),
             observer) {}

Server::Server(net::Loops& loops, ServerOptions options, StreamHandler handler,
               AccessObserver observer)
    : loops_(loops),
      core_(std::make_shared<ServerCore>(loops, std::move(options), std::move(handler),
                                         std::move(observer))) {}

Server::~Server() {
    using namespace std::chrono_literals;
    core_->close();
    core_->abort();
    // Handlers refer to what their service is made of, which goes next: they must have returned.
    while (core_->loops_run() && !core_->wait_until_empty(100ms)) continue;
}

void Server::start() {
    core_->start(loops_);
}

std::uint16_t Server::port() const noexcept {
    return core_->port();
}

std::uint16_t Server::tls_port() const noexcept {
    return core_->tls_port();
}

void Server::drain(std::chrono::milliseconds limit) {
    // Handlers whose connection is cut have a moment to say so.
    auto const last_words = limit / 10;
    if (core_->drain(limit - last_words)) return;
    core_->abort();
    core_->wait_until_empty(last_words);
}

Server::Counters Server::counters() const {
    return core_->counters();
}

}  // namespace grover::http
