#include "http/server_tls.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <fstream>

#include "base/config.hpp"
#include "testing/certificate.hpp"
#include "testing/h2_client.hpp"
#include "testing/raw_client.hpp"
#include "testing/server_fixture.hpp"
#include "testing/temporary_folder.hpp"

namespace grover::http {
namespace {

using testing::Certificate;
using testing::eventually;
using testing::RawClient;
using testing::TlsWish;
using namespace std::chrono_literals;
using namespace std::string_literals;

constexpr auto get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

class ServerTlsTest : public testing::ServerFixture {
protected:
    ServerTlsTest() { put(Certificate::make(3600)); }

    ServerTls::Files files() const {
        return {(folder_.path() / "cert.pem").string(), (folder_.path() / "key.pem").string()};
    }
    void put(Certificate const& certificate) const {
        std::ofstream(files().certificate) << certificate.chain;
        std::ofstream(files().key) << certificate.key;
    }

    /// Answers with the scheme that the exchange has.
    void serve_tls(ServerOptions options = {}) {
        if (!options.tls) options.tls = tls_ = std::make_shared<ServerTls>(files());
        serve(StreamHandler([](Exchange& exchange) -> net::Task<> {
                  exchange.begin(200);
                  co_await exchange.finish(exchange.scheme());
              }),
              std::move(options));
    }
    std::string ask(RawClient& client) {
        client.send(get);
        return client.read_reply().body;
    }

