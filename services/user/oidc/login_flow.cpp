#include "user/oidc/login_flow.hpp"

#include <algorithm>

#include "auth/token.hpp"
#include "base/encoding.hpp"
#include "user/input.hpp"

namespace grover::user::oidc {
namespace {

constexpr std::size_t return_to_bytes_max = 1024;

}  // namespace

NewFlow make_flow(std::string provider, std::string return_to, Timestamp now) {
    NewFlow out{.flow = {}, .state = auth::make_token(), .browser = auth::make_token()};
    out.flow = {.state_hash = auth::hash_token(out.state),
                .provider = std::move(provider),
                .nonce = auth::make_token(),
                .code_verifier = auth::make_token(),  // 43 characters, the least that PKCE allows
                .browser_hash = auth::hash_token(out.browser),
                .return_to = std::move(return_to),
                .expires_at = now + login_flow_lifetime};
    return out;
}

std::string code_challenge(std::string_view code_verifier) {
    return to_base64url(auth::sha256(code_verifier));
}

std::string safe_return_to(std::string_view path) {
    bool const safe =
        path.starts_with('/') && !path.starts_with("//") && path.size() <= return_to_bytes_max &&
        std::ranges::all_of(path, [](char c) { return c > ' ' && c <= '~' && c != '\\'; });
    return safe ? std::string(path) : "/";
}

std::string with_parameter(std::string path, std::string_view name, std::string_view value) {
    auto const fragment = path.find('#');
    std::string const tail = fragment == std::string::npos ? "" : path.substr(fragment);
    path.resize(path.size() - tail.size());
    path += path.contains('?') ? '&' : '?';
    return path.append(percent_encode(name)).append("=").append(percent_encode(value)) + tail;
}

std::string_view cookie_value(std::string_view header, std::string_view name) {
    while (!header.empty()) {
        auto const end = header.find(';');
        auto const pair = trimmed(header.substr(0, end));
        if (pair.starts_with(name) && pair.substr(name.size()).starts_with('='))
            return pair.substr(name.size() + 1);
        header = end == std::string_view::npos ? std::string_view() : header.substr(end + 1);
    }
    return {};
}

std::string host_cookie(std::string_view name, std::string_view value, std::chrono::seconds age) {
    return std::string(name) + '=' + std::string(value) +
           "; Path=/; Max-Age=" + std::to_string(age.count()) + "; Secure; HttpOnly; SameSite=Lax";
}

}  // namespace grover::user::oidc
