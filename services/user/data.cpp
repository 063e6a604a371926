#include "user/data.hpp"

namespace grover::user {

net::Task<store::Stored<User>> Data::user(UserId const& id) const {
    auto found = co_await users.find(id);
    if (!found) throw_no_such_user();
    co_return *std::move(found);
}

net::Task<std::vector<User>> Data::users_of(std::vector<UserId> ids) const {
    auto found = co_await users.find_many(std::move(ids));
    std::vector<User> out;
    out.reserve(found.size());
    for (auto& user : found)
        if (user) out.push_back(std::move(user->value));
    co_return out;
}

void throw_no_such_user() {
    throw Error(ErrorCode::not_found, "user_not_found", "there is no such user");
}

void throw_account_gone() {
    throw Error(ErrorCode::unauthenticated, "account_gone", "the account does not exist any more");
}

}  // namespace grover::user
