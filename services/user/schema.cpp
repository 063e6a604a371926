#include "user/schema.hpp"

#include "events/events.hpp"

namespace grover::user {

store::Schema schema() {
    using store::Index;
    store::Schema out;
    out.collections = {
        {.name = "users",
         .indexes = {Index{.fields = {"email_key"}, .unique = true},
                     Index{.fields = {"followers_count"}}},
         .searchable = {"name"}},
        {.name = "credentials", .shard_key = {{.field = "_id"}}},
        {.name = "identities", .indexes = {Index{.fields = {"user_id"}}}},
        {.name = "sessions",
         .indexes = {Index{.fields = {"session_id"}, .unique = true},
                     Index{.fields = {"user_id", "created_at"}}},
         .expires_field = "expires_at"},
        {.name = "revocations",
         .indexes = {Index{.fields = {"revoked_at"}}},
         .expires_field = "expires_at"},
        {.name = "login_flows", .expires_field = "expires_at"},
        // An edge is in those lists only to which it belongs.
        {.name = "edges",
         .indexes = {Index{.fields = {"actor", "followed_at"}, .sparse = true},
                     Index{.fields = {"target", "followed_at"}, .sparse = true},
                     Index{.fields = {"actor", "requested_at"}, .sparse = true},
                     Index{.fields = {"target", "requested_at"}, .sparse = true},
                     Index{.fields = {"actor", "blocked_at"}, .sparse = true},
                     Index{.fields = {"target", "blocked_at"}, .sparse = true},
                     Index{.fields = {"actor", "muted_at"}, .sparse = true},
                     Index{.fields = {"actor"}}, Index{.fields = {"target"}}},
         .shard_key = {{.field = "actor", .id_has_it_before = ':'}}},
        {.name = "departures"},
    };
    for (auto& spec : events::outbox_collections()) out.collections.push_back(std::move(spec));
    for (auto& spec : events::inbox_collections()) out.collections.push_back(std::move(spec));
    return out;
}

}  // namespace grover::user
