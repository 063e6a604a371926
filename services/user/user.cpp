#include "user/user.hpp"

namespace grover::user {

OwnUser own_view(User const& user) {
    return {.user_id = user.user_id,
            .email = user.email,
            .name = user.name,
            .bio = user.bio,
            .picture = user.picture,
            .website = user.website,
            .twitter = user.twitter,
            .instagram = user.instagram,
            .linkedin = user.linkedin,
            .paypal_email = user.paypal_email,
            .is_premium = user.is_premium,
            .is_private = user.is_private,
            .monetization_enabled = user.monetization_enabled,
            .roles = user.roles,
            .notify_followers = user.notify_followers,
            .notify_likes = user.notify_likes,
            .notify_comments = user.notify_comments,
            .notify_messages = user.notify_messages,
            .notify_sales = user.notify_sales,
            .notify_mentions = user.notify_mentions,
            .notify_reposts = user.notify_reposts,
            .followers_count = user.followers_count,
            .following_count = user.following_count,
            .posts_count = user.posts_count,
            .created_at = user.created_at,
            .updated_at = user.updated_at};
}

std::string edition_of(OwnUser user) {
    user.followers_count = user.following_count = user.posts_count = 0;
    return reflect::to_json(user);
}

UserPublic public_view(User const& user) {
    return {.user_id = user.user_id,
            .name = user.name,
            .bio = user.bio,
            .picture = user.picture,
            .website = user.website,
            .twitter = user.twitter,
            .instagram = user.instagram,
            .linkedin = user.linkedin,
            .is_premium = user.is_premium,
            .is_private = user.is_private,
            .followers_count = user.followers_count,
            .following_count = user.following_count,
            .posts_count = user.posts_count,
            .created_at = user.created_at};
}

contracts::UserCard card_of(User const& user) {
    return {.user_id = user.user_id,
            .name = user.name,
            .picture = user.picture,
            .is_premium = user.is_premium,
            .is_private = user.is_private};
}

}  // namespace grover::user
