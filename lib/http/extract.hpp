// How one handler parameter is taken from a request, and how it shows in OpenAPI. The signature is
// the API:
//
//     Task<Post> get(auth::Viewer viewer, Path<PostId, "post_id"> id);
//     Task<Created<Post>> create(auth::Caller caller, CreatePost in, service::Unit unit);
//     Task<List<Post>> saved(auth::Caller caller, Page<> page);
//
// Known here: a described struct (the JSON body), optional<struct> (a body that may be absent),
// Path, Query, Header, Page, IfMatch, RequestInfo. Others specialise Extract in their own folder:
// Caller, Viewer, Unit, Upload. A specialisation has
//     static T from(Extraction&);              takes the value; adds to issues or throws Error
//     static void describe(Operation&);        adds itself to the OpenAPI operation
//     static void authorize(Extraction&);      optional: runs before every from(), so that 401 wins
//     over 422
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

#include "base/fixed_string.hpp"
#include "base/limits.hpp"
#include "http/message.hpp"
#include "http/operation.hpp"
#include "http/text_value.hpp"
#include "reflect/codec.hpp"

namespace grover::http {

/// The values of a pattern's parameters, percent-decoded, by name.
using PathParameters = std::vector<std::pair<std::string_view, std::string>>;

/// What Extract reads from: the request, what the router matched, and where problems collect.
struct Extraction {
    Extraction(Request& of, PathParameters const& matched)
        : request(of), path_parameters(matched) {}

    Request& request;
    PathParameters const& path_parameters;
    reflect::Issues issues;

    /// The first query parameter of that name, decoded; nothing when absent.
    std::optional<std::string> query(std::string_view name);
    /// The body as JSON. Throws Error: 415 for another media type or charset, 400 for text that is
    /// not JSON.
    boost::json::value const& json_body();

private:
    std::optional<std::vector<std::pair<std::string, std::string>>> query_;
    std::optional<boost::json::value> body_;
};

template <class T>
struct Extract {
    static_assert(sizeof(T) == 0,
                  "a handler takes only what Extract<> knows: a described struct (the body), "
                  "Path<>, Query<>, "
                  "Header<>, Page<>, IfMatch, Caller, Viewer, Unit");
};

// ---- Parameters
// ------------------------------------------------------------------------------------------------

/// A path parameter. An Id that is not shaped like one is 404: no such thing can exist.
template <class T, FixedString Name>
struct Path {
    T value;
    T const* operator->() const { return &value; }
    T const& operator*() const { return value; }
};

template <class T, FixedString Name>
struct Extract<Path<T, Name>> {
    static Path<T, Name> from(Extraction& in) {
        for (auto const& [name, text] : in.path_parameters)
            if (name == Name.view()) {
                if (auto value = TextValue<T>::parse(text)) return {*std::move(value)};
                break;
            }
        throw Error(ErrorCode::not_found, "there is no such resource");
    }
    static void describe(Operation& op) {
        op.parameter("path", Name.view(), true, reflect::Codec<T>::schema(op.schemas()));
    }
};

/// A query parameter: optional when T is std::optional.
template <class T, FixedString Name>
struct Query {
    T value;
    T const* operator->() const { return &value; }
    T const& operator*() const { return value; }
};

template <class T, FixedString Name>
struct Extract<Query<T, Name>> {
    static Query<T, Name> from(Extraction& in) {
        auto const text = in.query(Name.view());
        if constexpr (reflect::is_optional<T>) {
            if (!text) return {std::nullopt};
            return {parse<typename T::value_type>(*text, in)};
        } else {
            if (!text) {
                in.issues.add_at("query/" + std::string(Name.view()), "is required");
                return {};
            }
            auto value = parse<T>(*text, in);
            return value ? Query<T, Name>{*std::move(value)} : Query<T, Name>{};
        }
    }
    static void describe(Operation& op) {
        if constexpr (reflect::is_optional<T>)
            op.parameter("query", Name.view(), false,
                         reflect::Codec<typename T::value_type>::schema(op.schemas()));
        else
            op.parameter("query", Name.view(), true, reflect::Codec<T>::schema(op.schemas()));
    }

private:
    template <class V>
    static std::optional<V> parse(std::string const& text, Extraction& in) {
        auto value = TextValue<V>::parse(text);
        if (!value)
            in.issues.add_at("query/" + std::string(Name.view()), TextValue<V>::expectation());
        return value;
    }
};

/// A request header, empty when absent.
template <FixedString Name>
struct Header {
    std::string value;
};

template <FixedString Name>
struct Extract<Header<Name>> {
    static Header<Name> from(Extraction& in) {
        return {std::string(in.request.headers.get(Name.view()))};
    }
    static void describe(Operation& op) {
        op.parameter("header", Name.view(), false, {{"type", "string"}});
    }
};

/// Who is asking, as far as the connection tells: for the device list, not for decisions.
struct RequestInfo {
    std::string user_agent;
    std::string address;
    std::string request_id;
    std::string trace_id;
    Deadline deadline;
};

template <>
struct Extract<RequestInfo> {
    static RequestInfo from(Extraction& in);
    static void describe(Operation&) {}
};

// ---- Lists
// -----------------------------------------------------------------------------------------------------

/// Where a list goes on: the values of its order fields at the last item.
using Position = std::vector<boost::json::value>;
/// position(post.score, post.id): each value as it is stored.
template <class... Values>
Position position(Values const&... values) {
    return {reflect::to_value(values)...};
}

/// Opaque to clients: base64url of the position's JSON.
std::string encode_cursor(Position const& position);
std::optional<Position> decode_cursor(std::string_view cursor);

struct PageRequest {
    std::size_t limit = limits::page_items_default;
    std::size_t skip = 0;
    std::optional<Position> after;

