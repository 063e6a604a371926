#include "http/h2/client_connections.hpp"

#include "testing/h2_client_fixture.hpp"
#include "testing/script_server.hpp"
#include "testing/server_fixture.hpp"

namespace grover::http::h2 {
namespace {

namespace wire = testing::h2;
using Answer = ClientStream::Answer;
using Steady = std::chrono::steady_clock;
using testing::eventually;
using testing::H2Peer;
using namespace std::chrono_literals;
using namespace std::string_literals;

class Http2ClientTest : public testing::H2ClientFixture {};

TEST_F(Http2ClientTest, AsksAndIsAnswered) {
    auto answer = ask({.method = "GET", .path = "/a?b=c"});
    auto peer = listener_.accept();
    auto const request = peer->read_request();
    EXPECT_EQ(request.stream, 1u);
    EXPECT_TRUE(request.ended);
    EXPECT_EQ(request.fields.get(":path"), "/a?b=c");
    EXPECT_EQ(request.fields.get(":authority"), "x");
    EXPECT_EQ(request.fields.all().back(), http::Headers::Field("x-mixed", "Case"));
    peer->send(H2Peer::head(1, "200", {{"content-length", "5"}, {"x", "y"}}) +
               H2Peer::data(1, "hello"));
    auto const got = answer.get();
    EXPECT_EQ(got.answer, Answer::whole);
    EXPECT_EQ(got.status, 200);
    EXPECT_EQ(got.field, "y");
    EXPECT_EQ(got.body, "hello");
    EXPECT_FALSE(got.heard_nothing);
}

TEST_F(Http2ClientTest, SharesOneConnection) {
    auto first = ask({.path = "/1"});
    auto peer = listener_.accept();
    auto second = ask({.path = "/2"}), third = ask({.path = "/3"});
    std::map<std::string, std::uint32_t, std::less<>> streams;
    for (int i = 0; i < 3; ++i) {
        auto const request = peer->read_request();
        streams.emplace(request.fields.get(":path"), request.stream);
    }
    peer->send(H2Peer::answer(streams.at("/3"), "203", "3") +
               H2Peer::answer(streams.at("/1"), "201", "1") +
               H2Peer::answer(streams.at("/2"), "202", "2"));
    EXPECT_EQ(first.get().status, 201);
    EXPECT_EQ(second.get().status, 202);
    EXPECT_EQ(third.get().status, 203);
    EXPECT_EQ(open_connections(), 1u);
}

TEST_F(Http2ClientTest, OpensAnotherWhenTheServiceTakesNoMoreStreams) {
    auto const one_stream = "\0\3"s + wire::number(1);
    auto first = ask({.path = "/1"});
    auto peer = listener_.accept(one_stream);
    auto const request = peer->read_request();
    auto second = ask({.path = "/2"}), third = ask({.path = "/3"});
    auto other = listener_.accept();
    other->send(H2Peer::answer(other->read_request().stream, "202", "") +
                H2Peer::answer(other->read_request().stream, "202", ""));
    EXPECT_EQ(second.get().status, 202);
    EXPECT_EQ(third.get().status, 202);
    peer->send(H2Peer::answer(request.stream, "201", ""));
    EXPECT_EQ(first.get().status, 201);
    EXPECT_EQ(open_connections(), 2u);
}

TEST_F(Http2ClientTest, KeepsToAnAllowanceThatShrinks) {
    auto first = ask({.path = "/1"}), second = ask({.path = "/2"});
    auto peer = listener_.accept();
    auto const one = peer->read_request(), two = peer->read_request();
    peer->send(wire::frame(wire::settings, 0, 0, "\0\3"s + wire::number(1)) +
               H2Peer::answer(one.stream, "200", ""));
    first.get();
    auto third = ask({.path = "/3"});  // one is still there
    auto other = listener_.accept();
    other->send(H2Peer::answer(other->read_request().stream, "203", ""));
    EXPECT_EQ(third.get().status, 203);
    peer->send(H2Peer::answer(two.stream, "202", ""));
    second.get();
    auto fourth = ask({.path = "/4"});
    peer->send(H2Peer::answer(peer->read_request().stream, "204", ""));
    EXPECT_EQ(fourth.get().status, 204);
}

TEST_F(Http2ClientTest, GoesToAnotherConnectionBeforeTheIdentifiersEnd) {
    use({.requests_max = 2});
    auto first = ask(), second = ask();
    auto peer = listener_.accept();
    auto const one = peer->read_request(), two = peer->read_request();
    auto third = ask();
    auto other = listener_.accept();
    other->send(H2Peer::answer(other->read_request().stream, "203", ""));
    EXPECT_EQ(third.get().status, 203);
    peer->send(H2Peer::answer(one.stream, "201", "") + H2Peer::answer(two.stream, "202", ""));
    EXPECT_EQ(first.get().status + second.get().status, 403);
}

TEST_F(Http2ClientTest, KnowsWhatGoawayLeavesUndone) {
    auto first = ask({.path = "/1"}), second = ask({.path = "/2"});
    auto peer = listener_.accept();
    auto const one = peer->read_request();
    peer->read_request();
    peer->send(H2Peer::goaway(one.stream));
    auto const undone = ask({.path = "/3"});  // opens another connection
    auto other = listener_.accept();
    EXPECT_EQ(other->read_request().fields.get(":path"), "/3");
    peer->send(H2Peer::answer(one.stream, "200", "1"));
    auto const answers = {first.get(), second.get()};
    int whole = 0;
    for (auto const& got : answers) {
        if (got.answer == Answer::whole) ++whole;
        if (got.answer == Answer::whole) continue;
        EXPECT_EQ(got.answer, Answer::unsent);
        EXPECT_TRUE(got.connection_ended);
    }
    EXPECT_EQ(whole, 1);
    EXPECT_TRUE(peer->closed());
    other->send(H2Peer::answer(1, "200", ""));
}

TEST_F(Http2ClientTest, FinishesWhatAShutdownNoticeFinds) {
    auto answer = ask();
    auto peer = listener_.accept();
    auto const id = peer->read_request().stream;
    peer->send(H2Peer::goaway(0x7fffffff) + wire::frame(wire::ping, 0, 0, "12345678"));
    while (peer->read_frame().type != wire::ping) continue;  // a round trip later
    peer->send(H2Peer::goaway(id) + H2Peer::answer(id, "200", "done"));
    EXPECT_EQ(answer.get().body, "done");
}

TEST_F(Http2ClientTest, KnowsARefusedStream) {
    auto answer = ask();
    auto peer = listener_.accept();
    peer->send(H2Peer::reset(peer->read_request().stream, wire::refused_stream));
    auto const got = answer.get();
    EXPECT_EQ(got.answer, Answer::unsent);
    EXPECT_FALSE(got.connection_ended);
    auto after = ask();
    peer->send(H2Peer::answer(peer->read_request().stream, "200", ""));
    EXPECT_EQ(after.get().status, 200);
}

TEST_F(Http2ClientTest, DoesNotKnowWhatBecameOfAStreamThatWasReset) {
    for (auto const code : {wire::cancel, wire::internal_error, wire::protocol_error}) {
        auto answer = ask();
        static std::unique_ptr<H2Peer> peer;
        if (!peer) peer = listener_.accept();
        peer->send(H2Peer::reset(peer->read_request().stream, code));
        auto const got = answer.get();
        EXPECT_EQ(got.answer, Answer::lost) << code;
        EXPECT_FALSE(got.heard_nothing);
        if (code == wire::protocol_error) peer.reset();
    }
}

TEST_F(Http2ClientTest, LosesAllStreamsWithTheirConnection) {
    auto first = ask(), second = ask({.method = "POST", .body = "b"});
    auto peer = listener_.accept();
    peer->read_request();
    peer->read_request();
    peer.reset();
    for (auto* const one : {&first, &second}) {
        auto const got = one->get();
        EXPECT_EQ(got.answer, Answer::lost);
        EXPECT_TRUE(got.heard_nothing);
        EXPECT_FALSE(got.connection_ended) << "it has never served";
    }
    auto third = ask();
    peer = listener_.accept();
    peer->send(H2Peer::answer(peer->read_request().stream, "200", ""));
    third.get();
    auto fourth = ask();
    peer->read_request();
    peer.reset();
    EXPECT_TRUE(fourth.get().connection_ended);
}

TEST_F(Http2ClientTest, GivesUpStreamsThatNobodyWaitsFor) {
    std::atomic<bool> go = false;
    auto gone = ask({.go = &go});
    auto peer = listener_.accept();
    auto const id = peer->read_request().stream;
    go = true;
    gone.get();
    auto const event = peer->read_event();
    EXPECT_EQ(event.type, wire::rst_stream);
    EXPECT_EQ(event.stream, id);
    EXPECT_EQ(event.code(), wire::cancel);
    auto next = ask();
    auto const request = peer->read_request();
    peer->send(H2Peer::answer(id, "200", "too late") + H2Peer::answer(request.stream, "200", "ok"));
    EXPECT_EQ(next.get().body, "ok");
}

TEST_F(Http2ClientTest, IsLateWithoutAnAnswer) {
    auto answer = ask({.time = 20ms});
    auto peer = listener_.accept();
    peer->read_request();
    EXPECT_TRUE(answer.get().late);
    EXPECT_EQ(peer->read_event().type, wire::rst_stream);
}

TEST_F(Http2ClientTest, PingsASilentServiceAndGivesUp) {
    auto answer = ask();
    auto peer = listener_.accept();
    peer->read_request();
    auto const now = Steady::now();
    sweep_at(now);
    sweep_at(now + options_.ping_after + 1s);
    EXPECT_EQ(peer->read_event().type, wire::ping);  // answered by read_event()
    auto other = ask();
    auto const request = peer->read_request();
    EXPECT_TRUE(eventually([&] {
        sweep_at(now + options_.ping_after + 2s);
        return true;
    }));
    peer->send(H2Peer::answer(request.stream, "200", ""));
    EXPECT_EQ(other.get().status, 200);
    sweep_at(now + 2 * options_.ping_after + 4s);
    sweep_at(now + 3 * options_.ping_after + 8s);
    sweep_at(now + 3 * options_.ping_after + 8s + options_.ping_time_max);
    auto const got = answer.get();
    EXPECT_EQ(got.answer, Answer::lost);
    EXPECT_TRUE(got.connection_ended);
}

TEST_F(Http2ClientTest, EndsAnIdleConnection) {
    auto answer = ask();
    auto peer = listener_.accept();
    peer->send(H2Peer::answer(peer->read_request().stream, "200", ""));
    answer.get();
    sweep_at(Steady::now() + options_.idle_time_max + 1s);
    EXPECT_EQ(peer->read_goaway(), wire::no_error);
    EXPECT_TRUE(peer->closed());
    EXPECT_TRUE(eventually([&] { return open_connections() == 0; }));
}

TEST_F(Http2ClientTest, RemembersWhoSpeaksHttp1) {
    testing::ScriptServer server({"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"});
    origin_ = server.origin();
    EXPECT_TRUE(get().refused);
    EXPECT_TRUE(get().refused);
    EXPECT_EQ(server.connections(), 1u);
}

TEST_F(Http2ClientTest, RemembersNothingOfWhoMustSpeakHttp2) {
    std::string const refusal = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    testing::ScriptServer server({refusal, refusal, refusal});
    origin_ = server.origin();
    for (std::size_t i = 1; i <= 3; ++i) {
        EXPECT_EQ(ask({.http1 = Http1::never}).get().error, ErrorCode::unavailable);
        EXPECT_EQ(server.connections(), i);
    }
}

// As the listener of a process that was killed does, until the kernel has taken it apart.
TEST_F(Http2ClientTest, WhoHangsUpIsAskedAgain) {
    for (auto const http1 : {Http1::possible, Http1::never}) {
        auto answer = ask({.http1 = http1});
        for (int i = 0; i < 2; ++i) testing::RawClient const dying(listener_.accept_raw());
        auto peer = listener_.accept();
        peer->send(H2Peer::answer(peer->read_request().stream, "200", ""));
        EXPECT_EQ(answer.get().status, 200);
        peer.reset();
        EXPECT_TRUE(eventually([&] { return open_connections() == 0; }));
    }
}

TEST_F(Http2ClientTest, WhoHangsUpAlwaysSpeaksSomethingElseOrIsNotThere) {
    auto const hang_up = [&] {
        for (int i = 0; i < 3; ++i) testing::RawClient const dying(listener_.accept_raw());
    };
    auto must = ask({.http1 = Http1::never});
    hang_up();
    EXPECT_EQ(must.get().error, ErrorCode::unavailable);
    auto may = ask({.http1 = Http1::possible});
    hang_up();
    EXPECT_TRUE(may.get().refused);
    // Nobody who must speak it is kept from it by that.
    auto again = ask({.http1 = Http1::never});
    auto peer = listener_.accept();
    peer->send(H2Peer::answer(peer->read_request().stream, "200", ""));
    EXPECT_EQ(again.get().status, 200);
}

TEST_F(Http2ClientTest, TellsWhoIsNotThere) {
    {
        testing::H2Listener gone;
        origin_ = gone.origin();
    }
    auto first = ask(), second = ask(), third = ask();
    for (auto* const one : {&first, &second, &third})
        EXPECT_EQ(one->get().error, ErrorCode::unavailable);
}

TEST_F(Http2ClientTest, DoesNotWaitForeverForSettings) {
    auto impatient = ask({.time = 50ms});
    EXPECT_EQ(impatient.get().error, ErrorCode::gateway_timeout);
}

TEST_F(Http2ClientTest, ConnectsAgainWhenAConnectionEndsAtOnce) {
    auto answer = ask();
    {
        testing::RawClient ending(listener_.accept_raw());
        ending.send(wire::frame(wire::settings, 0, 0) + H2Peer::goaway(0));
    }
    auto peer = listener_.accept();
    peer->send(H2Peer::answer(peer->read_request().stream, "200", ""));
    EXPECT_EQ(answer.get().status, 200);
}

}  // namespace
}  // namespace grover::http::h2
