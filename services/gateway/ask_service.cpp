#include "gateway/ask_service.hpp"

#include <algorithm>

#include "gateway/transform/transform.hpp"
#include "gateway/tries.hpp"

namespace grover::gateway {
namespace {

RouteSettings const& settings_of(RequestRecord const& record) {
    return record.view->snapshot->config.routes[record.route_index];
}

Parameters parameters_of(RouteSettings const& route, std::string_view plain_path) {
    return bind_path(route.path, plain_path).value_or(Parameters());
}

/// What may be passed on of a query: the cache holds back what does not count.
std::string_view query_for(Delivery const& delivery, std::string_view query) {
    auto const* const edits = delivery.edits();
    if (!edits || edits->target.empty()) return query;
    auto const target = std::string_view(edits->target);
    return target.substr(std::min(target.find('?'), target.size() - 1) + 1);
}

/// What asks again needs of the request that is gone by then.
struct Remembered {
    ViewPtr view;  // the rules that held
    std::size_t route;
    std::size_t service;
    std::string plain_path;
    std::string query;
};

net::Task<> ask_again(Remembered what, Forward const& forward, Delivery& delivery) {
    auto& upstream = *what.view->upstreams[what.service];
    auto const& rules = what.view->rules(what.route, what.service);
    auto const& route = what.view->snapshot->config.routes[what.route];
    TryReport report;  // nobody reads it: there is no log line of its own
    if (!what.view->snapshot->routes[what.route].changes)
        co_return co_await gateway::relay(forward, upstream, rules, delivery, report);
    auto const parameters = parameters_of(route, what.plain_path);
    ChangedDelivery changed(delivery,
                            edits_of(route.request, route.response, parameters, what.plain_path,
                                     query_for(delivery, what.query)),
                            route.response, parameters);
    auto changed_forward = forward;
    changed_forward.edits = changed.edits();
    co_await gateway::relay(changed_forward, upstream, rules, changed, report);
}

}  // namespace

net::Task<> AskService::ask(Delivery& delivery) {
    if (record_.route->changes) return ask_changed(delivery);
    return gateway::relay(exchange_, forward(), upstream_, record_.rules(), delivery, record_);
}

std::chrono::steady_clock::time_point AskService::deadline() const {
    return record_.deadline(exchange_);
}

std::string_view AskService::apart() const {
    return record_.route->apart_at(record_.service_index);
}

Forward AskService::forward() const {
    return record_.forward(exchange_, audience_);
}

net::Task<> AskService::ask_changed(Delivery& delivery) {
    auto const& settings = settings_of(record_);
    auto const& head = exchange_.head();
    auto const path = record_.plain_path(head);
    auto const parameters = parameters_of(settings, path);
    auto edits = edits_of(settings.request, settings.response, parameters, path,
                          query_for(delivery, head.query()));
    bool const changes_body =
        !settings.request.json.empty() && head.body.kind() != http::BodyFraming::Kind::none;
    std::string body;
    if (changes_body) body = co_await changed_body(exchange_, settings.request.json, edits);
    ChangedDelivery changed(delivery, edits, settings.response, parameters);
    auto request = forward();
    if (!changes_body)
        co_return co_await gateway::relay(exchange_, request, upstream_, record_.rules(), changed,
                                          record_);
    request.edits = changed.edits();
    request.first = body;
    bound(request, exchange_, record_.rules());
    co_await gateway::relay(request, upstream_, record_.rules(), changed, record_);
}

Asking::Again AskService::again() {
    auto const& head = exchange_.head();
    return [what = Remembered{record_.view, record_.route_index, record_.service_index,
                              record_.plain_path(head), std::string(head.query())}](
               Forward const& forward, Delivery& delivery) {
        return ask_again(what, forward, delivery);
    };
}

}  // namespace grover::gateway
