#include "user/account_api.hpp"

#include <algorithm>

#include "user/input.hpp"
#include "user/limits.hpp"

namespace grover::user {
namespace {

/// "" clears; `checked` has been seen to give a value.
template <class T, class Check>
void set_checked(std::optional<std::string>& out, std::optional<T> const& in, Check check) {
    if (!in) return;
    auto const text = trimmed(in->str());
    if (text.empty())
        out.reset();
    else
        out = check(text);
}

void set_plain(std::optional<std::string>& out, std::optional<Text<0, 200>> const& in) {
    set_checked(out, in, [](std::string_view text) { return std::string(text); });
}

bool shows_elsewhere(User const& a, User const& b) {
    return a.name != b.name || a.picture != b.picture || a.is_private != b.is_private;
}

NotificationSettings settings_of(User const& user) {
    return {.notify_followers = user.notify_followers,
            .notify_likes = user.notify_likes,
            .notify_comments = user.notify_comments,
            .notify_messages = user.notify_messages,
            .notify_sales = user.notify_sales,
            .notify_mentions = user.notify_mentions,
            .notify_reposts = user.notify_reposts};
}

[[noreturn]] void throw_busy() {
    throw Error(ErrorCode::unavailable, "this account is being changed: try again")
        .with_retry_after(std::chrono::seconds(1));
}

}  // namespace

void validate(UpdateProfile const& in, reflect::Issues& issues) {
    auto const check = [&](std::string_view member, auto const& text, auto is_good,
                           std::string_view what) {
        if (text && !trimmed(text->str()).empty() && !is_good(text->str()))
            issues.add(member, std::string(what));
    };
    auto const no_controls = [](std::string_view text) { return !has_controls(text); };
    if (in.name && trimmed(in.name->str()).empty()) issues.add("name", "must not be blank");
    check("name", in.name, no_controls, "must not have control characters");
    check("picture", in.picture, checked_picture, "must be an http or https address");
    check("website", in.website, checked_website, "must be a web address");
    check("twitter", in.twitter, no_controls, "must not have control characters");
    check("instagram", in.instagram, no_controls, "must not have control characters");
    check("linkedin", in.linkedin, no_controls, "must not have control characters");
    check("paypal_email", in.paypal_email, checked_email, "must be an e-mail address");
}

void apply(UpdateProfile const& in, User& user) {
    if (in.name) user.name = trimmed(in.name->str());
    if (in.bio) user.bio = trimmed(in.bio->str());
    set_checked(user.picture, in.picture, checked_picture);
    set_checked(user.website, in.website, checked_website);
    set_plain(user.twitter, in.twitter);
    set_plain(user.instagram, in.instagram);
    set_plain(user.linkedin, in.linkedin);
    set_checked(user.paypal_email, in.paypal_email, checked_email);
    if (in.is_private) user.is_private = *in.is_private;
    if (in.monetization_enabled) user.monetization_enabled = *in.monetization_enabled;
}

AccountApi::AccountApi(Data& data, Sessions& sessions, Passwords& passwords, Departures& departures,
                       events::Outbox const& outbox, Clock clock)
    : data_(data),
      sessions_(sessions),
      passwords_(passwords),
      departures_(departures),
      outbox_(outbox),
      clock_(std::move(clock)) {}

Task<store::Stored<User>> AccountApi::account_of(auth::Caller const& caller) const {
    auto found = co_await data_.users.find(caller.user_id);
    if (!found) throw_account_gone();
    co_return *std::move(found);
}

Task<OwnUser> AccountApi::me(auth::Caller caller) {
    co_return own_view((co_await account_of(caller)).value);
}

Task<NotificationSettings> AccountApi::notification_settings(auth::Caller caller) {
    co_return settings_of((co_await account_of(caller)).value);
}

/// Reads, changes, and writes only the members that changed: counters go on meanwhile. With
/// If-Match, which `change` judges, the account must not have changed at all since it was read.
Task<OwnUser> AccountApi::update(auth::Caller const& caller, http::IfMatch const& if_match,
                                 service::Unit& unit,
                                 std::function<void(User&)> const& change) const {
    for (int attempt = 0; attempt < limits::commit_attempts_max; ++attempt) {
        auto const before = co_await account_of(caller);
        auto after = *before;
        change(after);
        if (data_.users.encode(after) == data_.users.encode(*before)) co_return own_view(after);

        after.updated_at = clock_();
        store::Batch batch;
        auto patch = data_.users.patch(batch, after.user_id);
        patch.set_differences(*before, after);
        if (if_match.present()) patch.if_version(before.version);
        if (shows_elsewhere(*before, after))
            outbox_.add(batch, contracts::UserUpdated{after.user_id});
        auto done = co_await unit.commit(std::move(batch), own_view(after));
        if (!done) continue;
        outbox_.notify();
        co_return *std::move(done);
    }
    throw_busy();
}

Task<OwnUser> AccountApi::update_profile(auth::Caller caller, UpdateProfile in,
                                         http::IfMatch if_match, service::Unit unit) {
    co_return co_await update(caller, if_match, unit, [&](User& user) {
        if_match.check(http::etag_of(own_view(user)));
        apply(in, user);
    });
}

Task<OwnUser> AccountApi::update_notification_settings(auth::Caller caller,
                                                       UpdateNotificationSettings in,
                                                       http::IfMatch if_match, service::Unit unit) {
    co_return co_await update(caller, if_match, unit, [&](User& user) {
        if_match.check(http::etag_of(settings_of(user)));
        user.notify_followers = in.notify_followers.value_or(user.notify_followers);
        user.notify_likes = in.notify_likes.value_or(user.notify_likes);
        user.notify_comments = in.notify_comments.value_or(user.notify_comments);
        user.notify_messages = in.notify_messages.value_or(user.notify_messages);
        user.notify_sales = in.notify_sales.value_or(user.notify_sales);
        user.notify_mentions = in.notify_mentions.value_or(user.notify_mentions);
        user.notify_reposts = in.notify_reposts.value_or(user.notify_reposts);
    });
}

Task<http::Accepted<http::Message>> AccountApi::remove(auth::Caller caller,
                                                       std::optional<DeleteAccount> in,
                                                       http::IfMatch if_match, service::Unit unit) {
    if (in && in->password) {
        auto const credential = co_await data_.credentials.find(caller.user_id);
        auto hash = credential ? std::optional(credential->value.password_hash) : std::nullopt;
        if (!co_await passwords_.matches(std::move(hash), in->password->str()))
            throw Error(ErrorCode::forbidden, "wrong_password", "the password is wrong");
    }
    http::Accepted<http::Message> const reply{{"The account is deleted"}};
    for (int attempt = 0; attempt < limits::commit_attempts_max; ++attempt) {
        auto const user = co_await account_of(caller);
        if_match.check(http::etag_of(own_view(*user)));
        store::Batch batch;
        co_await departures_.begin(batch, caller.user_id,
                                   if_match.present() ? std::optional(user.version) : std::nullopt);
        auto done = co_await unit.commit(std::move(batch), reply);
        if (!done) continue;
        outbox_.notify();
        co_return *std::move(done);
    }
    throw_busy();
}

Task<Roles> AccountApi::set_roles(auth::Caller caller, http::Path<UserId, "user_id"> id, Roles in,
                                  service::Unit unit) {
    if (!caller.has(Role::admin))
        throw Error(ErrorCode::forbidden, "admins_only", "only admins give roles");
    in.roles.push_back(Role::user);
    std::ranges::sort(in.roles);
    auto const repeated = std::ranges::unique(in.roles);
    in.roles.erase(repeated.begin(), repeated.end());
    bool const stays_admin = std::ranges::find(in.roles, Role::admin) != in.roles.end();
    if (*id == caller.user_id && !stays_admin)
        throw Error(ErrorCode::conflict, "last_admin",
                    "another admin must take this role from you");
    auto const user = co_await data_.user(*id);
    if (user->roles == in.roles) co_return in;

    store::Batch batch;
    data_.users.patch(batch, *id).set<&User::roles>(in.roles).set<&User::updated_at>(clock_());
    for (auto const& session : co_await sessions_.of(*id)) sessions_.refresh(batch, session);
    outbox_.add(batch, contracts::UserUpdated{*id});
    auto done = co_await unit.commit(std::move(batch), std::move(in));
    if (!done) throw_no_such_user();
    outbox_.notify();
    co_return *std::move(done);
}

}  // namespace grover::user
