// One write of a batch: checked and encoded where the caller is, applied where the writer is.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "store/document_store.hpp"
#include "store/plan.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/layout.hpp"

namespace grover::store::sqlite {

/// A batch ready for the writer. Holds views into its own writes, so it stays where it was made.
class PreparedBatch {
public:
    /// Throws std::logic_error for what no program should write (undeclared collection, document
    /// without "_id", too many writes), Error (too_large, invalid) for a document over a limit.
    PreparedBatch(Layout const& layout, Batch batch);
    PreparedBatch(PreparedBatch const&) = delete;
    PreparedBatch& operator=(PreparedBatch const&) = delete;

    bool empty() const noexcept { return changes_.empty(); }

    /// Applies all writes inside the transaction that is open. When one is rejected or throws, the
    /// caller rolls back what the ones before it did. Throws Failure, and std::logic_error for an
    /// `inc` of what is no whole number.
    std::optional<Rejected> apply(Connection& connection) const;

private:
    /// An Insert, Replace or Upsert.
    struct Document {
        std::string id;
        std::string body;
        Entry entry;
    };
    struct Change {
        CollectionLayout const* collection;
        Write const* write;
        Document document;           // of those that bring one
        std::optional<Query> query;  // of RemoveAll
    };
    class Applying;

    Batch batch_;
    std::vector<Change> changes_;
};

/// The columns and the searchable words of a document that is already there; for migrations.
void insert_key(Connection& connection, CollectionLayout const& collection, std::string_view id,
                std::int64_t ref, Entry const& entry);
void insert_words(Connection& connection, CollectionLayout const& collection, std::int64_t ref,
                  Entry const& entry);

/// Removes up to `limit` documents whose time has passed; returns how many.
std::size_t remove_expired(Connection& connection, CollectionLayout const& collection,
                           Timestamp now, std::size_t limit);

}  // namespace grover::store::sqlite
