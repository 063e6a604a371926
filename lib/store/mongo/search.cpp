// Searches: words by the multikey index, phrases in the text of those documents, ranked by the
// server in the spirit of BM25 (Robertson and Zaragoza, 2009) without what it would have to count
// in the whole collection: how often a word occurs, against the length of the text.
#include <fmt/format.h>

#include "store/mongo/query.hpp"

namespace grover::store::mongo {

namespace {

constexpr double usual_text_bytes = 400;
constexpr double saturation = 1.2;  // BM25's k1 and b, as in SQLite's
constexpr double length_weight = 0.75;

/// As it stands in `text`: " new  york ", without the last blank when it goes on.
std::string pattern_of(SearchTerm const& term) {
    std::string out;
    for (auto const& word : term.words) out.append(" ").append(word).append(" ");
    if (term.last_is_prefix) out.pop_back();
    return out;
}

/// Words hold letters, digits and marks only, so a pattern needs no escaping.
void append_match(bson_t* out, std::vector<SearchTerm> const& terms, Filter const& filter) {
    append_array(out, "$and", [&](bson_t* all) {
        ArrayKey keys;
        auto const add = [&](std::string_view field, auto fill) {
            append_document(all, keys.next(),
                            [&](bson_t* one) { append_document(one, field, fill); });
        };
        for (auto const& term : terms) {
            for (auto const& word : term.words) {
                bool const prefix = term.last_is_prefix && &word == &term.words.back();
                add(words_field, [&](bson_t* is) {
                    if (prefix)
                        append(is, "$regex", "^" + word);
                    else
                        append(is, "$eq", word);
                });
            }
            if (term.words.size() > 1)
                add(text_field, [&](bson_t* is) { append(is, "$regex", pattern_of(term)); });
        }
        if (!filter.empty())
            append_document(all, keys.next(), [&](bson_t* one) { append_filter(one, filter); });
    });
}

/// {$op: [a, b]}: `a` and `b` append under the key that they are given.
template <class A, class B>
void append_call(bson_t* out, std::string_view key, std::string_view op, A a, B b) {
    append_document(out, key, [&](bson_t* call) {
        append_array(call, op, [&](bson_t* arguments) {
            a(arguments, "0");
            b(arguments, "1");
        });
    });
}
auto number(double value) {
    return [value](bson_t* out, std::string_view key) { append(out, key, Scalar(value)); };
}

/// How often a term occurs: the pieces of the text around it, less one.
void append_occurrences(bson_t* out, std::string_view key, SearchTerm const& term) {
    append_call(
        out, key, "$subtract",
        [&](bson_t* to, std::string_view at) {
            append_document(to, at, [&](bson_t* size) {
                append_call(
                    size, "$size", "$split",
                    [](bson_t* a, std::string_view k) { append(a, k, "$_search.text"); },
                    [&](bson_t* a, std::string_view k) { append(a, k, pattern_of(term)); });
            });
        },
        number(1));
}

/// k1 * (1 - b + b * length / usual).
void append_norm(bson_t* out, std::string_view key) {
    append_call(out, key, "$add", number(saturation * (1 - length_weight)),
                [](bson_t* to, std::string_view at) {
                    append_call(to, at, "$multiply",
                                number(saturation * length_weight / usual_text_bytes),
                                [](bson_t* a, std::string_view k) {
                                    append_document(a, k, [](bson_t* length) {
                                        append(length, "$strLenBytes", "$_search.text");
                                    });
                                });
                });
}

void append_rank(bson_t* out, std::string_view key, std::vector<SearchTerm> const& terms) {
    append_document(out, key, [&](bson_t* sum) {
        append_array(sum, "$add", [&](bson_t* array) {
            ArrayKey keys;
            for (auto const& term : terms)
                append_call(
                    array, keys.next(), "$divide",
                    [&](bson_t* to, std::string_view at) { append_occurrences(to, at, term); },
                    [&](bson_t* to, std::string_view at) {
                        append_call(
                            to, at, "$add",
                            [&](bson_t* a, std::string_view k) { append_occurrences(a, k, term); },
                            [](bson_t* a, std::string_view k) { append_norm(a, k); });
                    });
        });
    });
}

}  // namespace

void append_search(bson_t* pipeline, std::vector<SearchTerm> const& terms, Search const& search) {
    append_array(pipeline, "pipeline", [&](bson_t* stages) {
        ArrayKey keys;
        auto const stage = [&](std::string_view name, auto fill) {
            append_document(stages, keys.next(),
                            [&](bson_t* one) { append_document(one, name, fill); });
        };
        stage("$match", [&](bson_t* match) { append_match(match, terms, search.filter); });
        stage("$addFields", [&](bson_t* fields) { append_rank(fields, "_rank", terms); });
        stage("$sort", [](bson_t* sort) {
            append(sort, "_rank", -1);
            append(sort, "_id", 1);
        });
        if (search.skip > 0)
            append_document(stages, keys.next(), [&](bson_t* one) {
                append(one, "$skip", static_cast<std::int64_t>(search.skip));
            });
        append_document(stages, keys.next(), [&](bson_t* one) {
            append(one, "$limit", static_cast<std::int64_t>(search.limit));
        });
        stage("$project", [](bson_t* fields) {
            append(fields, "_rank", 0);
            append(fields, search_field, 0);
            append(fields, expires_field, 0);
        });
    });
}

}  // namespace grover::store::mongo
