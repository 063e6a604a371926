#include <stdexcept>

#include <sqlite3.h>

#include "store/document_store.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/layout.hpp"

namespace grover::store {

namespace {

/// FTS5's own tokenizer (sqlite.org/fts5.html section 7.1), so that words are cut here exactly as
/// they are in the index. It keeps a buffer: one per thread.
class Tokenizer {
public:
    Tokenizer() : connection_(":memory:", sqlite::Connection::Mode::write) {
        fts5_api* api = nullptr;
        sqlite::Statement statement(connection_.handle(), "SELECT fts5(?)");
        statement.bind_pointer(0, &api, "fts5_api_ptr");
        statement.step();
        void* context = nullptr;
        char const* arguments[] = {"remove_diacritics", "2", "categories", sqlite::word_categories};
        if (!api || api->xFindTokenizer(api, "unicode61", &context, &methods_) != SQLITE_OK ||
            methods_.xCreate(context, arguments, std::size(arguments), &tokenizer_) != SQLITE_OK)
            throw std::runtime_error("SQLite was built without FTS5");
    }
    ~Tokenizer() { methods_.xDelete(tokenizer_); }
    Tokenizer(Tokenizer const&) = delete;
    Tokenizer& operator=(Tokenizer const&) = delete;

    std::vector<std::string> cut(std::string_view text) {
        std::vector<std::string> out;
        methods_.xTokenize(tokenizer_, &out, FTS5_TOKENIZE_QUERY, text.data(),
                           static_cast<int>(text.size()),
                           [](void* words, int, char const* word, int size, int, int) {
                               static_cast<std::vector<std::string>*>(words)->emplace_back(
                                   word, static_cast<std::size_t>(size));
                               return SQLITE_OK;
                           });
        return out;
    }

private:
    sqlite::Connection connection_;
    fts5_tokenizer methods_{};
    Fts5Tokenizer* tokenizer_ = nullptr;
};

}  // namespace

std::vector<std::string> search_words(std::string_view text) {
    thread_local Tokenizer tokenizer;
    return tokenizer.cut(text);
}

}  // namespace grover::store
