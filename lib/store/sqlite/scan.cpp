#include "store/sqlite/scan.hpp"

#include <algorithm>
#include <deque>
#include <unordered_set>

namespace grover::store::sqlite {

namespace {

void append_bound(std::string& sql, std::string_view field, std::optional<Bound> const& bound,
                  char sign) {
    if (!bound) return;
    sql.append(sql.ends_with(' ') ? "" : " AND ").append("\"").append(field).append("\" ");
    sql.append(1, sign).append(bound->inclusive ? "= ?" : " ?");
}

void append_where(std::string& sql, Plan const& plan, Segment const& segment) {
    auto const& fields = plan.index().fields;
    if (segment.equal.empty() && !segment.lower && !segment.upper) return;
    sql += " WHERE ";
    for (std::size_t i = 0; i < segment.equal.size(); ++i) {
        bool const null = std::holds_alternative<Null>(segment.equal[i]);
        sql.append(i == 0 ? "\"" : " AND \"").append(fields[i]);
        sql.append(null ? "\" IS NULL" : "\" = ?");
    }
    if (segment.equal.size() == fields.size()) return;
    append_bound(sql, fields[segment.equal.size()], segment.lower, '>');
    append_bound(sql, fields[segment.equal.size()], segment.upper, '<');
}

/// The plans of this engine are made for its own layouts.
CollectionLayout const& layout_of(Plan const& plan) {
    return static_cast<CollectionLayout const&>(plan.collection());
}

std::string select(Plan const& plan, std::string_view columns) {
    std::string sql = "SELECT ";
    sql.reserve(400);
    sql.append(columns).append(" FROM ").append(layout_of(plan).keys);
    sql.append(" INDEXED BY \"").append(plan.index().name).append("\"");
    return sql;
}

/// Binds in the order of append_where; returns the next free parameter.
int bind_segment(Statement& statement, Segment const& segment) {
    int at = 0;
    for (auto const& value : segment.equal)
        if (!std::holds_alternative<Null>(value)) statement.bind(at++, value);
    if (segment.lower) statement.bind(at++, segment.lower->value);
    if (segment.upper) statement.bind(at++, segment.upper->value);
    return at;
}

/// Whether both segments have one SQL text.
bool is_alike(Segment const& a, Segment const& b) {
    auto const bound_alike = [](std::optional<Bound> const& x, std::optional<Bound> const& y) {
        return x.has_value() == y.has_value() && (!x || x->inclusive == y->inclusive);
    };
    return bound_alike(a.lower, b.lower) && bound_alike(a.upper, b.upper) &&
           std::ranges::equal(a.equal, b.equal, [](Scalar const& x, Scalar const& y) {
               return std::holds_alternative<Null>(x) == std::holds_alternative<Null>(y);
           });
}

/// Reads segments of one plan. Those of its many streams mostly have one SQL text, which is made
/// and looked up once.
class Scanner {
public:
    Scanner(Connection& connection, Plan const& plan, std::string_view columns, std::size_t limit)
        : connection_(connection), plan_(plan), columns_(columns), limit_(limit) {}

    /// Reads until `take` (a row) returns false; false when it did.
    template <class Take>
    bool operator()(Segment const& segment, Take take) {
        if (!statement_ || !is_alike(segment, last_)) {
            statement_ = &connection_.prepared(segment_sql(plan_, segment, columns_));
            last_ = segment;
        }
        Run run(*statement_);
        auto const at = bind_segment(*statement_, segment);
        statement_->bind(at, static_cast<std::int64_t>(limit_));
        while (statement_->step())
            if (!take(*statement_)) return false;
        return true;
    }

