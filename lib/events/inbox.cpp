#include "base/limits.hpp"
#include "events/events.hpp"

namespace grover::events {
namespace {

/// A conflict with another writer is tried again here, before it counts as a failure.
constexpr int conflict_rounds = 3;
/// Whatever a consumer threw is kept with the parked event; this much of it.
constexpr std::size_t error_bytes_max = 1'000;

std::string mark_id(std::string const& consumer, Envelope const& envelope) {
    return consumer + ":" + envelope.id;
}

bool is_outside_trouble(ErrorCode code) {
    return code == ErrorCode::unavailable || code == ErrorCode::gateway_timeout ||
           code == ErrorCode::bad_gateway;
}

/// The exception as an Error: what is not one says nothing about other parts of the system.
Error error_of(std::exception_ptr failure) {
    try {
        std::rethrow_exception(failure);
    } catch (Error const& error) {
        return error;
    } catch (std::exception const& exception) {
        return {ErrorCode::internal, exception.what()};
    } catch (...) {
        return {ErrorCode::internal, "an unknown exception"};
    }
}

}  // namespace

std::vector<store::CollectionSpec> inbox_collections() {
    return {
        {.name = "inbox", .expires_field = "expires_at", .shard_key = {{.field = "_id"}}},
        {.name = "events_parked",
         .indexes = {{.fields = {"consumer"}}},
         .searchable = {},
         .expires_field = {}},
    };
}

Inbox::Inbox(store::DocumentStore& store, Clock clock) : store_(store), clock_(std::move(clock)) {}

void Inbox::observe(telemetry::Log& log, telemetry::Metrics& metrics) {
    log_ = &log;
    applied_ = &metrics.counter("grover_events_applied_total", "Events applied by consumers here");
    parked_ = &metrics.counter("grover_events_parked_total",
                               "Events set aside after their consumer failed on every attempt");
}

std::vector<Inbox::Consumer> const& Inbox::consumers_of(std::string_view topic) const {
    static std::vector<Consumer> const none;
    auto const found = consumers_.find(topic);
    return found == consumers_.end() ? none : found->second;
}

// The mark is the batch's first write: when it is there already, that is what the commit reports,
// whatever else the consumer would have run into.
store::Insert Inbox::mark(std::string id) const {
    return {"inbox",
            {{"_id", std::move(id)}, {"expires_at", (clock_() + 2 * retention).to_string()}}};
}

net::Task<> Inbox::deliver(Envelope const& envelope, int attempt) {
    std::optional<Error> failure;
    // One consumer's failure is not the others'.
    for (auto const& consumer : consumers_of(envelope.type)) {
        auto problem = co_await apply(consumer, envelope);
        if (!problem) continue;
        if (log_)
            log_->warn("a consumer failed on an event", {{"consumer", consumer.name},
                                                         {"event_id", envelope.id},
                                                         {"attempt", attempt},
                                                         {"error", problem->detail()}});
        if (attempt >= attempts_max && !is_outside_trouble(problem->code()))
            co_await park(consumer, envelope, attempt, problem->detail());
        else if (!failure || is_outside_trouble(failure->code()))
            failure = std::move(problem);
    }
    if (failure) throw *std::move(failure);
}

net::Task<Receipt> Inbox::deliver_all(std::vector<Envelope> const& envelopes, int attempt) {
    auto const total = static_cast<std::int64_t>(envelopes.size());
    if (attempt <= 1 && co_await apply_together(envelopes)) co_return Receipt{total, false};
    for (std::int64_t taken = 0; taken < total; ++taken) {
        try {
            co_await deliver(envelopes[static_cast<std::size_t>(taken)], taken == 0 ? attempt : 1);
        } catch (Error const& error) {
            co_return Receipt{taken, !is_outside_trouble(error.code())};
        }
    }
    co_return Receipt{total, false};
}

/// False, and nothing applied, when anything at all was in the way.
net::Task<bool> Inbox::apply_together(std::vector<Envelope> const& envelopes) {
    struct Step {
        Consumer const* consumer;
        Envelope const* envelope;
    };
    std::vector<Step> steps;
    std::vector<std::string> marks;
    for (auto const& envelope : envelopes)
        for (auto const& consumer : consumers_of(envelope.type)) {
            steps.push_back({&consumer, &envelope});
            marks.push_back(mark_id(consumer.name, envelope));
        }
    if (steps.empty()) co_return true;
    try {
        auto const known = co_await store_.get_many("inbox", marks);
        store::Batch batch;
        std::uint64_t fresh = 0;
        for (std::size_t i = 0; i < steps.size(); ++i) {
            if (known[i]) continue;
            batch.add(mark(marks[i]));
            co_await steps[i].consumer->apply(steps[i].envelope->data, batch);
            ++fresh;
        }
        if (batch.writes.size() > limits::batch_operations_max) co_return false;
        if (fresh > 0 && !co_await store_.commit(std::move(batch))) co_return false;
        if (applied_) applied_->add(fresh);
        co_return true;
    } catch (std::exception const&) {
        // One by one tells which event it is, and reports it.
        co_return false;
    }
}

/// Nothing when the event is applied, now or earlier.
net::Task<std::optional<Error>> Inbox::apply(Consumer const& consumer, Envelope const& envelope) {
    auto const id = mark_id(consumer.name, envelope);
    std::exception_ptr failure;
    try {
        if (co_await store_.get("inbox", id)) co_return std::nullopt;
        for (int round = 0; round < conflict_rounds; ++round) {
            store::Batch batch;
            batch.add(mark(id));
            co_await consumer.apply(envelope.data, batch);
            auto const done = co_await store_.commit(std::move(batch));
            if (!done && done.error().write != 0) continue;
            if (done && applied_) applied_->add();
            co_return std::nullopt;
        }
        co_return Error(ErrorCode::conflict, "the consumer's writes were rejected");
    } catch (...) {
        failure = std::current_exception();
    }
    co_return error_of(failure);
}

// Without a mark: an event that is taken from the parked ones later can still be applied.
net::Task<> Inbox::park(Consumer const& consumer, Envelope const& envelope, int attempt,
                        std::string error) {
    if (error.size() > error_bytes_max) error.resize(error_bytes_max);
    store::Batch batch;
    batch.add(store::Upsert{"events_parked",
                            {{"_id", mark_id(consumer.name, envelope)},
                             {"consumer", consumer.name},
                             {"envelope", reflect::to_value(envelope)},
                             {"error", std::move(error)},
                             {"attempts", attempt},
                             {"parked_at", clock_().to_string()}}});
    auto const done = co_await store_.commit(std::move(batch));
    if (!done) throw Error(ErrorCode::unavailable, "an event could not be parked");
    if (parked_) parked_->add();
    if (log_)
        log_->error(
            "an event is parked",
            {{"consumer", consumer.name}, {"event_id", envelope.id}, {"type", envelope.type}});
}

}  // namespace grover::events
