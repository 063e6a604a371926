// The whole service in one process, with a stand-in for the user service in which user_0 to user_7
// exist. What the tests of the service as a whole share. Not part of the service.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "post/directory_stand_in.hpp"
#include "post/program.hpp"
#include "testing/program.hpp"

namespace grover::post {

namespace json = boost::json;

inline std::string user(std::size_t i) {
    return "user_" + std::to_string(i);
}

class PostService : public ::testing::Test {
protected:
    PostService() : service({{"USER_SERVICE_URL", people.origin()}}) {
        for (std::size_t i = 0; i < 8; ++i) people.add(user(i));
    }

    json::value ok(http::Response const& reply) {
        EXPECT_LT(reply.status, 300) << reply.body;
        return json::parse(reply.body);
    }
    std::string write(std::string const& author, std::string const& content,
                      std::string const& visibility = "public") {
        json::object const body{{"content", content}, {"visibility", visibility}};
        auto const made = ok(service.as(author).post("/api/posts", json::serialize(body)));
        return std::string(made.at("post_id").as_string());
    }
    json::value read(std::string const& post, std::string const& as = "user_0") {
        return ok(service.as(as).get("/api/posts/" + post));
    }
    /// Every item of a list, page by page; `between` runs before each further page.
    std::vector<std::string> walk(
        testing::Client client, std::string target, std::function<void()> between = [] {}) {
        std::vector<std::string> out;
        while (!target.empty()) {
            auto const page = client.get(target);
            EXPECT_EQ(page.status, 200) << page.body;
            if (page.status != 200) break;
            for (auto const& item : json::parse(page.body).as_array())
                out.emplace_back(item.at("post_id").as_string());
            auto const link = page.headers.get("Link");
            target = link.empty() ? "" : std::string(link.substr(1, link.find('>') - 1));
            if (!target.empty()) between();
        }
        return out;
    }
    /// How many documents of each collection the export of a user has.
    std::map<std::string, std::size_t> exported(std::string const& user) {
        std::map<std::string, std::size_t> out;
        auto const all = "/internal/users/" + user + "/export";
        for (auto target = all; !target.empty();) {
            auto const page = ok(service.service("user-service").get(target));
            out[std::string(page.at("collection").as_string())] +=
                page.at("documents").as_array().size();
            auto const& next = page.at("next");
            target = next.is_null() ? "" : all + "?cursor=" + std::string(next.as_string());
        }
        return out;
    }
    std::int64_t stored(std::string const& collection) {
        return testing::run_on(service.loop(),
                               [&] { return service.store().count(collection, {}); });
    }
    /// An event of the user service, as its relay brings it.
    http::Response deliver(std::string topic, json::object data, std::string id) {
        events::Shipment const shipment{1,
                                        {{"1.0",
                                          std::move(id),
                                          "/user-service",
                                          std::move(topic),
                                          system_now(),
                                          "application/json",
                                          {},
                                          std::move(data)}}};
        return service.service("user-service").post("/internal/events", reflect::to_json(shipment));
    }

    DirectoryStandIn people;
    testing::Running<Program> service;
};

}  // namespace grover::post
