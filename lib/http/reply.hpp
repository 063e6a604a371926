// How a handler's result becomes a response, and how it shows in OpenAPI.
//
//     Task<Post>            200 with an ETag; 304 for a GET whose If-None-Match has it
//     Task<Created<Post>>   201 with Location
//     Task<Accepted<T>>     202
//     Task<List<Post>>      200, a bare array, with Link rel="next" while there is more
//     Task<void>            204
//     Task<Streamed<T>>     200, a T written piece by piece: too large to be held in memory
//     Task<Redirect>        302
//     Task<Response>        as it is
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/extract.hpp"
#include "http/message.hpp"
#include "http/operation.hpp"
#include "reflect/codec.hpp"

namespace grover::http {

template <class T>
struct Created {
    T value;
    std::string location;
};

template <class T>
struct Accepted {
    T value;
};

struct Redirect {
    std::string location;
};

/// `write` writes the JSON of a T.
template <class T>
struct Streamed {
    BodyWriter write;
};

/// One page. `next` is where the following page starts; nothing at the end.
template <class T>
struct List {
    std::vector<T> items;
    std::optional<Position> next{};
};

/// {"message": "..."}: the reply of operations that have nothing else to say.
struct Message {
    std::string message;
};
BOOST_DESCRIBE_STRUCT(Message, (), (message))

/// Writes the Link header of contract section 1 for the page after this one.
void add_next_link(Response& response, Request const& request, Position const& next);

template <class T>
struct Reply;

template <reflect::Described T>
struct Reply<T> {
    static Response make(T const& value, [[maybe_unused]] Request const& request) {
        auto response = Response::resource(reflect::to_json(value));
        if constexpr (HasEdition<T>)
            if (is_safe(request.method)) response.edition = edition_of(value);
        return response;
    }
    static void describe(Operation& op) {
        op.response(200, "OK", reflect::Codec<T>::schema(op.schemas()));
        op.response_header(200, "ETag", "changes whenever the representation does");
    }
};

/// A map or a bare array that is not paged.
template <class T>
    requires requires { typename T::value_type; }
struct Reply<T> {
    static Response make(T const& value, Request const&) {
        return Response::json(200, reflect::to_json(value));
    }
    static void describe(Operation& op) {
        op.response(200, "OK", reflect::Codec<T>::schema(op.schemas()));
    }
};

template <>
struct Reply<boost::json::object> {
    static Response make(boost::json::object const& value, Request const&) {
        return Response::json(200, boost::json::serialize(value));
    }
    static void describe(Operation& op) { op.response(200, "OK", {{"type", "object"}}); }
};

template <class T>
struct Reply<Created<T>> {
    static Response make(Created<T> const& created, Request const&) {
        auto response = Response::json(201, reflect::to_json(created.value));
        response.headers.add("Location", created.location);
        return response;
    }
    static void describe(Operation& op) {
        op.response(201, "Created", reflect::Codec<T>::schema(op.schemas()));
        op.response_header(201, "Location", "the new resource");
    }
};

template <class T>
struct Reply<Accepted<T>> {
    static Response make(Accepted<T> const& accepted, Request const&) {
        return Response::json(202, reflect::to_json(accepted.value));
    }
    static void describe(Operation& op) {
        op.response(202, "Accepted", reflect::Codec<T>::schema(op.schemas()));
    }
};

template <class T>
struct Reply<Streamed<T>> {
    static Response make(Streamed<T> streamed, Request const&) {
        auto response = Response::json(200, {});
        response.writer = std::move(streamed.write);
        return response;
    }
    static void describe(Operation& op) {
        op.response(200, "OK", reflect::Codec<T>::schema(op.schemas()));
    }
};

template <class T>
struct Reply<List<T>> {
    static Response make(List<T> const& list, Request const& request) {
        auto response = Response::json(200, reflect::to_json(list.items));
        if (list.next) add_next_link(response, request, *list.next);
        return response;
    }
    static void describe(Operation& op) {
        op.response(200, "One page", reflect::Codec<std::vector<T>>::schema(op.schemas()));
        op.response_header(200, "Link", "the next page as rel=\"next\"; absent at the end");
    }
};

template <>
struct Reply<Redirect> {
    static Response make(Redirect const& redirect, Request const&) {
        Response response;
        response.status = 302;
        response.headers.add("Location", redirect.location);
        return response;
    }
    static void describe(Operation& op) {
        op.response(302, "Found");
        op.response_header(302, "Location", "where the browser goes on");
    }
};

template <>
struct Reply<Response> {
    static Response make(Response response, Request const&) { return response; }
    static void describe(Operation& op) { op.response(200, "OK"); }
};

}  // namespace grover::http
