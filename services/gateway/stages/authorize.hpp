// Who may use a route: roles and scopes of the configuration, compiled so that asking costs one
// look-up. Ownership ("only its author may delete a post") stays in the services.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <vector>

#include "auth/caller.hpp"
#include "gateway/stages/settings.hpp"

namespace grover::gateway {

class Access {
public:
    enum class Verdict { allowed, login_needed, forbidden };

    /// `access` of a route under the roles of the configuration.
    Access(AccessSettings const& access, AuthorizationSettings const& authorization);

    Verdict of(auth::Caller const* caller) const noexcept;
    bool shadow() const noexcept { return shadow_; }
    bool open() const noexcept { return open_; }

private:
    static constexpr std::size_t role_count = 4;

    bool open_;
    bool shadow_;
    std::bitset<(1u << role_count)> allowed_;  // by the set of the caller's roles
};

}  // namespace grover::gateway
