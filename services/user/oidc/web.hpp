// The HTTP that this service does as a client of login providers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json.hpp>

#include "http/message.hpp"
#include "service/kit.hpp"

namespace grover::user::oidc {

using net::Task;

/// An absolute address, cut where http::Client wants it.
struct WebAddress {
    std::string origin;  // "https://id.example:8443"
    std::string target;  // "/token?x=y"

    /// https, or http where the host is loopback and `insecure_loopback` allows it; no user name,
    /// no fragment. Nothing for anything else.
    static std::optional<WebAddress> parse(std::string_view text, bool insecure_loopback);
};

/// "a=b&c=d", encoded.
using Form = std::vector<std::pair<std::string, std::string>>;
std::string encode_form(Form const& form);

/// How providers are talked to: time, size, and what their failures become. A provider's reply is
/// nobody's business: errors say only that it failed.
class Web {
public:
    static constexpr auto exchange_time_max = std::chrono::seconds(5);
    static constexpr std::size_t reply_bytes_max = 256 << 10;

    explicit Web(service::Kit& kit) : kit_(kit) {}

    /// Throws Error: unavailable when the other side cannot be reached or is too slow, bad_gateway
    /// when it breaks the protocol.
    Task<http::Response> send(std::string method, WebAddress to, http::Headers headers,
                              std::string body, http::Deadline deadline) const;
    /// A GET that must answer 200 with a JSON object. Throws Error (unavailable, bad_gateway).
    Task<boost::json::object> get_json(WebAddress from, http::Headers headers,
                                       http::Deadline deadline) const;

private:
    service::Kit& kit_;
};

/// The body as a JSON object. Throws Error (bad_gateway).
boost::json::object json_object_of(http::Response const& reply);

[[noreturn]] void throw_provider_broken();

}  // namespace grover::user::oidc