    void limit(std::size_t rows) { limit_ = rows; }

private:
    Connection& connection_;
    Plan const& plan_;
    std::string_view columns_;
    std::size_t limit_;
    Statement* statement_ = nullptr;
    Segment last_;
};

std::vector<std::int64_t> find_in_one_stream(Connection& connection, Plan const& plan,
                                             std::size_t skip, std::size_t limit) {
    std::vector<std::int64_t> out;
    std::vector<Segment> segments;
    plan.segments(0, segments);
    Scanner scan(connection, plan, "_ref", skip + limit);
    for (auto const& segment : segments) {
        scan.limit(skip + limit - out.size());
        bool const more = scan(segment, [&](Statement& row) {
            if (skip > 0)
                --skip;
            else
                out.push_back(row.integer(0));
            return out.size() < limit;
        });
        if (!more) break;
    }
    return out;
}

/// The best `limit` keys of many streams. Each stream is read only as long as its rows sort before
/// the worst key kept, so most streams cost one seek.
class Best {
public:
    Best(Plan const& plan, std::size_t limit)
        : descending_(plan.descending()), fields_(plan.merge_fields().size()), limit_(limit) {}

    /// False when the row, and so all that follow it in its stream, is not among the best.
    bool offer(Statement& row) {
        if (keys_.size() == limit_) {
            if (!is_before(row, keys_.front())) return false;
            std::ranges::pop_heap(keys_, by_order());
            keys_.pop_back();
        }
        keys_.push_back(key_of(row));
        std::ranges::push_heap(keys_, by_order());
        return true;
    }

    std::vector<std::int64_t> take(std::size_t skip) {
        std::ranges::sort_heap(keys_, by_order());
        std::vector<std::int64_t> out;
        for (std::size_t i = skip; i < keys_.size(); ++i) out.push_back(keys_[i].ref);
        return out;
    }

private:
    struct Key {
        std::int64_t ref;
        std::string id;
        std::vector<Scalar> fields;
    };

    Key key_of(Statement& row) {
        Key key{row.integer(0), std::string(row.text(1)), {}};
        for (std::size_t i = 0; i < fields_; ++i) {
            auto value = row.scalar(static_cast<int>(i) + 2);
            if (auto* text = std::get_if<std::string_view>(&value))
                value = std::string_view(texts_.emplace_back(*text));
            key.fields.push_back(value);
        }
        return key;
    }
    bool is_before(Statement& row, Key const& key) const {
        for (std::size_t i = 0; i < fields_; ++i) {
            auto const order = compare(row.scalar(static_cast<int>(i) + 2), key.fields[i]);
            if (order != 0) return (order < 0) != descending_;
        }
        auto const order = row.text(1) <=> std::string_view(key.id);
        return descending_ ? order > 0 : order < 0;
    }
    bool is_before(Key const& a, Key const& b) const {
        for (std::size_t i = 0; i < fields_; ++i) {
            auto const order = compare(a.fields[i], b.fields[i]);
            if (order != 0) return (order < 0) != descending_;
        }
        return descending_ ? a.id > b.id : a.id < b.id;
    }
    struct Before {
        Best const* best;
        bool operator()(Key const& a, Key const& b) const { return best->is_before(a, b); }
    };
    Before by_order() const { return {this}; }

