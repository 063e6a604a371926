#include "user/oidc/web.hpp"

#include <algorithm>

#include <boost/url.hpp>

#include "base/encoding.hpp"
#include "base/error.hpp"
#include "http/client.hpp"
#include "reflect/codec.hpp"

namespace grover::user::oidc {
namespace {

bool is_loopback(std::string_view host) {
    return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

}  // namespace

std::optional<WebAddress> WebAddress::parse(std::string_view text, bool insecure_loopback) {
    auto const url = boost::urls::parse_uri(text);
    if (!url || url->has_userinfo() || url->has_fragment() || url->encoded_host().empty())
        return {};
    // Boost 1.81 ends the host of "http://127.0.0.1.example/" after the number, and calls the rest
    // path.
    if (!url->encoded_path().empty() && !url->encoded_path().starts_with('/')) return {};
    bool const secure = url->scheme_id() == boost::urls::scheme::https;
    bool const plain = url->scheme_id() == boost::urls::scheme::http;
    std::string const host(url->encoded_host());
    if (!secure && !(plain && insecure_loopback && is_loopback(host))) return {};
    WebAddress out{(secure ? "https://" : "http://") + host, std::string(url->encoded_path())};
    if (url->has_port() && !url->port().empty()) out.origin += ':' + std::string(url->port());
    if (out.target.empty()) out.target = "/";
    if (url->has_query()) out.target += '?' + std::string(url->encoded_query());
    return out;
}

std::string encode_form(Form const& form) {
    std::string out;
    for (auto const& [name, value] : form) {
        if (!out.empty()) out += '&';
        out += percent_encode(name) + '=' + percent_encode(value);
    }
    return out;
}

void throw_provider_broken() {
    throw Error(ErrorCode::bad_gateway, "login_provider_broken",
                "the login provider gave an answer that makes no sense");
}

boost::json::object json_object_of(http::Response const& reply) {
    boost::system::error_code ec;
    boost::json::parse_options options;
    options.max_depth = 32;
    auto value = boost::json::parse(reply.body, ec, {}, options);
    if (ec || !value.is_object() || !is_valid_utf8(reply.body)) throw_provider_broken();
    return std::move(value.get_object());
}

Task<http::Response> Web::send(std::string method, WebAddress to, http::Headers headers,
                               std::string body, http::Deadline deadline) const {
    auto const latest = std::chrono::steady_clock::now() + exchange_time_max;
    deadline = deadline == http::Deadline{} ? latest : std::min(deadline, latest);
    try {
        co_return co_await kit_.client().send({.origin = std::move(to.origin),
                                               .method = std::move(method),
                                               .target = std::move(to.target),
                                               .headers = std::move(headers),
                                               .body = std::move(body),
                                               .body_bytes_max = reply_bytes_max},
                                              deadline);
    } catch (Error const& e) {
        if (e.code() == ErrorCode::bad_gateway) throw_provider_broken();
        throw Error(ErrorCode::unavailable, "login_provider_down",
                    "the login provider cannot be reached: try again")
            .with_retry_after(std::chrono::seconds(5));
    }
}

Task<boost::json::object> Web::get_json(WebAddress from, http::Headers headers,
                                        http::Deadline deadline) const {
    headers.add("Accept", "application/json");
    auto const reply = co_await send("GET", std::move(from), std::move(headers), {}, deadline);
    if (reply.status != 200) throw_provider_broken();
    co_return json_object_of(reply);
}

}  // namespace grover::user::oidc
