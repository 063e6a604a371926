// Writes to one collection that travel together: a command for each run of inserts, of updates, of
// deletions. What each of them matched is not told, only their sum.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "store/mongo/change.hpp"

namespace grover::store::mongo {

class Bulk {
public:
    /// In a transaction of `connection`, which is to outlive it.
    Bulk(Connection& connection, CollectionLayout const& collection);

    static bool takes(Change const& change);
    void add(Change const& change);

    struct Done {
        /// The first one whose key is there already; all before it matched.
        std::optional<std::size_t> exists = {};
        /// Some matched nothing; which is not known.
        bool is_unsure = false;
    };
    /// Once. Throws Failure.
    Done run();

private:
    /// How many statements must match, and how many may.
    struct Expected {
        std::int64_t must = 0;
        std::int64_t may = 0;

        void add(bool ignore_missing) { ++(ignore_missing ? may : must); }
        bool allows(std::int64_t n) const { return must == 0 || n == must + may; }
    };
    void check(bool added, bson_error_t const& error);

    CollectionLayout const& c_;
    bool at_router_;
    CollectionHandle collection_;
    Owner<mongoc_bulk_operation_t, mongoc_bulk_operation_destroy> bulk_;
    Bson unchecked_;
    Expected updated_;
    Expected removed_;
    std::vector<std::pair<Expected, Expected>> before_;  // of each: what those before it expect
};

}  // namespace grover::store::mongo
