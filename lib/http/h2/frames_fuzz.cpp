// Frames of a client by HTTP/2, from any bytes behind its preface, through a server of ours: no
// crash, no connection that stays, and no request reaches a handler that HTTP/1.1 could not carry.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include "http/characters.hpp"
#include "http/server.hpp"
#include "http/target.hpp"
#include "testing/raw_client.hpp"
#include "testing/temporary_folder.hpp"

namespace {

using namespace grover;
using namespace std::string_view_literals;

constexpr auto preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"sv;

void require(bool holds) {
    if (!holds) std::abort();
}

/// Answers with the body, as it was framed.
net::Task<> echo(http::Exchange& exchange) {
    auto const& head = exchange.head();
    require(http::is_token(head.method) && http::is_target(head.target));
    require(http::is_host(head.host) && head.fields.front().name == "host");
    for (auto const& [name, value] : head.fields)
        require(http::is_token(name) && http::is_value(value));
    bool const framed = head.body.kind() == http::BodyFraming::Kind::chunked;
    require(head.contains("transfer-encoding") == framed);
    auto body = head.body;
    exchange.begin(200);
    if (framed) exchange.field("Transfer-Encoding", "chunked");
    exchange.stream(http::Exchange::Transfer::relayed);
    while (!exchange.body_complete()) {
        auto const piece = co_await exchange.read_raw();
        require(body.skip(piece) == piece.size() && !body.malformed());
        co_await exchange.write(piece);
    }
    require(body.complete());
    co_await exchange.end();
}

class Fixture {
public:
    Fixture() {
        loops_.start();
        server_.start();
    }
    /// Sends and reads to the end.
    void exchange(std::string_view bytes, std::size_t block) {
        testing::RawClient client(path_);
        client.send(preface);
        // False when the server has had enough.
        while (!bytes.empty() && client.send(bytes.substr(0, block)))
            bytes.remove_prefix(std::min(block, bytes.size()));
        client.finish_sending();
        client.read_to_end();
        while (server_.counters().open > 0) std::this_thread::yield();
    }

private:
    testing::TemporaryFolder const folder_;
    std::string const path_ = (folder_.path() / "socket").string();
    net::Loops loops_{1, 1};
    http::Server server_{loops_,
                         {.host = "",
                          .unix_path = path_,
                          .http2_clear = true,
                          .linger_time_max = std::chrono::milliseconds(1)},
                         http::StreamHandler(echo)};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    static Fixture fixture;
    if (size == 0) return 0;
    std::string_view const bytes(reinterpret_cast<char const*>(data), size);
    fixture.exchange(bytes.substr(1), bytes[0] % 2 == 0 ? size : 1 + (data[0] / 2) % 64);
    return 0;
}
