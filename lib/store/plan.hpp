// From a query to runs of neighbours in one index. Nothing here touches the database.
//
// A plan has one stream for every combination of the values of its `in` conditions. A stream is the
// documents that match with those values, in the order asked for: one or more segments, one after
// the other. A segment fixes the leading fields of the index and bounds the next one: an engine
// that walks indexes itself (SQLite) seeks once and walks. That is also how a cursor is exact with
// nulls and mixed kinds: "after (a, id)" is the segment "= a, _id beyond id", then the segment
// "beyond a".
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "store/declared.hpp"

namespace grover::store {

struct Bound {
    Scalar value;
    bool inclusive = true;
};

/// What a range condition allows: `value` on one side, and on the other the end of its kind (a
/// range on a number finds no strings). Needs a value that is not null.
std::pair<std::optional<Bound>, std::optional<Bound>> bounds_of(Condition::Op op,
                                                                Scalar const& value);

/// Throws std::logic_error for a limit or a skip outside of the interface's bounds.
void check_page(std::size_t limit, std::size_t skip);

struct Segment {
    std::vector<Scalar> equal;          // one per leading field of the index
    std::optional<Bound> lower, upper;  // of the field after them; null satisfies neither
};

class Plan {
public:
    enum class Purpose { find, count };  // counting and removing need no order

    /// Throws std::logic_error, naming the query, for one that no declared index serves. The plan
    /// holds views into `query`.
    Plan(Declared const& collection, Query const& query, Purpose purpose);

    Declared const& collection() const noexcept { return *collection_; }
    DeclaredIndex const& index() const noexcept { return *index_; }
    bool descending() const noexcept { return descending_; }

    std::size_t stream_count() const noexcept;
    /// The segments of one stream, in order; reuses the memory of `out`.
    void segments(std::size_t stream, std::vector<Segment>& out) const;
    /// What documents of different streams are ordered by before "_id".
    std::vector<std::string_view> merge_fields() const;

    /// Set when the answer can also be had by walking all documents in order of "_id" and asking of
    /// each whether `field` has one of `values` and every other fixed field its value: the better
    /// way when many of the newest match (a home feed).
    struct Walk {
        Segment segment;
        std::string_view field;
        std::vector<Scalar> const* values;  // ascending
        std::vector<std::pair<std::string_view, Scalar>> equal;
    };
    std::optional<Walk> walk() const;

private:
    /// A leading field of the index: its one value, or the values of an `in`, ascending, none
    /// twice.
    struct Fixed {
        std::vector<Scalar> values;
        bool is_choice = false;
    };
    /// What the order looks at, "_id" last.
    struct SortKey {
        std::size_t position;  // in index_->fields
        Scalar after;          // when there is a cursor
    };
    struct Range {
        std::string_view field;
        std::optional<Bound> lower, upper;
    };

    void read_filter(Filter const& filter);
    void read_order(Query const& query);
    bool serves(DeclaredIndex const& index, Purpose purpose) const;
    void use(DeclaredIndex const& index);
    bool has_one_value(SortKey const& key) const noexcept;
    void cut_after(Segment const& whole, std::vector<Segment>& out, std::size_t& used) const;

    Declared const* collection_;
    DeclaredIndex const* index_ = nullptr;
    bool descending_ = false;
    bool has_cursor_ = false;

    std::vector<std::pair<std::string_view, Fixed>> conditions_;  // equal and in, by field
    std::optional<Range> range_;
    std::vector<std::pair<std::string_view, Scalar>> order_;  // field, cursor value; "_id" last
    std::vector<Fixed> fixed_;                                // by position in the index
    std::vector<SortKey> sort_keys_;
};

}  // namespace grover::store
