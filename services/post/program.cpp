#include "post/program.hpp"

#include "contracts/post.hpp"
#include "post/schema.hpp"

namespace grover::post {
namespace {

constexpr auto jobs_period = std::chrono::milliseconds(500);

events::Subscriptions subscriptions(service::Origins const& gateways) {
    return {{std::string(contracts::PostCreated::topic), {"user-service"}},
            {std::string(contracts::PostDeleted::topic), {"user-service"}},
            {std::string(events::every_topic), service::names_of(gateways)}};
}

service::Origins origins(Program::Config const& config) {
    auto out = config.gateways;
    out.emplace("user-service", config.user_service_url);
    return out;
}

}  // namespace

Program::Config Program::Config::read(Environment& env) {
    return {.user_service_url = env.url("USER_SERVICE_URL", "http://127.0.0.1:8001",
                                        "where the user service listens"),
            .gateways = service::read_gateways(env)};
}

store::Schema Program::schema() {
    return post::schema();
}

Program::Program(service::Kit& kit, Config const& config)
    : people_(kit, config.user_service_url),
      sessions_(kit, people_.service()),
      outbox_(kit.service(), kit.clock(), subscriptions(config.gateways)),
      relay_(service::relay_events(kit, outbox_, origins(config))),
      inbox_(kit.store(), kit.clock()),
      receiver_(inbox_, kit.log(), kit.metrics()),
      parts_(kit, outbox_, people_),
      background_(parts_, kit.store(), kit.log()),
      ranking_(kit.store(), kit.clock()),
      trends_(kit.store(), people_, kit.clock()),
      posts_(parts_),
      lists_(parts_),
      explore_(parts_, ranking_, trends_),
      search_(parts_),
      engagement_(parts_),
      comments_(parts_),
      reposts_(parts_),
      internal_(parts_) {
    kit.verify_tokens_with(sessions_.verifier());
    // Whose posts one may see is the user service's to say.
    kit.dependency(
        "user_service",
        [this](http::Deadline deadline) { return people_.service().healthy(deadline); },
        service::Kit::Without::unready);
    kit.every(jobs_period, "clear away", [this] { return background_.run(); });
    kit.every(jobs_period, "bring up to date", [this] { return background_.bring_up_to_date(); });
    consume();
}

void Program::consume() {
    inbox_.on<contracts::UserDeleted>(
        "posts.forget-user", [this](contracts::UserDeleted const& event, store::Batch& batch) {
            return on_user_deleted(event, batch);
        });
    // The caches are per process and only two seconds old at most: these events make them younger.
    inbox_.on<contracts::UserUpdated>(
        "posts.forget-card", [this](contracts::UserUpdated const& event, store::Batch& batch) {
            return on_user_updated(event, batch);
        });
    inbox_.on<contracts::RelationChanged>(
        "posts.forget-relations",
        [this](contracts::RelationChanged const& event, store::Batch&) -> Task<> {
            people_.forget(event.user_id);
            people_.forget(event.other_id);
            co_return;
        });
}

}  // namespace grover::post
