#include "gateway/stages/client_address.hpp"

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

std::string_view TrustedProxies::client_of(std::string_view peer,
                                           http::RequestHead const& head) const {
    auto client = peer;
    if (!ranges_.contains(peer)) return client;
    for (auto const& [name, value] : std::views::reverse(head.fields)) {
        if (!http::same_token(name, "X-Forwarded-For")) continue;
        for (auto list = value; !list.empty();) {
            auto const address = take_last(list);
            if (!net::is_address(address)) return client;
            client = address;
            if (!ranges_.contains(client)) return client;
        }
    }
    return client;
}

}  // namespace grover::gateway
