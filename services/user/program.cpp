#include "user/program.hpp"

#include "auth/token.hpp"
#include "user/input.hpp"
#include "user/schema.hpp"

namespace grover::user {
namespace {

constexpr std::string_view post_service = "post-service";

events::Subscriptions subscriptions(service::Origins const& gateways) {
    std::vector<std::string> const posts{std::string(post_service)};
    return {{std::string(contracts::UserDeleted::topic), posts},
            {std::string(contracts::UserUpdated::topic), posts},
            {std::string(contracts::RelationChanged::topic), posts},
            {std::string(events::every_topic), service::names_of(gateways)}};
}

service::Origins origins(Program::Config const& config) {
    auto out = config.gateways;
    out.emplace(post_service, config.post_service_url);
    return out;
}

oidc::Providers make_providers(service::Kit& kit, Program::Config const& config) {
    oidc::Providers out;
    for (auto const& settings : config.providers)
        out.push_back(std::make_unique<oidc::Provider>(kit, settings, config.insecure_providers));
    return out;
}

}  // namespace

Program::Config Program::Config::read(Environment& env) {
    Config out;
    out.environment =
        env.one_of("ENVIRONMENT", {"development", "test", "staging", "production"}, "development",
                   "where this runs; production takes no default secrets");
    bool const deployed = out.environment == "production" || out.environment == "staging";
    out.insecure_providers = !deployed;
    out.admission.admins_need_proof = deployed;
    out.public_url =
        env.url("PUBLIC_URL", "http://localhost:8000",
                "where browsers reach the gateway; login providers send them back there");
    while (out.public_url.ends_with('/')) out.public_url.pop_back();
    out.post_service_url =
        env.url("POST_SERVICE_URL", "http://127.0.0.1:8002", "where the post service listens");
    out.gateways = service::read_gateways(env);
    out.broker_url = env.optional_url("AUTH_BROKER_URL", "hosted login broker").value_or("");
    while (out.broker_url.ends_with('/')) out.broker_url.pop_back();
    out.providers = oidc::read_providers(env, out.insecure_providers);
    for (auto const& email :
         env.list("ADMIN_EMAILS", "", "accounts with these e-mails become admins")) {
        auto const checked = checked_email(email);
        if (!checked)
            env.problem("ADMIN_EMAILS", "has something that is no e-mail address");
        else
            out.admission.admin_emails.insert(email_key(*checked));
    }
    return out;
}

store::Schema Program::schema() {
    return user::schema();
}

Program::Program(service::Kit& kit, Config config)
    : data_(kit.store()),
      outbox_(kit.service(), kit.clock(), subscriptions(config.gateways)),
      inbox_(kit.store(), kit.clock()),
      receiver_(inbox_, kit.log(), kit.metrics()),
      sessions_(data_, kit.clock()),
      passwords_(kit.loops().blocking()),
      admission_(data_, sessions_, kit.clock(), config.admission),
      entrance_(data_, sessions_, admission_),
      people_(data_),
      relations_(data_, outbox_),
      departures_(data_, sessions_, outbox_, kit.clock()),
      broker_(kit, config.broker_url),
      providers_(make_providers(kit, config)),
      posts_(kit, "post service", config.post_service_url),
      auth_(data_, sessions_, passwords_, admission_, entrance_, broker_, providers_),
      login_(data_, entrance_, providers_, kit.clock(), config.public_url),
      account_(data_, sessions_, passwords_, departures_, outbox_, kit.clock()),
      export_(data_, sessions_, relations_, posts_, kit.clock()),
      discover_(data_, people_, relations_, kit.clock()),
      follow_(data_, people_, relations_, kit.clock()),
      privacy_(data_, people_, relations_, kit.clock()),
      internal_(data_, sessions_, relations_),
      relay_(service::relay_events(kit, outbox_, origins(config))) {
    kit.verify_tokens_with(
        [this](std::string token, http::Deadline) -> Task<std::optional<auth::Caller>> {
            auto session = co_await sessions_.verify(auth::hash_token(token));
            if (!session) co_return std::nullopt;
            co_return auth::Caller{.user_id = std::move(session->user_id),
                                   .session_id = std::move(session->session_id),
                                   .roles = std::move(session->roles)};
        });
    inbox_.on<contracts::PostCreated>(
        "users.count-post", [this](contracts::PostCreated const& event, store::Batch& batch) {
            return count_post(event.user_id, 1, batch);
        });
    inbox_.on<contracts::PostDeleted>(
        "users.count-post", [this](contracts::PostDeleted const& event, store::Batch& batch) {
            return count_post(event.user_id, -1, batch);
        });
    kit.every(std::chrono::seconds(5), "last seen", [this] { return sessions_.write_last_seen(); });
    kit.every(std::chrono::seconds(1), "departures", [this] { return departures_.go_on(); });
    kit.dependency("post_service",
                   [this](http::Deadline deadline) { return posts_.healthy(deadline); });
}

Task<> Program::count_post(UserId author, std::int64_t by, store::Batch& batch) const {
    data_.users.patch(batch, author).inc<&User::posts_count>(by).ignore_missing();
    co_return;
}

}  // namespace grover::user
