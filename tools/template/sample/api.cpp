#include "sample/api.hpp"

namespace grover::sample {

using store::descending;
using store::where;

SampleApi::SampleApi(service::Kit& kit) : kit_(kit), samples_(kit.store(), "samples") {}

Task<http::Created<Sample>> SampleApi::create(auth::Caller caller, NewSample in,
                                              service::Unit unit) {
    auto const now = kit_.clock()();
    Sample const sample{.sample_id = SampleId::make(now),
                        .user_id = caller.user_id,
                        .text = std::move(in.text),
                        .created_at = now};
    store::Batch batch;
    samples_.insert(batch, sample);
    auto const done = co_await unit.commit(
        std::move(batch), http::Created<Sample>{sample, "/api/samples/" + sample.sample_id.str()});
    if (!done) throw Error(ErrorCode::conflict, "the sample is there already");
    co_return *done;
}

Task<Sample> SampleApi::get(auth::Caller caller, http::Path<SampleId, "sample_id"> id) {
    auto found = co_await samples_.find(*id);
    // What belongs to somebody else does not exist for the caller.
    if (!found || found->value.user_id != caller.user_id)
        throw Error(ErrorCode::not_found, "there is no such sample");
    co_return std::move(found->value);
}

Task<http::List<Sample>> SampleApi::list(auth::Caller caller, http::Page<> page) {
    // One more than asked for tells whether there is a next page.
    auto found = co_await samples_.list({.filter = where<&Sample::user_id>(caller.user_id),
                                         .order = {descending<&Sample::sample_id>()},
                                         .limit = page.limit + 1,
                                         .skip = page.skip,
                                         .after = page.after.value_or(http::Position{})});
    http::List<Sample> out;
    for (auto& stored : found) {
        if (out.items.size() == page.limit) {
            out.next = http::position(out.items.back().sample_id);
            break;
        }
        out.items.push_back(std::move(stored.value));
    }
    co_return out;
}

}  // namespace grover::sample
