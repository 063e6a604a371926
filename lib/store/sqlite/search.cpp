// Reader::search: FTS5 ranked by bm25 (sqlite.org/fts5.html). The words of a query are cut here and
// quoted, so FTS5 never sees an operator that came from a client.
#include <stdexcept>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/limits.hpp"
#include "store/sqlite/plan.hpp"
#include "store/sqlite/reader.hpp"

namespace grover::store::sqlite {

namespace {

/// Adds `"a b"` for the words of `text`, joined to what is there by AND.
void append_phrase(std::string& expression, std::vector<std::string> const& words) {
    if (words.empty()) return;
    expression += expression.empty() ? "\"" : " AND \"";
    for (auto const& word : words) expression.append(&word == &words[0] ? "" : " ").append(word);
    expression += '"';
}

std::string expression_of(Search const& search) {
    std::string out;
    std::size_t count = 0;
    auto const add = [&](std::vector<std::string> const& words) {
        count += words.size();
        append_phrase(out, words);
    };
    for (auto const& phrase : search.phrases) {
        std::vector<std::string> words;
        for (auto const& part : phrase)
            for (auto& word : search_words(part)) words.push_back(std::move(word));
        add(words);
    }
    for (auto const& word : search.words) {
        auto const before = out.size();
        add(search_words(word));
        if (search.last_is_prefix && &word == &search.words.back() && out.size() > before)
            out += " *";
    }
    if (count > limits::search_words_max)
        throw Error(ErrorCode::invalid,
                    fmt::format("a search has at most {} words", limits::search_words_max));
    return out;
}

/// The conditions as SQL over "k", the keys, and what to bind.
std::string where(CollectionLayout const& c, Filter const& filter, std::vector<Scalar>& values) {
    std::string sql;
    auto const take = [&](json::value const& from) {
        auto const value = scalar_of(from);
        if (!value) throw std::logic_error("a search filter compares with no array or object");
        values.push_back(*value);
        return std::holds_alternative<Null>(*value);
    };
    for (auto const& condition : filter) {
        if (condition.field != "_id" && !c.has_column(condition.field))
            throw std::logic_error(
                fmt::format("search in \"{}\": \"{}\" is not in a declared "
                            "index",
                            c.name, condition.field));
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
            if (take(condition.value)) throw std::logic_error("a range needs a value");
            auto const [lower, upper] = bounds_of(condition.op, values.back());
            values.pop_back();
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
    if (!c.has_words())
        throw std::logic_error(fmt::format("\"{}\" declares nothing searchable", c.name));
    check_page(search.limit, search.skip);
    auto const expression = expression_of(search);
    std::vector<Scalar> values;
    auto const conditions = where(c, search.filter, values);
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
