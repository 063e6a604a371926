#include "gateway/transform/transform.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/limits.hpp"
#include "gateway/transform/json_changes.hpp"
#include "gateway/whole_body.hpp"
#include "http/fields.hpp"
#include "http/message.hpp"
#include "reflect/codec.hpp"

namespace grover::gateway {
namespace {

namespace json = boost::json;

bool has(std::vector<std::string> const& names, std::string_view name) {
    return std::ranges::any_of(names, [&](auto const& n) { return http::same_token(n, name); });
}
bool has(std::map<std::string, std::string> const& fields, std::string_view name) {
    return std::ranges::any_of(fields,
                               [&](auto const& f) { return http::same_token(f.first, name); });
}

/// The parameters that stay, as they came, then those that are set.
std::string changed_query(QueryChanges const& changes, std::string_view query) {
    std::string out;
    auto const add = [&](std::string_view part) {
        if (!out.empty()) out += '&';
        out += part;
    };
    while (!query.empty()) {
        auto const part = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), part.size() + 1));
        auto const name = percent_decode(part.substr(0, part.find('=')), true);
        if (part.empty() ||
            (name && (changes.set.contains(*name) ||
                      std::ranges::find(changes.remove, *name) != changes.remove.end())))
            continue;
        add(part);
    }
    for (auto const& [name, value] : changes.set)
        add(percent_encode(name) + "=" + percent_encode(value));
    return out;
}

/// The framing fields as they are, the others as the changes say.
bool stays(FieldChanges const& changes, std::string_view name) {
    return !has(changes.remove, name) && !has(changes.set, name);
}

}  // namespace

RequestEdits edits_of(RequestChanges const& changes, std::string_view pattern,
                      std::string_view plain_path, std::string_view query) {
    RequestEdits edits;
    if (!changes.path.empty() || !changes.query.empty()) {
        auto const parameters = bind_path(pattern, plain_path).value_or(Parameters());
        edits.target =
            changes.path.empty()
                ? std::string(plain_path)
                : fill(changes.path, [&](std::string_view name) {
                      auto const found =
                          std::ranges::find(parameters, name, &Parameters::value_type::first);
                      return found == parameters.end() ? std::string() : std::string(found->second);
                  });
        auto const rest = changed_query(changes.query, query);
        if (!rest.empty()) edits.target += "?" + rest;
    }
    for (auto const& name : changes.fields.remove) edits.without.push_back(name);
    for (auto const& [name, value] : changes.fields.set) {
        edits.without.push_back(name);
        edits.add(name, value);
    }
    for (auto const& [name, value] : changes.fields.add) edits.add(name, value);
    return edits;
}

net::Task<std::string> changed_body(http::Exchange& exchange, JsonChanges const& changes,
                                    RequestEdits& edits) {
    auto const& head = exchange.head();
    if (!http::is_json(head.get("Content-Type")) || head.contains("Content-Encoding"))
        throw Error(ErrorCode::unsupported_media, "this takes JSON, and no content coding");
    exchange.limit_body(limits::json_body_bytes_max);
    auto const text = co_await exchange.read_all();
    auto document = reflect::parse(text);
    apply(changes, document);
    auto body = json::serialize(document);
    edits.without.insert(edits.without.end(), {"Content-Length", "Transfer-Encoding", "Expect"});
    edits.add("Content-Length", std::to_string(body.size()));
    co_return body;
}

void ChangedDelivery::begin(http::ReplyHead const& head, bool framed) {
    exchange_.begin(head.status);
    auto const connection = head.get("Connection");
    for (auto const& [name, value] : head.fields)
        if (goes_out(name, connection) && (framed || !frames_body(name)) &&
            (frames_body(name) || stays(changes_.fields, name)))
            exchange_.field(name, value);
    for (auto const* fields : {&changes_.fields.set, &changes_.fields.add})
        for (auto const& [name, value] : *fields) exchange_.field(name, value);
}

net::Task<> ChangedDelivery::deliver(Attempt& attempt) {
    auto const& head = attempt.head();
    bool const has_json = http::is_json(head.get("Content-Type")) &&
                          !head.contains("Content-Encoding") && head.status < 300 &&
                          exchange_.head().method != "HEAD" &&
                          !(head.body.kind() == http::BodyFraming::Kind::length &&
                            head.body.remaining() > limits::json_body_bytes_max);
    return changes_.json.empty() || !has_json ? pass_on(attempt) : rewrite(attempt);
}

net::Task<> ChangedDelivery::pass_on(Attempt& attempt) {
    bool const until_close = attempt.head().body.kind() == http::BodyFraming::Kind::until_close;
    begin(attempt.head(), !until_close);
    exchange_.stream(until_close ? http::Exchange::Transfer::chunked
                                 : http::Exchange::Transfer::relayed);
    for (;;) {
        auto const piece = attempt.take();
        if (piece.end == Attempt::End::cut) throw http::Disconnected();
        if (piece.end == Attempt::End::yes) co_return co_await exchange_.end(piece.bytes);
        if (!piece.bytes.empty()) co_await exchange_.write(piece.bytes);
        co_await attempt.receive();
    }
}

net::Task<> ChangedDelivery::rewrite(Attempt& attempt) {
    begin(attempt.head(), false);
    auto const body = co_await whole_body(attempt, limits::json_body_bytes_max);
    boost::system::error_code error;
    auto document = json::parse(body, error);
    if (error) co_return co_await exchange_.finish(body);
    apply(changes_.json, document);
    co_await exchange_.finish(json::serialize(document));
}

net::Task<> answer_statically(http::Exchange& exchange, StaticAnswer const& answer) {
    exchange.begin(answer.status);
    if (answer.status != 204 && answer.status != 304) exchange.field("Content-Type", answer.type);
    for (auto const& [name, value] : answer.fields) exchange.field(name, value);
    co_await exchange.finish(answer.body);
}

}  // namespace grover::gateway
