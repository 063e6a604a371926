#include "http/wire.hpp"

#include <boost/asio/write.hpp>

namespace grover::http {

net::Task<Wire::Received> Wire::read(boost::asio::mutable_buffer space, TimePoint until) {
    read_until_ = until;
    expire();
    auto const [error, count] = co_await stream.async_read_some(space, net::use_tuple);
    bool const late = error && stream.expired();
    read_until_ = TimePoint::max();
    expire();
    co_return Received{error ? 0 : count, late};
}

net::Task<> Wire::send(std::string_view more) {
    if (output.empty() && more.empty()) co_return;
    ++writes;
    write_until_ = std::chrono::steady_clock::now() + shard.options.write_time_max;
    expire();
    std::array<boost::asio::const_buffer, 2> const both{
        boost::asio::buffer(output), boost::asio::buffer(more.data(), more.size())};
    auto const [error, count] = co_await boost::asio::async_write(stream, both, net::use_tuple);
    if (error && stream.expired()) shard.timed_out.add();
    write_until_ = TimePoint::max();
    expire();
    output.clear();
    if (error) throw Disconnected();
}

}  // namespace grover::http
