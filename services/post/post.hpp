// A post: as it is stored, as clients see it, and what clients send to write one.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "contracts/ids.hpp"
#include "reflect/codec.hpp"

namespace grover::post {

using contracts::CommentId;
using contracts::PostId;
using contracts::UserId;

BOOST_DEFINE_ENUM_CLASS(Visibility, public_, followers, private_)
BOOST_DEFINE_ENUM_CLASS(MediaType, image, video, audio)
BOOST_DEFINE_ENUM_CLASS(ReactionType, like, love, laugh, haha, wow, sad, angry, care)

inline constexpr std::size_t content_length_max = 10'000;
inline constexpr std::size_t tagged_users_max = 50;
inline constexpr std::size_t tags_max = 30;
inline constexpr std::size_t poll_options_min = 2, poll_options_max = 10;
inline constexpr auto poll_duration_max = std::chrono::hours(168);

using Counts = std::map<std::string, std::int64_t>;

/// A document of the collection "posts". Ids sort by time, so "newest first" is `post_id`
/// descending.
struct Post {
    PostId post_id;
    UserId user_id;
    std::string content;
    std::optional<std::string> media_url;
    std::optional<MediaType> media_type;
    std::vector<UserId> tagged_users;
    std::optional<std::string> location;
    Visibility visibility = Visibility::public_;
    std::vector<std::string> tags;  // folded (tags.hpp): from the text, and set by hand
    std::int64_t likes_count = 0;
    std::int64_t dislikes_count = 0;
    std::int64_t shares_count = 0;
    std::int64_t comments_count = 0;  // replies included
    std::int64_t repost_count = 0;
    Counts reaction_counts;  // by the name of the ReactionType
    bool is_repost = false;
    std::optional<PostId> original_post_id;
    std::optional<std::string> repost_comment;
    bool has_poll = false;
    std::optional<std::string> poll_question;
    std::vector<std::string> poll_options;
    Counts poll_votes;  // by the index of the option, as text
    std::optional<Timestamp> poll_expires_at;
    Timestamp created_at;
    Timestamp updated_at;
    bool edited = false;
    /// Where explore ranks it (score.hpp): there when it is listed and somebody engaged with it.
    std::optional<std::int64_t> heat;

    /// Explore, tags and trending may list it: public, and not the repost of what is listed itself.
    bool listed() const noexcept { return visibility == Visibility::public_ && !is_repost; }
};
BOOST_DESCRIBE_STRUCT(Post, (),
                      (post_id, user_id, content, media_url, media_type, tagged_users, location,
                       visibility, tags, likes_count, dislikes_count, shares_count, comments_count,
                       repost_count, reaction_counts, is_repost, original_post_id, repost_comment,
                       has_poll, poll_question, poll_options, poll_votes, poll_expires_at,
                       created_at, updated_at, edited, heat))

/// The author of something shown.
struct PersonView {
    static constexpr std::string_view schema_name = "Person";
    UserId user_id;
    std::string name;
    std::optional<std::string> picture;
    bool is_premium = false;
};
BOOST_DESCRIBE_STRUCT(PersonView, (), (user_id, name, picture, is_premium))

struct MediaItem {
    std::string url;
    MediaType media_type = MediaType::image;
};
BOOST_DESCRIBE_STRUCT(MediaItem, (), (url, media_type))

/// A post as one caller sees it, without what it reposts. What is shown is listed one by one: what
/// only the service needs (heat) stays inside.
struct PlainPostView : Post {
    static constexpr std::string_view schema_name = "OriginalPost";
    PersonView user;
    std::vector<MediaItem> media;
    bool liked = false;
    bool is_liked = false;  // the same under the name that older clients read
    bool disliked = false;
    bool saved = false;
    bool reposted = false;
    std::optional<ReactionType> user_reaction;
    std::optional<std::int64_t> user_vote;
};
BOOST_DESCRIBE_STRUCT(PlainPostView, (),
                      (post_id, user_id, content, media_url, media_type, tagged_users, location,
                       visibility, tags, likes_count, dislikes_count, shares_count, comments_count,
                       repost_count, reaction_counts, is_repost, original_post_id, repost_comment,
                       has_poll, poll_question, poll_options, poll_votes, poll_expires_at,
                       created_at, updated_at, edited, user, media, liked, is_liked, disliked,
                       saved, reposted, user_reaction, user_vote))

struct PostView : PlainPostView {
    static constexpr std::string_view schema_name = "Post";
    std::optional<PlainPostView> original_post;
};
BOOST_DESCRIBE_STRUCT(PostView, (PlainPostView), (original_post))
/// What its author edits (UpdatePost); the rest is others' doing.
std::string edition_of(PostView const& post);

/// Body of POST /api/posts, as JSON or as a form.
struct CreatePost {
    std::optional<Text<0, content_length_max>> content;
    std::optional<Text<1, 2048>> media_url;
    std::optional<MediaType> media_type;
    std::optional<std::vector<UserId>> tagged_users;
    std::optional<Text<0, 200>> location;
    std::optional<Visibility> visibility;
    std::optional<bool> has_poll;
    std::optional<Text<1, 300>> poll_question;
    std::optional<std::vector<Text<1, 200>>> poll_options;
    std::optional<Timestamp> poll_expires_at;
    std::optional<std::int64_t> poll_duration_hours;

    bool wants_poll() const { return has_poll.value_or(poll_options && !poll_options->empty()); }
};
BOOST_DESCRIBE_STRUCT(CreatePost, (),
                      (content, media_url, media_type, tagged_users, location, visibility, has_poll,
                       poll_question, poll_options, poll_expires_at, poll_duration_hours))
void validate(CreatePost const& in, reflect::Issues& issues);

/// Body of PUT /api/posts/{post_id}: what is absent stays.
struct UpdatePost {
    std::optional<Text<0, content_length_max>> content;
    std::optional<Text<0, 200>> location;  // empty: none any more
    std::optional<Visibility> visibility;
    std::optional<std::vector<Text<1, 101>>> tags;
};
BOOST_DESCRIBE_STRUCT(UpdatePost, (), (content, location, visibility, tags))
void validate(UpdatePost const& in, reflect::Issues& issues);

/// True for text with something else than blanks.
bool has_text(std::string_view text);

}  // namespace grover::post
