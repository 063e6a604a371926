// Somebody as a login provider (OpenID Connect, or the hosted broker) tells of them.
#pragma once

#include <optional>
#include <string>

namespace grover::user {

/// Nothing in it is checked or cut yet.
struct ExternalPerson {
    std::string provider;  // "oidc:ID" or "broker"
    std::string subject;   // the provider's own, permanent name for the person
    std::string email;
    std::optional<bool> email_verified;
    std::string name;
    std::string picture;
};

}  // namespace grover::user
