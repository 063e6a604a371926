#include "gateway/cache/settings.hpp"

#include "gateway/cache/store.hpp"
#include "gateway/config/reader.hpp"
#include "http/characters.hpp"

namespace grover::gateway::cache {
namespace {

void check_names(std::vector<std::string> const& names, std::string_view member,
                 config::Where const& where) {
    for (auto const& name : names)
        if (name != "*" && !http::is_token(name))
            where.add(member, "'" + name + "' is not the name of a field");
}

}  // namespace

void validate(Settings const& settings, config::Where const& where) {
    constexpr std::uint64_t memory_min = 1 << 20;
    if (settings.memory.count < memory_min) where.add("memory", "must be at least 1MiB");
    if (settings.object_max.count > settings.memory.count / Store::shards)
        where.add("object_max", "must be at most a sixteenth of memory");
    if (settings.variants_max < 1 || settings.variants_max > 1000)
        where.add("variants_max", "must be 1 to 1000");
    check_names(settings.targeted, "targeted", where);
    check_purge_rules(where);
}

void validate(RouteSettings const& route, config::Where const& where) {
    check_names(route.fields, "fields", where);
    for (auto const& name : route.query)
        if (name.empty() || name.find_first_of("=&#") != name.npos)
            where.add("query", "'" + name + "' is not the name of a parameter");
    if (route.fresh < 0s) where.add("fresh", "must not be negative");
    if (route.negative < 0s) where.add("negative", "must not be negative");
    if (route.stale_while_revalidate < 0s)
        where.add("stale_while_revalidate", "must not be negative");
    if (route.stale_if_error < 0s) where.add("stale_if_error", "must not be negative");
    if (route.collapse < 0ms) where.add("collapse", "must not be negative");
}

}  // namespace grover::gateway::cache
