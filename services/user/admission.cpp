#include "user/admission.hpp"

#include <algorithm>

#include "auth/digest.hpp"
#include "base/encoding.hpp"
#include "http/message.hpp"
#include "user/input.hpp"

namespace grover::user {
namespace {

std::string identity_id_of(ExternalPerson const& person) {
    return to_hex(auth::sha256(person.provider + '\n' + person.subject));
}

[[noreturn]] void throw_no_usable_email() {
    throw Error(ErrorCode::unauthenticated, "email_missing",
                "the login provider gave no e-mail address that it vouches for");
}

}  // namespace

User Admission::make_user(std::string email, std::string name, bool email_verified) const {
    auto const now = clock_();
    User user;
    user.user_id = UserId::make(now);
    user.email_key = email_key(email);
    user.email = std::move(email);
    user.email_verified = email_verified;
    user.name = std::move(name);
    user.roles = {Role::user};
    user.created_at = user.updated_at = now;
    if (is_admin_by_rule(user)) user.roles.push_back(Role::admin);
    return user;
}

Task<User> Admission::admit(store::Batch& batch, ExternalPerson person) const {
    if (auto const known = co_await data_.identities.find(identity_id_of(person))) {
        auto user = co_await data_.users.find(known->value.user_id);
        if (!user) throw_account_gone();
        grant_admin(batch, user->value);
        co_return std::move(user->value);
    }
    auto const email = is_valid_utf8(person.email) ? checked_email(person.email) : std::nullopt;
    if (!email || person.email_verified == false) throw_no_usable_email();
    person.email = *email;

    auto existing = co_await data_.users.first(store::where<&User::email_key>(email_key(*email)));
    if (existing) co_return co_await link(batch, person, *std::move(existing));

    auto user =
        make_user(*email, name_from_provider(person.name, *email), person.email_verified == true);
    if (auto picture = checked_picture(person.picture)) user.picture = *std::move(picture);
    data_.users.insert(batch, user);
    add_identity(batch, person, user.user_id);
    co_return user;
}

Task<User> Admission::link(store::Batch& batch, ExternalPerson const& person,
                           store::Stored<User> existing) const {
    auto& user = existing.value;
    if (person.email_verified != true || !http::same_token(person.email, user.email))
        throw Error(ErrorCode::unauthenticated, "email_in_use",
                    "an account with this e-mail exists: sign in the way you did before");
    if (!user.email_verified) {
        data_.identities.remove_all(batch, store::where<&ExternalIdentity::user_id>(user.user_id));
        data_.credentials.remove(batch, user.user_id, {.ignore_missing = true});
        for (auto const& session : co_await sessions_.of(user.user_id))
            sessions_.end(batch, session.token_hash);
        user.email_verified = true;
        data_.users.patch(batch, user.user_id).set<&User::email_verified>(true);
    }
    add_identity(batch, person, user.user_id);
    grant_admin(batch, user);
    co_return std::move(user);
}

void Admission::add_identity(store::Batch& batch, ExternalPerson const& person,
                             UserId const& user) const {
    data_.identities.insert(batch, {.identity_id = identity_id_of(person),
                                    .user_id = user,
                                    .provider = person.provider,
                                    .subject = person.subject,
                                    .created_at = clock_()});
}

bool Admission::is_admin_by_rule(User const& user) const {
    return rules_.admin_emails.contains(user.email_key) &&
           (user.email_verified || !rules_.admins_need_proof);
}

void Admission::grant_admin(store::Batch& batch, User& user) const {
    if (!is_admin_by_rule(user) || std::ranges::find(user.roles, Role::admin) != user.roles.end())
        return;
    user.roles.push_back(Role::admin);
    data_.users.patch(batch, user.user_id).set<&User::roles>(user.roles);
}

}  // namespace grover::user
