#include "testing/store_contract.hpp"

namespace grover::testing {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StoreContract);

void contract::suite() {
    writes();
    keys();
    queries();
    pages();
    searches();
    concurrency();
}

StoreContract::StoreContract() {
    store_ = GetParam().open(folder_.path(), schema());
}

void StoreContract::reopen() {
    store_.reset();
    store_ = GetParam().open(folder_.path(), schema());
}

store::Schema StoreContract::schema() {
    return {{
        {.name = "people",
         .indexes = {{.fields = {"email"}, .unique = true, .sparse = true},
                     {.fields = {"team", "number"}, .unique = true}}},
        {.name = "things",
         .indexes = {{.fields = {"a"}},
                     {.fields = {"b"}},
                     {.fields = {"a", "b"}},
                     {.fields = {"a", "b", "c"}},
                     {.fields = {"c"}, .sparse = true}},
         .searchable = {"title", "tags"},
         .expires_field = "expires_at"},
        {.name = "counters"},
    }};
}

std::string StoreContract::find(store::Query query) {
    std::string out;
    for (auto const& document : sync(store_->find(std::move(query))))
        out.append(out.empty() ? "" : " ").append(document.body.at("_id").as_string());
    return out;
}

std::string StoreContract::search(store::Search search) {
    std::string out;
    for (auto const& document : sync(store_->search(std::move(search))))
        out.append(out.empty() ? "" : " ").append(document.body.at("_id").as_string());
    return out;
}

std::string describe(std::expected<void, store::Rejected> const& outcome) {
    if (outcome) return "done";
    static constexpr char const* names[] = {"exists", "missing", "version", "condition"};
    return std::string(names[static_cast<int>(outcome.error().why)]) + " " +
           std::to_string(outcome.error().write);
}

}  // namespace grover::testing
