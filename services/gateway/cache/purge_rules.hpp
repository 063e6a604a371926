// What events of the services make old: their types, and the tags that each of them purges, with
// members of the event filled in.
//
//     cache: {purge: {user.updated.v1: ["user:{user_id}"]}}
//
//     for (auto const& tag : tags_of(settings.purge, event.type, event.data)) store.purge_tag(tag);
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

namespace grover::gateway::config {
class Where;
}

namespace grover::gateway::cache {

/// By the event's type.
using PurgeRules = std::map<std::string, std::vector<std::string>>;

/// Complains, at their lines, of events that contracts/ does not have, of members that such an
/// event does not have as text, and of what no answer can have as a tag. `where` is the struct
/// whose member `purge` the rules are.
void check_purge_rules(config::Where const& where);

/// None for an event without a rule. A tag whose member is not there as text is left out.
std::vector<std::string> tags_of(PurgeRules const& rules, std::string const& type,
                                 boost::json::value const& data);

}  // namespace grover::gateway::cache
