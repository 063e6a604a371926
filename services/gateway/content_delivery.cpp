#include "gateway/content_delivery.hpp"

#include "base/limits.hpp"
#include "gateway/cache/answer.hpp"
#include "http/coding/negotiation.hpp"
#include "http/fields.hpp"

namespace grover::gateway {
namespace {

using http::BodyFraming;
using http::same_token;

/// What is between gateway and service alone.
bool is_for_caches(std::string_view name) noexcept {
    return same_token(name, "surrogate-control") || same_token(name, "surrogate-key") ||
           same_token(name, "cache-tag");
}

bool describes_content(std::string_view name) noexcept {
    return frames_body(name) || (name.size() > 8 && same_token(name.substr(0, 8), "content-") &&
                                 !same_token(name, "content-location"));
}

/// Takes the content out of an answer as it comes.
class ContentReader {
public:
    explicit ContentReader(http::ReplyHead const& head) : framing_(head.body) {}

    /// Calls `use` with every piece of content among the bytes.
    template <class Use>
    void read(std::string_view bytes, Use use) {
        if (framing_.kind() == BodyFraming::Kind::until_close) {
            if (!bytes.empty()) use(bytes);
            return;
        }
        while (!bytes.empty() && !framing_.complete() && !framing_.malformed()) {
            auto const step = framing_.next(bytes);
            if (!step.content.empty()) use(step.content);
            bytes.remove_prefix(step.used);
        }
    }

private:
    BodyFraming framing_;
};

}  // namespace

net::Task<> send_stored(http::Exchange& exchange, cache::Cache& cache, std::string_view key,
                        cache::EntryPtr entry, CompressionSettings const& compression,
                        std::string status) {
    auto const& request = exchange.head();
    cache::Offer offer{compression.codings, compression.bytes_min.count};
    if (comes_from_elsewhere(request)) offer.codings = {};
    auto const answer = cache::make_answer(request, *entry, offer, system_now());
    if (answer.made_bytes > 0) cache.store().grown(key, answer.made_bytes);
    exchange.begin(answer.status);
    cache::for_each_field(answer, [&](std::string_view name, std::string_view value) {
        exchange.field(name, value);
    });
    exchange.field("Cache-Status", status);
    co_await exchange.finish(answer.body);
}

/// The client has the coded form of what the 304 of a service is about: it knows it by the weak
/// tag.
bool ContentDelivery::is_about_coded(http::ReplyHead const& head) const {
    if (head.status != 304) return false;
    auto const etag = head.get("ETag");
    return !etag.empty() && !etag.starts_with("W/") &&
           liked_coding(exchange_.head(), compression_) != http::Coding::identity &&
           exchange_.head().get("If-None-Match").contains(http::weak_etag(etag));
}

ContentDelivery::Plan ContentDelivery::plan(http::ReplyHead const& head) const {
    Plan out;
    if (compression_.codings.empty()) return out;
    auto const& request = exchange_.head();
    if (is_about_coded(head)) return {.coding = {}, .tag_is_weak = true, .varies = true};
    std::string room;
    http::EncodingFacts facts{.status = head.status,
                              .content_type = head.get("Content-Type"),
                              .content_encoding = head.get("Content-Encoding"),
                              .cache_control = http::list_of(head.fields, "Cache-Control", room),
                              .bytes_min = compression_.bytes_min.count,
                              .sets_cookie = head.contains("Set-Cookie"),
                              .is_range = head.contains("Content-Range")};
    if (head.body.kind() == BodyFraming::Kind::length)
        facts.length = head.body.remaining();
    else if (request.method == "HEAD")  // the same as for a GET, as far as it is known
        facts.length = http::parse_delta_seconds(head.get("Content-Length"));
    else if (head.body.kind() == BodyFraming::Kind::none)
        return out;
    if (!http::may_encode(facts) || comes_from_elsewhere(request)) return out;
    out.varies = true;
    if (!request.contains("Range")) out.coding = liked_coding(request, compression_);
    return out;
}

void ContentDelivery::begin(http::ReplyHead const& head, Plan const& plan, int status) {
    bool const coded = plan.coding != http::Coding::identity;
    bool const reframed =
        coded || status == 204 || head.body.kind() == BodyFraming::Kind::until_close;
    exchange_.begin(status);
    std::string room;
    auto const connection = http::list_of(head.fields, "Connection", room);
    for (auto const& [name, value] : head.fields) {
        bool const date = fetch_ && same_token(name, "date");
        if (!date && !goes_out(name, connection)) continue;
        if (status == 304 && describes_content(name)) continue;
        if ((reframed && frames_body(name)) || (fetch_ && is_for_caches(name))) continue;
        if (coded && describes_bytes(name)) continue;
        if ((coded || plan.tag_is_weak) && same_token(name, "etag"))
            exchange_.field(name, http::weak_etag(value));
        else
            exchange_.field(name, value);
    }
    if (plan.varies && !http::has_member(head.get("Vary"), "accept-encoding"))
        exchange_.field("Vary", "Accept-Encoding");
    if (coded && status != 304) exchange_.field("Content-Encoding", http::name_of(plan.coding));
    if (fetch_) exchange_.field("Cache-Status", fetch_->status());
}

net::Task<> ContentDelivery::deliver(Attempt& attempt) {
    auto const& head = attempt.head();
    if (look_) look_(head);
    bool const made_of_stored =
        fetch_ && fetch_->hear(head, system_now()) == cache::Fetch::Next::send_stored;
    if (made_of_stored) {
        verdict_ = head.status == 304 ? "revalidated" : "stale";
        if (head.status == 304) attempt.take();  // there is no more: the connection can be kept
        co_return co_await send_stored(exchange_, fetch_->cache(), fetch_->key(), fetch_->entry(),
                                       compression_, fetch_->status());
    }
    auto const how = plan(head);
    if (fetch_ && fetch_->holds_conditions() && head.status == 200 &&
        cache::is_not_modified(exchange_.head(), head.get("ETag"), head.get("Last-Modified"),
                               head.get("Date")))
        co_return co_await pass_not_modified(attempt, how);
    begin(head, how, head.status);
    bool const encoded = how.coding != http::Coding::identity && exchange_.head().method != "HEAD";
    co_await (encoded ? pass_encoded(attempt, how.coding) : pass_on(attempt));
}

net::Task<bool> ContentDelivery::fall_back(Error const& error, FallbackSettings const* otherwise) {
    if (!fetch_ || !fetch_->fail(system_now()))
        co_return co_await RawDelivery::fall_back(error, otherwise);
    verdict_ = "stale";
    co_await send_stored(exchange_, fetch_->cache(), fetch_->key(), fetch_->entry(), compression_,
                         fetch_->status());
    co_return true;
}

/// The client has it already. What comes is for the cache.
net::Task<> ContentDelivery::pass_not_modified(Attempt& attempt, Plan const& how) {
    begin(attempt.head(), how, 304);
    ContentReader reader(attempt.head());
    for (;;) {
        auto const piece = attempt.take();
        reader.read(piece.bytes, [&](std::string_view content) { fetch_->add(content); });
        if (piece.end == Attempt::End::yes) fetch_->finish();
        if (piece.end != Attempt::End::no || !fetch_->keeping()) break;
        co_await attempt.receive();
    }
    co_await exchange_.finish({});
}

/// True while the client is there. When it leaves in the middle, what is being stored still is.
net::Task<bool> ContentDelivery::write(std::string_view bytes) {
    if (client_is_gone_) co_return false;
    try {
        co_await exchange_.write(bytes);
    } catch (http::Disconnected const&) {
        if (!fetch_ || !fetch_->keeping()) throw;
        client_is_gone_ = true;
    }
    co_return !client_is_gone_;
}

/// Byte for byte, and a copy into the cache.
net::Task<> ContentDelivery::pass_on(Attempt& attempt) {
    bool const until_close = attempt.head().body.kind() == BodyFraming::Kind::until_close;
    ContentReader reader(attempt.head());
    exchange_.stream(until_close ? http::Exchange::Transfer::chunked
                                 : http::Exchange::Transfer::relayed);
    for (;;) {
        auto const piece = attempt.take();
        if (fetch_ && fetch_->keeping())
            reader.read(piece.bytes, [&](std::string_view content) { fetch_->add(content); });
        if (piece.end == Attempt::End::cut) broke_off();
        if (piece.end == Attempt::End::yes) {
            if (fetch_) fetch_->finish();
            if (client_is_gone_) throw http::Disconnected();
            co_return co_await exchange_.end(piece.bytes);
        }
        bool const writes = !piece.bytes.empty() || wants_its_head(attempt.head());
        if (writes && !co_await write(piece.bytes) && !fetch_->keeping())
            throw http::Disconnected();
        co_await attempt.receive();
    }
}

net::Task<> ContentDelivery::pass_encoded(Attempt& attempt, http::Coding coding) {
    bool const length_is_known = attempt.head().body.kind() == BodyFraming::Kind::length;
    auto const encoder = http::make_encoder(coding, http::Effort::stream);
    ContentReader reader(attempt.head());
    std::string coded;
    for (bool begun = false;;) {
        auto const piece = attempt.take();
        reader.read(piece.bytes, [&](std::string_view content) {
            encoder->write(content, coded);
            if (fetch_) fetch_->add(content);
        });
        if (piece.end == Attempt::End::cut) broke_off();
        if (piece.end == Attempt::End::yes) {
            encoder->finish(coded);
            if (fetch_) fetch_->finish();
            if (client_is_gone_) throw http::Disconnected();
            if (!begun) co_return co_await exchange_.finish(coded);
            co_return co_await exchange_.end(coded);
        }
        // Whoever sends piece by piece wants each to arrive.
        if (!length_is_known) encoder->flush(coded);
        if ((!coded.empty() || !length_is_known) && !begun) {
            exchange_.stream(http::Exchange::Transfer::chunked);
            begun = true;
        }
        bool const writes = !coded.empty() || wants_its_head(attempt.head());
        if (writes && !co_await write(coded) && !fetch_->keeping()) throw http::Disconnected();
        coded.clear();
        co_await attempt.receive();
    }
}

/// A request head that lives for itself.
struct Refresh::Copy {
    Copy(http::Exchange const& exchange, std::string key)
        : text(text_of(exchange.head())),
          request(parsed(), std::move(key), false),
          request_id(exchange.request_id()),
          trace(exchange.trace()),
          scheme(exchange.scheme()),
          peer_address(exchange.peer_address()) {}

