#include "store/search_terms.hpp"

#include <stdexcept>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/limits.hpp"
#include "store/plan.hpp"

namespace grover::store {

std::vector<SearchTerm> search_terms(Search const& search) {
    std::vector<SearchTerm> out;
    std::size_t count = 0;
    auto const add = [&](std::vector<std::string> words, bool last_is_prefix) {
        count += words.size();
        if (!words.empty()) out.push_back({std::move(words), last_is_prefix});
    };
    for (auto const& phrase : search.phrases) {
        std::vector<std::string> words;
        for (auto const& part : phrase)
            for (auto& word : search_words(part)) words.push_back(std::move(word));
        add(std::move(words), false);
    }
    for (auto const& word : search.words)
        add(search_words(word), search.last_is_prefix && &word == &search.words.back());
    if (count > limits::search_words_max)
        throw Error(ErrorCode::invalid,
                    fmt::format("a search has at most {} words", limits::search_words_max));
    return out;
}

namespace {

void check_compared(Condition const& condition) {
    auto const value = scalar_of(condition.value);
    if (!value) throw std::logic_error("a search filter compares with no array or object");
    if (condition.op != Condition::Op::equal && std::holds_alternative<Null>(*value))
        throw std::logic_error("a range needs a value");
}

}  // namespace

void check_search(Declared const& collection, Search const& search) {
    if (!collection.has_words())
        throw std::logic_error(fmt::format("\"{}\" declares nothing searchable", collection.name));
    check_page(search.limit, search.skip);
    for (auto const& condition : search.filter) {
        if (condition.field != "_id" && !collection.has_column(condition.field))
            throw std::logic_error(
                fmt::format("search in \"{}\": \"{}\" is not in a declared index", collection.name,
                            condition.field));
        if (condition.op != Condition::Op::in) {
            check_compared(condition);
            continue;
        }
        auto const* values = condition.value.if_array();
        if (!values || values->size() > limits::in_values_max)
            throw std::logic_error(
                fmt::format("`in` takes an array of at most {} values", limits::in_values_max));
        for (auto const& value : *values)
            check_compared({condition.field, Condition::Op::equal, value});
    }
}

}  // namespace grover::store
