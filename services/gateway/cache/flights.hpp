// Request collapsing: of many requests for the same key one fetches, the others wait for it. No
// sockets and no threads here: whoever waits leaves a function to be called.
//
//     auto lead = flights.take_off(key);         // an empty one: somebody else is on the way
//     auto place = flights.on_landing(key, wake);    // an empty one: it has landed meanwhile
//     ...
//     lead.land(Landing::stored);                // wakes all; so does its destructor
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/string_map.hpp"

namespace grover::gateway::cache {

/// How a fetch ended, for those who waited.
enum class Landing : std::uint8_t {
    stored,      // look again
    not_shared,  // it is for one request alone: ask yourself
    failed,      // the service cannot answer now
};

class Flights;

/// The duty to end a fetch. Moves; what is not landed lands as failed.
class Lead {
public:
    Lead() = default;
    Lead(Flights& flights, std::string key) : flights_(&flights), key_(std::move(key)) {}
    Lead(Lead&& other) noexcept
        : flights_(std::exchange(other.flights_, nullptr)), key_(std::move(other.key_)) {}
    Lead& operator=(Lead&& other) noexcept {
        land(Landing::failed);
        flights_ = std::exchange(other.flights_, nullptr);
        key_ = std::move(other.key_);
        return *this;
    }
    ~Lead() { land(Landing::failed); }

    explicit operator bool() const noexcept { return flights_ != nullptr; }
    /// Once; later calls do nothing.
    void land(Landing landing) noexcept;

private:
    Flights* flights_ = nullptr;
    std::string key_;
};

/// A place among those who wait; who lets it go waits no more.
class Place {
public:
    Place() = default;
    Place(Flights& flights, std::string key, std::uint64_t number)
        : flights_(&flights), key_(std::move(key)), number_(number) {}
    Place(Place&& other) noexcept
        : flights_(std::exchange(other.flights_, nullptr)),
          key_(std::move(other.key_)),
          number_(other.number_) {}
    Place& operator=(Place&&) = delete;
    ~Place();

    explicit operator bool() const noexcept { return flights_ != nullptr; }

private:
    Flights* flights_ = nullptr;
    std::string key_;
    std::uint64_t number_ = 0;
};

/// Thread-safe.
class Flights {
public:
    using Wake = std::function<void(Landing)>;

    /// Empty when a fetch of the key is under way.
    Lead take_off(std::string_view key);
    /// Calls `wake` when the fetch under way ends, on the thread where it does, unless the place
    /// was let go before; it must not throw nor come back here. Empty, and no call, when there is
    /// none.
    Place on_landing(std::string_view key, Wake wake);
    /// Somebody waits for the fetch under way.
    bool awaited(std::string_view key);

private:
    friend class Lead;
    friend class Place;
    void land(std::string const& key, Landing landing) noexcept;
    void let_go(std::string const& key, std::uint64_t number) noexcept;

    struct Shard {
        std::mutex mutex;
        StringMap<std::map<std::uint64_t, Wake>> under_way;
        std::uint64_t places = 0;  // given out so far
    };
    Shard& shard_of(std::string_view key) noexcept {
        return shards_[StringHash{}(key) % shards_.size()];
    }
    std::array<Shard, 16> shards_;
};

}  // namespace grover::gateway::cache
