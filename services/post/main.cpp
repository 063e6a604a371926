#include "post/program.hpp"
#include "service/service.hpp"

int main(int argc, char** argv) {
    return grover::service::run<grover::post::Program>(
        argc, argv,
        {.name = "post-service",
         .title = "Grover post service",
         .description = "Posts and what people do with them: feeds, likes, comments, search.",
         .port = 8002,
         .database = "grover_posts"});
}
