#include "store/mongo/start.hpp"

#include <algorithm>
#include <ranges>

#include <fmt/format.h>

#include "base/config.hpp"
#include "base/limits.hpp"

namespace grover::store::mongo {

namespace {

/// MongoDB 4.4: transactions on shards, hints for every command, errors that name their key.
constexpr std::int64_t wire_version_min = 9;

constexpr int unauthorized = 13;
constexpr int command_not_found = 59;

constexpr std::string_view servers_own[] = {"admin", "local", "config"};

std::int64_t whole(bson_t const* reply, char const* name) {
    bson_iter_t at;
    return bson_iter_init_find(&at, reply, name) ? bson_iter_as_int64(&at) : 0;
}

bool is_router(bson_t const* hello) {
    bson_iter_t at;
    return bson_iter_init_find(&at, hello, "msg") && BSON_ITER_HOLDS_UTF8(&at) &&
           std::string_view(bson_iter_utf8(&at, nullptr)) == "isdbgrid";
}

bool is_secondary(bson_t const* hello) {
    bson_iter_t at;
    return bson_iter_init_find(&at, hello, "secondary") && bson_iter_as_bool(&at);
}

void look_at_server(Pool& pool, Standalone standalone) {
    // Without a session, which a standalone server has not.
    pool.use_standalone(true);
    Bson hello;
    append(hello.raw(), "hello", 1);
    Connection::Reply reply;
    bool understood = true;
    try {
        Connection(pool).run(hello, reply);
    } catch (Failure const& failure) {
        if (failure.code() != command_not_found) throw;
        understood = false;
    }
    if (!understood || whole(&reply.bson, "maxWireVersion") < wire_version_min)
        throw ConfigError("MONGO_URL: the server at " + pool.hosts() +
                          " is too old: MongoDB 4.4 is the least");
    if (is_secondary(&reply.bson))
        throw ConfigError("MONGO_URL: the server at " + pool.hosts() +
                          " is a secondary, which takes no writes: without directConnection the "
                          "primary is found");
    pool.use_router(is_router(&reply.bson));
    bson_iter_t at;
    bool const transactions = pool.at_router() || bson_iter_init_find(&at, &reply.bson, "setName");
    if (!transactions && standalone == Standalone::refuse)
        throw ConfigError(
            "MONGO_URL: the server at " + pool.hosts() +
            " is a standalone one, without transactions: make it a replica set of one "
            "(docs/mongodb.md), or set MONGO_STANDALONE=1 for development");
    // Also where it was allowed, a replica set is used as one.
    pool.use_standalone(!transactions);
}

bool has_indexes(CollectionLayout const& collection) {
    return collection.indexes.size() > 1 || collection.has_words() || collection.expires();
}

void make_indexes(Pool& pool, CollectionLayout const& collection) {
    Bson command;
    append_create_indexes(command.raw(), collection);
    try {
        Connection::Reply reply;
        Connection(pool).run(command, reply);
    } catch (Failure const& failure) {
        if (failure.is_wrong_password() || failure.is_unanswered()) throw;
        throw ConfigError(fmt::format("MONGO_URL: the indexes of \"{}\" cannot be made: {}",
                                      collection.name, failure.what()));
    }
}

/// What the driver's words do not say.
std::string explanation(Failure const& failure, std::string const& replica_set) {
    std::string_view const said = failure.what();
    if (said.contains("Failed initialize TLS state"))
        return ": tlsCAFile, tlsCertificateKeyFile or its password cannot be used";
    bool const has_reason = said.contains('[');
    if (failure.code() == MONGOC_ERROR_SERVER_SELECTION_FAILURE && !has_reason &&
        !replica_set.empty())
        return ": none is the primary of the replica set \"" + replica_set + "\"";
    return "";
}

}  // namespace

void start(Pool& pool, Pool::Options options, Layout const& layout, Standalone standalone) {
    if (std::ranges::find(servers_own, pool.database()) != std::end(servers_own))
        throw ConfigError("DB_NAME: \"" + pool.database() +
                          "\" is a database of the server itself");
    try {
        look_at_server(pool, standalone);
        auto left = std::views::filter(layout.collections(), has_indexes);
        auto next = left.begin();
        try {
            for (; next != left.end(); ++next) make_indexes(pool, *next);
        } catch (Failure const& failure) {
            if (!failure.is_unanswered()) throw;
            // It is being made. Asked for once more, this is waited for.
            options.operation_time = limits::store_index_time_max;
            Pool patient(options);
            patient.use_standalone(pool.standalone());
            for (; next != left.end(); ++next) make_indexes(patient, *next);
        }
    } catch (Failure const& failure) {
        if (failure.code() == unauthorized)
            throw ConfigError("MONGO_URL: the server at " + pool.hosts() +
                              " does not let the user write to \"" + pool.database() + "\"");
        if (failure.is_wrong_password())
            throw ConfigError("MONGO_URL: the server at " + pool.hosts() +
                              " refuses the user or the password");
        throw ConfigError(fmt::format("MONGO_URL: no server can be used at {}: {}{}", pool.hosts(),
                                      failure.what(), explanation(failure, pool.replica_set())));
    }
}

}  // namespace grover::store::mongo
