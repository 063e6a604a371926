// What makes two requests ask for the same: the key of the cache.
//
//     make_key("http", "Example.org:80", "/api/%70osts?b=2&a=1&utm=x", {.query = {"a", "b"}})
//         "http://example.org/api/posts?a=1&b=2"
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grover::gateway::cache {

/// Scheme, host and target in one normal form (RFC 3986 section 6.2.2): the host in lower case
/// without the scheme's own port, percent-encodings of unreserved characters undone and the others
/// in upper case. The path is not resolved: "/a/../b" stays what the service would see. With
/// `query` names, only those parameters count, in that order; each may be repeated.
std::string make_key(std::string_view scheme, std::string_view host, std::string_view target,
                     std::vector<std::string> const& query);

/// The target with nothing in its query that the key does not have: what may be passed on.
std::string keyed_target(std::string_view target, std::vector<std::string> const& query);

/// The key of answers that came by another way than the usual one, a word of its own without
/// blanks; the usual one has none.
std::string with_apart(std::string key, std::string_view apart);

/// The key of "http://host/target"; empty when it is no such URL.
std::string key_of_url(std::string_view url);

/// The keys that a URL may have: routes count other parameters of its query and are kept apart, and
/// versions spell its path otherwise.
struct Spellings {
    std::vector<std::vector<std::string>> queries;                // of the routes with a cache
    std::vector<std::string> aparts{std::string()};               // of with_apart()
    std::vector<std::pair<std::string, std::string>> versions{};  // "/api/v1" means "/api"
};
/// Of the URL whose key with all of its query is `url`. Each once.
std::vector<std::string> keys_of(std::string_view url, Spellings const& spellings);

/// The key of a URL in a Location or Content-Location of an answer to `key`; empty when it is of
/// another origin or no URL that we understand.
std::string related_key(std::string_view key, std::string_view location,
                        std::vector<std::string> const& query);

}  // namespace grover::gateway::cache
