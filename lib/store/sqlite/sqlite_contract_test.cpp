#include "store/sqlite/sqlite_store.hpp"
#include "testing/store_contract.hpp"

namespace grover::testing {

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract,
                         ::testing::Values(StoreEngine{
                             "sqlite",
                             [](std::filesystem::path const& place, store::Schema const& schema) {
                                 return store::open_sqlite(
                                     {.file = place / "store.db", .schema = schema});
                             }}),
                         [](auto const& info) { return info.param.name; });

}  // namespace grover::testing
