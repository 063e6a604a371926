#include "store/copy.hpp"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/encoding.hpp"
#include "base/limits.hpp"
#include "store/declared.hpp"

namespace grover::store {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t page_documents = 500;
constexpr char mark_collection[] = "unfinished_copy";
constexpr char mark_id[] = "copy";
constexpr auto expiry_margin = 10min;

/// Members in order of their names: engines keep them in different ones.
json::value sorted(json::value const& value) {
    if (auto const* array = value.if_array()) {
        json::array out;
        for (auto const& item : *array) out.push_back(sorted(item));
        return out;
    }
    auto const* object = value.if_object();
    if (!object) return value;
    std::vector<json::string_view> names;
    for (auto const& member : *object) names.push_back(member.key());
    std::ranges::sort(names);
    json::object out;
    for (auto const name : names) out.emplace(name, sorted(object->at(name)));
    return out;
}

std::string text_of(Document const& document) {
    return fmt::format("{} {}\n", document.version, json::serialize(sorted(document.body)));
}

class Hash {
public:
    Hash() : context_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context_, EVP_sha256(), nullptr); }
    ~Hash() { EVP_MD_CTX_free(context_); }
    Hash(Hash const&) = delete;
    Hash& operator=(Hash const&) = delete;

    void add(std::string_view text) { EVP_DigestUpdate(context_, text.data(), text.size()); }
    std::string finish() {
        unsigned char bytes[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        EVP_DigestFinal_ex(context_, bytes, &size);
        return to_hex({reinterpret_cast<char const*>(bytes), size});
    }

private:
    EVP_MD_CTX* context_;
};

Task<std::vector<Document>> page_after(DocumentStore& store, std::string const& collection,
                                       std::string const& last) {
    Query query{.collection = collection, .limit = page_documents};
    if (!last.empty()) query.after = {json::value(last)};
    co_return co_await store.find(std::move(query));
}

std::string id_of(Document const& document) {
    return std::string(std::string_view(document.body.at("_id").as_string()));
}

/// The batch that makes `to` hold `page`.
Task<Batch> difference(DocumentStore& to, std::string const& collection,
                       std::vector<Document> const& page) {
    std::vector<std::string> ids;
    for (auto const& document : page) ids.push_back(id_of(document));
    auto const there = co_await to.get_many(collection, ids);
    Batch out;
    for (std::size_t i = 0; i < page.size(); ++i) {
        if (there[i] && text_of(*there[i]) == text_of(page[i])) continue;
        if (there[i]) out.add(Remove{.collection = collection, .id = ids[i]});
        out.add(Insert{collection, page[i].body, page[i].version});
    }
    co_return out;
}

/// Of what does not expire before `end`.
Task<CopiedCollection> summary(DocumentStore& store, CollectionSpec const& collection,
                               Timestamp end) {
    CopiedCollection out{.name = collection.name, .documents = 0, .hash = {}};
    Hash hash;
    for (std::string last;;) {
        auto const page = co_await page_after(store, collection.name, last);
        for (auto const& document : page) {
            auto const expiry = expiry_of(collection.expires_field, document.body);
            if (expiry && *expiry < end) continue;
            hash.add(text_of(document));
            ++out.documents;
        }
        if (page.size() < page_documents) break;
        last = id_of(page.back());
    }
    out.hash = hash.finish();
    co_return out;
}

Task<> copy(DocumentStore& from, DocumentStore& to, std::string const& name) {
    for (std::string last;;) {
        auto const page = co_await page_after(from, name, last);
        auto batch = co_await difference(to, name, page);
        if (auto const done = co_await to.commit(std::move(batch)); !done)
            throw std::runtime_error("\"" + name +
                                     "\": the target holds a document with the same unique key");
        if (page.size() < page_documents) co_return;
        last = id_of(page.back());
    }
}

Task<CopiedCollection> compare(DocumentStore& from, DocumentStore& to,
                               CollectionSpec const& collection, Timestamp end) {
    auto const source = co_await summary(from, collection, end);
    auto const target = co_await summary(to, collection, end);
    if (source.documents != target.documents || source.hash != target.hash)
        throw std::runtime_error(
            fmt::format("\"{}\" differs: {} documents here, {} there; the target must be empty, or "
                        "left by an interrupted copy",
                        collection.name, source.documents, target.documents));
    co_return source;
}

Task<bool> is_empty(DocumentStore& store, Schema const& schema) {
    for (auto const& collection : schema.collections)
        if (!(co_await store.find({.collection = collection.name, .limit = 1})).empty())
            co_return false;
    co_return true;
}

Task<> write(DocumentStore& store, Write one) {
    Batch batch;
    batch.add(std::move(one));
    if (!co_await store.commit(std::move(batch)))
        throw std::runtime_error("somebody else writes to the target");
}

}  // namespace

CollectionSpec copy_mark() {
    return {.name = mark_collection};
}

Task<bool> is_half_copied(DocumentStore& store) {
    co_return (co_await store.get(mark_collection, mark_id)).has_value();
}

Task<std::vector<CopiedCollection>> copy_all(DocumentStore& from, DocumentStore& to,
                                             Schema const& schema) {
    if (co_await is_half_copied(from))
        throw std::runtime_error("the source is itself half of a copy that was interrupted");
    bool const goes_on = co_await is_half_copied(to);
    bool const copies = goes_on || co_await is_empty(to, schema);
    if (copies && !goes_on) co_await write(to, Insert{mark_collection, {{"_id", mark_id}}});
    std::vector<CopiedCollection> out;
    auto const began = system_now();
    for (auto const& collection : schema.collections) {
        if (copies) co_await copy(from, to, collection.name);
        // The engines remove what has expired, each in its own time, while both are read.
        auto const now = system_now();
        auto const end = now + (now - began) + expiry_margin;
        out.push_back(co_await compare(from, to, collection, end));
    }
    if (copies) co_await write(to, Remove{.collection = mark_collection, .id = mark_id});
    co_return out;
}

}  // namespace grover::store
