// A range of addresses: "10.0.0.0/8", "fd00::/8", one address, or "unix" for the other ends of unix
// sockets.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grover::net {

class Network {
public:
    /// Nothing for text of another form, or with bits set behind the prefix.
    static std::optional<Network> parse(std::string_view text);

    /// False for text that is no address. An IPv4 address mapped into IPv6 is the IPv4 one.
    bool contains(std::string_view address) const noexcept;

private:
    std::array<std::uint8_t, 16> bytes_{};  // IPv4 as ::ffff:a.b.c.d
    unsigned prefix_ = 0;
    bool unix_ = false;
};

/// Several ranges.
class Networks {
public:
    /// Texts that are no range are left out.
    explicit Networks(std::vector<std::string> const& ranges);

    bool contains(std::string_view address) const noexcept;
    bool empty() const noexcept { return ranges_.empty(); }

private:
    std::vector<Network> ranges_;
};

/// What is counted as one client: the address, or all of an IPv6 address's /64, which one client
/// has whole (RFC 6177), as "2001:db8::". IPv4 inside IPv6 is the IPv4 address; other text is
/// itself.
std::string client_network(std::string_view address);

/// The text is an address without a port: "10.0.0.1", "fe80::1".
bool is_address(std::string_view text) noexcept;

}  // namespace grover::net
