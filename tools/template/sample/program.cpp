#include "sample/program.hpp"

namespace grover::sample {

Program::Config Program::Config::read(Environment&) {
    return {};
}

store::Schema Program::schema() {
    return {{{.name = "samples",
              .indexes = {{.fields = {"user_id"}}},  // list(): one user's, by id
              .searchable = {},
              .expires_field = {}}}};
}

Program::Program(service::Kit& kit, Config const&) : api_(kit) {}

}  // namespace grover::sample