    bool descending_;
    std::size_t fields_;
    std::size_t limit_;
    std::vector<Key> keys_;  // a heap, the worst one in front
    std::deque<std::string> texts_;
};

std::vector<std::int64_t> find_in_many_streams(Connection& connection, Plan const& plan,
                                               std::size_t skip, std::size_t limit) {
    std::string columns = "_ref, _id";
    for (auto const field : plan.merge_fields()) columns.append(", ").append(identifier(field));
    Best best(plan, skip + limit);
    Scanner scan(connection, plan, columns, skip + limit);
    std::vector<Segment> segments;
    for (std::size_t stream = 0; stream < plan.stream_count(); ++stream) {
        plan.segments(stream, segments);
        for (auto const& segment : segments)
            if (!scan(segment, [&](Statement& row) { return best.offer(row); })) break;
    }
    return best.take(skip);
}

/// Columns: _ref, the field, the equal ones.
bool matches(Statement& row, Plan::Walk const& walk) {
    auto const is_less = [](Scalar const& a, Scalar const& b) { return compare(a, b) < 0; };
    if (!std::ranges::binary_search(*walk.values, row.scalar(1), is_less)) return false;
    int at = 2;
    return std::ranges::all_of(
        walk.equal, [&](auto const& one) { return compare(row.scalar(at++), one.second) == 0; });
}

/// The page found by looking at the first documents in the order of "_id", whoever they belong to;
/// nothing when two for each stream were not enough. A row costs about an eighth of a stream's
/// seek: a walk in vain adds a quarter, and one that succeeds saves all the seeks.
std::optional<std::vector<std::int64_t>> find_by_walking(Connection& connection, Plan const& plan,
                                                         std::size_t skip, std::size_t limit) {
    auto const walk = plan.walk();
    if (!walk) return {};
    std::string sql = "SELECT _ref, " + identifier(walk->field);
    for (auto const& [field, value] : walk->equal) sql.append(", ").append(identifier(field));
    sql.append(" FROM ").append(layout_of(plan).keys);
    if (walk->segment.lower || walk->segment.upper) sql += " WHERE ";
    append_bound(sql, "_id", walk->segment.lower, '>');
    append_bound(sql, "_id", walk->segment.upper, '<');
    sql.append(plan.descending() ? " ORDER BY _id DESC" : " ORDER BY _id").append(" LIMIT ?");

    auto const rows_max = 2 * plan.stream_count();
    auto& statement = connection.prepared(sql);
    Run run(statement);
    auto const at = bind_segment(statement, walk->segment);
    statement.bind(at, static_cast<std::int64_t>(rows_max));
    std::vector<std::int64_t> out;
    std::size_t rows = 0;
    for (; out.size() < limit && statement.step(); ++rows) {
        if (!matches(statement, *walk)) continue;
        if (skip > 0)
            --skip;
        else
            out.push_back(statement.integer(0));
    }
    bool const to_the_end = rows < rows_max;
    if (out.size() < limit && !to_the_end) return {};
    return out;
}

}  // namespace

std::string segment_sql(Plan const& plan, Segment const& segment, std::string_view columns) {
    auto sql = select(plan, columns);
    append_where(sql, plan, segment);
    auto const& fields = plan.index().fields;
    std::string_view const direction = plan.descending() ? "\" DESC" : "\"";
    for (auto i = segment.equal.size(); i < fields.size(); ++i)
        sql.append(i == segment.equal.size() ? " ORDER BY \"" : ", \"")
            .append(fields[i])
            .append(direction);
    return sql += " LIMIT ?";
}

std::vector<std::int64_t> find_refs(Connection& connection, Plan const& plan, std::size_t skip,
                                    std::size_t limit) {
    if (plan.stream_count() == 0) return {};
    if (plan.stream_count() == 1) return find_in_one_stream(connection, plan, skip, limit);
    if (plan.stream_count() > skip + limit)
        if (auto found = find_by_walking(connection, plan, skip, limit)) return *std::move(found);
    return find_in_many_streams(connection, plan, skip, limit);
}

std::int64_t count_matches(Connection& connection, Plan const& plan) {
    std::int64_t out = 0;
    std::vector<Segment> segments;
    for (std::size_t stream = 0; stream < plan.stream_count(); ++stream) {
        plan.segments(stream, segments);
        for (auto const& segment : segments) {
            auto sql = select(plan, "count(*)");
            append_where(sql, plan, segment);
            auto& statement = connection.prepared(sql);
            Run run(statement);
            bind_segment(statement, segment);
            if (statement.step()) out += statement.integer(0);
        }
    }
    return out;
}

std::vector<std::string> matching_ids(Connection& connection, Plan const& plan, std::size_t limit) {
    std::vector<std::string> out;
    std::vector<Segment> segments;
    Scanner scan(connection, plan, "_id", limit);
    for (std::size_t stream = 0; stream < plan.stream_count() && out.size() < limit; ++stream) {
        plan.segments(stream, segments);
        for (auto const& segment : segments) {
            scan.limit(limit - out.size());
            scan(segment, [&](Statement& row) {
                out.emplace_back(row.text(0));
                return out.size() < limit;
            });
        }
    }
    return out;
}

}  // namespace grover::store::sqlite
