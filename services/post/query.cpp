#include "post/query.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "post/tags.hpp"
#include "store/document_store.hpp"

namespace grover::post {
namespace {

/// The text up to `end`, which is dropped; `rest` moves past both.
std::string_view take_until(std::string_view& rest, char end) {
    auto const at = rest.find(end);
    auto const out = rest.substr(0, at);
    rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
    return out;
}

void add_words(SearchQuery& query, std::vector<std::string> words) {
    for (auto& word : words)
        if (query.words.size() < limits::search_words_max) query.words.push_back(std::move(word));
}

void add_token(SearchQuery& query, std::string_view token) {
    query.last_is_prefix = false;
    if (token.starts_with("from:"))
        if (auto user = UserId::parse(token.substr(5))) {
            query.from = *std::move(user);
            return;
        }
    if (token.starts_with('#') || token.starts_with("＃"))
        if (auto tag = as_tag(token)) {
            if (query.tags.size() < tags_max) query.tags.push_back(*std::move(tag));
            return;
        }
    auto words = store::search_words(token);
    query.last_is_prefix = !words.empty();
    add_words(query, std::move(words));
}

}  // namespace

SearchQuery parse_query(std::string_view text) {
    SearchQuery query;
    auto rest = text;
    while (!rest.empty()) {
        if (rest.front() == '"') {
            rest.remove_prefix(1);
            auto words = store::search_words(take_until(rest, '"'));
            query.last_is_prefix = false;
            if (words.size() == 1)
                add_words(query, std::move(words));
            else if (!words.empty() && query.phrases.size() < limits::search_words_max)
                query.phrases.push_back(std::move(words));
        } else if (rest.front() == ' ') {
            rest.remove_prefix(1);
        } else {
            auto const end = std::min(rest.find(' '), rest.find('"'));
            add_token(query, rest.substr(0, end));
            rest = end == std::string_view::npos ? std::string_view() : rest.substr(end);
        }
    }
    if (text.ends_with(' ')) query.last_is_prefix = false;
    return query;
}

}  // namespace grover::post
