#include "sample/program.hpp"

namespace grover::sample {

Program::Config Program::Config::read(Environment& env) {
    return {env.url("USER_SERVICE_URL", "http://127.0.0.1:8001", "where the user service listens")};
}

store::Schema Program::schema() {
    return {{{.name = "samples",
              .indexes = {{.fields = {"user_id"}}},  // list(): one user's, by id
              .searchable = {},
              .expires_field = {}}}};
}

Program::Program(service::Kit& kit, Config const& config)
    : users_(kit, "user service", config.user_service_url), sessions_(kit, users_), api_(kit) {
    kit.verify_tokens_with(sessions_.verifier());
    kit.dependency("user_service",
                   [this](http::Deadline deadline) { return users_.healthy(deadline); });
}

}  // namespace grover::sample
