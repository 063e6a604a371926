#include "http/wire.hpp"

#include <algorithm>
#include <array>

#include "http/exchange.hpp"
#include "http/server_tls.hpp"

namespace grover::http {
namespace {

using Steady = std::chrono::steady_clock;
using Error = boost::system::error_code;
using Buffers = TlsStream::Buffers;

constexpr std::size_t sealed_at_once_max = 64 << 10;

}  // namespace

net::Task<bool> Wire::accept_tls() {
    tls_context_ = shard.options.tls->current();
    tls = std::make_unique<TlsStream>(stream, *tls_context_);
    stream.expires_at(Steady::now() + shard.options.handshake_time_max);
    auto const error = co_await tls->accept();
    if (error && stream.expired())
        shard.hit(ClientLimit::handshake_time);
    else if (error)
        shard.tls_failed.add();
    stream.never_expires();
    co_return !error;
}

net::Task<Wire::Received> Wire::read(boost::asio::mutable_buffer space, TimePoint until) {
    read_until_ = until;
    expire();
    Error error;
    std::size_t count = 0;
    if (tls) [[unlikely]]
        std::tie(error, count) = co_await tls->read_some(space);
    else
        std::tie(error, count) = co_await stream.async_read_some(space, net::use_tuple);
    bool const late = error && stream.expired();
    read_until_ = TimePoint::max();
    expire();
    co_return Received{error ? 0 : count, late};
}

bool Wire::send_now(std::string_view& more) noexcept {
    if (output.empty() && more.empty()) return !tls || !tls->pending();
    if (tls) [[unlikely]] {
        ++writes;
        bool const sent = tls->write_now({boost::asio::buffer(output), boost::asio::buffer(more)});
        output.clear();
        more = {};
        return sent;
    }
    auto const sent =
        stream.write_now(Buffers{boost::asio::buffer(output), boost::asio::buffer(more)});
    if (sent == 0) return false;
    ++writes;
    auto const collected = std::min(sent, output.size());
    output.erase(0, collected);
    more.remove_prefix(sent - collected);
    return output.empty() && more.empty();
}

net::Task<> Wire::send(std::string_view more) {
    if (output.empty() && more.empty() && !(tls && tls->pending())) co_return;
    ++writes;
    Buffers rest{boost::asio::buffer(output), boost::asio::buffer(more.data(), more.size())};
    Error error;
    do {
        // For what can be written at once: who reads slowly but reads is not given up.
        write_until_ = Steady::now() + shard.options.write_time_max;
        expire();
        auto count = rest[0].size() + std::min(rest[1].size(), sealed_at_once_max);
        if (tls) [[unlikely]]
            error = co_await tls->write(
                Buffers{rest[0], boost::asio::buffer(rest[1], sealed_at_once_max)});
        else
            std::tie(error, count) = co_await stream.async_write_some(rest, net::use_tuple);
        for (auto& part : rest) {
            auto const gone = std::min(count, part.size());
            part += gone;
            count -= gone;
        }
    } while (!error && rest[0].size() + rest[1].size() > 0);
    if (error && stream.expired()) shard.hit(ClientLimit::read_time);
    write_until_ = TimePoint::max();
    expire();
    output.clear();
    if (error) throw Disconnected();
}

net::Task<> Wire::linger() {
    stream.expires_at(Steady::now() + shard.options.linger_time_max);
    if (tls) co_await tls->finish();
    stream.shutdown_send();
    for (Error error; !error;) {
        input.consume(input.unread().size());
        std::tie(error, std::ignore) =
            co_await stream.async_read_some(input.space(), net::use_tuple);
    }
}

}  // namespace grover::http
