// What passes between two ends that are made up.
#include "gateway/tunnel.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>

#include "http/websocket_frames.hpp"
#include "net/async.hpp"
#include "net/signal.hpp"

namespace grover::gateway {
namespace {

using namespace std::chrono_literals;
using http::websocket::close_frame;
using Steady = std::chrono::steady_clock;

/// Says what it is told to, and then nothing until it expires. Remembers what it heard.
class Played final : public http::Duplex {
public:
    explicit Played(net::Loop& loop) : changed_(loop) {}

    net::Task<std::string_view> read() override {
        while (says.empty() && !ends && !late()) co_await changed_.wait(deadline());
        if (says.empty()) co_return std::string_view();
        said_ = std::move(says.front());
        says.pop_front();
        co_return said_;
    }
    net::Task<bool> write(std::string_view bytes) override {
        if (is_deaf) co_return false;
        heard.emplace_back(bytes);
        if (bytes.starts_with('\x88')) ends = true;  // a Close: it leaves
        changed_.notify();
        co_return true;
    }
    bool finish() noexcept override {
        heard_the_end = true;
        return can_finish;
    }
    void expires_at(TimePoint deadline) noexcept override {
        deadlines.push_back(deadline);
        changed_.notify();
    }
    bool is_open() const noexcept override { return open; }

    std::deque<std::string> says;
    bool ends = false;  // once all was said
    bool is_deaf = false, can_finish = true, open = true;
    std::vector<std::string> heard;
    bool heard_the_end = false;
    std::vector<TimePoint> deadlines;

private:
    TimePoint deadline() const { return deadlines.empty() ? TimePoint::max() : deadlines.back(); }
    bool late() const { return Steady::now() >= deadline(); }

    net::Signal changed_;
    std::string said_;
};

class TunnelTest : public ::testing::Test {
protected:
    TunnelTest() { loops_.start(); }
    ~TunnelTest() override { loops_.stop(); }

    TunnelReport join(StreamSettings const& settings = {}) {
        std::promise<TunnelReport> report;
        net::asio::co_spawn(
            loops_.at(0).executor(),
            [&]() -> net::Task<> {
                report.set_value(co_await tunnels_.join(client_, service_, settings));
            },
            net::asio::detached);
        return report.get_future().get();
    }
    bool counted(std::string_view line) { return metrics_.print().contains(line); }

    net::Loops loops_{1};
    telemetry::Metrics metrics_;
    Tunnels tunnels_{loops_, metrics_};
    Played client_{loops_.at(0)}, service_{loops_.at(0)};
};

TEST_F(TunnelTest, PassesBothDirectionsOnToTheirEnds) {
    client_.says = {"one", "two"};
    service_.says = {"three"};
    client_.ends = service_.ends = true;
    auto const report = join();
    EXPECT_EQ(report.ended, "client");
    EXPECT_EQ(service_.heard, (std::vector<std::string>{"one", "two"}));
    EXPECT_EQ(client_.heard, (std::vector<std::string>{"three"}));
    EXPECT_TRUE(client_.heard_the_end && service_.heard_the_end);
    EXPECT_EQ(report.bytes_in, 6u);
    EXPECT_EQ(report.bytes_out, 5u);
    EXPECT_TRUE(counted("gateway_tunnel_bytes_total{direction=\"in\"} 6"));
    EXPECT_TRUE(counted("gateway_tunnels_total{ended=\"client\"} 1"));
    EXPECT_TRUE(counted("gateway_tunnels_open 0"));
}

TEST_F(TunnelTest, EndsBothWhereOneEndCannotBeTold) {
    service_.ends = true;
    client_.can_finish = false;  // and the client goes on for ever
    EXPECT_EQ(join().ended, "service");
    EXPECT_TRUE(client_.heard_the_end);
    EXPECT_FALSE(service_.heard_the_end);
}

TEST_F(TunnelTest, EndsBothWhenSomebodyDoesNotListen) {
    client_.says = {"lost"};
    service_.is_deaf = true;
    auto const report = join();
    EXPECT_EQ(report.ended, "service");
    EXPECT_EQ(report.bytes_in, 0u);
}

TEST_F(TunnelTest, SilenceEndsIt) {
    auto const report = join({.idle = 1ms, .lifetime = 1h});
    EXPECT_EQ(report.ended, "idle");
    EXPECT_EQ(client_.heard, std::vector{close_frame(1001, "idle")});
    ASSERT_EQ(service_.heard.size(), 1u);
    EXPECT_TRUE(service_.heard[0].starts_with("\x88\x86")) << "masked, as all that a client says";
    EXPECT_EQ(service_.heard[0].size(), 12u);
    EXPECT_EQ(report.bytes_in + report.bytes_out, 0u);
    EXPECT_TRUE(counted("gateway_tunnels_total{ended=\"idle\"} 1"));
}

TEST_F(TunnelTest, NothingIsSaidWithinAFrame) {
    service_.says = {"\x81\x05he"};
    client_.says = {"\x81\x80mask"};
    EXPECT_EQ(join({.idle = 1ms, .lifetime = 1h}).ended, "idle");
    EXPECT_EQ(client_.heard, std::vector<std::string>{"\x81\x05he"});
    EXPECT_EQ(service_.heard.size(), 2u);
}

TEST_F(TunnelTest, NothingIsSaidBehindAClose) {
    service_.says = {close_frame(1000, "")};
    EXPECT_EQ(join({.idle = 1ms, .lifetime = 1h}).bytes_out, 4u);
    EXPECT_EQ(client_.heard, std::vector{close_frame(1000, "")});
}

TEST_F(TunnelTest, WhoDoesNotListenIsNotWaitedFor) {
    client_.is_deaf = service_.is_deaf = true;
    EXPECT_EQ(join({.idle = 1ms, .lifetime = 1h}).ended, "idle");
    EXPECT_TRUE(client_.heard.empty() && service_.heard.empty());
}

TEST_F(TunnelTest, EachByteMovesTheDeadlineOfBoth) {
    client_.says = {"a", "b", "c"};
    client_.ends = service_.ends = true;
    join({.idle = 1h, .lifetime = 2h});
    for (auto const* end : {&client_, &service_}) {
        EXPECT_GE(end->deadlines.size(), 6u);
        EXPECT_TRUE(std::ranges::is_sorted(end->deadlines));
    }
}

TEST_F(TunnelTest, NothingMovesTheEndOfItsLife) {
    for (int i = 0; i < 100; ++i) client_.says.emplace_back("more");
    auto const report = join({.idle = 1ms, .lifetime = 1ms});
    EXPECT_EQ(report.ended, "lifetime");
    auto const end = client_.deadlines.front();
    client_.deadlines.pop_back();  // for the goodbye
    for (auto const deadline : client_.deadlines) EXPECT_LE(deadline, end);
    EXPECT_EQ(report.ended, "lifetime");
}

TEST_F(TunnelTest, AServerThatEndsIsNeitherSide) {
    client_.open = false;
    client_.ends = service_.ends = true;
    EXPECT_EQ(join().ended, "drain");
}

}  // namespace
}  // namespace grover::gateway
