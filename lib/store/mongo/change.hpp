// A batch of writes as commands of MongoDB.
//
// First try ("in place"): each write is a statement with what must hold in its filter, so that a
// counter is one $inc, and the writes to one collection travel together (mongo/bulk.hpp). Where
// that does not go as planned (nothing matched, the server refuses the
// change, or a patch touches what is indexed beside the body) the batch is tried again "by
// reading": each document is read, changed by the code that all engines share (store/patch.hpp) and
// written back under the condition that its version is still the same. So reasons for a rejection,
// and mistakes of programs, are named as on every engine.
//
// One write that is no RemoveAll is atomic as it is, and the driver tries it again after a lost
// answer under the same number. Anything else is a transaction. A server without transactions
// (MONGO_STANDALONE=1) gets the writes one after the other, undone when a later one is rejected:
// readers may see half of a batch, and a crash may leave it.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <semaphore>
#include <span>
#include <vector>

#include "store/mongo/connection.hpp"
#include "store/mongo/layout.hpp"

namespace grover::store::mongo {

/// Held by one batch at a time, on whichever thread it goes on.
class Turn {
public:
    bool try_lock_until(Deadline deadline);
    void unlock() { free_.release(); }

private:
    std::binary_semaphore free_{1};
};

/// Where batches that met each other's writes too often go one at a time, and where all of several
/// writes do on a server without transactions.
struct Lane {
    Turn conflicts;
    Turn standalone;
};

/// One write, and what was made of it before anything is written.
struct Change {
    CollectionLayout const* collection;
    Write* write;
    std::string id;                  // taken out of the body, where there is one
    bool in_place = false;           // of Patch and Remove: can be one command
    std::unique_ptr<Bson> document;  // of Insert
};

class PreparedBatch {
public:
    /// Throws std::logic_error for what no program should write (undeclared collection, document
    /// without "_id", too many writes), Error (too_large, invalid) for a document over a limit.
    PreparedBatch(Layout const& layout, Batch batch);

    bool empty() const noexcept { return changes_.empty(); }

    /// Throws Failure, Error (unavailable: the outcome may be unknown), and std::logic_error for
    /// an `inc` of what is no number.
    std::expected<void, Rejected> commit(Pool& pool, Lane& lane, Deadline deadline) const;

private:
    class Applying;
    enum class Manner { in_place, by_reading };

    void prepare(Change& change) const;
    bool is_atomic_alone() const;
    static std::optional<Rejected::Why> apply_one(Applying& applying, Change const& change);
    std::optional<Rejected> apply(Connection& connection, Manner manner, Deadline deadline) const;
    std::optional<Rejected> apply_together(Connection& connection, Deadline deadline) const;
    std::optional<Rejected> apply_group(Connection& connection, std::span<std::size_t const> group,
                                        Deadline deadline) const;
    std::expected<void, Rejected> in_transaction(Connection& connection, Manner manner,
                                                 Deadline deadline) const;
    std::expected<void, Rejected> one_by_one(Connection& connection, Deadline deadline) const;

    Batch batch_;
    std::vector<Change> changes_;
};

}  // namespace grover::store::mongo
