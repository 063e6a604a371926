// The handlers of the sample service; routes.cpp says which path leads here.
#pragma once

#include "http/extract.hpp"
#include "http/reply.hpp"
#include "sample/sample.hpp"
#include "service/kit.hpp"
#include "service/unit.hpp"
#include "store/collection.hpp"

namespace grover::sample {

using net::Task;

class SampleApi {
public:
    explicit SampleApi(service::Kit& kit);

    Task<http::Created<Sample>> create(auth::Caller caller, NewSample in, service::Unit unit);
    Task<Sample> get(auth::Caller caller, http::Path<SampleId, "sample_id"> id);
    /// The caller's own, newest first.
    Task<http::List<Sample>> list(auth::Caller caller, http::Page<> page);

private:
    service::Kit& kit_;
    store::Collection<Sample> samples_;
};

}  // namespace grover::sample
