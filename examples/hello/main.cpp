// The smallest true service: one typed handler, served with health, metrics, logs and
// documentation.
//
//     PORT=8080 build/dev/bin/grover-example-hello
//     curl 'http://127.0.0.1:8080/api/hello?name=Ada'        {"greeting":"Hello, Ada!"}
#include "hello.hpp"

int main(int argc, char** argv) {
    return grover::service::run<grover::hello::Program>(argc, argv,
                                                        {.name = "hello-service",
                                                         .title = "Hello",
                                                         .description = "Greets whoever asks.",
                                                         .port = 8080,
                                                         .database = ""});
}
