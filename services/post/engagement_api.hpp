// What people do with a post: like, dislike, react, save, share, vote; and who did.
#pragma once

#include "http/reply.hpp"
#include "post/poll.hpp"
#include "post/posts_api.hpp"

namespace grover::post {

/// Reply of like and dislike, which exclude each other.
struct Opinion {
    std::string status;
    bool liked = false;
    bool disliked = false;
    std::int64_t likes_count = 0;
    std::int64_t dislikes_count = 0;
};
BOOST_DESCRIBE_STRUCT(Opinion, (), (status, liked, disliked, likes_count, dislikes_count))

struct React {
    ReactionType reaction_type = ReactionType::like;
};
BOOST_DESCRIBE_STRUCT(React, (), (reaction_type))

struct Reaction {
    std::string status;
    std::optional<ReactionType> reaction_type;
    Counts reaction_counts;
};
BOOST_DESCRIBE_STRUCT(Reaction, (), (status, reaction_type, reaction_counts))

struct Saved {
    std::string status;
    bool saved = false;
};
BOOST_DESCRIBE_STRUCT(Saved, (), (status, saved))

struct Shared {
    std::string status;
    std::int64_t shares_count = 0;
};
BOOST_DESCRIBE_STRUCT(Shared, (), (status, shares_count))

struct Vote {
    std::int64_t option_index = 0;
};
BOOST_DESCRIBE_STRUCT(Vote, (), (option_index))

/// Somebody in a list of likes or reactions.
struct PersonAndTime {
    PersonView user;
    Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(PersonAndTime, (), (user, created_at))

using ReactionLists = std::map<std::string, std::vector<PersonAndTime>>;  // by ReactionType

class EngagementApi {
public:
    explicit EngagementApi(Parts& parts) : parts_(parts) {}

    Task<Opinion> like(auth::Caller caller, PostPath id, service::Unit unit,
                       http::RequestInfo info);
    Task<Opinion> unlike(auth::Caller caller, PostPath id, service::Unit unit,
                         http::RequestInfo info);
    Task<Opinion> dislike(auth::Caller caller, PostPath id, service::Unit unit,
                          http::RequestInfo info);
    Task<Opinion> undislike(auth::Caller caller, PostPath id, service::Unit unit,
                            http::RequestInfo info);
    Task<Reaction> react(auth::Caller caller, PostPath id, React in, service::Unit unit,
                         http::RequestInfo info);
    Task<Reaction> unreact(auth::Caller caller, PostPath id, service::Unit unit,
                           http::RequestInfo info);
    Task<Saved> save(auth::Caller caller, PostPath id, service::Unit unit, http::RequestInfo info);
    Task<Saved> unsave(auth::Caller caller, PostPath id, service::Unit unit,
                       http::RequestInfo info);
    Task<Shared> share(auth::Caller caller, PostPath id, service::Unit unit,
                       http::RequestInfo info);
    Task<PostView> vote(auth::Caller caller, PostPath id, Vote in, service::Unit unit,
                        http::RequestInfo info);

    Task<PollResults> poll_results(auth::Viewer viewer, PostPath id, http::RequestInfo info);
    Task<http::List<PersonAndTime>> likes(auth::Viewer viewer, PostPath id, http::Page<> page,
                                          http::RequestInfo info);
    /// The newest hundred of each kind; all of one kind are reactions_of.
    Task<ReactionLists> reactions(auth::Viewer viewer, PostPath id, http::RequestInfo info);
    Task<http::List<PersonAndTime>> reactions_of(auth::Viewer viewer, PostPath id,
                                                 http::Path<ReactionType, "reaction_type"> type,
                                                 http::Page<> page, http::RequestInfo info);

private:
    /// Changes a post's counters and the caller's engagement with it; false for no change.
    using Change = std::function<bool(Post& post, Engagement& mine)>;
    /// What one did oneself can be taken back where the post is hidden by now.
    enum class Way { add, take_back };
    struct Changed {
        bool changed = false;
        Shown shown;      // with the counters
        Engagement mine;  // and the engagement as they are then
    };
    /// Adds to the batch what makes it so.
    Task<Changed> apply(Way way, Change const& change, store::Batch& batch,
                        Onlooker const& onlooker, PostId const& id, http::RequestInfo const& info);
    /// Commits it, with the reply that `answer` makes of it.
    template <class Answer>
    Task<std::invoke_result_t<Answer, Changed&>> change(Way way, auth::Caller const& caller,
                                                        PostId const& id, service::Unit& unit,
                                                        http::RequestInfo const& info,
                                                        Change const& change, Answer const& answer);
    Task<http::List<PersonAndTime>> people(Onlooker const& onlooker, http::PageRequest const& page,
                                           store::Where<Engagement> filter,
                                           std::optional<Timestamp> Engagement::* when,
                                           store::OrderBy<Engagement> order,
                                           http::RequestInfo const& info);

    Parts& parts_;
};

}  // namespace grover::post
