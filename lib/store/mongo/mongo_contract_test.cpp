// The contract suite on the server that GROVER_MONGO_URL names (./grover test --mongo starts one).
#include <cstdlib>

#include "store/mongo/mongo_store.hpp"
#include "testing/store_contract.hpp"

namespace grover::testing {

namespace {

char const* server() {
    return std::getenv("GROVER_MONGO_URL");
}

/// Each test's folder is new, so its name names a database that is new.
std::string database_of(std::filesystem::path const& place) {
    return "test_" + place.filename().string();
}

std::unique_ptr<store::DocumentStore> open(std::filesystem::path const& place,
                                           store::Schema const& schema) {
    return store::open_mongo({.url = Secret(server()),
                              .database = database_of(place),
                              .schema = schema,
                              .standalone = std::getenv("MONGO_STANDALONE") != nullptr,
                              // The servers that tests can have are slower than MongoDB.
                              .operation_time = std::chrono::seconds(60),
                              .search_time = std::chrono::seconds(60)});
}

std::vector<StoreEngine> engines() {
    if (!server()) return {};
    return {{"mongodb", open}};
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Mongo, StoreContract, ::testing::ValuesIn(engines()),
                         [](auto const& info) { return info.param.name; });

TEST(MongoServer, IsThere) {
    if (!server()) GTEST_SKIP() << "no MongoDB server: GROVER_MONGO_URL names none";
}

}  // namespace grover::testing
