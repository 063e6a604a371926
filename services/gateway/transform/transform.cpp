#include "gateway/transform/transform.hpp"

#include <algorithm>
#include <list>
#include <stdexcept>

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

/// An answer with other fields, and perhaps another body.
class ChangedAttempt final : public Attempt {
public:
    ChangedAttempt(Attempt& inner, ResponseChanges const& changes, Parameters const& parameters)
        : inner_(inner), changes_(changes) {
        auto const& from = inner.head();
        bool const changes_json = !changes.json.empty() && http::is_json(from.get("Content-Type"));
        rewrites_ = changes_json && from.body.kind() != http::BodyFraming::Kind::none;
        head_ = from;
        std::erase_if(head_.fields, [&](http::FieldView const& field) {
            if (changes_json && (frames_body(field.name) || describes_bytes(field.name)))
                return true;
            return !frames_body(field.name) &&
                   (has(changes.fields.remove, field.name) || has(changes.fields.set, field.name));
        });
        for (auto const* fields : {&changes.fields.set, &changes.fields.add})
            for (auto const& [name, value] : *fields) {
                bool const plain = value.find('{') == std::string::npos;
                head_.fields.push_back(
                    {name, plain ? value : filled_.emplace_back(fill_plain(value, parameters))});
            }
    }

    bool rewrites() const noexcept { return rewrites_; }
    /// Before anything else of an answer that is rewritten. Throws Error (bad_gateway): what cannot
    /// be changed may hold what is to be removed.
    net::Task<> rewrite() {
        if (head_.contains("Content-Encoding"))
            throw Error(ErrorCode::bad_gateway, "the answer of a service is coded");
        // The views of the head go with the first bytes of the body.
        std::size_t size = 0;
        for (auto const& [name, value] : head_.fields) size += name.size() + value.size();
        texts_.reserve(size);
        auto const keep = [&](std::string_view& text) {
            auto const at = texts_.size();
            texts_ += text;
            text = std::string_view(texts_).substr(at);
        };
        for (auto& [name, value] : head_.fields) {
            keep(name);
            keep(value);
        }
        head_.reason = {};
        body_ = co_await whole_body(inner_, limits::json_body_bytes_max);
        if (!body_.empty()) body_ = changed(body_);
        length_ = std::to_string(body_.size());
        head_.fields.push_back({"Content-Length", length_});
        head_.body = http::BodyFraming::of_length(body_.size());
    }

    net::Task<Outcome> ask(Forward const&) override { throw std::logic_error("it was answered"); }
    void cancel() noexcept override { inner_.cancel(); }
    bool heard_nothing() const noexcept override { return inner_.heard_nothing(); }
    bool maybe_stale() const noexcept override { return inner_.maybe_stale(); }
    void done() noexcept override { inner_.done(); }
    http::ReplyHead const& head() const noexcept override { return head_; }
    Piece take() noexcept override { return rewrites_ ? Piece{body_, End::yes} : inner_.take(); }
    net::Task<> receive() override { return inner_.receive(); }
    std::unique_ptr<http::Duplex> tunnel() override { return inner_.tunnel(); }

private:
    std::string changed(std::string_view text) const {
        json::value document;
        try {
            document = reflect::parse(text);
        } catch (Error const&) {
            throw Error(ErrorCode::bad_gateway, "the answer of a service is broken JSON");
        }
        apply(changes_.json, document);
        return json::serialize(document);
    }

    Attempt& inner_;
    ResponseChanges const& changes_;
    bool rewrites_ = false;
    http::ReplyHead head_;
    std::list<std::string> filled_;  // values of fields
    std::string texts_, body_, length_;
};

}  // namespace

RequestEdits edits_of(RequestChanges const& changes, ResponseChanges const& response,
                      Parameters const& parameters, std::string_view plain_path,
                      std::string_view query) {
    RequestEdits edits;
    if (!changes.path.empty() || !changes.query.empty()) {
        edits.target =
            changes.path.empty() ? std::string(plain_path) : fill(changes.path, parameters);
        auto const rest = changed_query(changes.query, query);
        if (!rest.empty()) edits.target += "?" + rest;
    }
    if (!response.json.empty()) edits.without = {"Accept-Encoding", "Range", "If-Range"};
    for (auto const& name : changes.fields.remove) edits.without.push_back(name);
    for (auto const& [name, value] : changes.fields.set) {
        edits.without.push_back(name);
        edits.add(name, fill_plain(value, parameters));
    }
    for (auto const& [name, value] : changes.fields.add)
        edits.add(name, fill_plain(value, parameters));
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

ChangedDelivery::ChangedDelivery(Delivery& inner, RequestEdits const& edits,
                                 ResponseChanges const& changes, Parameters const& parameters)
    : inner_(inner), edits_(edits), changes_(changes), parameters_(parameters) {
    auto const* more = inner.edits();
    if (!more) return;
    if (edits_.target.empty()) edits_.target = more->target;
    // What the cache adds, the client's Range perhaps, the route may have taken out.
    http::for_each_field_line(more->more, [&](std::string_view name, std::string_view value) {
        auto const stays = [&](std::string_view one) { return http::same_token(one, name); };
        if (!std::ranges::any_of(edits.without, stays)) edits_.add(name, value);
    });
    edits_.without.insert(edits_.without.end(), more->without.begin(), more->without.end());
    edits_.only = more->only;
}

net::Task<> ChangedDelivery::deliver(Attempt& attempt) {
    if (changes_.empty()) co_return co_await inner_.deliver(attempt);
    ChangedAttempt changed(attempt, changes_, parameters_);
    if (changed.rewrites()) co_await changed.rewrite();
    co_await inner_.deliver(changed);
}

net::Task<> answer_statically(http::Exchange& exchange, StaticAnswer const& answer,
                              CompressionSettings const& compression) {
    exchange.begin(answer.status);
    for (auto const& [name, value] : answer.fields) exchange.field(name, value);
    if (answer.status == 204 || answer.status == 304)
        co_await exchange.finish(answer.body);
    else
        co_await finish_coded(exchange, compression, answer.type, answer.body);
}

}  // namespace grover::gateway
