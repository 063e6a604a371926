#include "store/open.hpp"

#include "store/mongo/mongo_store.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace grover::store {

std::unique_ptr<DocumentStore> open(Place const& place, Schema schema) {
    if (place.mongo_url.empty())
        return open_sqlite({.file = place.folder + "/store.db", .schema = std::move(schema)});
    return open_mongo({.url = place.mongo_url,
                       .database = place.database,
                       .schema = std::move(schema),
                       .connections = place.mongo_connections,
                       .standalone = place.mongo_standalone,
                       .hints = place.mongo_hints});
}

}  // namespace grover::store
