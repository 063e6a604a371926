// Every event of the house, for who must know them all: the golden files, the gateway's purges.
#pragma once

#include <boost/mp11.hpp>

#include "contracts/post.hpp"
#include "contracts/user.hpp"

namespace grover::contracts {

using Events = boost::mp11::mp_list<UserDeleted, UserUpdated, RelationChanged, PostCreated,
                                    PostUpdated, PostDeleted>;

}  // namespace grover::contracts
