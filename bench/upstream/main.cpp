// The services behind a gateway in a benchmark: two documents, and a user service that knows every
// session.
//
//     grover-bench-upstream [PORT [UNIX_SOCKET]]      prints where it listens
//
// GET /api/posts/small and /api/posts/large answer about 590 bytes and 10 KB; POST
// /internal/sessions/verify finds an active session for every token, so a gateway can be filled
// with 100,000 of them without making 100,000 accounts. The server is lib/http as every service has
// it: its CPU time per request is what a service of ours costs above its work.
#include <fmt/core.h>

#include <csignal>
#include <cstdlib>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "auth/session_protocol.hpp"
#include "base/config.hpp"
#include "http/server.hpp"
#include "reflect/codec.hpp"

namespace {

using namespace grover;

/// A page of posts of at least `bytes` bytes; bench/_measure.py makes the same for the peers.
std::string page(std::size_t bytes) {
    std::string out = R"({"items":[)";
    for (std::size_t id = 0; out.size() + 14 < bytes; ++id)
        out += fmt::format(
            R"({}{{"id":{},"author":"user{}","title":"Post number {}","tags":["a","b"],"likes":{},)"
            R"("created_at":"2024-05-01T12:00:00Z"}})",
            id == 0 ? "" : ",", id, id % 97, id, id * 7 % 1000);
    return out + R"(],"next":null})";
}

struct Documents {
    std::string const small = page(480);
    std::string const large = page(10'200);

    std::string const* find(std::string_view path) const {
        if (path == "/api/posts/small") return &small;
        if (path == "/api/posts/large") return &large;
        return nullptr;
    }
};

/// Whoever has this token: the same user every time, one for each token.
std::string session_of(std::string_view token_hash, Timestamp now) {
    std::string name =
        "0" + std::string(token_hash.substr(0, 25));  // ids as the user service makes them
    for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return reflect::to_json(auth::Session{auth::UserId::trusted("user_" + name),
                                          auth::SessionId::trusted("sess_" + name),
                                          {auth::Role::user},
                                          now + std::chrono::hours(24)});
}

net::Task<> answer(http::Exchange& exchange) {
    static Documents const documents;
    auto const path = exchange.head().path();
    std::string made;
    auto const* body = documents.find(path);
    if (path == "/internal/sessions/verify") {
        auto const asked = reflect::from_json<auth::SessionLookup>(co_await exchange.read_all());
        made = session_of(asked.token_hash, system_now());
    } else if (path == "/internal/sessions/revoked") {
        made = reflect::to_json(auth::Revocations{"1", {}});
    } else if (!body) {
        made = R"({"status":"healthy"})";
    }
    exchange.begin(200);
    exchange.field("Content-Type", "application/json");
    co_await exchange.finish(body ? *body : made);
}

}  // namespace

int main(int count, char** arguments) {
    net::Loops loops(1);
    http::ServerOptions options;
    options.port = static_cast<std::uint16_t>(count > 1 ? std::atoi(arguments[1]) : 0);
    options.unix_path = count > 2 ? arguments[2] : "";
    options.behind_gateway = true;
    options.http2_clear = true;
    http::Server server(loops, options, http::StreamHandler(answer));
    try {
        server.start();
    } catch (ConfigError const& error) {
        fmt::print(stderr, "{}\n", error.what());
        return 1;
    }
    boost::asio::io_context waiting;
    boost::asio::signal_set signals(waiting, SIGINT, SIGTERM);
    signals.async_wait([](auto, int) {});
    loops.start();
    fmt::print("http://127.0.0.1:{}\n", server.port());
    std::fflush(stdout);
    waiting.run();
    server.drain(limits::drain_time_max);
    loops.stop();
    return 0;
}