    static std::string text_of(http::RequestHead const& head) {
        std::string out;
        out.append("GET ").append(head.target).append(" HTTP/1.1\r\n");
        bool has_host = false;
        for (auto const& [name, value] : head.fields) {
            // Asked for everybody, not for the one who happened to come.
            if (frames_body(name) || same_token(name, "authorization") ||
                same_token(name, "cookie"))
                continue;
            has_host = has_host || same_token(name, "host");
            out.append(name).append(": ").append(value).append("\r\n");
        }
        if (!has_host) out.append("Host: ").append(head.host).append("\r\n");
        return out += "\r\n";
    }
    http::RequestHead const& parsed() {
        parser.parse(text);
        return parser.head();
    }

    std::string text;
    http::RequestParser parser;
    cache::Request request;
    std::string request_id;
    http::TraceContext trace;
    std::string_view scheme;  // a literal
    std::string peer_address;
};

Refresh::Refresh(std::shared_ptr<cache::Cache> cache, http::Exchange const& exchange,
                 cache::RouteSettings route, std::string key, cache::Decision decision, Ask ask)
    : cache_(std::move(cache)),
      route_(std::move(route)),
      copy_(std::make_unique<Copy>(exchange, std::move(key))),
      fetch_(std::make_unique<cache::Fetch>(*cache_, copy_->request, route_, std::move(decision),
                                            system_now())),
      ask_(std::move(ask)) {}

Refresh::~Refresh() = default;

RequestEdits const* Refresh::edits() const noexcept {
    return &fetch_->edits();
}

net::Task<> Refresh::run() {
    Forward const forward{.request = copy_->request.head,
                          .request_id = copy_->request_id,
                          .trace = copy_->trace,
                          .peer_address = copy_->peer_address,
                          .scheme = copy_->scheme,
                          .identity = {},
                          .deadline = std::chrono::steady_clock::now() + limits::request_time_max,
                          .edits = edits()};
    try {
        co_await ask_(forward, *this);
    } catch (std::exception const&) {
        // The next request that finds it stale tries again.
    }
}

net::Task<> Refresh::deliver(Attempt& attempt) {
    if (fetch_->hear(attempt.head(), system_now()) != cache::Fetch::Next::keep) co_return;
    ContentReader reader(attempt.head());
    while (fetch_->keeping()) {
        auto const piece = attempt.take();
        reader.read(piece.bytes, [&](std::string_view content) { fetch_->add(content); });
        if (piece.end == Attempt::End::cut) co_return;
        if (piece.end == Attempt::End::yes) {
            fetch_->finish();
            co_return;
        }
        co_await attempt.receive();
    }
}

}  // namespace grover::gateway
