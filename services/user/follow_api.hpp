// Who follows whom: follow, requests to private accounts, lists.
#pragma once

#include "http/extract.hpp"
#include "http/reply.hpp"
#include "service/unit.hpp"
#include "user/people.hpp"
#include "user/relations.hpp"

namespace grover::user {

struct FollowReply {
    FollowStatus status{};
    bool following = false;
    std::int64_t followers_count = 0;  // of the one followed
};
BOOST_DESCRIBE_STRUCT(FollowReply, (), (status, following, followers_count))

enum class Answer { accepted, rejected };
BOOST_DESCRIBE_ENUM(Answer, accepted, rejected)

struct AnswerReply {
    Answer status{};
    std::int64_t followers_count = 0;  // of the one who answers
};
BOOST_DESCRIBE_STRUCT(AnswerReply, (), (status, followers_count))

class FollowApi {
public:
    FollowApi(Data& data, People const& people, Relations const& relations, Clock clock);

    using UserPath = http::Path<UserId, "user_id">;
    using Page = http::Page<50>;

    Task<FollowReply> follow(auth::Caller caller, UserPath id, service::Unit unit);
    Task<FollowReply> unfollow(auth::Caller caller, UserPath id, service::Unit unit);
    Task<http::List<UserPublic>> followers(auth::Viewer viewer, UserPath id, Page page);
    Task<http::List<UserPublic>> following(auth::Viewer viewer, UserPath id, Page page);

    Task<http::List<UserPublic>> requests(auth::Caller caller, Page page);
    Task<AnswerReply> accept(auth::Caller caller, UserPath id, service::Unit unit);
    Task<AnswerReply> reject(auth::Caller caller, UserPath id, service::Unit unit);

private:
    Task<> check_request_limit(auth::Caller const& caller) const;
    template <auto At, auto Who>
    Task<http::List<UserPublic>> list(auth::Viewer viewer, UserId of, http::PageRequest page);

    Data& data_;
    People const& people_;
    Relations const& relations_;
    Clock clock_;
};

}  // namespace grover::user
