#include "testing/mongo_peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <stdexcept>

#include "store/mongo/bson.hpp"

namespace grover::testing {

namespace json = boost::json;

namespace {

constexpr std::size_t head_bytes = 16;  // length, id, the id that is answered, operation
constexpr std::int32_t op_reply = 1;
constexpr std::int32_t op_query = 2004;
constexpr std::int32_t op_msg = 2013;

std::int32_t number(std::string_view bytes, std::size_t at) {
    std::int32_t out = 0;
    std::memcpy(&out, bytes.data() + at, sizeof out);
    return out;
}
void put(std::string& bytes, std::size_t at, std::int32_t value) {
    std::memcpy(&bytes[at], &value, sizeof value);
}

json::object read_document(std::string_view body, std::size_t at) {
    bson_t document;
    if (!bson_init_static(&document, reinterpret_cast<std::uint8_t const*>(&body[at]),
                          static_cast<std::size_t>(number(body, at))))
        throw std::runtime_error("no BSON where a command should be");
    char* const text = bson_as_relaxed_extended_json(&document, nullptr);
    auto out = json::parse(text).as_object();
    bson_free(text);
    return out;
}

/// A command with the documents that travel beside it (sections of kind 1) as its members.
json::object read_message(std::string_view body, std::size_t at) {
    auto out = read_document(body, at);
    for (at += static_cast<std::size_t>(number(body, at)); at < body.size();) {
        auto const end = at + 1 + static_cast<std::size_t>(number(body, at + 1));
        auto const name = at + 5;
        auto const name_end = body.find('\0', name);
        json::array documents;
        for (at = name_end + 1; at < end; at += static_cast<std::size_t>(number(body, at)))
            documents.push_back(read_document(body, at));
        out[body.substr(name, name_end - name)] = std::move(documents);
    }
    return out;
}

/// Numbers are of 32 bits, as a server's are.
void append_member(bson_t* out, std::string_view key, json::value const& value) {
    auto const* object = value.if_object();
    auto const size = static_cast<int>(key.size());
    if (auto const* time = object ? object->if_contains("$timestamp") : nullptr)
        bson_append_timestamp(out, key.data(), size, time->at("t").to_number<std::uint32_t>(),
                              time->at("i").to_number<std::uint32_t>());
    else if (value.is_int64())
        bson_append_int32(out, key.data(), size, value.to_number<std::int32_t>());
    else if (object)
        store::mongo::append_document(out, key, [&](bson_t* inner) {
            for (auto const& member : *object) append_member(inner, member.key(), member.value());
        });
    else if (auto const* array = value.if_array())
        store::mongo::append_array(out, key, [&](bson_t* inner) {
            store::mongo::ArrayKey keys;
            for (auto const& item : *array) append_member(inner, keys.next(), item);
        });
    else
        store::mongo::append(out, key, value);
}

std::unique_ptr<BIO, decltype(&::BIO_free)> memory_of(std::string const& pem) {
    return {::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), ::BIO_free};
}

std::shared_ptr<SSL_CTX> context_of(Certificate const& identity) {
    std::shared_ptr<SSL_CTX> out(::SSL_CTX_new(::TLS_server_method()), ::SSL_CTX_free);
    std::unique_ptr<X509, decltype(&::X509_free)> const certificate(
        ::PEM_read_bio_X509(memory_of(identity.chain).get(), nullptr, nullptr, nullptr),
        ::X509_free);
    std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)> const key(
        ::PEM_read_bio_PrivateKey(memory_of(identity.key).get(), nullptr, nullptr, nullptr),
        ::EVP_PKEY_free);
    if (::SSL_CTX_use_certificate(out.get(), certificate.get()) != 1 ||
        ::SSL_CTX_use_PrivateKey(out.get(), key.get()) != 1)
        throw std::runtime_error("a test's certificate is none");
    return out;
}

}  // namespace

/// A connection, with TLS where there is a context for it.
class MongoPeer::Wire {
public:
    Wire(int socket, SSL_CTX* context) : socket_(socket), tls_(nullptr, ::SSL_free) {
        if (!context) return;
        tls_.reset(::SSL_new(context));
        ::SSL_set_fd(tls_.get(), socket);
    }
    ~Wire() { ::close(socket_); }
    Wire(Wire const&) = delete;
    Wire& operator=(Wire const&) = delete;

    int socket() const { return socket_; }
    bool open() { return !tls_ || ::SSL_accept(tls_.get()) == 1; }
    /// Read already, and decrypted.
    bool has_more() const { return tls_ && ::SSL_pending(tls_.get()) > 0; }
    ssize_t read(char* to, std::size_t size) {
        return tls_ ? ::SSL_read(tls_.get(), to, static_cast<int>(size))
                    : ::recv(socket_, to, size, 0);
    }
    bool write(std::string const& bytes) {
        return tls_ ? ::SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0
                    : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) >= 0;
    }

