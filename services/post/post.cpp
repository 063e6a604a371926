#include "post/post.hpp"

#include <algorithm>

#include <boost/url/parse.hpp>

namespace grover::post {
namespace {

bool is_web_address(std::string const& text) {
    auto const url = boost::urls::parse_uri(text);
    return url && (url->scheme() == "http" || url->scheme() == "https") &&
           !url->encoded_host().empty();
}

void check_poll(CreatePost const& in, reflect::Issues& issues) {
    auto const count = in.poll_options ? in.poll_options->size() : 0;
    if (count < poll_options_min || count > poll_options_max)
        issues.add("poll_options", "a poll has 2 to 10 options");
    for (std::size_t i = 0; i < count && count <= poll_options_max; ++i)
        for (std::size_t k = 0; k < i; ++k)
            if ((*in.poll_options)[i] == (*in.poll_options)[k])
                issues.add("poll_options/" + std::to_string(i), "is there twice");
    if (in.poll_duration_hours &&
        (*in.poll_duration_hours < 1 || *in.poll_duration_hours > poll_duration_max.count()))
        issues.add("poll_duration_hours", "must be from 1 to 168");
    if (in.poll_duration_hours && in.poll_expires_at)
        issues.add("poll_expires_at", "cannot be used together with poll_duration_hours");
}

}  // namespace

std::string edition_of(PostView const& post) {
    std::string out = post.updated_at.to_string();
    (out += '\n') += reflect::name_of(post.visibility);
    (out += '\n') += post.location.value_or("");
    for (auto const& tag : post.tags) (out += '\n') += tag;
    return (out += '\n') += post.content;
}

bool has_text(std::string_view text) {
    return std::ranges::any_of(text, [](unsigned char c) { return c > ' '; });
}

void validate(CreatePost const& in, reflect::Issues& issues) {
    if (in.media_url && !is_web_address(in.media_url->value))
        issues.add("media_url", "must be an address that begins with http:// or https://");
    if (in.tagged_users && in.tagged_users->size() > tagged_users_max)
        issues.add("tagged_users", "must have at most 50 entries");
    if (in.wants_poll()) check_poll(in, issues);
}

void validate(UpdatePost const& in, reflect::Issues& issues) {
    if (in.tags && in.tags->size() > tags_max) issues.add("tags", "must have at most 30 entries");
}

}  // namespace grover::post
