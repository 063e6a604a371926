#include "testing/raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <system_error>

namespace grover::testing {
namespace {

constexpr int wait_seconds_max = 10;

void require(bool ok, char const* what) {
    if (!ok) throw std::system_error(errno, std::generic_category(), what);
}

void set_options(int socket, int family) {
    timeval const limit{wait_seconds_max, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    int const on = 1;
    if (family == AF_INET) ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int connect_to(int family, sockaddr const* address, socklen_t size) {
    int const out = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(out >= 0, "socket");
    set_options(out, family);
    if (::connect(out, address, size) != 0) {
        ::close(out);
        require(false, "connect");
    }
    return out;
}

SSL* ssl(std::shared_ptr<void> const& tls) {
    return static_cast<SSL*>(tls.get());
}

}  // namespace

RawClient::RawClient(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socket_ = connect_to(AF_INET, reinterpret_cast<sockaddr const*>(&address), sizeof address);
}

RawClient::RawClient(std::string const& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    socket_ = connect_to(AF_UNIX, reinterpret_cast<sockaddr const*>(&address), sizeof address);
}

RawClient::RawClient(Accepted accepted) : socket_(accepted.socket) {
    set_options(socket_, AF_INET);
}

RawClient::~RawClient() {
    ::close(socket_);
}

void RawClient::limit_receive_buffer(int bytes) {
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

bool RawClient::start_tls(TlsWish const& wish) {
    std::unique_ptr<SSL_CTX, decltype(&::SSL_CTX_free)> const context(
        ::SSL_CTX_new(::TLS_client_method()), ::SSL_CTX_free);
    ::SSL_CTX_set_security_level(context.get(), 0);
    ::SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
    if (wish.version_max != 0) ::SSL_CTX_set_max_proto_version(context.get(), wish.version_max);
    if (!wish.ciphers.empty()) ::SSL_CTX_set_cipher_list(context.get(), wish.ciphers.c_str());
    tls_.reset(::SSL_new(context.get()), [](void* one) { ::SSL_free(static_cast<SSL*>(one)); });
    if (!wish.alpn.empty())
        ::SSL_set_alpn_protos(ssl(tls_), reinterpret_cast<unsigned char const*>(wish.alpn.data()),
                              static_cast<unsigned>(wish.alpn.size()));
    if (wish.session) ::SSL_set_session(ssl(tls_), static_cast<SSL_SESSION*>(wish.session.get()));
    ::SSL_set_fd(ssl(tls_), socket_);
    return ::SSL_connect(ssl(tls_)) == 1;
}

std::string RawClient::protocol() const {
    unsigned char const* name = nullptr;
    unsigned size = 0;
    ::SSL_get0_alpn_selected(ssl(tls_), &name, &size);
    return {reinterpret_cast<char const*>(name), size};
}

bool RawClient::resumed() const {
    return ::SSL_session_reused(ssl(tls_)) == 1;
}

std::shared_ptr<void> RawClient::session() const {
    return {::SSL_get1_session(ssl(tls_)),
            [](void* one) { ::SSL_SESSION_free(static_cast<SSL_SESSION*>(one)); }};
}

long RawClient::certificate_serial() const {
    return ::ASN1_INTEGER_get(::X509_get0_serialNumber(::SSL_get0_peer_certificate(ssl(tls_))));
}

bool RawClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        auto const sent = tls_
                              ? ::SSL_write(ssl(tls_), bytes.data(), static_cast<int>(bytes.size()))
                              : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

void RawClient::finish_sending() {
    ::shutdown(socket_, SHUT_WR);
}

bool RawClient::receive() {
    std::array<char, 16384> block{};
    ssize_t got = 0;
    do {
        got = tls_ ? ::SSL_read(ssl(tls_), block.data(), static_cast<int>(block.size()))
                   : ::recv(socket_, block.data(), block.size(), 0);
    } while (got < 0 && errno == EINTR);
    late_ = got < 0 && errno == EAGAIN;
    if (got <= 0) return false;
    buffer_.append(block.data(), static_cast<std::size_t>(got));
    return true;
}

std::string RawClient::read(std::size_t count) {
    while (buffer_.size() < count && receive()) continue;
    auto out = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return out;
}

std::string RawClient::receive_once() {
    if (buffer_.empty()) receive();
    return std::exchange(buffer_, {});
}

std::string RawClient::read_to_end() {
    while (receive()) continue;
    return std::exchange(buffer_, {});
}

bool RawClient::closed() {
    return buffer_.empty() && !receive() && !late_;
}

std::string RawClient::read_line() {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n")) == std::string::npos)
        if (!receive()) return {};
    auto line = buffer_.substr(0, end);
    buffer_.erase(0, end + 2);
    return line;
}

RawReply RawClient::read_reply(bool head_only) {
    RawReply out;
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
        if (!receive()) return out;
    out.head = read(end + 4);
    auto rest = std::string_view(out.head);
    auto const status = rest.substr(std::min<std::size_t>(9, rest.size()), 3);
    std::from_chars(status.data(), status.data() + status.size(), out.status);
    for (rest.remove_prefix(rest.find("\r\n") + 2); rest != "\r\n";
         rest.remove_prefix(rest.find("\r\n") + 2)) {
        auto const line = rest.substr(0, rest.find("\r\n"));
        auto const colon = line.find(": ");
        if (colon != line.npos) out.headers.add(line.substr(0, colon), line.substr(colon + 2));
    }
    if (head_only) return out;
    if (out.headers.get("Transfer-Encoding") == "chunked") {
        for (;;) {
            auto const size = std::stoul("0" + read_line(), nullptr, 16);
            out.body += read(size);
            read_line();
            if (size == 0) return out;
        }
    }
    if (auto const length = out.headers.get("Content-Length"); !length.empty())
        out.body = read(std::stoul(std::string(length)));
    return out;
}

}  // namespace grover::testing
