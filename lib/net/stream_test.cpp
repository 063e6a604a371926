#include "net/stream.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>

#include "base/config.hpp"
#include "net/async.hpp"
#include "net/endpoint.hpp"
#include "net/listener.hpp"
#include "testing/raw_client.hpp"
#include "testing/run_on.hpp"
#include "testing/server_fixture.hpp"
#include "testing/stream_pair.hpp"
#include "testing/temporary_folder.hpp"

namespace grover::net {
namespace {

using namespace std::chrono_literals;
using testing::RawClient;
using testing::run_on;
using testing::StreamPair;
using Steady = std::chrono::steady_clock;

// Longer than a label may be: refused without asking anybody.
std::string const no_name(64, 'a');

class StreamTest : public ::testing::Test {
protected:
    StreamTest() { loops_.start(); }
    Loop& loop() { return loops_.at(0); }
    Loops loops_{1};
};

TEST_F(StreamTest, CarriesBytes) {
    run_on(loop(), [this]() -> Task<> {
        StreamPair pair(loop());
        co_await asio::async_write(*pair.left, asio::buffer("hello", 5), use_task);
        std::array<char, 9> got{};
        auto const count = co_await pair.right->async_read_some(asio::buffer(got), use_task);
        EXPECT_EQ(std::string_view(got.data(), count), "hello");
    });
}

TEST_F(StreamTest, ExpiresAndGoesOn) {
    run_on(loop(), [this]() -> Task<> {
        StreamPair pair(loop());
        std::array<char, 9> space{};
        for (auto const late : {0ms, 1ms}) {  // passed before it begins, and while it waits
            pair.left->expires_at(Steady::now() + late);
            auto const [error, count] =
                co_await pair.left->async_read_some(asio::buffer(space), use_tuple);
            EXPECT_EQ(error, asio::error::operation_aborted);
            EXPECT_TRUE(pair.left->expired());
        }
        pair.left->never_expires();
        EXPECT_FALSE(pair.left->expired());
        co_await asio::async_write(*pair.right, asio::buffer("x", 1), use_task);
        EXPECT_EQ(co_await pair.left->async_read_some(asio::buffer(space), use_task), 1u);
        EXPECT_FALSE(pair.left->expired());
    });
}

TEST_F(StreamTest, KnowsAStaleConnection) {
    run_on(loop(), [this]() -> Task<> {
        StreamPair quiet(loop());
        EXPECT_FALSE(quiet.left->stale());
        co_await asio::async_write(*quiet.right, asio::buffer("x", 1), use_task);
        while (!quiet.left->stale()) co_await pause(1ms);
        StreamPair closed(loop());
        closed.right.reset();
        EXPECT_TRUE(closed.left->stale());
    });
}

TEST_F(StreamTest, KnowsThatTheOtherSideHasEndedThoughMuchIsUnread) {
    run_on(loop(), [this]() -> Task<> {
        StreamPair pair(loop());
        co_await asio::async_write(*pair.right, asio::buffer("x", 1), use_task);
        EXPECT_FALSE(pair.left->other_side_has_ended());
        pair.right->shutdown_send();
        while (!pair.left->other_side_has_ended()) co_await pause(1ms);
        EXPECT_FALSE(pair.right->other_side_has_ended());
        pair.left->close();
        EXPECT_TRUE(pair.left->other_side_has_ended());
    });
}

class ListenerTest : public ::testing::Test {
protected:
    testing::TemporaryFolder folder_;
    Loops loops_{3};
};

TEST_F(ListenerTest, RefusesATakenPort) {
    auto const first = Listener::tcp(loops_, "127.0.0.1", 0);
    ASSERT_EQ(first.size(), 3u);
    EXPECT_EQ(first[2]->port(), first[0]->port());
    EXPECT_THROW(Listener::tcp(loops_, "127.0.0.1", first[0]->port()), ConfigError);
    EXPECT_EQ(
        Listener::tcp(loops_, "127.0.0.1", first[0]->port(), Listener::Port::shared)[0]->port(),
        first[0]->port());
    EXPECT_THROW(Listener::tcp(loops_, "192.0.2.1", 0), ConfigError);
    EXPECT_THROW(Listener::tcp(loops_, no_name, 0), ConfigError);
}

TEST_F(ListenerTest, TakesAPortAgainThatWasGivenUp) {
    std::uint16_t port = 0;
    {
        auto const first = Listener::tcp(loops_, "127.0.0.1", 0);
        port = first[0]->port();
    }
    EXPECT_EQ(Listener::tcp(loops_, "127.0.0.1", port)[0]->port(), port);
}

TEST_F(ListenerTest, ReplacesTheSocketOfTheDeadOnly) {
    auto const path = (folder_.path() / "a.sock").string();
    {
        auto const first = Listener::unix_socket(loops_, path);
        EXPECT_THROW(Listener::unix_socket(loops_, path), ConfigError);
        EXPECT_TRUE(std::filesystem::exists(path));
        auto const rights = std::filesystem::status(path).permissions();
        EXPECT_EQ(rights & std::filesystem::perms::all,
                  std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    }
    EXPECT_FALSE(std::filesystem::exists(path));
    // A socket whose process died without removing it.
    {
        SocketAddress const address = asio::local::stream_protocol::endpoint(path);
        Socket const dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        ASSERT_EQ(
            ::bind(dead.native_handle(), address.data(), static_cast<socklen_t>(address.size())),
            0);
    }
    EXPECT_TRUE(std::filesystem::exists(path));
    EXPECT_NO_THROW(Listener::unix_socket(loops_, path));
    std::ofstream(path) << "data";
    EXPECT_THROW(Listener::unix_socket(loops_, path), ConfigError);
    EXPECT_TRUE(std::filesystem::exists(path));
    EXPECT_THROW(Listener::unix_socket(loops_, std::string(200, 'a')), ConfigError);
    EXPECT_THROW(Listener::unix_socket(loops_, "/nowhere/a.sock"), ConfigError);
}

TEST_F(ListenerTest, WaitsForTheSocketOfOneThatIsDying) {
    auto const path = (folder_.path() / "a.sock").string();
    SocketAddress const address = asio::local::stream_protocol::endpoint(path);
    Socket dying(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(dying.native_handle(), address.data(), static_cast<socklen_t>(address.size())),
              0);
    ASSERT_EQ(::listen(dying.native_handle(), 1), 0);
    std::thread death([&] {  // once the successor has asked who is there
        Socket const asked(::accept(dying.native_handle(), nullptr, nullptr));
        ::close(dying.release());
    });
    EXPECT_NO_THROW(Listener::unix_socket(loops_, path));
    death.join();
}

TEST_F(ListenerTest, DealsUnixConnectionsOutInTurn) {
    auto const path = (folder_.path() / "a.sock").string();
    auto const listener = Listener::unix_socket(loops_, path);
    std::array<std::atomic<int>, 3> accepted{};
    listener->start([&](Loop& target, Socket, std::string const& peer) {
        EXPECT_EQ(Loop::current(), &target);
        EXPECT_EQ(peer, "unix");
        ++accepted[target.index()];
    });
    loops_.start();
    for (int i = 0; i < 6; ++i) EXPECT_TRUE(RawClient(path).closed());
    for (auto const& count : accepted) EXPECT_EQ(count, 2);
    loops_.stop();
}

TEST(Endpoint, ReadsOrigins) {
    using Kind = Endpoint::Kind;
    auto const tcp = Endpoint::parse("http://127.0.0.1:8001/");
    ASSERT_TRUE(tcp);
    EXPECT_EQ(tcp->kind, Kind::tcp);
    EXPECT_EQ(tcp->host, "127.0.0.1");
    EXPECT_EQ(tcp->port, 8001);
    EXPECT_EQ(tcp->authority(), "127.0.0.1:8001");
    EXPECT_EQ(Endpoint::parse("http://example.org")->authority(), "example.org");
    EXPECT_EQ(Endpoint::parse("https://example.org")->port, 443);
    EXPECT_EQ(Endpoint::parse("https://example.org:80")->authority(), "example.org:80");
    EXPECT_EQ(Endpoint::parse("http://[::1]:80")->host, "::1");
    EXPECT_EQ(Endpoint::parse("http://[::1]:81")->authority(), "[::1]:81");
    EXPECT_EQ(Endpoint::parse("unix:/run/a.sock")->path, "/run/a.sock");
    EXPECT_EQ(Endpoint::parse("unix:/run/a.sock")->authority(), "localhost");
}

TEST(Endpoint, RefusesWhatIsNone) {
    for (std::string const bad : {"",
                                  "127.0.0.1:80",
                                  "ftp://x",
                                  "http://",
                                  "http:///",
                                  "http://:80",
                                  "http://x:",
                                  "http://x:0",
                                  "http://x:65536",
                                  "http://x:-1",
                                  "http://x:80a",
                                  "http://a@x",
                                  "http://x/path",
                                  "http://x?q",
                                  "http://[::1",
                                  "http://[::x]",
                                  "http://[::1]80",
                                  "http://::1",
                                  "http://x y",
                                  "unix:",
                                  "http://x\r\n"})
        EXPECT_FALSE(Endpoint::parse(bad)) << bad;
    EXPECT_FALSE(Endpoint::parse("unix:" + std::string(108, 'a')));
}

TEST_F(StreamTest, ResolvesWithinTheDeadline) {
    auto const found = [&](std::string const& origin, std::chrono::milliseconds time) {
        return run_on(loop(), [&]() -> Task<std::vector<SocketAddress>> {
            co_return co_await resolve(loop(), *Endpoint::parse(origin), Steady::now() + time);
        });
    };
    EXPECT_FALSE(found("http://localhost:80", 10s).empty());
    EXPECT_EQ(address_text(found("http://127.0.0.1:80", 10s).at(0)), "127.0.0.1");
    EXPECT_EQ(address_text(found("http://[::1]:80", 10s).at(0)), "::1");
    EXPECT_EQ(address_text(found("unix:/a", 10s).at(0)), "unix");
    EXPECT_TRUE(found("http://" + no_name, 10s).empty());
    found("http://" + no_name, 0ms);  // ends at once; the lookup itself may go on
}

}  // namespace
}  // namespace grover::net
