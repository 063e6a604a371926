// Queries against a model: seeded random documents, every query shape that the indexes serve, the
// answer computed by filtering and sorting all of them. And pages: a walk by cursor while others
// write.
#include <algorithm>
#include <map>
#include <random>

#include "store/scalar.hpp"
#include "testing/store_contract.hpp"

namespace grover::testing {

using namespace store;
using Op = Condition::Op;

void contract::pages() {}

namespace {

using Random = std::mt19937;

/// All documents, by id.
using Model = std::map<std::string, json::object>;

std::size_t below(Random& random, std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random);
}

/// Few values of all kinds, so that ties, nulls and mixed kinds are frequent.
json::value random_value(Random& random) {
    switch (below(random, 9)) {
        case 0:
            return nullptr;
        case 1:
            return true;
        case 2:
            return 0.5;
        case 3:
            return "";
        case 4:
            return "b";
        default:
            return static_cast<std::int64_t>(below(random, 4));
    }
}

json::object random_document(Random& random) {
    json::object out{{"_id", std::to_string(below(random, 500))}};
    for (auto const* field : {"a", "b", "c"})
        if (below(random, 8) > 0) out[field] = random_value(random);
    return out;
}

bool is_before(json::object const& x, json::object const& y, std::vector<Order> const& order) {
    auto by = order;
    by.push_back({"_id", !order.empty() && order.back().descending});
    for (auto const& [field, descending] : by) {
        auto const one = *scalar_of(x.if_contains(field));
        auto const other = *scalar_of(y.if_contains(field));
        if (auto const difference = compare(one, other); difference != 0)
            return (difference < 0) != descending;
    }
    return false;
}

std::vector<json::object> matching(Model const& model, Query const& query) {
    std::vector<json::object> out;
    for (auto const& [id, body] : model)
        if (matches(query.filter, body)) out.push_back(body);
    std::ranges::sort(out, [&](auto& x, auto& y) { return is_before(x, y, query.order); });
    return out;
}

std::string ids_of(std::vector<json::object> const& documents, std::size_t from = 0,
                   std::size_t count = 1'000'000) {
    std::string out;
    for (auto i = from; i < std::min(documents.size(), from + count); ++i)
        out.append(out.empty() ? "" : " ").append(documents[i].at("_id").as_string());
    return out;
}

/// The cursor after `last` in `order`.
std::vector<json::value> cursor_after(json::object const& last, std::vector<Order> const& order) {
    std::vector<json::value> out;
    for (auto const& entry : order) {
        auto const* value = last.if_contains(entry.field);
        out.push_back(value ? *value : json::value());
    }
    out.push_back(last.at("_id"));
    return out;
}

json::array random_values(Random& random) {
    json::array out;
    for (auto n = below(random, 5); n > 0; --n) out.push_back(random_value(random));
    return out;
}

Condition random_fixed(Random& random, std::string field) {
    if (below(random, 3) == 0) return {std::move(field), Op::in, random_values(random)};
    return {std::move(field), Op::equal, random_value(random)};
}

/// Any query that one of the indexes {a}, {b}, {a,b}, {a,b,c} or "_id" serves.
Query random_query(Random& random) {
    static std::vector<std::vector<std::string>> const indexes{
        {}, {"a"}, {"b"}, {"a", "b"}, {"a", "b", "c"}};
    auto const& fields = indexes[below(random, indexes.size())];
    Query out{.collection = "things", .limit = 1'000};
    auto const fixed = below(random, fields.size() + 1);
    for (std::size_t i = 0; i < fixed; ++i) out.filter.push_back(random_fixed(random, fields[i]));
    bool const descending = below(random, 2) == 0;
    auto const next = fixed < fields.size() ? fields[fixed] : "_id";
    if (below(random, 2) == 0) {
        static constexpr Op ops[] = {Op::less, Op::less_equal, Op::greater, Op::greater_equal};
        for (auto n = below(random, 2) + 1; n > 0; --n) {
            auto value = random_value(random);
            if (value.is_null()) value = 1;
            if (next == "_id") value = std::to_string(below(random, 500));
            out.filter.push_back({next, ops[below(random, 4)], value});
        }
    }
    for (auto i = fixed; i < fields.size(); ++i) out.order.push_back({fields[i], descending});
    // Fields with one value may be named too; in front, where they change nothing, or, with `in`,
    // a lot.
    if (fixed > 0 && below(random, 3) == 0)
        out.order.insert(out.order.begin(), {fields[below(random, fixed)], descending});
    if (descending || below(random, 4) == 0) out.order.push_back({"_id", descending});
    return out;
}

/// Some documents, upserted and put into the model.
Batch random_documents(Random& random, std::size_t count, Model& model) {
    Batch out;
    for (std::size_t i = 0; i < count; ++i) {
        auto body = random_document(random);
        model[std::string(body.at("_id").as_string())] = body;
        out.add(Upsert{"things", std::move(body)});
    }
    return out;
}

}  // namespace

TEST_P(StoreContract, QueriesAnswerAsTheModelDoes) {
    for (unsigned seed = 1; seed <= 3; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random(seed);
        Model model;
        apply(RemoveAll{"things"});
        ASSERT_TRUE(commit(random_documents(random, 400, model)).has_value());
        for (auto round = 0; round < 400; ++round) {
            auto query = random_query(random);
            auto const expected = matching(model, query);
            ASSERT_EQ(find(query), ids_of(expected)) << "round " << round;
            ASSERT_EQ(count("things", query.filter), static_cast<std::int64_t>(expected.size()));
            // From anywhere in the middle, a piece of it.
            query.limit = below(random, 7) + 1;
            query.skip = below(random, 3);
            auto from = query.skip;
            if (!expected.empty() && below(random, 3) > 0) {
                auto const at = below(random, expected.size());
                query.after = cursor_after(expected[at], query.order);
                from += at + 1;
            }
            ASSERT_EQ(find(query), ids_of(expected, from, query.limit)) << "round " << round;
            // After a position that no document has any more.
            auto const gone = random_document(random);
            query.after = cursor_after(gone, query.order);
            query.skip = 0;
            std::vector<json::object> rest;
            for (auto const& document : expected)
                if (is_before(gone, document, query.order)) rest.push_back(document);
            ASSERT_EQ(find(query), ids_of(rest, 0, query.limit)) << "round " << round;
        }
    }
}

TEST_P(StoreContract, AWalkByCursorIsStableWhileOthersWrite) {
    Random random(7);
    for (auto walk = 0; walk < 12; ++walk) {
        SCOPED_TRACE("walk " + std::to_string(walk));
        Model model;
        apply(RemoveAll{"things"});
        ASSERT_TRUE(commit(random_documents(random, 150, model)).has_value());
        Query query{.collection = "things", .limit = below(random, 9) + 1};
        if (walk % 3 > 0) query.filter.push_back({"a", Op::in, json::array{0, 1, 2, nullptr, "b"}});
        bool const descending = walk % 2 == 0;
        query.order = {{walk % 3 == 1 ? "b" : "_id", descending}};
        auto const before = matching(model, query);

        std::vector<std::string> seen;
        while (true) {
            auto const page = sync(store_->find(query));
            for (auto const& document : page)
                seen.emplace_back(document.body.at("_id").as_string());
            if (page.size() < query.limit) break;
            query.after = cursor_after(page.back().body, query.order);
            // New ids only: what exists keeps its place.
            Batch batch;
            for (auto i = 0; i < 3; ++i) {
                auto body = random_document(random);
                body["_id"] = "new" + std::to_string(seen.size() * 10 + static_cast<unsigned>(i));
                batch.add(Insert{"things", std::move(body)});
            }
            auto const victim = std::to_string(below(random, 500));
            model.erase(victim);
            batch.add(Remove{.collection = "things", .id = victim, .ignore_missing = true});
            ASSERT_TRUE(commit(std::move(batch)).has_value());
        }
        auto unique = seen;
        std::ranges::sort(unique);
        EXPECT_EQ(std::ranges::adjacent_find(unique), unique.end()) << "an item came twice";
        for (auto const& document : before) {
            std::string const id(document.at("_id").as_string());
            if (model.contains(id))
                EXPECT_TRUE(std::ranges::binary_search(unique, id)) << id << " was skipped";
        }
    }
}

TEST_P(StoreContract, TheNewestOfManyAuthors) {
    // A home feed: few of the newest match, then many, then none.
    Random random(11);
    Model model;
    Batch batch;
    for (auto i = 0; i < 3'000; ++i) {
        auto const author = i < 1'000 ? below(random, 40) : 40 + below(random, 400);
        json::object body{{"_id", "post_" + std::to_string(100'000 + i)},
                          {"a", "author_" + std::to_string(author)}};
        model[std::string(body.at("_id").as_string())] = body;
        batch.add(Insert{"things", std::move(body)});
    }
    ASSERT_TRUE(commit(std::move(batch)).has_value());
    for (auto const& [first, last] : {std::pair(0, 40), std::pair(0, 440), std::pair(40, 240),
                                      std::pair(30, 50), std::pair(500, 600)}) {
        json::array authors;
        for (auto author = first; author < last; ++author)
            authors.emplace_back("author_" + std::to_string(author));
        Query query{.collection = "things",
                    .filter = {{"a", Op::in, authors}},
                    .order = {{.descending = true}}};
        auto expected = matching(model, query);
        for (std::size_t at = 0; at < expected.size(); at += 20) {
            ASSERT_EQ(find(query), ids_of(expected, at, 20)) << first << " " << at;
            query.after = {expected[std::min(at + 20, expected.size()) - 1].at("_id")};
        }
        query.after = {};
        query.order = {};
        query.skip = 30;
        std::ranges::reverse(expected);
        EXPECT_EQ(find(query), ids_of(expected, 30, 20));
    }
}

}  // namespace grover::testing
