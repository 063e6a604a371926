// Password work on the pool for what blocks, with a limit on how much may wait there.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "net/async.hpp"

namespace grover::user {

/// Thread-safe. Each call costs about 25 ms of CPU on the pool, whatever the answer is. Throws
/// Error (unavailable) when too many are in work.
class Passwords {
public:
    explicit Passwords(net::asio::thread_pool& pool) : pool_(pool) {}

    net::Task<std::string> hash(std::string password);
    /// False also where there is no hash, at the same cost: nobody learns who has an account.
    net::Task<bool> matches(std::optional<std::string> hash, std::string password);

private:
    class Place;

    net::asio::thread_pool& pool_;
    std::atomic<int> in_work_{0};
};

}  // namespace grover::user
