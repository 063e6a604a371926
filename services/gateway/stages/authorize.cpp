#include "gateway/stages/authorize.hpp"

#include <algorithm>

namespace grover::gateway {
namespace {

std::uint32_t bit_of(auth::Role role) noexcept {
    return 1u << static_cast<unsigned>(role);
}

bool grants(AuthorizationSettings const& authorization, std::uint32_t set,
            std::string const& scope) {
    for (auto const& [role, scopes] : authorization.roles)
        if ((set & bit_of(role)) && (std::ranges::find(scopes, scope) != scopes.end() ||
                                     std::ranges::find(scopes, "*") != scopes.end()))
            return true;
    return false;
}

}  // namespace

Access::Access(AccessSettings const& access, AuthorizationSettings const& authorization)
    : open_(!access.login && access.roles.empty() && access.scopes.empty()),
      shadow_(access.shadow || authorization.shadow) {
    for (std::uint32_t set = 0; set < allowed_.size(); ++set) {
        bool const has_role =
            access.roles.empty() ||
            std::ranges::any_of(access.roles, [&](auto role) { return set & bit_of(role); });
        allowed_[set] = has_role && std::ranges::all_of(access.scopes, [&](auto const& scope) {
                            return grants(authorization, set, scope);
                        });
    }
}

Access::Verdict Access::of(auth::Caller const* caller) const noexcept {
    if (open_) return Verdict::allowed;
    if (!caller) return Verdict::login_needed;
    std::uint32_t set = 0;
    for (auto const role : caller->roles) set |= bit_of(role);
    return allowed_[set] ? Verdict::allowed : Verdict::forbidden;
}

}  // namespace grover::gateway
