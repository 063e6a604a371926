#include "gateway/upload.hpp"

#include <boost/asio/co_spawn.hpp>

namespace grover::gateway {

Upload::Upload(http::Exchange& client, Put put, std::function<void()> on_failure)
    : client_(client),
      put_(std::move(put)),
      on_failure_(std::move(on_failure)),
      end_(client.loop()) {
    net::asio::co_spawn(
        client.loop().executor(), [this] { return run(); },
        [this](std::exception_ptr failure) {
            under_way_ = false;
            if (failure && !stopped_) {
                failure_ = std::move(failure);
                on_failure_();
            }
            end_.notify();
        });
}

net::Task<> Upload::run() {
    while (!enough_ && !client_.body_complete()) {
        reading_ = true;
        auto const piece = co_await client_.read_raw();
        reading_ = false;
        if (!co_await put_(piece)) co_return;
    }
    if (client_.body_complete()) whole_at_ = std::chrono::steady_clock::now();
}

net::Task<> Upload::ended() {
    while (under_way_) co_await end_.wait();
}

net::Task<> Upload::stop() {
    stopped_ = true;
    client_was_due_ = reading_;
    client_.stop_reading();
    return ended();
}

void Upload::check(bool late) const {
    if (failure_) std::rethrow_exception(failure_);
    if (late && client_was_due_) client_.body_is_late();
}

}  // namespace grover::gateway
