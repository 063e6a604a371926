#include "net/network.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include <boost/asio/ip/address.hpp>

namespace grover::net {
namespace {

namespace ip = boost::asio::ip;
using Bytes = std::array<std::uint8_t, 16>;

constexpr std::size_t address_text_max = 64;

struct Address {
    Bytes bytes;
    bool v4;
};

std::optional<Address> parse_address(std::string_view text) noexcept {
    char buffer[address_text_max];
    if (text.empty() || text.size() >= sizeof buffer) return {};
    *std::copy(text.begin(), text.end(), buffer) = '\0';
    boost::system::error_code error;
    auto const address = ip::make_address(buffer, error);
    if (error) return {};
    if (address.is_v6()) {
        auto const bytes = address.to_v6().to_bytes();
        Address out{{}, address.to_v6().is_v4_mapped()};
        std::ranges::copy(bytes, out.bytes.begin());
        return out;
    }
    auto const mapped = ip::make_address_v6(ip::v4_mapped, address.to_v4()).to_bytes();
    Address out{{}, true};
    std::ranges::copy(mapped, out.bytes.begin());
    return out;
}

/// The bits of byte `at` that a prefix of so many bits covers.
std::uint8_t mask(unsigned prefix, std::size_t at) noexcept {
    auto const bits = prefix > at * 8 ? std::min<std::size_t>(prefix - at * 8, 8) : 0;
    return static_cast<std::uint8_t>(0xff00u >> bits);
}

}  // namespace

std::optional<Network> Network::parse(std::string_view text) {
    Network out;
    if (text == "unix") {
        out.unix_ = true;
        return out;
    }
    auto const slash = text.find('/');
    auto const address = parse_address(text.substr(0, slash));
    if (!address) return {};
    out.bytes_ = address->bytes;
    unsigned const most = address->v4 ? 32 : 128;
    unsigned prefix = most;
    if (slash != std::string_view::npos) {
        auto const digits = text.substr(slash + 1);
        auto const [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
        if (error != std::errc() || end != digits.data() + digits.size() || prefix > most)
            return {};
    }
    out.prefix_ = prefix + (128 - most);
    for (std::size_t i = 0; i < out.bytes_.size(); ++i)
        if (out.bytes_[i] & ~mask(out.prefix_, i)) return {};
    return out;
}

bool Network::contains(std::string_view address) const noexcept {
    if (unix_) return address == "unix";
    auto const other = parse_address(address);
    if (!other) return false;
    for (std::size_t i = 0; i < bytes_.size(); ++i)
        if ((other->bytes[i] & mask(prefix_, i)) != bytes_[i]) return false;
    return true;
}

Networks::Networks(std::vector<std::string> const& ranges) {
    for (auto const& text : ranges)
        if (auto const range = Network::parse(text)) ranges_.push_back(*range);
}

bool Networks::contains(std::string_view address) const noexcept {
    return std::ranges::any_of(ranges_, [&](auto const& range) { return range.contains(address); });
}

std::string client_network(std::string_view text) {
    auto const address =
        text.find(':') == std::string_view::npos ? std::nullopt : parse_address(text);
    if (!address) return std::string(text);
    auto bytes = ip::address_v6::bytes_type{};
    std::ranges::copy(address->bytes, bytes.begin());
    if (address->v4) return ip::make_address_v4(ip::v4_mapped, ip::address_v6(bytes)).to_string();
    std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
    return ip::address_v6(bytes).to_string();
}

bool is_address(std::string_view text) noexcept {
    return parse_address(text).has_value();
}

}  // namespace grover::net
