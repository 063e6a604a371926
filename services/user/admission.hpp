// Who comes in through a login provider: the account of an identity, found, linked or made. And who
// is an admin from the start.
//
// An account that exists already is linked to an identity only when the provider vouches for the
// e-mail (email_verified) and spells it like the account, but for ASCII case. If nobody vouched for
// the account's e-mail before, whoever registered it may not have been its owner: then its
// password, other identities and sessions end with the link (account pre-hijacking, Sudhodanan and
// Paverd, USENIX Security 2022).
#pragma once

#include <set>
#include <string>

#include "base/clock.hpp"
#include "user/data.hpp"
#include "user/external_person.hpp"
#include "user/sessions.hpp"

namespace grover::user {

struct AdmissionRules {
    /// E-mails (as email_key) whose accounts are admins, granted at registration and at every
    /// sign-in.
    std::set<std::string> admin_emails;
    /// ... only where a login provider vouched for the e-mail: so in production, where anybody
    /// could register a foreign address with a password.
    bool admins_need_proof = true;
};

class Admission {
public:
    Admission(Data& data, Sessions& sessions, Clock clock, AdmissionRules rules)
        : data_(data), sessions_(sessions), clock_(std::move(clock)), rules_(std::move(rules)) {}

    /// A new account with nothing but its name and e-mail.
    User make_user(std::string email, std::string name, bool email_verified) const;

    /// The account of this person as it is after `batch`, to which the writes are added. Committing
    /// fails (exists, version) when somebody else was faster: then call it again. Throws Error
    /// (unauthenticated) when the person cannot be let in.
    Task<User> admit(store::Batch& batch, ExternalPerson person) const;

    /// Adds to the batch that `user` is an admin, where the rules say so.
    void grant_admin(store::Batch& batch, User& user) const;

private:
    Task<User> link(store::Batch& batch, ExternalPerson const& person,
                    store::Stored<User> existing) const;
    void add_identity(store::Batch& batch, ExternalPerson const& person, UserId const& user) const;
    bool is_admin_by_rule(User const& user) const;

    Data& data_;
    Sessions& sessions_;
    Clock clock_;
    AdmissionRules rules_;
};

}  // namespace grover::user