private:
    int socket_;
    std::unique_ptr<SSL, decltype(&::SSL_free)> tls_;
};

MongoPeer::MongoPeer(Answer answer, Certificate const& identity) : MongoPeer(std::move(answer)) {
    show(identity);
}

MongoPeer::MongoPeer(Answer answer) : answer_(std::move(answer)) {
    ::signal(SIGPIPE, SIG_IGN);  // of TLS, which writes as to a file
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    if (listener_ < 0 || ::bind(listener_, raw, size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, raw, &size) != 0)
        throw std::runtime_error("a test's server cannot listen");
    host_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    acceptor_ = std::thread([this] { accept(); });
}

MongoPeer::~MongoPeer() {
    ending_ = true;
    acceptor_.join();
    for (auto& thread : threads_) thread.join();
    ::close(listener_);
}

std::vector<MongoPeer::Command> MongoPeer::commands(std::string_view name) const {
    std::lock_guard const lock(mutex_);
    std::vector<Command> out;
    for (auto const& one : commands_)
        if (one.name == name) out.push_back(one);
    return out;
}

json::object MongoPeer::hello(Role role) {
    bool const primary = role == Role::primary;
    return {{"helloOk", true},
            {"isWritablePrimary", primary},
            {"ismaster", primary},
            {"secondary", !primary},
            {"maxBsonObjectSize", 16'777'216},
            {"maxMessageSizeBytes", 48'000'000},
            {"maxWriteBatchSize", 100'000},
            {"logicalSessionTimeoutMinutes", 30},
            {"minWireVersion", 0},
            {"maxWireVersion", 17}};
}

void MongoPeer::accept() {
    while (wait(listener_)) {
        int const socket = ::accept(listener_, nullptr, nullptr);
        if (socket >= 0) threads_.emplace_back([this, socket] { serve(socket); });
    }
}

void MongoPeer::show(Certificate const& identity) {
    auto made = context_of(identity);
    std::lock_guard const lock(mutex_);
    tls_ = std::move(made);
}

void MongoPeer::serve(int socket) {
    auto const context = [this] {
        std::lock_guard const lock(mutex_);
        return tls_;
    }();
    Wire wire(socket, context.get());
    if (silent_) {
        for (char ignored = 0; wait(socket) && ::recv(socket, &ignored, 1, 0) > 0;) {
        }
        return;
    }
    if (!wait(socket) || !wire.open()) return;
    char head[head_bytes];
    while (read(wire, head, sizeof head)) {
        std::string_view const header(head, sizeof head);
        std::string body(static_cast<std::size_t>(number(header, 0)) - head_bytes, '\0');
        if (!read(wire, body.data(), body.size()) || !wire.write(answer_to(header, body))) break;
    }
}

/// False when the peer ends.
bool MongoPeer::wait(int socket) const {
    while (!ending_) {
        pollfd one{socket, POLLIN, 0};
        if (::poll(&one, 1, 20) > 0) return true;
    }
    return false;
}

bool MongoPeer::read(Wire& wire, char* to, std::size_t size) const {
    for (std::size_t done = 0; done < size;) {
        if (!wire.has_more() && !wait(wire.socket())) return false;
        auto const got = wire.read(to + done, size - done);
        if (got <= 0) return false;
        done += static_cast<std::size_t>(got);
    }
    return true;
}

std::string MongoPeer::answer_to(std::string_view head, std::string_view body) {
    bool const legacy = number(head, 12) == op_query;
    // Flags, then the collection's name and two numbers; or flags and the kind of a section.
    auto const at = legacy ? body.find('\0', 4) + 1 + 8 : 5;
    store::mongo::Bson reply;
    for (auto const& member : reply_to(legacy ? read_document(body, at) : read_message(body, at)))
        append_member(reply.raw(), member.key(), member.value());

    std::string out(head_bytes + (legacy ? 20 : 5), '\0');
    if (legacy) put(out, head_bytes + 16, 1);  // one document
    out.append(reinterpret_cast<char const*>(bson_get_data(reply)), reply.raw()->len);
    put(out, 0, static_cast<std::int32_t>(out.size()));
    put(out, 8, number(head, 4));
    put(out, 12, legacy ? op_reply : op_msg);
    return out;
}

json::object MongoPeer::reply_to(json::object body) {
    std::string name(body.begin()->key());
    Command const command{std::move(name), std::move(body)};
    if (!command.is_hello()) {
        std::lock_guard const lock(mutex_);
        commands_.push_back(command);
    }
    auto out = answer_(command);
    out.emplace("ok", 1);
    return out;
}

}  // namespace grover::testing
