// HTTP messages as handlers see them: complete, parsed, with the body in memory (limits:
// base/limits.hpp). The gateway relays bodies piece by piece instead; see http/exchange.hpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeindex>
#include <utility>
#include <vector>

#include "net/task.hpp"

namespace grover::http {

/// Field names compare without case; order and repeats are kept. Linear search: messages have few
/// fields.
class Headers {
public:
    using Field = std::pair<std::string, std::string>;

    /// The first field of that name, empty when there is none.
    std::string_view get(std::string_view name) const noexcept;
    bool contains(std::string_view name) const noexcept;
    /// How often the field is there: a repeated Host or Content-Length is an attack.
    std::size_t count(std::string_view name) const noexcept;
    void add(std::string_view name, std::string_view value) { fields_.emplace_back(name, value); }
    /// Replaces every field of that name.
    void set(std::string_view name, std::string_view value);
    void remove(std::string_view name);
    void clear() noexcept { fields_.clear(); }
    std::vector<Field> const& all() const noexcept { return fields_; }
    bool empty() const noexcept { return fields_.empty(); }

private:
    std::vector<Field> fields_;
};

/// What is left of a request's time, in milliseconds, on the way from our gateway to a service; the
/// server takes it when ServerOptions::behind_gateway.
inline constexpr std::string_view deadline_header = "X-Request-Deadline-Ms";

namespace detail {
bool same_letters(std::string_view a, std::string_view b) noexcept;
}
/// ASCII case-insensitive equality, as field names and tokens compare. Most names differ in length
/// or in their first letter, which costs no call.
inline bool same_token(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && (a.empty() || ((a[0] ^ b[0]) & ~0x20) == 0) &&
           detail::same_letters(a, b);
}

using Deadline = std::chrono::steady_clock::time_point;

struct Request {
    std::string method;  // "GET", as sent: methods are case-sensitive
    std::string target;  // as sent: "/api/posts?limit=5"
    std::string path;    // the part of target before "?", still percent-encoded
    std::string query;   // the part after "?", still percent-encoded
    Headers headers;
    std::string body;

    std::string request_id;    // checked or made by the server (contract section 1)
    std::string trace_id;      // 32 hex digits, from traceparent or made
    std::string span_id;       // 16 hex digits: this hop's
    std::string peer_address;  // "127.0.0.1", "unix"
    Deadline deadline{};
    /// The pattern of the route that answers, for logs and metrics: "/api/posts/{post_id}". Empty
    /// before routing.
    std::string_view route;

    /// What middleware found out for later stages, by type: the Caller, the idempotency record.
    template <class T>
    void put(T value) {
        slots_.emplace_back(typeid(T), std::make_shared<T>(std::move(value)));
    }
    template <class T>
    T* find() const {
        for (auto const& [type, value] : slots_)
            if (type == typeid(T)) return static_cast<T*>(value.get());
        return nullptr;
    }

private:
    // shared_ptr<void> for its type-erased deleter; nothing is shared.
    std::vector<std::pair<std::type_index, std::shared_ptr<void>>> slots_;
};

/// Takes a piece of a body; returns when the client has room for more. Throws Disconnected.
using BodySink = std::function<net::Task<>(std::string_view piece)>;
/// Writes a body piece by piece. What it throws before the first is answered as any failure; later
/// it breaks the answer off, so that no half of one looks complete.
using BodyWriter = std::function<net::Task<>(BodySink const& sink)>;

struct Response {
    int status = 200;
    /// Without Content-Length, Date, Connection, X-Request-ID: the server adds them.
    Headers headers{};
    std::string body{};
    /// A single resource or document, whose GET carries an ETag and answers If-None-Match. Pages of
    /// a list and operational answers change too often for a hash of the whole body to pay.
    bool tagged = false;
    /// Where there is one, it writes the body in place of `body`, after the handler.
    BodyWriter writer{};
    /// What of it an If-Match protects, of a GET (HasEdition); empty: all of it.
    std::string edition{};

    static Response json(int status, std::string body) {
        Response out;
        out.status = status;
        out.headers.add("Content-Type", "application/json");
        out.headers.add("X-Content-Type-Options", "nosniff");  // A browser takes it for no page.
        out.body = std::move(body);
        return out;
    }
    /// 200, tagged.
    static Response resource(std::string body) {
        auto out = json(200, std::move(body));
        out.tagged = true;
        return out;
    }
};

/// Methods that change nothing (RFC 9110, 9.2.1).
bool is_safe(std::string_view method) noexcept;

/// "OK", "Not Found"; empty for a status without a registered phrase.
std::string_view reason_phrase(int status) noexcept;

}  // namespace grover::http
