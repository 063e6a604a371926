#include "store/mongo/query.hpp"

#include <algorithm>
#include <limits>
#include <ranges>
#include <set>

namespace grover::store::mongo {

namespace {

using Op = Condition::Op;

/// {field: value}, or {field: {$op: value}}.
struct Clause {
    std::string_view field;
    std::string_view op;  // empty for equality
    Scalar value;
    json::value const* values = nullptr;  // of $in
};

constexpr std::string_view operator_of(Op op) {
    switch (op) {
        case Op::in:
            return "$in";
        case Op::less:
            return "$lt";
        case Op::less_equal:
            return "$lte";
        case Op::greater:
            return "$gt";
        case Op::greater_equal:
            return "$gte";
        case Op::equal:
            break;
    }
    return "";
}

Clause clause_of(Condition const& condition) {
    if (condition.op == Op::in) return {condition.field, "$in", {}, &condition.value};
    return {condition.field, operator_of(condition.op), *scalar_of(condition.value)};
}

void append_value(bson_t* out, std::string_view key, Clause const& clause) {
    if (clause.values)
        append(out, key, *clause.values);
    else
        append(out, key, clause.value);
}

/// What is said of one field: `of` is not empty.
void append_field(bson_t* out, std::string_view field, std::vector<Clause const*> const& of) {
    if (of.front()->op.empty()) return append_value(out, field, *of.front());
    append_document(out, field, [&](bson_t* is) {
        for (auto const* clause : of) append_value(is, clause->op, *clause);
    });
}

/// A filter of conditions and clauses: each field once, as in {a: 1, b: {$gt: 2, $lt: 5}}; where
/// one is said to equal something twice or has two bounds on one side, they are joined by $and.
void append_all(bson_t* out, Filter const& filter, std::vector<Clause> const& more) {
    std::vector<Clause> clauses;
    clauses.reserve(filter.size() + more.size());
    for (auto const& condition : filter) clauses.push_back(clause_of(condition));
    clauses.insert(clauses.end(), more.begin(), more.end());

    std::vector<Clause const*> first;   // what fits beside each other
    std::vector<Clause const*> beside;  // what does not
    for (auto const& clause : clauses) {
        bool const clashes = std::ranges::any_of(first, [&](Clause const* other) {
            return other->field == clause.field &&
                   (other->op == clause.op || other->op.empty() || clause.op.empty());
        });
        (clashes ? beside : first).push_back(&clause);
    }
    for (auto const* clause : first) {
        std::vector<Clause const*> of;
        for (auto const* other : first)
            if (other->field == clause->field) of.push_back(other);
        if (of.front() == clause) append_field(out, clause->field, of);
    }
    if (beside.empty()) return;
    append_array(out, "$and", [&](bson_t* array) {
        ArrayKey keys;
        for (auto const* clause : beside)
            append_document(array, keys.next(),
                            [&](bson_t* one) { append_field(one, clause->field, {clause}); });
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

template <std::ranges::sized_range Texts>
void append_one_of(bson_t* filter, std::string_view field, Texts const& texts) {
    if (std::ranges::size(texts) == 1) return append(filter, field, *std::ranges::begin(texts));
    append_document(filter, field, [&](bson_t* is) {
        append_array(is, "$in", [&](bson_t* array) {
            ArrayKey keys;
            for (auto const& text : texts) append(array, keys.next(), text);
        });
    });
}

/// All of them in the first answer.
void append_limit(bson_t* command, std::size_t limit) {
    append(command, "limit", static_cast<std::int64_t>(limit));
    append(command, "batchSize", static_cast<std::int64_t>(limit));
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

bool append_find(bson_t* command, Plan const& plan, Query const& query) {
    if (plan.stream_count() == 0) return false;
    bool const descending = plan.descending();
    std::vector<std::vector<Clause>> branches(1);
    if (!query.after.empty()) branches = branches_after(query, descending);
    if (branches.empty()) return false;
    append(command, "find", query.collection);
    append_document(command, "filter", [&](bson_t* filter) {
        if (branches.size() == 1) return append_all(filter, query.filter, branches[0]);
        append_array(filter, "$or", [&](bson_t* array) {
            ArrayKey keys;
            for (auto const& branch : branches)
                append_document(array, keys.next(),
                                [&](bson_t* one) { append_all(one, query.filter, branch); });
        });
    });
    append_document(command, "sort", [&](bson_t* sort) {
        for (auto const field : sort_fields(query)) append(sort, field, descending ? -1 : 1);
    });
    if (query.skip > 0) append(command, "skip", static_cast<std::int64_t>(query.skip));
    append_limit(command, query.limit);
    append_projection(command);
    return true;
}

void append_find(bson_t* command, CollectionLayout const& c, std::span<std::string const> ids,
                 bool at_router) {
    append(command, "find", c.name);
    append_document(command, "filter", [&](bson_t* filter) {
        append_one_of(filter, "_id", ids);
        if (!at_router) return;
        std::set<std::string_view> shards;
        for (auto const& id : ids) shards.insert(c.shard_in(id));
        if (!shards.contains("")) append_one_of(filter, c.shard_key->field, shards);
    });
    append_limit(command, ids.size());
    append_projection(command);
}

void append_count(bson_t* command, Query const& query) {
    append(command, "aggregate", query.collection);
    append_array(command, "pipeline", [&](bson_t* stages) {
        append_document(stages, "0", [&](bson_t* stage) {
            append_document(stage, "$match",
                            [&](bson_t* filter) { append_filter(filter, query.filter); });
        });
        append_document(stages, "1", [](bson_t* stage) {
            append_document(stage, "$group", [](bson_t* group) {
                append(group, "_id", 1);
                append_document(group, "n", [](bson_t* n) { append(n, "$sum", 1); });
            });
        });
    });
    append_document(command, "cursor", [](bson_t*) {});
}

}  // namespace grover::store::mongo
