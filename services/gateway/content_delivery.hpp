// The deliveries that store, encode and validate: what content.hpp hands to the tries.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/cache/fetch.hpp"
#include "gateway/compression.hpp"
#include "gateway/deliver.hpp"

namespace grover::gateway {

/// A stored answer to a client, shaped for its request; `status` is the value of Cache-Status.
net::Task<> send_stored(http::Exchange& exchange, cache::Cache& cache, std::string_view key,
                        cache::EntryPtr entry, CompressionSettings const& compression,
                        std::string status);

/// To a client, and into the cache when there is a `fetch`.
class ContentDelivery final : public RawDelivery {
public:
    ContentDelivery(http::Exchange& exchange, CompressionSettings const& compression,
                    cache::Fetch* fetch = nullptr)
        : RawDelivery(exchange), compression_(compression), fetch_(fetch) {}

    /// Called with the head of the answer, before anything is done with it.
    void before_answer(std::function<void(http::ReplyHead const&)> look) {
        look_ = std::move(look);
    }
    RequestEdits const* edits() const noexcept override {
        return fetch_ ? &fetch_->edits() : nullptr;
    }
    net::Task<> deliver(Attempt& attempt) override;
    net::Task<bool> fall_back(Error const& error, FallbackSettings const* otherwise) override;
    std::string_view verdict() const noexcept { return verdict_; }

private:
    struct Plan {
        http::Coding coding = http::Coding::identity;
        bool tag_is_weak = false;
        bool varies = false;  // another Accept-Encoding would get another form
    };
    Plan plan(http::ReplyHead const& head) const;
    bool is_about_coded(http::ReplyHead const& head) const;
    void begin(http::ReplyHead const& head, Plan const& plan, int status);
    net::Task<> pass_not_modified(Attempt& attempt, Plan const& how);
    net::Task<> pass_on(Attempt& attempt);
    net::Task<> pass_encoded(Attempt& attempt, http::Coding coding);
    net::Task<bool> write(std::string_view bytes);

    CompressionSettings const& compression_;
    cache::Fetch* fetch_;
    std::function<void(http::ReplyHead const&)> look_;
    std::string_view verdict_ = "miss";
    bool client_is_gone_ = false;  // and what comes is still stored
};

/// A fetch of the gateway itself: what stale-while-revalidate promises. Keeps a copy of the
/// request.
class Refresh final : public Delivery {
public:
    using Ask = std::function<net::Task<>(Forward const&, Delivery&)>;
    Refresh(std::shared_ptr<cache::Cache> cache, http::Exchange const& exchange,
            cache::RouteSettings route, std::string key, cache::Decision decision, Ask ask);
    ~Refresh() override;

    /// Throws nothing: a refresh that fails leaves what is stored.
    net::Task<> run();
    RequestEdits const* edits() const noexcept override;
    net::Task<> deliver(Attempt& attempt) override;
    net::Task<bool> fall_back(Error const&, FallbackSettings const*) override { co_return false; }

private:
    struct Copy;
    std::shared_ptr<cache::Cache> cache_;  // may outlive the gateway's own
    cache::RouteSettings route_;
    std::unique_ptr<Copy> copy_;
    std::unique_ptr<cache::Fetch> fetch_;
    Ask ask_;
};

}  // namespace grover::gateway
