#include "store/mongo/query.hpp"

#include <algorithm>
#include <limits>

namespace grover::store::mongo {

namespace {

using Op = Condition::Op;

/// {field: value} or {field: {$op: value}}, to be joined with others by $and.
struct Clause {
    std::string_view field;
    std::string_view op;  // empty for equality
    Scalar value;
};

constexpr std::string_view operator_of(Op op) {
    switch (op) {
        case Op::less:
            return "$lt";
        case Op::less_equal:
            return "$lte";
        case Op::greater:
            return "$gt";
        case Op::greater_equal:
            return "$gte";
        default:
            return "";
    }
}

void append_clause(bson_t* out, Clause const& clause) {
    if (clause.op.empty())
        append(out, clause.field, clause.value);
    else
        append_document(out, clause.field,
                        [&](bson_t* is) { append(is, clause.op, clause.value); });
}

void append_condition(bson_t* out, Condition const& condition) {
    if (condition.op == Op::in)
        append_document(out, condition.field,
                        [&](bson_t* is) { append(is, "$in", condition.value); });
    else
        append_clause(out,
                      {condition.field, operator_of(condition.op), *scalar_of(condition.value)});
}

/// A filter of conditions and clauses: {} for none, else {$and: [...]}, which may name a field
/// twice.
void append_all(bson_t* out, Filter const& filter, std::vector<Clause> const& clauses) {
    if (filter.size() + clauses.size() == 1) {
        if (!filter.empty())
            append_condition(out, filter[0]);
        else
            append_clause(out, clauses[0]);
        return;
    }
    if (filter.empty() && clauses.empty()) return;
    append_array(out, "$and", [&](bson_t* array) {
        ArrayKey keys;
        for (auto const& condition : filter)
            append_document(array, keys.next(),
                            [&](bson_t* one) { append_condition(one, condition); });
        for (auto const& clause : clauses)
            append_document(array, keys.next(), [&](bson_t* one) { append_clause(one, clause); });
    });
}

/// The first values of the kinds after null, in their order.
Scalar const first_of_kinds[] = {-std::numeric_limits<double>::infinity(), std::string_view(""),
                                 false};

/// What sorts strictly beyond `value` in one direction, a clause for each kind that does.
std::vector<Clause> beyond(std::string_view field, Scalar const& value, bool descending) {
    std::vector<Clause> out;
    bool const is_null = std::holds_alternative<Null>(value);
    if (!is_null) out.push_back({field, descending ? "$lt" : "$gt", value});
    if (field == "_id" && !is_null) return out;  // ids are text
    for (auto const& first : first_of_kinds) {
        if (same_kind(first, value)) continue;
        if ((compare(first, value) > 0) != descending) out.push_back({field, "$gte", first});
    }
    if (descending && !is_null) out.push_back({field, "", Null{}});
    return out;
}

Condition const* only_value(Filter const& filter, std::string_view field) {
    for (auto const& condition : filter)
        if (condition.field == field && condition.op == Op::equal) return &condition;
    return nullptr;
}

/// The order without what has one value only, "_id" at its end.
std::vector<std::string_view> sort_fields(Query const& query) {
    std::vector<std::string_view> out;
    for (auto const& entry : query.order) {
        if (std::ranges::find(out, entry.field) == out.end() &&
            !only_value(query.filter, entry.field))
            out.push_back(entry.field);
        if (entry.field == "_id") return out;
    }
    out.push_back("_id");
    return out;
}

/// Where documents after the cursor may lie: each a list of clauses beside the query's own filter.
std::vector<std::vector<Clause>> branches_after(Query const& query, bool descending) {
    std::vector<std::vector<Clause>> out;
    std::vector<Clause> equal;
    for (std::size_t i = 0; i <= query.order.size(); ++i) {
        std::string_view const field =
            i < query.order.size() ? std::string_view(query.order[i].field) : "_id";
        auto const value = *scalar_of(query.after[i]);
        if (auto const* fixed = only_value(query.filter, field)) {
            auto const order = compare(*scalar_of(fixed->value), value);
            if (order != 0) {
                if ((order > 0) != descending) out.push_back(equal);
                return out;
            }
        } else {
            for (auto const& clause : beyond(field, value, descending)) {
                out.push_back(equal);
                out.back().push_back(clause);
            }
            equal.push_back({field, "", value});
        }
        if (field == "_id") break;
    }
    return out;
}

}  // namespace

void append_filter(bson_t* out, Filter const& filter) {
    append_all(out, filter, {});
}

void append_hint(bson_t* options, Plan const& plan) {
    if (plan.stream_count() == 1) append(options, "hint", plan.index().name);
}

void append_projection(bson_t* options) {
    append_document(options, "projection", [](bson_t* fields) {
        append(fields, search_field, 0);
        append(fields, expires_field, 0);
    });
}

bool append_find(bson_t* filter, bson_t* options, Plan const& plan, Query const& query) {
    if (plan.stream_count() == 0) return false;
    bool const descending = plan.descending();
    if (query.after.empty()) {
        append_all(filter, query.filter, {});
    } else {
        auto const branches = branches_after(query, descending);
        if (branches.empty()) return false;
        if (branches.size() == 1)
            append_all(filter, query.filter, branches[0]);
        else
            append_array(filter, "$or", [&](bson_t* array) {
                ArrayKey keys;
                for (auto const& branch : branches)
                    append_document(array, keys.next(),
                                    [&](bson_t* one) { append_all(one, query.filter, branch); });
            });
    }
    append_document(options, "sort", [&](bson_t* sort) {
        for (auto const field : sort_fields(query)) append(sort, field, descending ? -1 : 1);
    });
    append(options, "limit", static_cast<std::int64_t>(query.limit));
    if (query.skip > 0) append(options, "skip", static_cast<std::int64_t>(query.skip));
    append_hint(options, plan);
    append_projection(options);
    return true;
}

}  // namespace grover::store::mongo
