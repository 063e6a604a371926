#include "store/open.hpp"

#include <filesystem>

#include <fmt/ranges.h>

#include "store/mongo/mongo_store.hpp"
#include "store/schema.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace grover::store {

namespace {

std::string file_of(Place const& place) {
    return place.folder + "/store.db";
}

}  // namespace

bool has_embedded(Place const& place) {
    return std::filesystem::exists(file_of(place));
}

std::unique_ptr<DocumentStore> open(Place const& place, Schema schema) {
    if (place.mongo_url.empty())
        return open_sqlite({.file = file_of(place), .schema = std::move(schema)});
    return open_mongo({.url = place.mongo_url,
                       .database = place.database,
                       .schema = std::move(schema),
                       .connections = place.mongo_connections,
                       .standalone = place.mongo_standalone,
                       .hints = place.mongo_hints});
}

std::string shard_commands(Place const& place, Schema const& schema) {
    check(schema);
    std::string out;
    for (auto const& collection : schema.collections) {
        auto const fields = shard_fields(collection);
        if (fields.empty()) {
            out += fmt::format("// {}.{} stays whole\n", place.database, collection.name);
            continue;
        }
        // Ids sort by time: by their hash new ones do not all go to the last server.
        auto const key = fields == std::vector<std::string>{"_id"}
                             ? R"(_id: "hashed")"
                             : fmt::format("{}: 1", fmt::join(fields, ": 1, "));
        out += fmt::format("sh.shardCollection(\"{}.{}\", {{ {} }})\n", place.database,
                           collection.name, key);
    }
    return out;
}

}  // namespace grover::store
