// Changes to what two people are to each other, committed so that edges, counters and events always
// agree.
#pragma once

#include <functional>
#include <type_traits>

#include "base/clock.hpp"
#include "events/events.hpp"
#include "http/extract.hpp"
#include "service/unit.hpp"
#include "user/data.hpp"
#include "user/limits.hpp"
#include "user/pair.hpp"

namespace grover::user {

using net::Task;

/// Two accounts and their edges as read together.
struct Meeting {
    User actor;
    User target;
    Pair pair;
    std::optional<std::int64_t> forward_version;  // nothing: the edge is not stored
    std::optional<std::int64_t> backward_version;
};

/// Edges as one page, and where the next one begins.
struct EdgePage {
    std::vector<Edge> edges;
    std::optional<http::Position> next;
};

/// Where a page of edges begins. Throws Error (invalid) for a cursor that is not of such a list.
http::Position edge_position(http::PageRequest const& page);

class Relations {
public:
    Relations(Data& data, events::Outbox const& outbox) : data_(data), outbox_(outbox) {}

    /// Throws Error: not_found without the target, unauthenticated without the actor.
    Task<Meeting> read(UserId actor, UserId target) const;

    using Change = std::function<void(Meeting const&, Pair& pair)>;
    /// Lets `change` alter `pair`, and commits that with the counters, the event and the reply:
    /// what `answer` makes of the meeting as it is after the change. When another change of the
    /// same pair, or of the target's privacy, came between, everything is done again: both run on
    /// what is true at the commit. They may throw, and must be alive until this ends.
    template <class Answer>
    Task<std::invoke_result_t<Answer, Meeting const&>> change(service::Unit& unit, UserId actor,
                                                              UserId target, Change const& change,
                                                              Answer const& answer) const {
        for (int attempt = 0; attempt < limits::commit_attempts_max; ++attempt) {
            auto meeting = co_await read(actor, target);
            store::Batch batch;
            bool const changed = apply(change, meeting, batch);
            auto reply = answer(meeting);
            if (!changed) co_return reply;
            auto done = co_await unit.commit(std::move(batch), std::move(reply));
            if (!done) continue;
            outbox_.notify();
            co_return *std::move(done);
        }
        throw Error(ErrorCode::unavailable, "too much happens to these accounts at once")
            .with_retry_after(std::chrono::seconds(1));
    }

    /// The edges of one kind of a user, newest first, `at` being the time of that kind: for lists.
    template <auto At, auto Who>
    Task<std::vector<store::Stored<Edge>>> list(UserId user, std::size_t limit, std::size_t skip,
                                                std::vector<boost::json::value> after) const {
        co_return co_await data_.edges.list({
            .filter = store::where<Who>(user) && store::where<At>.greater(Timestamp{}),
            .order = {store::descending<At>()},
            .limit = limit,
            .skip = skip,
            .after = std::move(after),
        });
    }

    /// The same for clients.
    template <auto At, auto Who>
    Task<EdgePage> page(UserId user, http::PageRequest request) const {
        // One more than asked for tells whether there is a next page.
        auto found = co_await list<At, Who>(std::move(user), request.limit + 1, request.skip,
                                            edge_position(request));
        bool const more = found.size() > request.limit;
        if (more) found.resize(request.limit);
        EdgePage out;
        for (auto& edge : found) out.edges.push_back(std::move(edge.value));
        // `skip` is for old clients, which know no cursor (contract section 1).
        if (more && request.skip == 0)
            out.next = data_.edges.position({store::descending<At>()}, out.edges.back());
        co_return out;
    }

private:
    /// The meeting becomes what it is after the change, and the batch what makes it so; false when
    /// nothing changes.
    bool apply(Change const& change, Meeting& meeting, store::Batch& batch) const;
    void add_writes(store::Batch& batch, Meeting const& before, Pair const& after) const;
    void add_edge(store::Batch& batch, Edge const& after, std::optional<std::int64_t> version,
                  bool changed) const;
    void add_counters(store::Batch& batch, Meeting const& before, Pair const& after) const;

    Data& data_;
    events::Outbox const& outbox_;
};

}  // namespace grover::user
