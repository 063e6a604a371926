#include "auth/token.hpp"

#include "http/message.hpp"

namespace grover::auth {

std::optional<std::string_view> bearer_token(std::string_view authorization) {
    constexpr std::size_t token_bytes_max = 512;
    auto const space = authorization.find(' ');
    if (space == std::string_view::npos ||
        !http::same_token(authorization.substr(0, space), "Bearer"))
        return {};
    auto token = authorization.substr(space + 1);
    while (token.starts_with(' ')) token.remove_prefix(1);
    if (token.empty() || token.size() > token_bytes_max) return {};
    for (char const c : token) {
        bool const ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || std::string_view("-._~+/=").contains(c);
        if (!ok) return {};
    }
    return token;
}

}  // namespace grover::auth
