// The user service as this one's tests need it: a server of its own on a free port that answers
// cards and relations (contracts/user.hpp) from what the test set. Not part of the service.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>

#include "contracts/user.hpp"
#include "http/router.hpp"
#include "http/server.hpp"
#include "net/loop.hpp"

namespace grover::post {

/// Thread-safe.
class DirectoryStandIn {
public:
    struct Person {
        bool is_private = false;
        std::set<std::string> following, blocked, muted;  // blocked: either way
    };

    DirectoryStandIn() {
        router_.post("/internal/users/cards", *this, &DirectoryStandIn::cards);
        router_.get("/internal/users/{user_id}/relations", *this, &DirectoryStandIn::relations);
        router_.get("/api/search/users", *this, &DirectoryStandIn::search);
        loops_.start();
        server_.start();
    }
    ~DirectoryStandIn() { stop(); }
    DirectoryStandIn(DirectoryStandIn const&) = delete;
    DirectoryStandIn& operator=(DirectoryStandIn const&) = delete;

    std::string origin() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }

    /// Adds or changes a person.
    template <class Change>
    void change(std::string const& user, Change change) {
        std::lock_guard const lock(mutex_);
        change(people_[user]);
    }
    void add(std::string const& user) {
        change(user, [](Person&) {});
    }
    void remove(std::string const& user) {
        std::lock_guard const lock(mutex_);
        people_.erase(user);
    }
    /// From now on nobody answers.
    void stop() {
        server_.drain(std::chrono::milliseconds(0));
        loops_.stop();
    }

    net::Task<std::vector<contracts::UserCard>> cards(contracts::UserCardsRequest request) {
        std::lock_guard const lock(mutex_);
        std::vector<contracts::UserCard> out;
        for (auto const& id : request.ids)
            if (auto const found = people_.find(id.str()); found != people_.end())
                out.push_back({id, "Name of " + id.str(), {}, false, found->second.is_private});
        co_return out;
    }
    net::Task<contracts::Relations> relations(http::Path<contracts::UserId, "user_id"> user) {
        std::lock_guard const lock(mutex_);
        auto const found = people_.find(user->str());
        if (found == people_.end()) throw Error(ErrorCode::not_found, "there is no such user");
        auto const ids = [](std::set<std::string> const& names) {
            std::vector<contracts::UserId> out;
            for (auto const& name : names) out.push_back(contracts::UserId::trusted(name));
            return out;
        };
        auto const& person = found->second;
        co_return contracts::Relations{*user, ids(person.following), ids(person.blocked),
                                       ids(person.muted)};
    }
    net::Task<std::vector<boost::json::object>> search(http::Query<std::string, "q"> query) {
        std::lock_guard const lock(mutex_);
        std::vector<boost::json::object> out;
        for (auto const& [name, person] : people_)
            if (name.contains(query.value)) out.push_back({{"user_id", name}});
        co_return out;
    }

private:
    std::mutex mutex_;
    std::map<std::string, Person> people_;
    http::Router router_;
    net::Loops loops_{1};
    http::Server server_{
        loops_, {}, [this](http::Request& request) { return router_.dispatch(request); }};
};

}  // namespace grover::post
