#include "gateway/reload.hpp"

#include <utility>

namespace grover::gateway {
namespace {

telemetry::Counter& counter_of(service::Kit& kit, std::string result) {
    return kit.metrics().counter("gateway_configuration_reloads_total",
                                 "Changed configuration files, by what became of them",
                                 {{"result", std::move(result)}});
}

}  // namespace

Reloader::Reloader(service::Kit& kit, Source source, Overrides overrides, Use use)
    : kit_(kit),
      overrides_(std::move(overrides)),
      use_(std::move(use)),
      source_(std::move(source)),
      seen_(stamp_of(source_.file)),
      since_(kit.clock()()),
      accepted_(counter_of(kit, "accepted")),
      refused_(counter_of(kit, "refused")) {
    kit.on_reload([this](service::Kit::Reload why) {
        if (why == service::Kit::Reload::asked || changed()) reload();
    });
}

Reloader::Stamp Reloader::stamp_of(std::string const& file) {
    struct stat found{};
    if (::stat(file.c_str(), &found) != 0) return {};
    return {found.st_ino, found.st_size,
            found.st_mtim.tv_sec * std::int64_t{1'000'000'000} + found.st_mtim.tv_nsec};
}

bool Reloader::changed() {
    std::lock_guard const lock(mutex_);
    auto const now = stamp_of(source_.file);
    // One that is missing is about to be replaced, one that still changes is being written.
    bool const settled = std::exchange(last_, now) == now;
    return settled && now != seen_ && now != Stamp{};
}

Reloader::State Reloader::state() {
    std::lock_guard const lock(mutex_);
    return {version_, source_.file, since_};
}

std::string Reloader::reload() {
    std::lock_guard const lock(mutex_);
    seen_ = stamp_of(source_.file);
    try {
        auto source = Source::of(source_.file);
        auto config = parse_config(source);
        overrides_.apply(config);
        use_(std::make_shared<Snapshot const>(std::move(config), version_ + 1, kit_.metrics()));
        source_ = std::move(source);
        ++version_;
        since_ = kit_.clock()();
    } catch (ConfigError const& e) {
        refused_.add();
        kit_.log().error("the configuration is refused, the old one stays",
                         {{"version", version_}, {"problems", e.what()}});
        return e.what();
    }
    accepted_.add();
    kit_.log().info("a new configuration is in force", {{"version", version_}});
    return {};
}

}  // namespace grover::gateway
