#include "gateway/stages/client_address.hpp"

#include <algorithm>
#include <ranges>

#include "http/message.hpp"

namespace grover::gateway {
namespace {

/// Takes the last element off a comma-separated list.
std::string_view take_last(std::string_view& list) {
    auto const comma = list.rfind(',');
    auto last = comma == std::string_view::npos ? list : list.substr(comma + 1);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(0, comma);
    while (last.starts_with(' ') || last.starts_with('\t')) last.remove_prefix(1);
    while (last.ends_with(' ') || last.ends_with('\t')) last.remove_suffix(1);
    return last;
}

}  // namespace

TrustedProxies::TrustedProxies(std::vector<std::string> const& ranges) {
    for (auto const& text : ranges)
        if (auto const range = net::Network::parse(text)) ranges_.push_back(*range);
}

bool TrustedProxies::trusts(std::string_view address) const noexcept {
    return std::ranges::any_of(ranges_, [&](auto const& range) { return range.contains(address); });
}

std::string_view TrustedProxies::client_of(std::string_view peer,
                                           http::RequestHead const& head) const {
    auto client = peer;
    if (!trusts(peer)) return client;
    for (auto const& [name, value] : std::views::reverse(head.fields)) {
        if (!http::same_token(name, "X-Forwarded-For")) continue;
        for (auto list = value; !list.empty();) {
            auto const address = take_last(list);
            if (!net::is_address(address)) return client;
            client = address;
            if (!trusts(client)) return client;
        }
    }
    return client;
}

}  // namespace grover::gateway
