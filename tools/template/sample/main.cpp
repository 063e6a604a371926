#include "sample/program.hpp"

int main(int argc, char** argv) {
    return grover::service::run<grover::sample::Program>(argc, argv,
                                                         {.name = "sample-service",
                                                          .title = "Grover sample service",
                                                          .description = "Keeps samples.",
                                                          .port = 8099,
                                                          .database = "grover_sample"});
}
