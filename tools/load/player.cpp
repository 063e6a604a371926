#include "player.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "net/async.hpp"
#include "progress.hpp"

namespace grover::load {
namespace {

boost::json::value const& member_of(boost::json::value const& object, std::string_view name) {
    auto const* member = object.is_object() ? object.get_object().if_contains(name) : nullptr;
    if (!member) throw Failure(fmt::format("an answer has no member '{}'", name));
    return *member;
}

}  // namespace

std::string text_of(boost::json::value const& object, std::string_view name) {
    auto const& member = member_of(object, name);
    if (!member.is_string()) throw Failure(fmt::format("'{}' of an answer is no text", name));
    return std::string(std::string_view(member.get_string()));
}

std::int64_t number_of(boost::json::value const& object, std::string_view name) {
    auto const& member = member_of(object, name);
    if (!member.is_int64()) throw Failure(fmt::format("'{}' of an answer is no number", name));
    return member.get_int64();
}

Player::Player(Api& api, Script const& script, std::string run, std::size_t connections)
    : api_(api), script_(script), run_(std::move(run)), connections_(connections) {
    cast_.people.resize(script.graph.people);
    cast_.posts.resize(script.posts.size());
}

net::Task<> Player::play() {
    co_await api_.reach();
    co_await each("people", cast_.people.size(), [this](auto i) { return register_person(i); });
    co_await each("follows", script_.follows.size(), [this](auto i) { return follow(i); });
    co_await each("posts", cast_.posts.size(), [this](auto i) { return publish(i); });
    co_await each("likes", script_.likes.size(),
                  [this](auto i) { return react(script_.likes[i]); });
    co_await each("reactions", script_.reactions.size(),
                  [this](auto i) { return react(script_.reactions[i]); });
}

net::Task<> Player::each(std::string name, std::size_t total,
                         std::function<net::Task<>(std::size_t)> work) {
    if (total == 0) co_return;
    Progress progress(std::move(name), total);
    api_.on_limited([&progress] {
        progress.note(
            "the system limits requests (429): start it with RATE_LIMIT=off for load runs");
    });
    // The workers share one loop, so the counter needs no lock.
    std::size_t next = 0;
    auto const worker = [&]() -> net::Task<bool> {
        while (next < total) {
            auto const index = next++;
            auto const began = std::chrono::steady_clock::now();
            try {
                co_await work(index);
            } catch (...) {
                next = total;
                throw;
            }
            progress.step(std::chrono::steady_clock::now() - began);
        }
        co_return true;
    };
    std::vector<net::Task<bool>> workers;
    for (std::size_t i = 0; i < std::min(connections_, total); ++i) workers.push_back(worker());
    co_await net::gather(std::move(workers));
    progress.finish();
}

net::Task<> Player::register_person(std::size_t index) {
    auto const email = fmt::format("load-{}-{}@example.com", run_, index);
    auto const answer = co_await api_.call(
        {.method = "POST",
         .target = "/api/auth/register",
         .body = {{"email", email}, {"password", "load-" + run_}, {"name", script_.names[index]}},
         .idempotency_key = email});
    cast_.people[index] = {text_of(answer.body, "user_id"), text_of(answer.body, "session_token")};
}

net::Task<> Player::follow(std::size_t index) {
    auto const [follower, followed] = script_.follows[index];
    co_await api_.call(
        {.method = "POST",
         .target = fmt::format("/api/users/{}/follow", cast_.people[followed].user_id),
         .token = cast_.people[follower].token});
}

net::Task<> Player::publish(std::size_t index) {
    auto const& post = script_.posts[index];
    auto const answer = co_await api_.call(
        {.method = "POST",
         .target = "/api/posts/",
         .token = cast_.people[post.author].token,
         .body = {{"content", post.content}, {"visibility", std::string(name_of(post.audience))}},
         .idempotency_key = fmt::format("load-{}-post-{}", run_, index)});
    cast_.posts[index] = text_of(answer.body, "post_id");
}

net::Task<> Player::react(Reaction const& reaction) {
    auto const& post_id = cast_.posts[reaction.post];
    Call call{.method = "POST",
              .target = fmt::format("/api/posts/{}/like", post_id),
              .token = cast_.people[reaction.person].token};
    if (!reaction.kind.empty()) {
        call.target = fmt::format("/api/posts/{}/react", post_id);
        call.body = {{"reaction_type", std::string(reaction.kind)}};
    }
    co_await api_.call(std::move(call));
}

}  // namespace grover::load