    /// Throws Error (422) when the cursor, if there is one, does not have this many values: it came
    /// from another list.
    void check_cursor(std::size_t values) const;
};

/// limit, cursor and skip of contract section 1.
template <std::size_t DefaultLimit = limits::page_items_default>
struct Page : PageRequest {};

namespace detail {
PageRequest extract_page(Extraction& in, std::size_t default_limit);
void describe_page(Operation& op, std::size_t default_limit);
}  // namespace detail

template <std::size_t DefaultLimit>
struct Extract<Page<DefaultLimit>> {
    static Page<DefaultLimit> from(Extraction& in) {
        return {detail::extract_page(in, DefaultLimit)};
    }
    static void describe(Operation& op) { detail::describe_page(op, DefaultLimit); }
};

// ---- Conditional writes
// ----------------------------------------------------------------------------------------

/// If-Match of a PUT, PATCH or DELETE. A handler compares it with the representation that it is
/// about to change and guards its commit with the version it read, so nothing slips in between.
/// Where a route does not ask for it, the router refuses all but "*": nothing there has a tag.
struct IfMatch {
    std::optional<std::string> value;

    static IfMatch of(Request const& request);
    bool present() const noexcept { return value.has_value(); }
    /// Throws Error (precondition_failed) unless a tag of the same edition as `etag` is among the
    /// values, or the value is "*".
    void check(std::string_view etag) const;
};

template <>
struct Extract<IfMatch> {
    static IfMatch from(Extraction& in) { return IfMatch::of(in.request); }
    static void describe(Operation& op) {
        op.parameter("header", "If-Match", false, {{"type", "string"}});
    }
};

/// A type whose representation also changes by what others do (counts) tells with
/// `std::string edition_of(T const&)`, beside it, what of it an If-Match protects: the part that
/// its owner edits. Of other types that is all.
template <class T>
concept HasEdition = requires(T const& value) {
    { edition_of(value) } -> std::same_as<std::string>;
};

/// The strong entity tag of a JSON representation: quoted, 128 bits of SHA-256; with an edition,
/// 64 bits of its own and a dot before that (docs/adr/0021).
std::string etag_of(std::string_view representation, std::string_view edition = {});
template <reflect::Described T>
std::string etag_of(T const& value) {
    std::string edition;
    if constexpr (HasEdition<T>) edition = edition_of(value);
    return etag_of(reflect::to_json(value), edition);
}

// ---- Bodies
// ----------------------------------------------------------------------------------------------------

template <reflect::Described T>
struct Extract<T> {
    static T from(Extraction& in) {
        if (in.request.body.empty())
            throw Error(ErrorCode::malformed, "body_required", "a JSON body is required");
        return reflect::read<T>(in.json_body(), in.issues);
    }
    static void describe(Operation& op) { op.body(reflect::Codec<T>::schema(op.schemas()), true); }
};

template <reflect::Described T>
struct Extract<std::optional<T>> {
    static std::optional<T> from(Extraction& in) {
        if (in.request.body.empty()) return {};
        return reflect::read<T>(in.json_body(), in.issues);
    }
    static void describe(Operation& op) { op.body(reflect::Codec<T>::schema(op.schemas()), false); }
};

}  // namespace grover::http
