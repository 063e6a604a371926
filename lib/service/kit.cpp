#include "service/kit.hpp"

namespace grover::service {

Kit::Kit(std::string service, telemetry::Log& log, telemetry::Metrics& metrics, net::Loops& loops,
         Clock clock, auth::IdentitySigner const& signer, store::DocumentStore* store)
    : service_(std::move(service)),
      log_(log),
      metrics_(metrics),
      loops_(loops),
      clock_(std::move(clock)),
      signer_(signer),
      store_(store) {
    for (std::size_t i = 0; i < loops.size(); ++i)
        clients_.push_back(std::make_unique<http::Client>(loops.at(i)));
}

Kit::~Kit() = default;

http::Client& Kit::client() {
    return *clients_[net::Loop::current()->index()];
}

void Kit::every(std::chrono::milliseconds period, std::string name, std::function<Task<>()> work) {
    periodic_.push_back({period, std::move(name), std::move(work)});
}

void Kit::dependency(std::string name, std::function<Task<bool>(http::Deadline)> check,
                     Without without) {
    dependencies_.push_back({std::move(name), std::move(check), without});
}

}  // namespace grover::service
