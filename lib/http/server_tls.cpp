#include "http/server_tls.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <array>
#include <chrono>
#include <cstring>
#include <mutex>
#include <optional>
#include <span>

#include <boost/asio/ssl/context.hpp>

#include "base/config.hpp"
#include "base/limits.hpp"

namespace grover::http {
namespace {

namespace ssl = boost::asio::ssl;
using Steady = std::chrono::steady_clock;

// For TLS 1.2; all of TLS 1.3's are good.
constexpr char const* ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr char const* groups = "X25519:P-256:P-384";

/// Encrypts session tickets. A ticket is good as long as the key that made it is known: the one in
/// use and the one before it.
class TicketKeys {
public:
    /// As SSL_CTX_set_tlsext_ticket_key_evp_cb(3) wants it: 0 for a ticket of no known key, 2 for
    /// one of the old key, which is replaced.
    int operator()(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                   bool encrypt) {
        std::lock_guard const lock(mutex_);
        rotate();
        if (encrypt) {
            auto const size = ::EVP_CIPHER_get_iv_length(::EVP_aes_256_cbc());
            if (::RAND_bytes(iv, size) != 1) return -1;
            std::memcpy(name, current_.name.data(), current_.name.size());
            return apply(current_, iv, cipher, mac, true) ? 1 : -1;
        }
        auto const made = [&](Key const& key) {
            return std::memcmp(name, key.name.data(), key.name.size()) == 0;
        };
        if (made(current_)) return apply(current_, iv, cipher, mac, false) ? 1 : -1;
        if (previous_ && made(*previous_))
            return apply(*previous_, iv, cipher, mac, false) ? 2 : -1;
        return 0;
    }

private:
    struct Key {
        std::array<unsigned char, 16> name{};
        std::array<unsigned char, 32> cipher{};
        std::array<unsigned char, 32> mac{};
    };

    static Key fresh() {
        Key out;
        for (auto const part :
             {std::span<unsigned char>(out.name), std::span<unsigned char>(out.cipher),
              std::span<unsigned char>(out.mac)})
            if (::RAND_bytes(part.data(), static_cast<int>(part.size())) != 1)
                throw ConfigError("there is no randomness for the keys of session tickets");
        return out;
    }

    static bool apply(Key const& key, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                      bool encrypt) {
        auto mac_key = key.mac;
        char digest[] = "SHA256";
        std::array<OSSL_PARAM, 3> const parameters{
            ::OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, mac_key.data(), mac_key.size()),
            ::OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
            ::OSSL_PARAM_construct_end()};
        return ::EVP_MAC_CTX_set_params(mac, parameters.data()) == 1 &&
               ::EVP_CipherInit_ex(cipher, ::EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv,
                                   encrypt ? 1 : 0) == 1;
    }

    void rotate() {
        auto const age = Steady::now() - made_;
        if (age < limits::tls_ticket_key_time_max) return;
        // Of a server that slept for long, the old key is too old as well.
        if (age < 2 * limits::tls_ticket_key_time_max)
            previous_ = current_;
        else
            previous_.reset();
        current_ = fresh();
        made_ = Steady::now();
    }

    std::mutex mutex_;
    Key current_ = fresh();
    std::optional<Key> previous_;
    Steady::time_point made_ = Steady::now();
};

/// Where a context has its TicketKeys: its application data is Asio's.
int keys_index() {
    static int const index = ::SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

int on_ticket(SSL* session, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
              EVP_MAC_CTX* mac, int encrypt) noexcept {
    try {
        auto* const keys = static_cast<TicketKeys*>(
            ::SSL_CTX_get_ex_data(::SSL_get_SSL_CTX(session), keys_index()));
        return (*keys)(name, iv, cipher, mac, encrypt != 0);
    } catch (...) {
        return -1;  // This handshake fails, and no other.
    }
}

/// Ours first: h2 where the client has it.
int on_alpn(SSL*, unsigned char const** out, unsigned char* out_size, unsigned char const* offered,
            unsigned offered_size, void*) noexcept {
    static constexpr unsigned char ours[] = "\x02h2\x08http/1.1";
    auto const found = ::SSL_select_next_proto(const_cast<unsigned char**>(out), out_size, ours,
                                               sizeof ours - 1, offered, offered_size);
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// Throws boost::system::system_error.
std::shared_ptr<ssl::context> load(ServerTls::Files const& files, TicketKeys& keys) {
    auto out = std::make_shared<ssl::context>(ssl::context::tls_server);
    auto* const native = out->native_handle();
    out->use_certificate_chain_file(files.certificate);
    out->use_private_key_file(files.key, ssl::context::pem);
    ::SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    ::SSL_CTX_set_options(native, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    ::SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    ::SSL_CTX_set_cipher_list(native, ciphers);
    ::SSL_CTX_set1_groups_list(native, groups);
    ::SSL_CTX_set_alpn_select_cb(native, on_alpn, nullptr);
    ::SSL_CTX_set_ex_data(native, keys_index(), &keys);
    ::SSL_CTX_set_tlsext_ticket_key_evp_cb(native, on_ticket);
    ::SSL_CTX_set_timeout(native, std::chrono::seconds(limits::tls_ticket_key_time_max).count());
    // A ticket holds the session; a cache beside it would only take memory.
    ::SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
    return out;
}

struct Stamp {
    timespec changed{};
    off_t bytes = 0;
    ino_t file = 0;

    static Stamp of(std::string const& path) {
        struct stat found{};
        if (::stat(path.c_str(), &found) != 0) return {};
        return {found.st_mtim, found.st_size, found.st_ino};
    }
    bool operator==(Stamp const& other) const noexcept {
        return changed.tv_sec == other.changed.tv_sec && changed.tv_nsec == other.changed.tv_nsec &&
               bytes == other.bytes && file == other.file;
    }
};

}  // namespace

class ServerTls::Impl {
public:
    explicit Impl(Files wanted) : files(std::move(wanted)) {}

    std::expected<void, std::string> reload() {
        std::array const seen{Stamp::of(files.certificate), Stamp::of(files.key)};
        std::shared_ptr<ssl::context> fresh;
        std::string problem;
        try {
            fresh = load(files, keys);
        } catch (boost::system::system_error const& error) {
            problem = "no certificate and key can be read from " + files.certificate + " and " +
                      files.key + ": " + error.code().message();
        }
        std::lock_guard const lock(mutex);
        stamps = seen;
        if (!fresh) return std::unexpected(std::move(problem));
        current = std::move(fresh);
        return {};
    }

    Files const files;
    TicketKeys keys;
    std::mutex mutex;
    std::array<Stamp, 2> stamps;
    std::shared_ptr<ssl::context> current;
};

ServerTls::ServerTls(Files files) : impl_(std::make_unique<Impl>(std::move(files))) {
    if (auto const done = impl_->reload(); !done) throw ConfigError(done.error());
}
ServerTls::~ServerTls() = default;

std::expected<void, std::string> ServerTls::reload() {
    return impl_->reload();
}

bool ServerTls::files_have_changed() {
    std::array const now{Stamp::of(impl_->files.certificate), Stamp::of(impl_->files.key)};
    std::lock_guard const lock(impl_->mutex);
    return now != impl_->stamps;
}

std::shared_ptr<ssl::context> ServerTls::current() const {
    std::lock_guard const lock(impl_->mutex);
    return impl_->current;
}

}  // namespace grover::http
