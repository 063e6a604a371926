// The user service, wired by hand in reading order.
#pragma once

#include "events/receiver.hpp"
#include "service/event_relay.hpp"
#include "service/service.hpp"
#include "user/account_api.hpp"
#include "user/auth_api.hpp"
#include "user/discover_api.hpp"
#include "user/export_api.hpp"
#include "user/follow_api.hpp"
#include "user/internal_api.hpp"
#include "user/login_api.hpp"
#include "user/privacy_api.hpp"

namespace grover::user {

class Program {
public:
    struct Config {
        std::string environment;
        std::string public_url;
        std::string post_service_url;
        service::Origins gateways;
        std::string broker_url;
        bool insecure_providers = false;  // http on loopback
        std::vector<oidc::ProviderSettings> providers;
        AdmissionRules admission;

        static Config read(Environment& env);
    };
    static store::Schema schema();

    Program(service::Kit& kit, Config config);
    void routes(http::Router& r);

private:
    Task<> count_post(UserId author, std::int64_t by, store::Batch& batch) const;

    Data data_;
    events::Outbox outbox_;
    events::Inbox inbox_;
    events::Receiver receiver_;
    Sessions sessions_;
    Passwords passwords_;
    Admission admission_;
    Entrance entrance_;
    People people_;
    Relations relations_;
    Departures departures_;
    Broker broker_;
    oidc::Providers providers_;
    service::Peer posts_;

    AuthApi auth_;
    LoginApi login_;
    AccountApi account_;
    ExportApi export_;
    DiscoverApi discover_;
    FollowApi follow_;
    PrivacyApi privacy_;
    InternalApi internal_;
    std::unique_ptr<events::Relay> relay_;
};

}  // namespace grover::user