    testing::TemporaryFolder folder_;
    std::shared_ptr<ServerTls> tls_;
};

TEST_F(ServerTlsTest, SpeaksTlsAlone) {
    serve_tls();
    EXPECT_EQ(server_->port(), server_->tls_port());
    RawClient client(server_->port());
    ASSERT_TRUE(client.start_tls());
    EXPECT_EQ(ask(client), "https");
    EXPECT_EQ(ask(client), "https");
}

TEST_F(ServerTlsTest, SpeaksTlsBesidePlain) {
    serve_tls({.tls_port = 0});
    RawClient plain(server_->port()), secure(server_->tls_port());
    EXPECT_EQ(ask(plain), "http");
    ASSERT_TRUE(secure.start_tls());
    EXPECT_EQ(ask(secure), "https");
}

TEST_F(ServerTlsTest, CarriesLargeBodiesBothWays) {
    tls_ = std::make_shared<ServerTls>(files());
    serve(Handler([](Request& request) -> net::Task<Response> {
              Response out;
              out.body = request.body;
              co_return out;
          }),
          {.tls = tls_});
    RawClient client(server_->port());
    ASSERT_TRUE(client.start_tls());
    std::string const body(900'000, 'b');
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n" + body);
    EXPECT_EQ(client.read_reply().body, body);
}

TEST_F(ServerTlsTest, AnswersThatWaitForTheirReaderComeWhole) {
    tls_ = std::make_shared<ServerTls>(files());
    serve(Handler([](Request& request) -> net::Task<Response> {
              Response out;
              out.body.assign(4'000'000, request.path.back());
              co_return out;
          }),
          {.tls = tls_});
    testing::H2Client client(server_->port(), TlsWish{.alpn = "\x02h2"});
    auto const window = testing::h2::number(100'000'000);
    client.send(testing::h2::frame(testing::h2::settings, 0, 0, "\0\x04"s + window) +
                testing::h2::frame(testing::h2::window_update, 0, 0, window));
    // More than the kernel takes, and nobody reads until all is asked for.
    client.send(client.request(1, "GET", "/a") + client.request(3, "GET", "/b") +
                client.request(5, "GET", "/c"));
    for (std::uint32_t stream : {5u, 1u, 3u}) {
        auto const reply = client.read_reply(stream);
        auto const last = stream == 1 ? 'a' : stream == 3 ? 'b' : 'c';
        EXPECT_TRUE(reply.ended);
        EXPECT_TRUE(reply.body == std::string(4'000'000, last)) << reply.body.size();
    }
}

TEST_F(ServerTlsTest, AgreesOnAProtocol) {
    serve_tls();
    for (auto const& [offered, chosen] :
         {std::pair("\x02h2\x08http/1.1"s, "h2"s), std::pair("\x08http/1.1\x02h2"s, "h2"s),
          std::pair("\x08http/1.1"s, "http/1.1"s), std::pair(""s, ""s)}) {
        RawClient client(server_->port());
        ASSERT_TRUE(client.start_tls({.alpn = offered}));
        EXPECT_EQ(client.protocol(), chosen);
    }
}

TEST_F(ServerTlsTest, RefusesWhoSpeaksNothingOfOurs) {
    serve_tls();
    RawClient client(server_->port());
    EXPECT_FALSE(client.start_tls({.alpn = "\x06spdy/3"}));
    EXPECT_TRUE(eventually([&] { return server_->counters().tls_failed == 1; }));
}

TEST_F(ServerTlsTest, RefusesOldVersionsAndWeakCiphers) {
    serve_tls();
    for (auto const& wish :
         {TlsWish{.version_max = TLS1_VERSION}, TlsWish{.version_max = TLS1_1_VERSION},
          TlsWish{.version_max = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-SHA"},
          TlsWish{.version_max = TLS1_2_VERSION, .ciphers = "AES128-GCM-SHA256"},
          TlsWish{.version_max = TLS1_2_VERSION, .ciphers = "aNULL"}}) {
        RawClient client(server_->port());
        EXPECT_FALSE(client.start_tls(wish)) << wish.version_max << wish.ciphers;
    }
}

TEST_F(ServerTlsTest, ResumesSessionsAlsoWithANewCertificate) {
    serve_tls();
    for (int const version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        RawClient first(server_->port());
        ASSERT_TRUE(first.start_tls({.version_max = version}));
        EXPECT_FALSE(first.resumed());
        ask(first);
        put(Certificate::make(3600, 7));
        ASSERT_TRUE(tls_->reload());
        RawClient second(server_->port());
        ASSERT_TRUE(second.start_tls({.version_max = version, .session = first.session()}));
        EXPECT_TRUE(second.resumed());
        EXPECT_EQ(ask(second), "https");
    }
}

TEST_F(ServerTlsTest, ForgetsSessionsWithTheProcess) {
    serve_tls();
    RawClient first(server_->port());
    ASSERT_TRUE(first.start_tls());
    ask(first);
    serve_tls();
    RawClient second(server_->port());
    ASSERT_TRUE(second.start_tls({.session = first.session()}));
    EXPECT_FALSE(second.resumed());
}

TEST_F(ServerTlsTest, TakesANewCertificateForNewHandshakes) {
    serve_tls();
    RawClient before(server_->port());
    ASSERT_TRUE(before.start_tls());
    EXPECT_FALSE(tls_->files_have_changed());
    put(Certificate::make(3600, 42));
    EXPECT_TRUE(tls_->files_have_changed());
    ASSERT_TRUE(tls_->reload());
    EXPECT_FALSE(tls_->files_have_changed());
    RawClient after(server_->port());
    ASSERT_TRUE(after.start_tls());
    EXPECT_EQ(before.certificate_serial(), 1);
    EXPECT_EQ(after.certificate_serial(), 42);
    EXPECT_EQ(ask(before), "https");
}

TEST_F(ServerTlsTest, KeepsTheOldCertificateWhenTheNewIsBad) {
    serve_tls();
    auto const other = Certificate::make(3600, 42);
    for (auto const& bad : {Certificate{"no certificate", other.key}, Certificate{other.chain, ""},
                            Certificate{other.chain, Certificate::make(3600).key}}) {
        put(bad);
        auto const done = tls_->reload();
        ASSERT_FALSE(done);
        EXPECT_NE(done.error().find("cert.pem"), std::string::npos);
        EXPECT_FALSE(tls_->files_have_changed()) << "said once, not every second";
        RawClient client(server_->port());
        ASSERT_TRUE(client.start_tls());
        EXPECT_EQ(client.certificate_serial(), 1);
    }
    std::filesystem::remove(files().key);
    EXPECT_FALSE(tls_->reload());
}

TEST_F(ServerTlsTest, DoesNotStartWithoutACertificate) {
    EXPECT_THROW(ServerTls({"/nowhere/cert.pem", files().key}), ConfigError);
    EXPECT_THROW(ServerTls({files().certificate, "/nowhere/key.pem"}), ConfigError);
    EXPECT_THROW(ServerTls({files().key, files().certificate}), ConfigError);
}

TEST_F(ServerTlsTest, EndsAHandshakeThatDoesNotCome) {
    serve_tls({.handshake_time_max = 50ms});
    RawClient silent(server_->port()), halfway(server_->port());
    halfway.send("\x16\x03\x01\x02\x00"s);
    EXPECT_TRUE(silent.closed());
    EXPECT_TRUE(halfway.closed());
    EXPECT_TRUE(
        eventually([&] { return server_->counters().hit(ClientLimit::handshake_time) == 2; }));
}

TEST_F(ServerTlsTest, ClosesOnWhatIsNoHandshake) {
    serve_tls();
    for (auto const& bytes : {std::string(get), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"s,
                              "\x16\x03\x01\x00\x05hello"s, std::string(20'000, '\0')}) {
        RawClient client(server_->port());
        client.send(bytes);
        client.read_to_end();
    }
    EXPECT_TRUE(eventually([&] { return server_->counters().tls_failed == 4; }));
    EXPECT_EQ(server_->counters().requests, 0u);
}

TEST_F(ServerTlsTest, TellsTheEndOfAConnectionByTls) {
    serve_tls();
    RawClient client(server_->port());
    ASSERT_TRUE(client.start_tls());
    client.send("nonsense\r\n\r\n");
    EXPECT_EQ(client.read_reply().status, 400);
    EXPECT_TRUE(client.closed());
}

TEST_F(ServerTlsTest, DrainsBetweenRequests) {
    serve_tls();
    RawClient client(server_->port());
    ASSERT_TRUE(client.start_tls());
    EXPECT_EQ(ask(client), "https");
    server_->drain(5s);
    EXPECT_EQ(server_->counters().open, 0u);
}

}  // namespace
}  // namespace grover::http
