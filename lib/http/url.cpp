#include "http/url.hpp"

#include "base/encoding.hpp"

namespace grover::http {

std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(
    std::string_view query) {
    std::vector<std::pair<std::string, std::string>> out;
    while (!query.empty()) {
        auto const end = query.find('&');
        auto const part = query.substr(0, end);
        query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
        if (part.empty()) continue;
        auto const equals = part.find('=');
        auto name = percent_decode(part.substr(0, equals), true);
        auto value = equals == std::string_view::npos
                         ? std::optional<std::string>("")
                         : percent_decode(part.substr(equals + 1), true);
        if (!name || !value) return {};
        out.emplace_back(*std::move(name), *std::move(value));
    }
    return out;
}

}  // namespace grover::http
