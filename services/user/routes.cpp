// Every route of the user service, one line each.
#include "user/program.hpp"

namespace grover::user {

// NOLINTNEXTLINE(readability-function-size): a table
void Program::routes(http::Router& r) {
    r.post("/api/auth/register", auth_, &AuthApi::register_user)
        .summary("Create an account and sign in");
    r.post("/api/auth/session", auth_, &AuthApi::sign_in).summary("Sign in").problems({401, 502});
    r.get("/api/auth/session", auth_, &AuthApi::sign_in_by_query)
        .summary("Sign in with a session of the hosted broker")
        .problems({401, 422, 502});
    r.get("/api/auth/providers", login_, &LoginApi::providers).summary("Login providers");
    r.get("/api/auth/login/{provider}", login_, &LoginApi::login)
        .summary("Begin to sign in with a provider")
        .problems({404, 502});
    r.get("/api/auth/callback/{provider}", login_, &LoginApi::callback)
        .summary("Where a provider sends the browser back to")
        .problems({401, 404, 502});
    r.get("/api/auth/me", account_, &AccountApi::me)
        .summary("One's own account")
        .also("/api/users/me");
    r.post("/api/auth/logout", auth_, &AuthApi::log_out).summary("End this session");
    r.get("/api/auth/sessions", auth_, &AuthApi::devices).summary("Signed-in devices");
    r.remove("/api/auth/sessions", auth_, &AuthApi::end_other_devices)
        .summary("End all other sessions");
    r.remove("/api/auth/sessions/{session_id}", auth_, &AuthApi::end_device)
        .summary("End one session")
        .problems({404});

    r.put("/api/users/profile", account_, &AccountApi::update_profile)
        .summary("Change one's profile")
        .also("PUT", "/api/users/me")
        .also("PATCH", "/api/users/me");
    r.get("/api/users/notification-settings/me", account_, &AccountApi::notification_settings)
        .summary("What one is notified of")
        .also("/api/users/me/notification-settings");
    r.put("/api/users/notification-settings", account_, &AccountApi::update_notification_settings)
        .summary("Change what one is notified of")
        .also("/api/users/me/notification-settings");
    r.remove("/api/users/me", account_, &AccountApi::remove)
        .summary("Delete one's account")
        .problems({403});
    r.get("/api/users/me/export", export_, &ExportApi::export_all).summary("All of one's data");
    r.put("/api/users/{user_id}/roles", account_, &AccountApi::set_roles)
        .summary("Give roles (admins)")
        .problems({403, 404});

    r.get("/api/users/{user_id}", discover_, &DiscoverApi::user).summary("A user").problems({404});
    r.get("/api/users/{user_id}/stats", discover_, &DiscoverApi::stats)
        .summary("A user's counts")
        .problems({404});
    r.get("/api/users/search/{query}", discover_, &DiscoverApi::search_by_path)
        .summary("Search users by name");
    r.get("/api/search/users", discover_, &DiscoverApi::search).summary("Search users by name");
    r.get("/api/discover/suggested-users", discover_, &DiscoverApi::suggested)
        .summary("Whom one might want to follow");

    r.post("/api/users/{user_id}/follow", follow_, &FollowApi::follow)
        .summary("Follow a user")
        .problems({400, 403, 404});
    r.remove("/api/users/{user_id}/follow", follow_, &FollowApi::unfollow)
        .summary("Follow a user no longer")
        .problems({400, 404});
    r.get("/api/users/{user_id}/followers", follow_, &FollowApi::followers)
        .summary("Who follows a user")
        .problems({403, 404});
    r.get("/api/users/{user_id}/following", follow_, &FollowApi::following)
        .summary("Whom a user follows")
        .problems({403, 404});
    r.get("/api/users/me/follow-requests", follow_, &FollowApi::requests)
        .summary("Who asks to follow");
    r.post("/api/users/{user_id}/follow-request/accept", follow_, &FollowApi::accept)
        .summary("Let a user follow")
        .problems({404});
    r.post("/api/users/{user_id}/follow-request/reject", follow_, &FollowApi::reject)
        .summary("Do not let a user follow")
        .problems({404});

    r.post("/api/users/{user_id}/block", privacy_, &PrivacyApi::block)
        .summary("Block a user")
        .problems({400, 403, 404});
    r.remove("/api/users/{user_id}/block", privacy_, &PrivacyApi::unblock)
        .summary("Block a user no longer")
        .problems({400, 404});
    r.post("/api/users/{user_id}/mute", privacy_, &PrivacyApi::mute)
        .summary("Mute a user")
        .problems({400, 403, 404});
    r.remove("/api/users/{user_id}/mute", privacy_, &PrivacyApi::unmute)
        .summary("Mute a user no longer")
        .problems({400, 404});
    r.get("/api/users/me/blocks", privacy_, &PrivacyApi::blocks).summary("Whom one blocks");
    r.get("/api/users/me/mutes", privacy_, &PrivacyApi::mutes).summary("Whom one mutes");

    r.post("/internal/users/cards", internal_, &InternalApi::cards).summary("Names and pictures");
    r.get("/internal/users/{user_id}/relations", internal_, &InternalApi::relations)
        .summary("Whom a user follows and does not see");
    r.post("/internal/sessions/verify", internal_, &InternalApi::verify_session)
        .summary("Whose session it is");
    r.get("/internal/sessions/revoked", internal_, &InternalApi::revoked_sessions)
        .summary("Sessions that ended");
    r.post("/internal/events", receiver_, &events::Receiver::receive)
        .summary("Events of other services");
}

}  // namespace grover::user
