#include "service/copy_store.hpp"

#include <exception>
#include <iostream>
#include <optional>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>

#include "base/config.hpp"
#include "net/loop.hpp"
#include "store/copy.hpp"

namespace grover::service {

namespace {

/// On the calling thread, in a loop of its own.
template <class T>
T finish(net::Task<T> task) {
    net::Loop loop(0);
    std::exception_ptr failure;
    std::optional<T> result;
    net::asio::co_spawn(loop.executor(), std::move(task), [&](std::exception_ptr thrown, T value) {
        failure = thrown;
        result.emplace(std::move(value));
        loop.stop();
    });
    loop.run();
    if (failure) std::rethrow_exception(failure);
    return *std::move(result);
}

std::unique_ptr<store::DocumentStore> open_marked(store::Place const& place, store::Schema schema) {
    schema.collections.push_back(store::copy_mark());
    return store::open(place, std::move(schema));
}

}  // namespace

std::unique_ptr<store::DocumentStore> open_store(store::Place const& place, store::Schema schema) {
    auto out = open_marked(place, std::move(schema));
    if (finish(store::is_half_copied(*out)))
        throw ConfigError(fmt::format(
            "{} is half of a copy that was interrupted: run ./grover migrate again, or begin with "
            "an empty one",
            place.mongo_url.empty() ? place.folder : "the database " + place.database));
    return out;
}

int copy_store(About const& about, store::Schema const& schema, store::Place const& place,
               std::string_view direction) {
    bool const to_mongo = direction == "sqlite-to-mongo";
    if (!to_mongo && direction != "mongo-to-sqlite")
        throw ConfigError("--copy-store takes sqlite-to-mongo or mongo-to-sqlite");
    if (place.mongo_url.empty()) throw ConfigError("--copy-store needs MONGO_URL");
    if (to_mongo && !store::has_embedded(place))
        throw ConfigError("--copy-store: there is no embedded store in " + place.folder);
    auto const embedded = open_marked({.folder = place.folder}, schema);
    auto const served = open_marked(place, schema);
    auto& from = to_mongo ? *embedded : *served;
    auto& to = to_mongo ? *served : *embedded;
    for (auto const& one : finish(store::copy_all(from, to, schema)))
        std::cout << fmt::format("{}.{}: {} documents, sha256 {}\n", about.name, one.name,
                                 one.documents, one.hash);
    return 0;
}

}  // namespace grover::service
