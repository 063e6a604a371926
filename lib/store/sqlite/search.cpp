// Reader::search: FTS5 ranked by bm25 (sqlite.org/fts5.html). The words of a query are cut here and
// quoted, so FTS5 never sees an operator that came from a client.
#include <fmt/format.h>

#include "store/plan.hpp"
#include "store/search_terms.hpp"
#include "store/sqlite/reader.hpp"

namespace grover::store::sqlite {

namespace {

/// `"a b" AND "c" *`.
std::string expression_of(std::vector<SearchTerm> const& terms) {
    std::string out;
    for (auto const& term : terms) {
        out += out.empty() ? "\"" : " AND \"";
        for (auto const& word : term.words)
            out.append(&word == &term.words[0] ? "" : " ").append(word);
        out += term.last_is_prefix ? "\" *" : "\"";
    }
    return out;
}

/// The conditions as SQL over "k", the keys, and what to bind.
std::string where(Filter const& filter, std::vector<Scalar>& values) {
    std::string sql;
    auto const take = [&](json::value const& from) { values.push_back(*scalar_of(from)); };
    for (auto const& condition : filter) {
        auto const field = "k." + identifier(condition.field);
        if (condition.op == Condition::Op::equal) {
            take(condition.value);
            sql += fmt::format(" AND {} IS ?", field);
        } else if (condition.op == Condition::Op::in) {
            std::string list;
            for (auto const& value : condition.value.as_array()) {
                take(value);
                list += fmt::format("{}{} IS ?", list.empty() ? "" : " OR ", field);
            }
            sql += fmt::format(" AND ({})", list.empty() ? "0" : list);
        } else {
            auto const [lower, upper] = bounds_of(condition.op, *scalar_of(condition.value));
            for (auto const& [bound, sign] : {std::pair(lower, '>'), std::pair(upper, '<')}) {
                if (!bound) continue;
                values.push_back(bound->value);
                sql += fmt::format(" AND {} {}{} ?", field, sign, bound->inclusive ? "=" : "");
            }
        }
    }
    return sql;
}

}  // namespace

std::vector<Document> Reader::search(Search const& search) {
    auto const& c = layout_.collection(search.collection);
    check_search(c, search);
    auto const expression = expression_of(search_terms(search));
    std::vector<Scalar> values;
    auto const conditions = where(search.filter, values);
    if (expression.empty()) return {};

    std::string sql = fmt::format("SELECT f.rowid FROM {} f", c.words);
    if (!conditions.empty())
        sql += fmt::format(" CROSS JOIN {} d ON d._ref = f.rowid CROSS JOIN {} k ON k._id = d._id",
                           c.docs, c.keys);
    sql +=
        fmt::format(" WHERE f.{} MATCH ?{} ORDER BY f.rank LIMIT ? OFFSET ?", c.words, conditions);
    // Not kept: filters come in many shapes, and compiling is a small part of a search.
    Statement statement(connection_.handle(), sql);
    int at = 0;
    statement.bind_text(at++, expression);
    for (auto const& value : values) statement.bind(at++, value);
    statement.bind(at++, static_cast<std::int64_t>(search.limit));
    statement.bind(at++, static_cast<std::int64_t>(search.skip));
    std::vector<std::int64_t> refs;
    while (statement.step()) refs.push_back(statement.integer(0));
    return load(c, refs);
}

}  // namespace grover::store::sqlite
