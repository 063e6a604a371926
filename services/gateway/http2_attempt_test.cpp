// Requests of real clients on their way over HTTP/2 to instances that the test plays: what passes,
// what ends with a connection, and what is sent a second time. One file, on one fixture.
#include "gateway/http2_attempt.hpp"

#include <functional>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gateway/tries.hpp"
#include "testing/h2_peer.hpp"
#include "testing/run_on.hpp"
#include "testing/script_server.hpp"
#include "testing/server_fixture.hpp"

namespace grover::gateway {
namespace {

namespace wire = testing::h2;
using namespace std::string_literals;
using testing::H2Listener;
using testing::H2Peer;
using testing::RawClient;

/// A gateway's way to a service, behind a server on one loop: requests share a connection.
class Hop {
public:
    /// The first instance is asked first, the others when it has failed.
    explicit Hop(std::vector<std::string> instances, Protocol protocol = Protocol::http2) {
        ServiceSettings settings;
        settings.instances = std::move(instances);
        for (std::size_t i = 1; i < settings.instances.size(); ++i)
            settings.weights[settings.instances[i]] = 1e-6;
        settings.protocol = protocol;
        settings.balance = Balance::round_robin;
        settings.outliers.enabled = settings.breaker.enabled = false;
        settings.hedging.enabled = settings.concurrency.enabled = false;
        cluster_->configure(std::move(settings));
        rules_.guard = cluster_->guard("route");
        loops_.start();
        on_loop([this] { upstream_ = std::make_unique<Upstream>(loops_.at(0), cluster_, tls_); });
        server_.start();
    }
    ~Hop() {
        server_.drain(std::chrono::seconds(10));
        on_loop([this] { upstream_.reset(); });
        loops_.stop();
    }

    /// On a connection of its own; a body has its Content-Length.
    std::unique_ptr<RawClient> send(std::string_view method, std::string_view fields = {},
                                    std::string_view body = {}) {
        auto client = std::make_unique<RawClient>(server_.port());
        auto text = fmt::format("{} /a?b=c HTTP/1.1\r\nHost: api.example\r\n{}", method, fields);
        if (!body.empty()) text += fmt::format("Content-Length: {}\r\n", body.size());
        client->send(text + "\r\n" + std::string(body));
        return client;
    }
    std::uint64_t retries() const { return cluster_->retries.value(); }

private:
    void on_loop(std::function<void()> work) {
        testing::run_on(loops_.at(0), [&]() -> net::Task<> {
            work();
            co_return;
        });
    }

