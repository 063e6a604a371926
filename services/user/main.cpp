#include "service/service.hpp"
#include "user/program.hpp"

int main(int argc, char** argv) {
    return grover::service::run<grover::user::Program>(
        argc, argv,
        {.name = "user-service",
         .title = "Grover user service",
         .description = "Accounts, sessions, profiles, and who follows whom.",
         .port = 8001,
         .database = "grover_users"});
}
