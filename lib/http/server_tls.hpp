// The server's side of TLS: one certificate from files, read anew while the server runs.
//
//     auto tls = std::make_shared<http::ServerTls>({.certificate = "cert.pem", .key = "key.pem"});
//     http::Server server(loops, {.port = 8443, .tls = tls}, handler);
//     ...
//     if (auto const done = tls->reload(); !done) log.warn(done.error());   // the old one stays
//
// TLS 1.2 and 1.3, forward secrecy and AEAD ciphers only (RFC 9325), ALPN "h2" and "http/1.1" (RFC
// 7301). Sessions resume by tickets (RFC 5077, RFC 8446 section 2.2) whose keys live in this
// process, are replaced every hour and survive a new certificate.
#pragma once

#include <expected>
#include <memory>
#include <string>

namespace boost::asio::ssl {
class context;
}

namespace grover::http {

/// From any thread.
class ServerTls {
public:
    struct Files {
        std::string certificate;  // PEM: the server's own first, then what it was signed with
        std::string key;          // PEM
    };

    /// Throws ConfigError when the files hold no certificate and key that belong together.
    explicit ServerTls(Files files);
    ~ServerTls();
    ServerTls(ServerTls const&) = delete;
    ServerTls& operator=(ServerTls const&) = delete;

    /// Reads both files again; handshakes from now on use what is in them. Otherwise why not: what
    /// was there stays.
    std::expected<void, std::string> reload();
    /// A file has another time or size than when it was last looked at.
    bool files_have_changed();

    /// For one handshake. Connections keep what they began with.
    std::shared_ptr<boost::asio::ssl::context> current() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace grover::http
