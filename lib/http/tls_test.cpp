#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>

#include "base/error.hpp"
#include "http/client.hpp"
#include "testing/certificate.hpp"
#include "testing/run_on.hpp"
#include "testing/temporary_folder.hpp"

namespace grover::http {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Tcp = asio::ip::tcp;
using testing::Certificate;

/// Answers one request on each of `count` connections.
class TlsServer {
public:
    TlsServer(Certificate const& identity, int count)
        : tls_(asio::ssl::context::tls_server), acceptor_(context_, {Tcp::v4(), 0}) {
        tls_.use_certificate(asio::buffer(identity.chain), asio::ssl::context::pem);
        tls_.use_private_key(asio::buffer(identity.key), asio::ssl::context::pem);
        thread_ = std::thread([this, count] {
            for (int i = 0; i < count; ++i) serve();
        });
    }
    ~TlsServer() { thread_.join(); }

    std::string port() const { return std::to_string(acceptor_.local_endpoint().port()); }

private:
    void serve() {
        boost::system::error_code error;
        asio::ssl::stream<Tcp::socket> stream(context_, tls_);
        acceptor_.accept(stream.next_layer(), error);
        stream.handshake(asio::ssl::stream_base::server, error);
        std::string head;
        while (!error) {
            auto const size =
                asio::read_until(stream, asio::dynamic_buffer(head), "\r\n\r\n", error);
            if (error) return;
            head.erase(0, size);
            asio::write(stream,
                        asio::buffer("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret", 44),
                        error);
        }
    }

    asio::io_context context_;
    asio::ssl::context tls_;
    Tcp::acceptor acceptor_;
    std::thread thread_;
};

class TlsTest : public ::testing::Test {
protected:
    TlsTest() {
        // Before any thread: where OpenSSL looks for the system's authorities.
        trust(identity_);
        loops_.start();
    }
    ~TlsTest() override { ::unsetenv("SSL_CERT_FILE"); }

    void trust(Certificate const& identity) {
        auto const file = folder_.path() / "authorities.pem";
        std::ofstream(file) << identity.chain;
        ::setenv("SSL_CERT_FILE", file.c_str(), 1);
    }

    /// The body of the reply, or the slug of the failure.
    std::string ask(std::string const& origin, int times = 1) {
        return testing::run_on(loops_.at(0), [&]() -> net::Task<std::string> {
            Client client(loops_.at(0));
            std::string out;
            try {
                for (int i = 0; i < times; ++i)
                    out = (co_await client.send({.origin = origin},
                                                std::chrono::steady_clock::now() + 5s))
                              .body;
            } catch (Error const& error) {
                out = error.slug();
            }
            co_return out;
        });
    }

    testing::TemporaryFolder folder_;
    Certificate identity_ = Certificate::make(3600);
    net::Loops loops_{1};
};

TEST_F(TlsTest, SpeaksWithWhomItTrusts) {
    TlsServer const server(identity_, 1);
    EXPECT_EQ(ask("https://localhost:" + server.port(), 3), "secret");
}

TEST_F(TlsTest, RefusesAnotherName) {
    TlsServer const server(identity_, 1);
    EXPECT_EQ(ask("https://127.0.0.1:" + server.port()), "service_unavailable");
}

TEST_F(TlsTest, RefusesAnUnknownAuthority) {
    TlsServer const server(Certificate::make(3600), 1);
    EXPECT_EQ(ask("https://localhost:" + server.port()), "service_unavailable");
}

TEST_F(TlsTest, RefusesAnExpiredCertificate) {
    auto const expired = Certificate::make(-3600);
    trust(expired);
    TlsServer const server(expired, 1);
    EXPECT_EQ(ask("https://localhost:" + server.port()), "service_unavailable");
}

}  // namespace
}  // namespace grover::http
