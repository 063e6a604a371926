#include "store/mongo/stream.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include <boost/asio/co_spawn.hpp>

#include "base/limits.hpp"
#include "net/endpoint.hpp"
#include "net/stream.hpp"
#include "store/mongo/worker.hpp"

namespace grover::store::mongo {
namespace {

namespace asio = boost::asio;
using Deadline = std::chrono::steady_clock::time_point;
using Connected = std::unique_ptr<net::Stream>;

constexpr int stream_type = 0x67;  // none of the driver's own
constexpr std::size_t read_bytes = 16 << 10;
constexpr std::size_t kept_bytes_max = 64 << 10;

class WorkerStream : public mongoc_stream_t {
public:
    WorkerStream(Worker& worker, Connected stream);
    ~WorkerStream();
    WorkerStream(WorkerStream const&) = delete;
    WorkerStream& operator=(WorkerStream const&) = delete;

    /// Of all that is read and written from now on, however often the driver asks.
    void set_deadline(Deadline deadline) { deadline_ = deadline; }

private:
    static WorkerStream& of(mongoc_stream_t* stream) { return *static_cast<WorkerStream*>(stream); }

    ssize_t write_all(std::span<mongoc_iovec_t const> parts, Deadline until);
    ssize_t read_all(std::span<mongoc_iovec_t const> parts, std::size_t least, Deadline until);
    /// Calls `begin(end)`, and returns what it ends with; 0 where the connection or the time is
    /// over.
    template <class Begin>
    std::size_t transfer(Deadline until, Begin begin);
    std::size_t read_some(char* to, std::size_t size, Deadline until);

