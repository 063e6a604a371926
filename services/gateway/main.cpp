#include "gateway/program.hpp"

int main(int argc, char** argv) {
    return grover::service::run<grover::gateway::Program>(
        argc, argv,
        {.name = "api-gateway",
         .title = "Grover API",
         .description = "The single entry point: every endpoint of every service.",
         .port = 8000,
         .database = "",
         .front = true});
}
