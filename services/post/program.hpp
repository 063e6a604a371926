// The post service: its parts in the order they need each other. Where to go on: routes.cpp.
#pragma once

#include "events/receiver.hpp"
#include "events/relay.hpp"
#include "post/background.hpp"
#include "post/comments_api.hpp"
#include "post/engagement_api.hpp"
#include "post/explore_api.hpp"
#include "post/internal_api.hpp"
#include "post/lists_api.hpp"
#include "post/parts.hpp"
#include "post/people.hpp"
#include "post/posts_api.hpp"
#include "post/ranking.hpp"
#include "post/reposts_api.hpp"
#include "post/search_api.hpp"
#include "post/trends.hpp"
#include "service/event_relay.hpp"
#include "service/service.hpp"
#include "service/sessions.hpp"

namespace grover::post {

class Program {
public:
    struct Config {
        std::string user_service_url;
        service::Origins gateways;
        static Config read(Environment& env);
    };
    static store::Schema schema();

    Program(service::Kit& kit, Config const& config);
    void routes(http::Router& router);
    Background& background() noexcept { return background_; }

private:
    void consume();
    Task<> on_user_deleted(contracts::UserDeleted const& event, store::Batch& batch);
    Task<> on_user_updated(contracts::UserUpdated const& event, store::Batch& batch);

    People people_;
    service::Sessions sessions_;  // for requests that come without the gateway
    events::Outbox outbox_;
    std::unique_ptr<events::Relay> relay_;
    events::Inbox inbox_;
    events::Receiver receiver_;
    Parts parts_;
    Background background_;
    Ranking ranking_;
    Trends trends_;

    PostsApi posts_;
    ListsApi lists_;
    ExploreApi explore_;
    SearchApi search_;
    EngagementApi engagement_;
    CommentsApi comments_;
    RepostsApi reposts_;
    InternalApi internal_;
};

}  // namespace grover::post