    Worker& worker_;
    Connected stream_;
    std::vector<char> out_;
    std::vector<char> in_;
    std::span<char const> unread_;  // of in_
    Deadline deadline_ = Deadline::max();
    bool timed_out_ = false;
};

/// As the driver counts them: with none there is no waiting, and less stands for no limit.
Deadline after(std::int32_t milliseconds) {
    if (milliseconds < 0) return Deadline::max();
    return std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
}

WorkerStream::WorkerStream(Worker& worker, Connected stream)
    : mongoc_stream_t{}, worker_(worker), stream_(std::move(stream)), in_(read_bytes) {
    type = stream_type;
    destroy = [](mongoc_stream_t* self) { delete &of(self); };
    failed = destroy;
    close = [](mongoc_stream_t*) { return 0; };  // destroyed next
    flush = [](mongoc_stream_t*) { return 0; };
    writev = [](mongoc_stream_t* self, mongoc_iovec_t* parts, std::size_t count,
                std::int32_t time) { return of(self).write_all({parts, count}, after(time)); };
    readv = [](mongoc_stream_t* self, mongoc_iovec_t* parts, std::size_t count, std::size_t least,
               std::int32_t time) { return of(self).read_all({parts, count}, least, after(time)); };
    check_closed = [](mongoc_stream_t*) { return false; };  // asked by single clients alone
    timed_out = [](mongoc_stream_t* self) { return of(self).timed_out_; };
}

WorkerStream::~WorkerStream() {
    // Streams belong to their loop's thread.
    if (worker_.is_away()) asio::post(worker_.loop().executor(), [stream = std::move(stream_)] {});
}

template <class Begin>
std::size_t WorkerStream::transfer(Deadline until, Begin begin) {
    net::ErrorCode error;
    std::size_t count = 0;
    bool expired = false;
    bool const arrived = worker_.wait([&] {
        stream_->expires_at(std::min(until, deadline_));
        begin([&](net::ErrorCode ended, std::size_t bytes) {
            error = ended;
            count = bytes;
            expired = stream_->expired();
            stream_->never_expires();
            worker_.arrived();
        });
    });
    bool const done = arrived && !error;
    // The driver looks for a server next: to try again, or for the next command.
    if (!done || worker_.workers().must_block()) worker_.leave_loop();
    if (done) return count;
    timed_out_ = !arrived || expired;
    errno = timed_out_ ? ETIMEDOUT : ECONNRESET;  // of the thread that it is on now
    return 0;
}

ssize_t WorkerStream::write_all(std::span<mongoc_iovec_t const> parts, Deadline until) {
    if (Worker::current() != &worker_) {
        // TLS takes its leave as its client is destroyed, where nothing can be waited for.
        errno = EPIPE;
        return -1;
    }
    out_.clear();
    for (auto const& part : parts) {
        auto const* const bytes = static_cast<char const*>(part.iov_base);
        out_.insert(out_.end(), bytes, bytes + part.iov_len);
    }
    auto sent = worker_.is_on_loop() ? stream_->write_now(asio::buffer(out_)) : 0;
    while (sent < out_.size()) {
        auto const bytes = transfer(until, [&](auto end) {
            stream_->async_write_some(asio::buffer(out_) + sent, std::move(end));
        });
        if (bytes == 0) return -1;
        sent += bytes;
    }
    auto const count = static_cast<ssize_t>(out_.size());
    if (out_.capacity() > kept_bytes_max) out_ = {};
    return count;
}

ssize_t WorkerStream::read_all(std::span<mongoc_iovec_t const> parts, std::size_t least,
                               Deadline until) {
    std::size_t total = 0;
    for (auto const& part : parts) {
        auto* to = static_cast<char*>(part.iov_base);
        for (auto left = std::size_t{part.iov_len}; left > 0;) {
            if (unread_.empty() && total >= least && total > 0) break;
            auto const bytes = read_some(to, left, until);
            if (bytes == 0) return -1;
            to += bytes;
            left -= bytes;
            total += bytes;
        }
    }
    return static_cast<ssize_t>(total);
}

std::size_t WorkerStream::read_some(char* to, std::size_t size, Deadline until) {
    auto const read = [&](asio::mutable_buffer into) {
        return transfer(until, [&](auto end) { stream_->async_read_some(into, std::move(end)); });
    };
    if (unread_.empty() && size >= in_.size()) return read({to, size});
    if (unread_.empty()) unread_ = {in_.data(), read(asio::buffer(in_))};
    auto const bytes = std::min(size, unread_.size());
    std::memcpy(to, unread_.data(), bytes);
    unread_ = unread_.subspan(bytes);
    return bytes;
}

net::Endpoint endpoint_of(mongoc_host_list_t const& host) {
    net::Endpoint out;
    if (host.family == AF_UNIX) {
        out.kind = net::Endpoint::Kind::unix_socket;
        out.path = host.host;
    } else {
        out.host = host.host;
        out.port = host.port;
    }
    return out;
}

/// Null when none of its addresses answers in time.
net::Task<Connected> connect(net::Loop& loop, net::Endpoint endpoint, Deadline until) {
    for (auto const& address : co_await net::resolve(loop, endpoint, until)) {
        auto stream = std::make_unique<net::Stream>(loop);
        stream->expires_at(until);
        auto [error] = co_await stream->async_connect(address, net::use_tuple);
        if (error) continue;
        stream->without_delay();
        co_return stream;
    }
    co_return nullptr;
}

/// The driver's TLS over `stream`, which it owns; null when they do not come to terms.
mongoc_stream_t* encrypt(mongoc_stream_t* stream, mongoc_uri_t const* uri, char const* host,
                         std::int32_t time, bson_error_t* error) {
    auto const text = [&](char const* option) {
        return mongoc_uri_get_option_as_utf8(uri, option, nullptr);
    };
    auto const is_set = [&](char const* option) {
        return mongoc_uri_get_option_as_bool(uri, option, false);
    };
    mongoc_ssl_opt_t options{};
    options.pem_file = text(MONGOC_URI_TLSCERTIFICATEKEYFILE);
    options.pem_pwd = text(MONGOC_URI_TLSCERTIFICATEKEYFILEPASSWORD);
    options.ca_file = text(MONGOC_URI_TLSCAFILE);
    options.weak_cert_validation =
        is_set(MONGOC_URI_TLSALLOWINVALIDCERTIFICATES) || is_set(MONGOC_URI_TLSINSECURE);
    options.allow_invalid_hostname =
        is_set(MONGOC_URI_TLSALLOWINVALIDHOSTNAMES) || is_set(MONGOC_URI_TLSINSECURE);
    auto* const out = mongoc_stream_tls_new_with_hostname(stream, host, &options, 1);
    if (!out) {
        mongoc_stream_destroy(stream);
        bson_set_error(error, MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_SOCKET,
                       "the certificates of MONGO_URL cannot be used");
        return nullptr;
    }
    if (mongoc_stream_tls_handshake_block(out, host, time, error)) return out;
    mongoc_stream_destroy(out);
    return nullptr;
}

}  // namespace

bool may_connect(mongoc_uri_t const* uri) {
    return !mongoc_uri_has_option(uri, MONGOC_URI_TLSDISABLECERTIFICATEREVOCATIONCHECK) &&
           !mongoc_uri_has_option(uri, MONGOC_URI_TLSDISABLEOCSPENDPOINTCHECK);
}

mongoc_stream_t* connect_stream(mongoc_uri_t const* uri, mongoc_host_list_t const* host, void* data,
                                bson_error_t* error) {
    auto& worker = *static_cast<Worker*>(data);
    worker.leave_loop();
    auto const time = mongoc_uri_get_option_as_int32(
        uri, MONGOC_URI_CONNECTTIMEOUTMS,
        static_cast<std::int32_t>(std::chrono::milliseconds(limits::connect_time_max).count()));
    auto const until = after(time);
    Connected stream;
    bool const arrived = worker.wait([&] {
        asio::co_spawn(worker.loop().executor(), connect(worker.loop(), endpoint_of(*host), until),
                       [&](std::exception_ptr, Connected made) {
                           stream = std::move(made);
                           worker.arrived();
                       });
    });
    if (!arrived || !stream) {
        bson_set_error(error, MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_CONNECT,
                       "cannot connect to %s", host->host_and_port);
        return nullptr;
    }
    auto* const plain = new WorkerStream(worker, std::move(stream));
    if (!mongoc_uri_get_tls(uri)) return plain;
    plain->set_deadline(until);
    auto* const out = encrypt(plain, uri, host->host, time, error);
    if (out) plain->set_deadline(Deadline::max());
    return out;
}

}  // namespace grover::store::mongo
