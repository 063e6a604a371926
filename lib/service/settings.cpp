#include "service/settings.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "auth/identity.hpp"
#include "base/random.hpp"
#include "service/operations.hpp"

namespace grover::service {
namespace {

/// It becomes the name of a folder, or of a database of MongoDB.
bool is_database_name(std::string_view name) {
    return !name.empty() && name.size() <= 63 && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
    });
}

/// Services started by hand on one machine by one user share a key without being told: it is made
/// once, readable by that user alone. Only outside of production.
Secret development_key(Environment& env) {
    auto const home =
        env.optional_text("HOME", "holds the development key when INTERNAL_KEY is unset");
    auto const state =
        env.optional_text("XDG_STATE_HOME", "holds the development key when INTERNAL_KEY is unset");
    auto const folder =
        std::filesystem::path(state ? *state : home.value_or("/tmp") + "/.local/state") / "grover";
    auto const file = folder / "internal.key";
    std::error_code ignored;
    std::filesystem::create_directories(folder, ignored);
    if (!std::filesystem::exists(file)) {
        // Written whole under another name and then linked: whoever reads the file finds a whole
        // key, and of several services that start together one wins.
        auto const fresh = file.string() + "." + random_hex(8);
        if (int const out = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
            out >= 0) {
            auto const key = random_token(32);
            bool const written =
                ::write(out, key.data(), key.size()) == static_cast<ssize_t>(key.size());
            ::close(out);
            if (written) static_cast<void>(::link(fresh.c_str(), file.c_str()));
            ::unlink(fresh.c_str());
        }
    }
    std::ifstream in(file);
    std::string key;
    std::getline(in, key);
    if (key.size() >= 32) return Secret(std::move(key));
    env.problem("INTERNAL_KEY",
                "is unset, and no development key could be made in " + folder.string());
    return {};
}

/// One certificate for all who come through TLS.
void read_tls(Environment& env, Settings& out) {
    auto const certificate = env.optional_text(
        "TLS_CERT_FILE", "certificate (PEM, with its chain); with it TLS and HTTP/2 are spoken");
    auto const key = env.optional_text("TLS_KEY_FILE", "private key of the certificate (PEM)");
    auto const port = static_cast<std::uint16_t>(env.integer(
        "TLS_PORT", 0, 0, 65535, "port for TLS beside PORT; 0: PORT itself speaks TLS"));
    if (certificate.has_value() != key.has_value())
        env.problem("TLS_CERT_FILE", "and TLS_KEY_FILE are set together or not at all");
    else if (!certificate && port != 0)
        env.problem("TLS_PORT", "needs TLS_CERT_FILE and TLS_KEY_FILE");
    if (!certificate || !key) return;
    if (port != 0) out.tls_port = port;
    try {
        out.tls = std::make_shared<http::ServerTls>(
            http::ServerTls::Files{.certificate = *certificate, .key = *key});
    } catch (ConfigError const& error) {
        env.problem("TLS_CERT_FILE", error.what());
    }
}

store::Place store_place(Environment& env, About const& about) {
    store::Place out;
    out.database = env.text("DB_NAME", std::string(about.database), "database of this service");
    if (!is_database_name(out.database))
        env.problem("DB_NAME", "must be 1 to 63 of the characters A-Z a-z 0-9 _ -");
    out.folder =
        env.text("DATA_DIR", "data", "folder of the embedded store, when MONGO_URL is unset") +
        "/" + out.database;
    out.mongo_url = env.secret("MONGO_URL", "MongoDB, instead of the embedded store");
    out.mongo_connections = static_cast<std::size_t>(env.integer(
        "MONGO_CONNECTIONS", static_cast<std::int64_t>(limits::store_connections_default), 1, 256,
        "connections to MongoDB at most"));
    out.mongo_standalone =
        env.flag("MONGO_STANDALONE", false, "take a MongoDB without transactions (development)");
    out.mongo_hints =
        env.flag("MONGO_HINTS", true, "name the index of each query; off for servers like MongoDB");
    return out;
}

}  // namespace

Settings Settings::read(Environment& env, About const& about) {
    Settings out;
    out.host = env.text("HOST", "127.0.0.1", "address to listen on");
    out.port = env.port("PORT", about.port, "port to listen on");
    if (env.flag("REUSE_PORT", false,
                 "share PORT with other processes of this user, to restart without a gap"))
        out.sharing = net::Listener::Port::shared;
    out.unix_socket = env.text("UNIX_SOCKET", "", "also listen on this unix socket");
    out.version = env.text("SERVICE_VERSION", GROVER_VERSION, "version shown in /health");
    out.environment =
        env.one_of("ENVIRONMENT", {"development", "test", "staging", "production"}, "development",
                   "where this runs; production takes no default secrets");
    auto const level = env.one_of("LOG_LEVEL", {"debug", "info", "warn", "error", "off"}, "info",
                                  "least level that is logged; SIGUSR1 switches debug on and off");
    for (auto const candidate :
         {telemetry::Level::debug, telemetry::Level::info, telemetry::Level::warn,
          telemetry::Level::error, telemetry::Level::off})
        if (telemetry::name_of(candidate) == level) out.log_level = candidate;
    out.docs_dir = env.text("DOCS_DIR", default_docs_dir(), "the packaged pages of /docs");
    auto const cores = std::max(1u, std::thread::hardware_concurrency());
    out.threads = static_cast<std::size_t>(
        env.integer("THREADS", std::min(cores, 4u), 1, 256, "event loops, a thread each"));
    out.rate_limit = env.flag("RATE_LIMIT", true, "limit what a client may ask; off for load runs");
    out.engine = env.one_of("NET_ENGINE", {"auto", "io_uring", "epoll"}, "auto",
                            "how sockets are served; auto: io_uring where the kernel allows it");
    if (!about.database.empty()) {
        out.store = store_place(env, about);
        if (out.store.mongo_standalone &&
            (out.environment == "production" || out.environment == "staging"))
            env.problem("MONGO_STANDALONE", "is for development: use a replica set");
    }
    if (about.front) {
        read_tls(env, out);
        out.connections_per_client = static_cast<std::size_t>(
            env.integer("CONNECTIONS_PER_CLIENT", limits::connections_per_client, 0, 1'000'000,
                        "connections that one address may have; 0: no limit"));
    }
    out.http2_clear =
        env.flag("H2C", false, "HTTP/2 without TLS, for those who begin with its preface");
    out.internal_key =
        env.secret("INTERNAL_KEY", "signs identities between services, 32 characters or more");
    if (out.internal_key.empty()) {
        if (out.environment == "production" || out.environment == "staging")
            env.problem("INTERNAL_KEY", "must be set (or INTERNAL_KEY_FILE) in " + out.environment);
        else
            out.internal_key = development_key(env);
    } else if (out.internal_key.reveal().size() < auth::internal_key_bytes_min) {
        env.problem("INTERNAL_KEY", "must have at least 32 characters");
    }
    return out;
}

}  // namespace grover::service
