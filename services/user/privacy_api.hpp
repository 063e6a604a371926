// Whom one does not want to see: block (both ways, unfollows) and mute (one's own view only).
#pragma once

#include "http/extract.hpp"
#include "http/reply.hpp"
#include "service/unit.hpp"
#include "user/people.hpp"
#include "user/relations.hpp"

namespace grover::user {

enum class BlockStatus { blocked, already_blocked, unblocked, not_blocked };
BOOST_DESCRIBE_ENUM(BlockStatus, blocked, already_blocked, unblocked, not_blocked)
struct BlockReply {
    BlockStatus status{};
    bool blocked = false;
};
BOOST_DESCRIBE_STRUCT(BlockReply, (), (status, blocked))

enum class MuteStatus { muted, already_muted, unmuted, not_muted };
BOOST_DESCRIBE_ENUM(MuteStatus, muted, already_muted, unmuted, not_muted)
struct MuteReply {
    MuteStatus status{};
    bool muted = false;
};
BOOST_DESCRIBE_STRUCT(MuteReply, (), (status, muted))

class PrivacyApi {
public:
    PrivacyApi(Data& data, People const& people, Relations const& relations, Clock clock);

    using UserPath = http::Path<UserId, "user_id">;
    using Page = http::Page<50>;

    Task<BlockReply> block(auth::Caller caller, UserPath id, service::Unit unit);
    Task<BlockReply> unblock(auth::Caller caller, UserPath id, service::Unit unit);
    Task<MuteReply> mute(auth::Caller caller, UserPath id, service::Unit unit);
    Task<MuteReply> unmute(auth::Caller caller, UserPath id, service::Unit unit);
    Task<http::List<UserPublic>> blocks(auth::Caller caller, Page page);
    Task<http::List<UserPublic>> mutes(auth::Caller caller, Page page);

private:
    template <auto At>
    Task<> check_limit(auth::Caller const& caller, std::int64_t max) const;
    template <auto At>
    Task<http::List<UserPublic>> list(auth::Caller caller, http::PageRequest page, Blocked blocked);

    Data& data_;
    People const& people_;
    Relations const& relations_;
    Clock clock_;
};

}  // namespace grover::user
