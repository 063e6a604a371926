#include "auth/identity.hpp"

#include <utility>

#include "auth/digest.hpp"
#include "base/config.hpp"
#include "base/encoding.hpp"
#include "reflect/codec.hpp"

namespace grover::auth {
namespace {

/// What is signed; short names, because it travels with every request.
struct Payload {
    std::optional<UserId> u;
    std::optional<SessionId> s;
    std::optional<std::vector<Role>> r;
    std::optional<std::string> v;
    std::optional<bool> x;
    std::int64_t e = 0;
};
BOOST_DESCRIBE_STRUCT(Payload, (), (u, s, r, v, x, e))

std::int64_t expiry(Timestamp now) {
    return (now + std::chrono::duration_cast<std::chrono::milliseconds>(identity_lifetime)).ms;
}

}  // namespace

IdentitySigner::IdentitySigner(Secret key) : key_(std::move(key)) {
    if (key_.reveal().size() < internal_key_bytes_min)
        throw ConfigError("INTERNAL_KEY: must have at least 32 characters");
}

std::string IdentitySigner::seal(std::string payload) const {
    std::string out = to_base64url(payload);
    auto const signature = to_base64url(hmac_sha256(key_.reveal(), out));
    return out += '.' + signature;
}

std::string IdentitySigner::sign(Caller const& caller, Timestamp now) const {
    Payload payload;
    payload.u = caller.user_id;
    if (!caller.session_id.empty()) payload.s = caller.session_id;
    payload.r = caller.roles;
    payload.e = expiry(now);
    return seal(reflect::to_json(payload));
}

std::string IdentitySigner::sign(Service const& service, Timestamp now) const {
    Payload payload;
    payload.v = service.name;
    payload.e = expiry(now);
    return seal(reflect::to_json(payload));
}

std::string IdentitySigner::sign_rejected(Timestamp now) const {
    Payload payload;
    payload.x = true;
    payload.e = expiry(now);
    return seal(reflect::to_json(payload));
}

std::optional<Identity> IdentitySigner::verify(std::string_view header, Timestamp now) const {
    auto const dot = header.find('.');
    if (dot == std::string_view::npos || header.size() > 4096) return {};
    auto const text = header.substr(0, dot);
    auto const signature = from_base64url(header.substr(dot + 1));
    if (!signature || !equal_in_constant_time(*signature, hmac_sha256(key_.reveal(), text)))
        return {};
    auto const payload = from_base64url(text);
    if (!payload) return {};
    try {
        auto claims = reflect::from_json<Payload>(*payload);
        if (claims.e <= now.ms) return {};
        Identity identity;
        identity.expires_at = Timestamp{claims.e};
        if (claims.u)
            identity.caller = Caller{*std::move(claims.u), claims.s.value_or(SessionId()),
                                     claims.r.value_or(std::vector<Role>{})};
        if (claims.v) identity.service = Service{*std::move(claims.v)};
        identity.rejected = claims.x.value_or(false);
        return identity;
    } catch (Error const&) {
        return {};
    }
}

}  // namespace grover::auth
