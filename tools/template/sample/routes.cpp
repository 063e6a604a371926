// Every route of the sample service. Start here.
#include "sample/program.hpp"

namespace grover::sample {

void Program::routes(http::Router& router) {
    router.post("/api/samples", api_, &SampleApi::create).summary("Keep a sample").tag("samples");
    router.get("/api/samples", api_, &SampleApi::list).summary("My samples").tag("samples");
    router.get("/api/samples/{sample_id}", api_, &SampleApi::get)
        .summary("Get one sample")
        .tag("samples");
}

}  // namespace grover::sample
