#include "store/mongo/read.hpp"

#include <stdexcept>

namespace grover::store::mongo {

namespace {

/// The documents of an answer, and whether there are more.
struct FirstBatch {
    bson_iter_t documents;
    bool is_whole = false;

    explicit FirstBatch(bson_t const* answer) {
        bson_iter_t at;
        bson_iter_t cursor;
        bool found = bson_iter_init_find(&at, answer, "cursor") && bson_iter_recurse(&at, &cursor);
        bool const has_cursor = found;
        found = false;
        while (has_cursor && bson_iter_next(&cursor)) {
            std::string_view const key(bson_iter_key(&cursor));
            if (key == "id")
                is_whole = bson_iter_as_int64(&cursor) == 0;
            else if (key == "firstBatch")
                found = bson_iter_recurse(&cursor, &documents);
        }
        if (!found) throw std::runtime_error("the database answered without a cursor");
    }
    bool next(bson_t& document) {
        if (!bson_iter_next(&documents)) return false;
        std::uint32_t size = 0;
        std::uint8_t const* bytes = nullptr;
        bson_iter_document(&documents, &size, &bytes);
        if (!bytes || !bson_init_static(&document, bytes, size))
            throw std::runtime_error("a damaged BSON document");
        return true;
    }
};

/// The same query with a cursor of the driver.
Cursor cursor_of(Connection& connection, CollectionLayout const& collection, Bson const& command,
                 Deadline deadline) {
    bson_iter_t at;
    bson_t filter;
    std::uint32_t size = 0;
    std::uint8_t const* bytes = nullptr;
    if (!bson_iter_init_find(&at, command, "filter")) throw std::logic_error("no filter");
    bson_iter_document(&at, &size, &bytes);
    if (!bson_init_static(&filter, bytes, size)) throw std::logic_error("no filter");
    Bson options;
    bson_copy_to_excluding_noinit(command, options.raw(), "find", "filter", nullptr);
    connection.append_read(options.raw(), deadline);
    return Cursor(mongoc_collection_find_with_opts(connection.collection(collection.name).get(),
                                                   &filter, options, connection.preference()));
}

}  // namespace

std::vector<Document> find(Connection& connection, CollectionLayout const& collection,
                           Bson const& command, Deadline deadline) {
    Connection::Reply reply;
    connection.read(command, deadline, reply);
    FirstBatch batch(&reply.bson);
    // The cursor that was begun ends by itself.
    if (!batch.is_whole) return read_all(cursor_of(connection, collection, command, deadline));
    // One block for all of them: they are read once and dropped together.
    auto const block =
        json::make_shared_resource<json::monotonic_resource>(2 * std::size_t{reply.bson.len});
    std::vector<Document> out;
    for (bson_t document; batch.next(document);) out.push_back(decode(&document, block));
    return out;
}

std::int64_t count(Connection& connection, Bson const& command, Deadline deadline) {
    Connection::Reply reply;
    connection.read(command, deadline, reply);
    bson_iter_t at;
    bson_t document;
    if (!FirstBatch(&reply.bson).next(document)) return 0;
    return bson_iter_init_find(&at, &document, "n") ? bson_iter_as_int64(&at) : 0;
}

std::vector<Document> read_all(Cursor const& cursor) {
    std::vector<Document> out;
    for (bson_t const* row = nullptr; mongoc_cursor_next(cursor.get(), &row);)
        out.push_back(decode(row));
    bson_error_t error{};
    bson_t const* reply = nullptr;
    if (mongoc_cursor_error_document(cursor.get(), &error, &reply)) throw Failure(error, reply);
    return out;
}

}  // namespace grover::store::mongo