    telemetry::Metrics metrics_;
    std::shared_ptr<Cluster> cluster_ = std::make_shared<Cluster>("post", metrics_);
    TryRules rules_;
    http::TlsContext tls_;
    net::Loops loops_{1};
    std::unique_ptr<Upstream> upstream_;
    http::Server server_{
        loops_, {}, http::StreamHandler([this](http::Exchange& exchange) -> net::Task<> {
            exchange.limit_body(10 << 20);
            RawDelivery delivery(exchange);
            TryReport report;
            auto const forward = Forward::of(exchange, "signed", client_until_of(exchange));
            co_await relay(exchange, forward, *upstream_, rules_, delivery, report);
        })};
};

/// What a service says in DATA frames, no faster than it is let.
void send_large(H2Peer& peer, std::uint32_t stream, std::string_view body) {
    std::size_t window = 65'535;
    while (!body.empty()) {
        auto const piece = body.substr(0, std::min<std::size_t>(16'000, window));
        body.remove_prefix(piece.size());
        window -= piece.size();
        peer.send(H2Peer::data(stream, piece, body.empty() ? wire::end_stream : wire::none));
        while (window == 0 && !body.empty()) {
            auto const frame = peer.read_frame();
            ASSERT_NE(frame.type, H2Peer::ended);
            if (frame.type != wire::window_update || frame.stream != stream) continue;
            for (char const c : frame.payload) window = window << 8 | static_cast<unsigned char>(c);
        }
    }
}

std::string large_text() {
    std::string out(1 << 20, ' ');
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<char>('a' + i % 23);
    return out;
}

class Http2AttemptTest : public ::testing::Test {
protected:
    H2Listener service_;
};

TEST_F(Http2AttemptTest, PassesWhatConcernsTheServiceAndNothingElse) {
    Hop hop({service_.origin()});
    auto client = hop.send("GET",
                           "Accept: text/plain\r\nX-Mixed: Case\r\nCookie: a=1\r\n"
                           "Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 1\r\n"
                           "TE: trailers\r\nProxy-Authorization: p\r\nProxy-Connection: c\r\n"
                           "X-Grover-Identity: forged\r\nX-Forwarded-For: 9.9.9.9\r\n"
                           "X-Request-Deadline-Ms: 999999999\r\ntracestate: t\r\n"
                           "Forwarded: for=9.9.9.9\r\n");
    auto peer = service_.accept();
    auto const request = peer->read_request();
    EXPECT_TRUE(request.ended);
    auto const& fields = request.fields;
    EXPECT_EQ(fields.get(":method"), "GET");
    EXPECT_EQ(fields.get(":path"), "/a?b=c");
    EXPECT_EQ(fields.get(":scheme"), "http");
    EXPECT_EQ("http://" + std::string(fields.get(":authority")), service_.origin());
    EXPECT_EQ(fields.get("x-forwarded-host"), "api.example");
    EXPECT_EQ(fields.get("x-forwarded-for"), "127.0.0.1");
    EXPECT_EQ(fields.get("x-grover-identity"), "signed");
    EXPECT_EQ(fields.get("accept"), "text/plain");
    EXPECT_EQ(fields.get("x-mixed"), "Case");
    EXPECT_EQ(fields.get("cookie"), "a=1");
    EXPECT_LE(fields.get("x-request-deadline-ms").size(), 5u);
    for (auto const* gone :
         {"host", "connection", "x-hop", "keep-alive", "te", "proxy-authorization",
          "proxy-connection", "tracestate", "forwarded", "transfer-encoding", "content-length"})
        EXPECT_FALSE(fields.contains(gone)) << gone;
    for (auto const& [name, value] : fields.all()) {
        auto const others = [&](auto const& other) { return other.first == name; };
        EXPECT_EQ(std::ranges::count_if(fields.all(), others), 1) << name;
        EXPECT_TRUE(std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; }));
    }
    peer->send(H2Peer::head(request.stream, "200",
                            {{"content-length", "2"},
                             {"x-answer", "a"},
                             {"server", "s"},
                             {"x-request-id", "theirs"},
                             {"date", "d"},
                             {"proxy-authenticate", "p"}}) +
               H2Peer::data(request.stream, "ok"));
    auto const reply = client->read_reply();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "ok");
    EXPECT_EQ(reply.headers.get("x-answer"), "a");
    EXPECT_EQ(reply.headers.get("X-Request-ID"), fields.get("x-request-id"));
    EXPECT_NE(reply.headers.get("Date"), "d");
    for (auto const* gone : {"server", "proxy-authenticate", ":status"})
        EXPECT_FALSE(reply.headers.contains(gone)) << gone;
}

TEST_F(Http2AttemptTest, ASlowAnswerStallsNoOther) {
    Hop hop({service_.origin()});
    auto silent = hop.send("GET"), half = hop.send("POST", {}, "body");
    auto peer = service_.accept();
    auto const one = peer->read_request(), other = peer->read_request();
    auto const& post = one.ended ? other : one;
    auto const& get = one.ended ? one : other;
    peer->send(H2Peer::head(post.stream, "200", {{"content-length", "4"}}) +
               H2Peer::data(post.stream, "ab", 0));
    for (int i = 0; i < 100; ++i) {
        auto client = hop.send("GET");
        peer->send(H2Peer::answer(peer->read_request().stream, "200", "quick"));
        EXPECT_EQ(client->read_reply().body, "quick");
    }
    peer->send(H2Peer::data(post.stream, "cd") + H2Peer::answer(get.stream, "203", ""));
    EXPECT_EQ(half->read_reply().body, "abcd");
    EXPECT_EQ(silent->read_reply().status, 203);
}

TEST_F(Http2AttemptTest, LargeBodiesGoInFramesAsTheWindowsLetThem) {
    Hop hop({service_.origin()});
    auto const large = large_text();
    auto client = std::async([&] { return hop.send("POST", {}, large)->read_reply(); });
    auto peer = service_.accept();
    auto const request = peer->read_request();
    EXPECT_EQ(request.fields.get("content-length"), std::to_string(large.size()));
    EXPECT_EQ(peer->read_body(request.stream), large);
    peer->send(
        H2Peer::head(request.stream, "200", {{"content-length", std::to_string(large.size())}}));
    send_large(*peer, request.stream, large);
    EXPECT_EQ(client.get().body, large);
}

TEST_F(Http2AttemptTest, ABodyOfUnknownLengthKeepsItsTrailers) {
    Hop hop({service_.origin()});
    auto client = hop.send("POST", "Connection: close\r\nTransfer-Encoding: chunked\r\n");
    client->send("3\r\nabc\r\n5;x=y\r\ndefgh\r\n0\r\nSum: 1\r\n\r\n");
    auto peer = service_.accept();
    auto const request = peer->read_request();
    EXPECT_FALSE(request.ended);
    EXPECT_FALSE(request.fields.contains("content-length"));
    std::string body;
    for (;;) {
        auto const frame = peer->read_event();
        ASSERT_EQ(frame.stream, request.stream);
        if (frame.type == wire::headers) {
            EXPECT_TRUE(frame.flags & wire::end_stream);
            EXPECT_EQ(peer->inflate(frame.payload), (wire::Fields{{"sum", "1"}}));
            break;
        }
        ASSERT_EQ(frame.type, wire::data);
        body += frame.payload;
    }
    EXPECT_EQ(body, "abcdefgh");
    peer->send(H2Peer::head(request.stream, "200") + H2Peer::data(request.stream, "xyz", 0) +
               wire::frame(wire::headers, wire::end_headers | wire::end_stream, request.stream,
                           wire::block({{"sum", "2"}})));
    auto const answer = client->read_to_end();
    EXPECT_TRUE(answer.contains("transfer-encoding: chunked\r\n")) << answer;
    EXPECT_TRUE(answer.ends_with("xyz\r\n0\r\nsum: 2\r\n\r\n")) << answer;
}

TEST_F(Http2AttemptTest, AnAnswerMayComeBeforeTheRequestsEnd) {
    Hop hop({service_.origin()});
    auto client = std::async([&] { return hop.send("POST", {}, large_text())->read_reply(); });
    auto peer = service_.accept();
    auto const id = peer->read_request().stream;
    peer->send(H2Peer::answer(id, "413", "too much"));  // and no window
    EXPECT_EQ(client.get().body, "too much");
    auto next = hop.send("GET");
    for (auto request = peer->read_request(); request.stream == id;) request = peer->read_request();
    peer->send(H2Peer::answer(id + 2, "200", ""));
    EXPECT_EQ(next->read_reply().status, 200) << "the connection serves on";
}

TEST_F(Http2AttemptTest, HalfAnAnswerDoesNotLookWhole) {
    Hop hop({service_.origin()});
    std::unique_ptr<H2Peer> peer;
    for (bool const of_length : {true, false}) {
        auto client = hop.send("GET");
        if (!peer) peer = service_.accept();
        auto const id = peer->read_request().stream;
        auto const length = of_length ? wire::Fields{{"content-length", "5"}} : wire::Fields();
        peer->send(H2Peer::head(id, "200", length) + H2Peer::data(id, "abc", 0));
        EXPECT_TRUE(client->receive_once().starts_with("HTTP/1.1 200"));
        peer->send(H2Peer::reset(id, wire::internal_error));
        EXPECT_FALSE(client->read_to_end().contains("0\r\n\r\n"));
    }
    auto client = hop.send("GET");
    peer->send(H2Peer::head(peer->read_request().stream, "200"));
    EXPECT_TRUE(client->receive_once().starts_with("HTTP/1.1 200")) << "before there is a body";
    peer.reset();  // the connection with all that is on it
    EXPECT_EQ(client->read_to_end(), "");
}

TEST_F(Http2AttemptTest, AClientThatLeavesGivesItsStreamUp) {
    Hop hop({service_.origin()});
    auto sending = hop.send("POST", "Content-Length: 9\r\n");
    sending->send("half");
    auto peer = service_.accept();
    auto id = peer->read_request().stream;
    sending.reset();
    auto frame = peer->read_event();
    while (frame.type == wire::data) frame = peer->read_event();
    EXPECT_EQ(frame.type, wire::rst_stream);
    EXPECT_EQ(frame.stream, id);
    EXPECT_EQ(frame.code(), wire::cancel);

    auto reading = hop.send("GET");
    id = peer->read_request().stream;
    peer->send(H2Peer::head(id, "200"));
    reading.reset();
    do {
        peer->send(H2Peer::data(id, "more", 0) + wire::frame(wire::ping, 0, 0, "12345678"));
        frame = peer->read_frame();
    } while (frame.type != wire::rst_stream && frame.type != H2Peer::ended);
    EXPECT_EQ(frame.stream, id);
    EXPECT_EQ(frame.code(), wire::cancel);

    auto other = hop.send("GET");
    peer->send(H2Peer::answer(peer->read_request().stream, "200", "still"));
    EXPECT_EQ(other->read_reply().body, "still");
}

TEST_F(Http2AttemptTest, WhoIsLateIsGivenUp) {
    Hop hop({service_.origin()});
    auto client = hop.send("GET", "X-Request-Timeout-Ms: 30\r\n");
    auto peer = service_.accept();
    auto const id = peer->read_request().stream;
    EXPECT_EQ(client->read_reply().status, 504);
    auto const frame = peer->read_event();
    EXPECT_EQ(frame.type, wire::rst_stream);
    EXPECT_EQ(frame.stream, id);
}

// --- again, and never again ---

/// What becomes of a request at the first of two instances.
struct Fate {
    char const* name;
    std::function<std::string(std::uint32_t)> said;  // empty: the connection is lost
    bool untouched = false;  // the instance has certainly not acted on the request
    bool in_order = false;   // the connection ends as it should: the instance may be well
    int status = 502;        // what the client gets who is not asked for again
};
std::vector<Fate> const fates{
    {"refused", [](auto id) { return H2Peer::reset(id, wire::refused_stream); }, true},
    {"goaway before it", [](auto) { return H2Peer::goaway(0); }, true, true},
    {"reset", [](auto id) { return H2Peer::reset(id, wire::internal_error); }},
    {"cancelled", [](auto id) { return H2Peer::reset(id, wire::cancel); }},
    {"goaway behind it", [](auto id) { return H2Peer::goaway(id); }, false, true},
    {"lost", [](auto) { return ""s; }},
    {"no answer", [](auto id) { return H2Peer::answer(id, "abc", ""); }},
    {"not a frame", [](auto) { return std::string(100, '\xff'); }},
    {"unavailable", [](auto id) { return H2Peer::answer(id, "503", ""); }, false, false, 503},
};
struct Again {
    char const* method;
    char const* fields;
    bool may;  // be asked for twice
};
std::vector<Again> const requests{
    {"GET", "", true},
    {"HEAD", "", true},
    {"OPTIONS", "", true},
    {"POST", "Idempotency-Key: k\r\n", true},
    {"PATCH", "Idempotency-Key: k\r\n", true},
    {"POST", "", false},
    {"PUT", "", false},
    {"PATCH", "", false},
    {"DELETE", "", false},
};

TEST(Http2Tries, RepeatWhatIsSafeOrWasNotTouched) {
    for (auto const& fate : fates)
        for (auto const& request : requests) {
            SCOPED_TRACE(fmt::format("{} {} {}", fate.name, request.method, request.fields));
            auto first = std::make_unique<H2Listener>();
            H2Listener second;
            Hop hop({first->origin(), second.origin()});
            bool const body = request.method[0] == 'P';
            auto client = hop.send(request.method, request.fields, body ? "body" : "");
            auto peer = first->accept();
            first.reset();
            auto const id = peer->read_request().stream;
            if (body) ASSERT_EQ(peer->read_body(id), "body");
            auto const said = fate.said(id);
            peer->send(said);
            if (said.empty() || said == H2Peer::goaway(id)) peer.reset();
            bool const again = request.may || fate.untouched;
            if (again) {
                auto other = second.accept();
                ASSERT_TRUE(other);
                auto const repeated = other->read_request();
                EXPECT_EQ(repeated.fields.get(":method"), request.method);
                if (body) EXPECT_EQ(other->read_body(repeated.stream), "body");
                other->send(H2Peer::answer(repeated.stream, "204", ""));
                EXPECT_EQ(client->read_reply(true).status, 204);
            } else {
                EXPECT_EQ(client->read_reply(true).status, fate.status);
            }
            // Where the end was in order the same instance is asked first, which has gone.
            EXPECT_EQ(hop.retries(), !again ? 0u : fate.in_order ? 2u : 1u);
        }
}

TEST(Http2Tries, ALostConnectionTakesWithItWhatMayNotBeRepeated) {
    H2Listener first, second;
    Hop hop({first.origin(), second.origin()});
    auto get = hop.send("GET"), keyed = hop.send("POST", "Idempotency-Key: k\r\n", "1"),
         post = hop.send("POST", {}, "2"), put = hop.send("PUT", {}, "3");
    auto peer = first.accept();
    for (int i = 0; i < 4; ++i) peer->read_request();
    peer.reset();
    EXPECT_EQ(post->read_reply().status, 502);
    EXPECT_EQ(put->read_reply().status, 502);
    auto other = second.accept();
    std::multiset<std::string, std::less<>> methods;
    for (int i = 0; i < 2; ++i) {
        auto const request = other->read_request();
        methods.emplace(request.fields.get(":method"));
        other->send(H2Peer::answer(request.stream, "200", ""));
    }
    EXPECT_EQ(methods, (std::multiset<std::string, std::less<>>{"GET", "POST"}));
    EXPECT_EQ(get->read_reply().status, 200);
    EXPECT_EQ(keyed->read_reply().status, 200);
}

TEST(Http2Tries, ABodyThatIsStillComingIsNotRepeated) {
    H2Listener first, second;
    Hop hop({first.origin(), second.origin()});
    auto client = hop.send("POST", "Idempotency-Key: k\r\nContent-Length: 9\r\n");
    client->send("half");
    auto peer = first.accept();
    peer->send(H2Peer::reset(peer->read_request().stream, wire::internal_error));
    client->send("other");
    EXPECT_EQ(client->read_reply().status, 502);
    EXPECT_EQ(hop.retries(), 0u);
}

TEST_F(Http2AttemptTest, AConnectionThatEndsInOrderFailsNoRequest) {
    Hop hop({service_.origin()});
    std::unique_ptr<H2Peer> before;
    for (int round = 0; round < 10; ++round) {
        auto first = hop.send("POST", {}, "1"), second = hop.send("POST", {}, "2"),
             third = hop.send("POST", {}, "3");
        auto peer = service_.accept();
        ASSERT_TRUE(peer) << "each round has a connection of its own";
        std::set<std::uint32_t> streams;
        while (streams.size() < 3) streams.insert(peer->read_request().stream);
        // A shutdown notice, a round trip, then the last stream that is answered.
        peer->send(H2Peer::goaway(0x7fffffff) + wire::frame(wire::ping, 0, 0, "12345678"));
        while (peer->read_frame().type != wire::ping) continue;
        peer->send(H2Peer::goaway(3) + H2Peer::answer(1, "200", "") + H2Peer::answer(3, "200", ""));
        auto next = service_.accept();
        auto const request = next->read_request();
        next->send(H2Peer::answer(request.stream, "200", "") + H2Peer::goaway(request.stream));
        for (auto* const client : {&first, &second, &third})
            EXPECT_EQ((*client)->read_reply().status, 200);
        EXPECT_TRUE(peer->closed());
    }
}

TEST_F(Http2AttemptTest, AConnectionThatHasServedMayEndAtAnyTime) {
    Hop hop({service_.origin()});  // and there is no other instance
    auto client = hop.send("GET");
    auto peer = service_.accept();
    peer->send(H2Peer::answer(peer->read_request().stream, "200", ""));
    EXPECT_EQ(client->read_reply().status, 200);
    auto get = hop.send("GET"), post = hop.send("POST", {}, "1");
    peer->read_request();
    peer->read_request();
    peer.reset();
    EXPECT_EQ(post->read_reply().status, 502);
    peer = service_.accept();
    peer->send(H2Peer::answer(peer->read_request().stream, "200", "again"));
    EXPECT_EQ(get->read_reply().body, "again");
}

// --- detect ---

TEST_F(Http2AttemptTest, DetectSharesAConnectionWithWhoKnowsHow) {
    Hop hop({service_.origin()}, Protocol::detect);
    auto one = hop.send("GET"), two = hop.send("GET");
    auto peer = service_.accept();
    for (int i = 0; i < 2; ++i) peer->send(H2Peer::answer(peer->read_request().stream, "200", ""));
    EXPECT_EQ(one->read_reply().status, 200);
    EXPECT_EQ(two->read_reply().status, 200);
}

TEST(Http2Detect, GoesBackToHttp1AndRemembers) {
    auto const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"s;
    for (auto const& refusal :
         {"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"s, "HTTP/1.0 505 No\r\n\r\n"s}) {
        testing::ScriptServer server({refusal, ok, ok, ok});
        Hop hop({server.origin()}, Protocol::detect);
        for (int i = 0; i < 3; ++i) EXPECT_EQ(hop.send("GET")->read_reply().body, "ok") << refusal;
        EXPECT_EQ(server.connections(), 4u);
    }
}

TEST(Http2Detect, WhoHangsUpWithoutAWordIsTakenForOneOfHttp1AtTheThirdTime) {
    testing::ScriptServer server({"", "", "", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"});
    Hop hop({server.origin()}, Protocol::detect);
    EXPECT_EQ(hop.send("GET")->read_reply().body, "ok");
    EXPECT_EQ(server.connections(), 4u);
}

TEST(Http2Detect, EverybodyWaitsForTheSameAnswer) {
    auto const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"s;
    testing::ScriptServer server({"HTTP/1.1 400 Bad Request\r\n\r\n", ok, ok, ok, ok});
    Hop hop({server.origin()}, Protocol::detect);
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 4; ++i) clients.push_back(hop.send("POST", {}, "b"));
    for (auto const& client : clients) EXPECT_EQ(client->read_reply().body, "ok");
    EXPECT_EQ(server.connections(), 5u);
}

TEST_F(Http2AttemptTest, AServiceThatHangsCostsTheTimeOfTheRequestOnly) {
    for (auto const protocol : {Protocol::detect, Protocol::http2}) {
        Hop hop({service_.origin()}, protocol);
        auto one = hop.send("GET", "X-Request-Timeout-Ms: 30\r\n"),
             two = hop.send("POST", "X-Request-Timeout-Ms: 30\r\n", "b");
        EXPECT_EQ(one->read_reply().status, 504);
        EXPECT_EQ(two->read_reply().status, 504);
    }
}

TEST(Http2Detect, AnotherInstanceAnswersForOneThatHangs) {
    H2Listener hangs, well;
    Hop hop({hangs.origin(), well.origin()}, Protocol::detect);
    auto client = hop.send("POST", {}, "nobody has seen it");
    auto peer = well.accept();
    peer->send(H2Peer::answer(peer->read_request().stream, "201", ""));
    EXPECT_EQ(client->read_reply().status, 201);
}

TEST_F(Http2AttemptTest, WhoHasLittleTimeDoesNotDecideForTheOthers) {
    Hop hop({service_.origin()});
    auto hasty = hop.send("GET", "X-Request-Timeout-Ms: 30\r\n");
    RawClient const silent(service_.accept_raw());
    auto patient = hop.send("GET");
    EXPECT_EQ(hasty->read_reply().status, 504);
    auto peer = service_.accept();
    peer->send(H2Peer::answer(peer->read_request().stream, "200", ""));
    EXPECT_EQ(patient->read_reply().status, 200);
}

TEST(Http2Tries, WhoSpeaksHttp1OnlyIsNotAskedWhereHttp2IsDemanded) {
    testing::ScriptServer server({"HTTP/1.1 400 Bad Request\r\n\r\n"});
    Hop hop({server.origin()}, Protocol::http2);
    auto const reply = hop.send("POST", {}, "b")->read_reply();
    EXPECT_EQ(reply.status, 503);
    EXPECT_TRUE(reply.headers.contains("Retry-After"));
}

TEST(Http2Tries, NobodyThereIs503) {
    std::string gone;
    {
        H2Listener const listener;
        gone = listener.origin();
    }
    for (auto const protocol : {Protocol::detect, Protocol::http2}) {
        Hop hop({gone}, protocol);
        EXPECT_EQ(hop.send("GET")->read_reply().status, 503);
    }
}

}  // namespace
}  // namespace grover::gateway
