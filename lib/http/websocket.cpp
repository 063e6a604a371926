#include "http/websocket.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/encoding.hpp"
#include "http/characters.hpp"
#include "http/fields.hpp"
#include "http/message.hpp"

namespace grover::http::websocket {
namespace {

/// The value of a field that must be there once.
std::optional<std::string_view> only(MessageHead const& head, std::string_view name) {
    std::optional<std::string_view> out;
    for (auto const& field : head.fields) {
        if (!same_token(field.name, name)) continue;
        if (out) return {};
        out = field.value;
    }
    return out;
}

/// 16 bytes in base64: 22 digits, of which the last has four spare bits, and the padding.
bool is_key(std::string_view text) {
    constexpr std::string_view last_digits = "AQgw";
    return text.size() == 24 && text.ends_with("==") &&
           std::ranges::all_of(text.substr(0, 22),
                               [](char c) {
                                   return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                                          is_digit(c) || c == '+' || c == '/';
                               }) &&
           last_digits.contains(text[21]);
}

/// Some field of that name, each a list, has a member of which `fits` is true.
template <class Fits>
bool lists(MessageHead const& head, std::string_view name, Fits fits) {
    for (auto const& field : head.fields) {
        if (!same_token(field.name, name)) continue;
        for (auto rest = field.value; !rest.empty();)
            if (fits(next_member(rest))) return true;
    }
    return false;
}

bool offers_protocol(RequestHead const& request, std::string_view wanted) {
    return lists(request, "Sec-WebSocket-Protocol",
                 [&](std::string_view one) { return one == wanted; });
}

std::string_view name_of_extension(std::string_view member) {
    return next_member(member, ';');
}

bool offers_extension(RequestHead const& request, std::string_view accepted) {
    auto const name = name_of_extension(accepted);
    return lists(request, "Sec-WebSocket-Extensions",
                 [&](std::string_view one) { return same_token(name_of_extension(one), name); });
}

}  // namespace

std::optional<Error> refusal_of(RequestHead const& request) {
    auto const wrong = [](std::string_view what) {
        return Error(ErrorCode::malformed, "bad_handshake", std::string(what));
    };
    if (request.minor_version == 0) return wrong("WebSocket needs HTTP/1.1");
    if (request.method != "GET") return wrong("WebSocket begins with GET");
    if (!request.body.complete()) return wrong("a WebSocket handshake has no body");
    auto const asked = only(request, "Sec-WebSocket-Version");
    if (!asked && request.contains("Sec-WebSocket-Version"))
        return wrong("Sec-WebSocket-Version is there more than once");
    if (asked != version)
        return Error(ErrorCode::upgrade_required, "the version of WebSocket here is 13");
    auto const key = only(request, "Sec-WebSocket-Key");
    if (!key) return wrong("Sec-WebSocket-Key must be there, once");
    if (!is_key(*key)) return wrong("Sec-WebSocket-Key must be 16 bytes in base64");
    if (lists(request, "Sec-WebSocket-Protocol",
              [](std::string_view one) { return !one.empty() && !is_token(one); }))
        return wrong("Sec-WebSocket-Protocol is not a list of names");
    return {};
}

std::string accept_of(std::string_view key) {
    constexpr std::string_view magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::string const text = std::string(key).append(magic);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1)
        throw std::runtime_error("SHA-1 is not to be had");
    return to_base64({reinterpret_cast<char const*>(digest.data()), size});
}

bool agrees(RequestHead const& request, ReplyHead const& reply) {
    if (reply.status != 101 || reply.minor_version == 0) return false;
    if (reply.contains("Content-Length") || reply.contains("Transfer-Encoding")) return false;
    auto const upgrade = only(reply, "Upgrade");
    if (!upgrade || !same_token(*upgrade, "websocket")) return false;
    if (!lists(reply, "Connection", [](auto one) { return same_token(one, "upgrade"); }))
        return false;
    auto const key = only(request, "Sec-WebSocket-Key");
    if (!key || only(reply, "Sec-WebSocket-Accept") != accept_of(*key)) return false;
    if (reply.contains("Sec-WebSocket-Protocol")) {
        auto const protocol = only(reply, "Sec-WebSocket-Protocol");
        if (!protocol || !offers_protocol(request, *protocol)) return false;
    }
    return !lists(reply, "Sec-WebSocket-Extensions", [&](std::string_view one) {
        return !one.empty() && !offers_extension(request, one);
    });
}

}  // namespace grover::http::websocket
