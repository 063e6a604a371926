#include "service/copy_store.hpp"

#include <iostream>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>

#include "base/config.hpp"
#include "net/loop.hpp"
#include "store/copy.hpp"

namespace grover::service {

int copy_store(About const& about, store::Schema const& schema, store::Place const& place,
               std::string_view direction) {
    bool const to_mongo = direction == "sqlite-to-mongo";
    if (!to_mongo && direction != "mongo-to-sqlite")
        throw ConfigError("--copy-store takes sqlite-to-mongo or mongo-to-sqlite");
    if (place.mongo_url.empty()) throw ConfigError("--copy-store needs MONGO_URL");
    auto const embedded = store::open({.folder = place.folder}, schema);
    auto const served = store::open(place, schema);
    auto& from = to_mongo ? *embedded : *served;
    auto& to = to_mongo ? *served : *embedded;

    net::Loop loop(0);
    std::exception_ptr failure;
    net::asio::co_spawn(
        loop.executor(), [&] { return store::copy_all(from, to, schema); },
        [&](std::exception_ptr thrown, std::vector<store::CopiedCollection> const& copied) {
            failure = thrown;
            for (auto const& one : copied)
                std::cout << fmt::format("{}.{}: {} documents, sha256 {}\n", about.name, one.name,
                                         one.documents, one.hash);
            loop.stop();
        });
    loop.run();
    if (failure) std::rethrow_exception(failure);
    return 0;
}

}  // namespace grover::service
