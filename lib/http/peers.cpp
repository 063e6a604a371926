#include "http/peers.hpp"

#include <arpa/inet.h>

namespace grover::http {
namespace {

constexpr std::size_t network_bytes = 8;  // of an IPv6 address

/// Empty for what is no address.
std::string key_of(std::string_view address) {
    std::string text(address);
    in6_addr six{};
    in_addr four{};
    if (::inet_pton(AF_INET6, text.c_str(), &six) == 1)
        return {reinterpret_cast<char const*>(six.s6_addr), network_bytes};
    return ::inet_pton(AF_INET, text.c_str(), &four) == 1 ? text : std::string();
}

}  // namespace

bool Peers::enter(std::string_view address) {
    auto key = max_ == 0 ? std::string() : key_of(address);
    if (key.empty()) return true;
    std::lock_guard const lock(mutex_);
    return ++connections_[std::move(key)] <= max_;
}

void Peers::leave(std::string_view address) noexcept {
    auto const key = max_ == 0 ? std::string() : key_of(address);
    if (key.empty()) return;
    std::lock_guard const lock(mutex_);
    auto const found = connections_.find(key);
    if (found != connections_.end() && --found->second == 0) connections_.erase(found);
}

std::size_t Peers::size() const {
    std::lock_guard const lock(mutex_);
    return connections_.size();
}

}  // namespace grover::http
