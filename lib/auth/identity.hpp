// The signed identity that travels between our processes, beside the client's own Authorization:
//
//     X-Grover-Identity: <base64url(payload)>.<base64url(HMAC-SHA256(key, base64url(payload)))>
//
// The payload is JSON: {"u": user, "s": session, "r": [roles], "e": expiry in ms} for a caller,
// {"v": service, "e": ...} for a service, {"x": true, "e": ...} for refused credentials. It lives a
// minute at most, and only processes that share INTERNAL_KEY can make one. The gateway drops the
// header when a client sends it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/caller.hpp"
#include "base/clock.hpp"
#include "base/secret.hpp"

namespace grover::auth {

inline constexpr std::string_view identity_header = "X-Grover-Identity";
inline constexpr std::size_t internal_key_bytes_min = 32;
inline constexpr auto identity_lifetime = std::chrono::seconds(60);

class IdentitySigner {
public:
    /// `key` of internal_key_bytes_min or more; throws ConfigError for a shorter one.
    explicit IdentitySigner(Secret key);

    std::string sign(Caller const& caller, Timestamp now) const;
    std::string sign(Service const& service, Timestamp now) const;
    /// Says that credentials were presented and are no good, so that nobody looks them up again.
    std::string sign_rejected(Timestamp now) const;
    /// Nothing when the signature, the form or the time is wrong. Cost: one HMAC, about a
    /// microsecond.
    std::optional<Identity> verify(std::string_view header, Timestamp now) const;

private:
    std::string seal(std::string payload) const;
    Secret key_;
};

}  // namespace grover::auth
