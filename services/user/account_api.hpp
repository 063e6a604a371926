// One's own account: read, change, delete, take away. And the roles that admins give.
#pragma once

#include "events/events.hpp"
#include "http/extract.hpp"
#include "http/reply.hpp"
#include "service/peer.hpp"
#include "service/unit.hpp"
#include "user/departures.hpp"
#include "user/passwords.hpp"
#include "user/relations.hpp"
#include "user/sessions.hpp"

namespace grover::user {

/// Body of PUT /api/users/profile. What is absent or null stays; "" clears a text.
struct UpdateProfile {
    std::optional<Text<1, 100>> name;
    std::optional<Text<0, 500>> bio;
    std::optional<Text<0, 2048>> picture;
    std::optional<bool> is_private;
    std::optional<Text<0, 2048>> website;
    std::optional<Text<0, 200>> twitter;
    std::optional<Text<0, 200>> instagram;
    std::optional<Text<0, 200>> linkedin;
    std::optional<Text<0, 320>> paypal_email;
    std::optional<bool> monetization_enabled;
};
BOOST_DESCRIBE_STRUCT(UpdateProfile, (),
                      (name, bio, picture, is_private, website, twitter, instagram, linkedin,
                       paypal_email, monetization_enabled))
void validate(UpdateProfile const& in, reflect::Issues& issues);
/// The changes of a valid body, made to `user`.
void apply(UpdateProfile const& in, User& user);

struct NotificationSettings {
    bool notify_followers = true;
    bool notify_likes = true;
    bool notify_comments = true;
    bool notify_messages = true;
    bool notify_sales = true;
    bool notify_mentions = true;
    bool notify_reposts = true;
};
BOOST_DESCRIBE_STRUCT(NotificationSettings, (),
                      (notify_followers, notify_likes, notify_comments, notify_messages,
                       notify_sales, notify_mentions, notify_reposts))

struct UpdateNotificationSettings {
    std::optional<bool> notify_followers;
    std::optional<bool> notify_likes;
    std::optional<bool> notify_comments;
    std::optional<bool> notify_messages;
    std::optional<bool> notify_sales;
    std::optional<bool> notify_mentions;
    std::optional<bool> notify_reposts;
};
BOOST_DESCRIBE_STRUCT(UpdateNotificationSettings, (),
                      (notify_followers, notify_likes, notify_comments, notify_messages,
                       notify_sales, notify_mentions, notify_reposts))

/// Body of DELETE /api/users/me.
struct DeleteAccount {
    std::optional<Text<1, 256>> password;  // where given, it must be right
};
BOOST_DESCRIBE_STRUCT(DeleteAccount, (), (password))

/// Body and reply of PUT /api/users/{user_id}/roles. `user` is always among them.
struct Roles {
    std::vector<Role> roles;
};
BOOST_DESCRIBE_STRUCT(Roles, (), (roles))

class AccountApi {
public:
    AccountApi(Data& data, Sessions& sessions, Passwords& passwords, Departures& departures,
               events::Outbox const& outbox, Clock clock);

    Task<OwnUser> me(auth::Caller caller);
    Task<OwnUser> update_profile(auth::Caller caller, UpdateProfile in, http::IfMatch if_match,
                                 service::Unit unit);
    Task<NotificationSettings> notification_settings(auth::Caller caller);
    Task<OwnUser> update_notification_settings(auth::Caller caller, UpdateNotificationSettings in,
                                               http::IfMatch if_match, service::Unit unit);
    Task<http::Accepted<http::Message>> remove(auth::Caller caller, std::optional<DeleteAccount> in,
                                               http::IfMatch if_match, service::Unit unit);
    Task<Roles> set_roles(auth::Caller caller, http::Path<UserId, "user_id"> id, Roles in,
                          service::Unit unit);

private:
    Task<store::Stored<User>> account_of(auth::Caller const& caller) const;
    Task<OwnUser> update(auth::Caller const& caller, http::IfMatch const& if_match,
                         service::Unit& unit, std::function<void(User&)> const& change) const;

    Data& data_;
    Sessions& sessions_;
    Passwords& passwords_;
    Departures& departures_;
    events::Outbox const& outbox_;
    Clock clock_;
};

}  // namespace grover::user
