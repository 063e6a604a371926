#include "http/h2/client_stream.hpp"

#include <functional>

#include "testing/h2_client_fixture.hpp"

namespace grover::http::h2 {
namespace {

namespace wire = testing::h2;
using Answer = ClientStream::Answer;
using testing::H2Peer;
using namespace std::string_literals;

class Http2AnswersTest : public testing::H2ClientFixture {};

TEST_F(Http2AnswersTest, SendsBodiesAndTrailers) {
    FieldText trailers;
    trailers.add("Sum", "1");
    std::string const body(300'000, 'b');  // more than the windows
    auto answer = ask({.method = "POST", .body = body, .trailers = trailers});
    auto peer = listener_.accept();
    auto const request = peer->read_request();
    EXPECT_FALSE(request.ended);
    EXPECT_EQ(peer->read_body(request.stream), body);
    peer->send(H2Peer::answer(request.stream, "200", "ok"));
    EXPECT_EQ(answer.get().body, "ok");
}

/// A turn in which a body goes on and something is heard has two reasons to send, and sends once.
TEST_F(Http2AnswersTest, SendsOneThingAfterTheOther) {
    auto const window = wire::number(1 << 30);
    std::vector<std::future<testing::H2Got>> answers;
    std::map<std::uint32_t, std::string> bodies;
    for (char letter = 'a'; letter < 'e'; ++letter)
        answers.push_back(ask({.method = "POST", .body = std::string(4 << 20, letter)}));
    auto peer = listener_.accept("\0\4"s + window);
    peer->send(wire::frame(wire::window_update, 0, 0, window));
    for (std::size_t ended = 0; ended < answers.size();) {
        auto const frame = peer->read_frame();
        ASSERT_NE(frame.type, H2Peer::ended);
        if (frame.type != wire::data) continue;
        // Something to hear while it speaks.
        peer->send(wire::frame(wire::window_update, 0, 0, wire::number(1)));
        bodies[frame.stream] += frame.payload;
        if (!(frame.flags & wire::end_stream)) continue;
        ++ended;
        peer->send(H2Peer::answer(frame.stream, "200", ""));
    }
    for (auto const& [stream, body] : bodies)
        EXPECT_EQ(body, std::string(4 << 20, body.front())) << stream;
    for (auto& answer : answers) EXPECT_EQ(answer.get().status, 200);
}

TEST_F(Http2AnswersTest, StopsSendingABodyThatIsAnsweredEarly) {
    auto answer = ask({.method = "POST", .body = std::string(300'000, 'b')});
    auto peer = listener_.accept();
    auto const request = peer->read_request();
    peer->send(H2Peer::answer(request.stream, "413", "no"));  // and no window
    auto const got = answer.get();
    EXPECT_EQ(got.status, 413);
    EXPECT_EQ(got.body, "no");
    while (true) {
        auto const event = peer->read_event();
        ASSERT_NE(event.type, H2Peer::ended);
        if (event.type == wire::rst_stream) break;
    }
}

TEST_F(Http2AnswersTest, TakesAnswersOfUnknownLengthWithTrailers) {
    auto answer = ask();
    auto peer = listener_.accept();
    auto const id = peer->read_request().stream;
    peer->send(H2Peer::head(id, "100") + H2Peer::head(id, "103", {{"link", "a"}}) +
               H2Peer::head(id, "200") + H2Peer::data(id, "ab", 0) + H2Peer::data(id, "cd", 0) +
               wire::frame(wire::headers, wire::end_headers | wire::end_stream, id,
                           wire::block({{"sum", "1"}, {"authorization", "x"}})));
    auto const got = answer.get();
    EXPECT_EQ(got.answer, Answer::whole);
    EXPECT_EQ(got.body, "abcd");
    EXPECT_EQ(got.trailers, "0\r\nsum: 1\r\n\r\n");
}

TEST_F(Http2AnswersTest, KnowsAnAnswerThatBreaksOff) {
    auto reset = ask({.path = "/1"}), cut = ask({.path = "/2"});
    auto peer = listener_.accept();
    auto const one = peer->read_request().stream, two = peer->read_request().stream;
    peer->send(H2Peer::head(one, "200", {{"content-length", "9"}}) + H2Peer::data(one, "abc", 0) +
               H2Peer::head(two, "200") + H2Peer::data(two, "abc", 0) +
               H2Peer::reset(one, wire::cancel));
    peer.reset();
    EXPECT_EQ(reset.get().answer, Answer::lost);
    EXPECT_EQ(cut.get().answer, Answer::lost);
}

TEST_F(Http2AnswersTest, ASlowReaderStallsItsOwnStreamOnly) {
    std::atomic<bool> read_on = false;
    auto slow = ask({.path = "/slow", .read_on = &read_on});
    auto peer = listener_.accept();
    auto const id = peer->read_request().stream;
    // What the stream's window lets in, and many times the stream's window on another.
    std::string const frame(16'000, 's');
    peer->send(H2Peer::head(id, "200"));
    for (int i = 0; i < 4; ++i) peer->send(H2Peer::data(id, frame, 0));
    for (int round = 0; round < 20; ++round) {
        auto fast = ask({.path = "/fast"});
        auto const other = peer->read_request().stream;
        peer->send(H2Peer::head(other, "200"));
        for (int i = 0; i < 4; ++i)
            peer->send(H2Peer::data(other, frame, i == 3 ? wire::end_stream : 0));
        EXPECT_EQ(fast.get().body.size(), 4 * frame.size());
    }
    read_on = true;
    for (;;) {
        auto const got = peer->read_frame();
        ASSERT_NE(got.type, H2Peer::ended);
        if (got.type == wire::window_update && got.stream == id) break;
    }
    peer->send(H2Peer::data(id, "end"));
    EXPECT_EQ(slow.get().body.size(), 4 * frame.size() + 3);
}

TEST_F(Http2AnswersTest, EndsAConnectionThatOverrunsAWindow) {
    std::atomic<bool> read_on = false;
    auto slow = ask({.read_on = &read_on});
    auto peer = listener_.accept();
    auto const id = peer->read_request().stream;
    peer->send(H2Peer::head(id, "200"));
    for (int i = 0; i < 5; ++i) peer->send(H2Peer::data(id, std::string(16'000, 's'), 0));
    for (;;) {
        auto const got = peer->read_event();
        ASSERT_NE(got.type, H2Peer::ended);
        if (got.type == wire::rst_stream) EXPECT_EQ(got.code(), wire::flow_control_error);
        if (got.type == wire::rst_stream || got.type == wire::goaway) break;
    }
    read_on = true;
    EXPECT_EQ(slow.get().answer, Answer::lost);
}

TEST_F(Http2AnswersTest, TakesNoAnswerThatIsMalformed) {
    auto const field = [](wire::Fields const& more) {
        return [more](std::uint32_t id) {
            return H2Peer::head(id, "200", more) + H2Peer::data(id, "a");
        };
    };
    using Script = std::function<std::string(std::uint32_t)>;
    auto const head = [](wire::Fields const& fields) {
        return [fields](std::uint32_t id) {
            return wire::frame(wire::headers, wire::end_headers | wire::end_stream, id,
                               wire::block(fields));
        };
    };
    std::vector<std::pair<char const*, Script>> const scripts{
        {"no status", head({{"a", "b"}})},
        {"two", head({{":status", "200"}, {":status", "200"}})},
        {"behind a field", head({{"a", "b"}, {":status", "200"}})},
        {"a request's", head({{":status", "200"}, {":path", "/"}})},
        {"no number", head({{":status", "2xx"}})},
        {"101", head({{":status", "101"}})},
        {"upper case", field({{"Upper", "x"}})},
        {"connection", field({{"connection", "close"}})},
        {"transfer-encoding", field({{"transfer-encoding", "chunked"}})},
        {"line break", field({{"a", "b\r\nc: d"}})},
        {"blank in a name", field({{"a b", "c"}})},
        {"length is more", field({{"content-length", "2"}})},
        {"length is less", field({{"content-length", "0"}})},
        {"length is none", field({{"content-length", "x"}})},
        {"two lengths", field({{"content-length", "1"}, {"content-length", "1"}})},
        {"interim at the end", head({{":status", "103"}})},
        {"header bomb", field({{"a", std::string(10'000, 'a')}, {"b", std::string(10'000, 'b')}})},
        {"many interims",
         [](std::uint32_t id) {
             std::string out;
             for (int i = 0; i < 9; ++i) out += H2Peer::head(id, "103");
             return out;
         }},
    };
    std::unique_ptr<H2Peer> peer;
    for (auto const& [name, script] : scripts) {
        auto answer = ask();
        if (!peer) peer = listener_.accept();
        auto request = peer->read_request();
        auto text = script(request.stream);
        if (name == "header bomb"s)
            text = wire::frame(wire::headers, 0, request.stream,
                               wire::block({{":status", "200"}, {"a", std::string(16'000, 'a')}})) +
                   wire::frame(wire::continuation, 0, request.stream,
                               wire::block({{"b", std::string(16'000, 'b')}})) +
                   wire::frame(wire::continuation, wire::end_headers, request.stream,
                               wire::block({{"c", std::string(16'000, 'c')}}));
        peer->send(text);
        EXPECT_EQ(answer.get().answer, Answer::malformed) << name;
        auto good = ask();
        request = peer->read_request();
        ASSERT_NE(request.stream, 0u) << name << " took the connection with it";
        peer->send(H2Peer::answer(request.stream, "200", ""));
        EXPECT_EQ(good.get().answer, Answer::whole) << name;
    }
}

TEST_F(Http2AnswersTest, EndsAConnectionWithWhomNothingCanBeDone) {
    auto const script = [](int which, std::uint32_t id) -> std::string {
        std::string out;
        switch (which) {
            case 0:  // pushes were refused
                return wire::frame(wire::push_promise, wire::end_headers, id,
                                   wire::number(2) + wire::block({{":method", "GET"}}));
            case 1:  // not a frame
                return std::string(100, '\xff');
            case 2:
                return wire::frame(wire::headers, wire::end_headers, id, "\xff\xff\xff\xff");
            case 3:
                for (int i = 0; i < 200; ++i) out += wire::frame(wire::ping, 0, 0, "12345678");
                return out;
            case 4:
                for (int i = 0; i < 200; ++i) out += wire::frame(wire::settings, 0, 0);
                return out;
            case 5:
                out = H2Peer::head(id, "200");
                for (int i = 0; i < 1000; ++i) out += H2Peer::data(id, "", 0);
                return out;
            case 6:
                out = wire::frame(wire::headers, 0, id, wire::block({{":status", "200"}}));
                for (int i = 0; i < 100; ++i) out += wire::frame(wire::continuation, 0, id);
                return out;
            case 7:
                for (int i = 0; i < 5000; ++i)
                    out += wire::frame(wire::window_update, 0, 0, wire::number(1));
                return out;
            case 8:  // before HEADERS
                return H2Peer::data(id, "a");
            default:
                return wire::frame(wire::data, 0, 0, "x");
        }
    };
    for (int which = 0; which < 10; ++which) {
        auto answer = ask();
        auto peer = listener_.accept();
        peer->send(script(which, peer->read_request().stream));
        auto const got = answer.get();
        EXPECT_GE(got.answer, Answer::lost) << which;
        EXPECT_FALSE(got.connection_ended) << which;
        EXPECT_FALSE(got.heard_nothing) << which;
        EXPECT_TRUE(peer->closed());
    }
}

}  // namespace
}  // namespace grover::http::h2
