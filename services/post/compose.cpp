#include "post/compose.hpp"

#include <algorithm>

#include "post/score.hpp"
#include "post/tags.hpp"

namespace grover::post {
namespace {

using namespace std::chrono_literals;

constexpr auto poll_duration_default = 24h;

/// By the ending of the address; an image when it tells nothing.
MediaType media_type_of(std::string_view url) {
    auto const path = url.substr(0, url.find_first_of("?#"));
    auto const ends = [&](auto const& endings) {
        return std::ranges::any_of(endings, [&](auto ending) { return path.ends_with(ending); });
    };
    using Endings = std::initializer_list<std::string_view>;
    if (ends(Endings{".mp4", ".webm", ".mov", ".m3u8", ".mkv"})) return MediaType::video;
    if (ends(Endings{".mp3", ".m4a", ".ogg", ".wav", ".flac"})) return MediaType::audio;
    return MediaType::image;
}

std::optional<std::string> unless_blank(std::string text) {
    if (!has_text(text)) return {};
    return text;
}

void add_poll(Post& post, CreatePost& in, Timestamp now, reflect::Issues& issues) {
    post.has_poll = true;
    if (in.poll_question) post.poll_question = std::move(in.poll_question->value);
    for (auto& option : *in.poll_options) post.poll_options.push_back(std::move(option.value));
    if (in.poll_expires_at && *in.poll_expires_at <= now)
        issues.add("poll_expires_at", "must lie in the future");
    if (in.poll_expires_at && *in.poll_expires_at > now + poll_duration_max)
        issues.add("poll_expires_at", "must lie within 168 hours from now");
    auto const hours = in.poll_duration_hours.value_or(poll_duration_default.count());
    post.poll_expires_at = in.poll_expires_at.value_or(now + std::chrono::hours(hours));
}

}  // namespace

Post compose(CreatePost in, UserId author, Timestamp now, reflect::Issues& issues) {
    Post post;
    post.post_id = PostId::make(now);
    post.user_id = std::move(author);
    post.created_at = post.updated_at = now;
    if (in.content && has_text(in.content->value)) post.content = std::move(in.content->value);
    if (in.media_url) {
        post.media_type = in.media_type.value_or(media_type_of(in.media_url->value));
        post.media_url = std::move(in.media_url->value);
    }
    for (auto& user : in.tagged_users.value_or(std::vector<UserId>()))
        if (std::ranges::find(post.tagged_users, user) == post.tagged_users.end())
            post.tagged_users.push_back(std::move(user));
    if (in.location) post.location = unless_blank(std::move(in.location->value));
    post.visibility = in.visibility.value_or(Visibility::public_);
    post.tags = hashtags_in(post.content);
    if (in.wants_poll()) add_poll(post, in, now, issues);
    if (post.content.empty() && !post.media_url && !post.has_poll)
        issues.add("content", "a post needs text, media or a poll");
    return post;
}

Post revise(Post const& before, UpdatePost const& in, Timestamp now, reflect::Issues& issues) {
    Post after = before;
    if (in.content) {
        after.content = has_text(in.content->value) ? in.content->value : "";
        if (after.is_repost && !after.content.empty())
            issues.add("content", "a repost has no text of its own");
        if (after.content.empty() && !after.is_repost && !after.media_url && !after.has_poll)
            issues.add("content", "a post needs text, media or a poll");
    }
    if (in.location) after.location = unless_blank(in.location->value);
    if (in.visibility) after.visibility = *in.visibility;

    // Tags set by hand stay when the text changes; those of the text follow it.
    auto by_hand = before.tags;
    auto const of_old_text = hashtags_in(before.content);
    std::erase_if(by_hand, [&](auto const& tag) {
        return std::ranges::find(of_old_text, tag) != of_old_text.end();
    });
    if (in.tags) {
        by_hand.clear();
        for (std::size_t i = 0; i < in.tags->size(); ++i) {
            if (auto tag = as_tag((*in.tags)[i].value))
                by_hand.push_back(*std::move(tag));
            else
                issues.add_at("/tags/" + std::to_string(i), "is not a tag");
        }
    }
    after.tags = hashtags_in(after.content);
    for (auto& tag : by_hand)
        if (after.tags.size() < tags_max && std::ranges::find(after.tags, tag) == after.tags.end())
            after.tags.push_back(std::move(tag));

    if (!revised(before, after)) return before;
    // A hidden post that becomes public is no other post: only what it says makes it edited.
    after.edited = before.edited || after.content != before.content ||
                   after.location != before.location || after.tags != before.tags;
    after.updated_at = std::max(now, before.updated_at + 1ms);
    after.heat = stored_heat(after);
    return after;
}

bool revised(Post const& before, Post const& after) {
    return before.content != after.content || before.location != after.location ||
           before.visibility != after.visibility || before.tags != after.tags;
}

Post compose_repost(Post const& original, std::optional<std::string> comment, UserId author,
                    Timestamp now) {
    Post post;
    post.post_id = PostId::make(now);
    post.user_id = std::move(author);
    post.created_at = post.updated_at = now;
    post.is_repost = true;
    post.original_post_id = original.post_id;
    post.repost_comment = std::move(comment);
    return post;
}

}  // namespace grover::post
