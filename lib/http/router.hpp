// Typed handlers behind a tree of path segments.
//
//     Router routes(std::string prefix...)
//     routes.post("/api/posts", api, &PostApi::create).summary("Create a post");
//     routes.get("/api/posts/{post_id}", api, &PostApi::get).summary("Get one post");
//
// A static segment wins over a parameter. Every path answers with and without a trailing slash, and
// under /api/v1 as under /api. HEAD is answered by GET, OPTIONS with Allow, another method with 405
// and Allow. Matching costs one step per segment and no allocation but for the parameters.
#pragma once

#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include <boost/json.hpp>

#include "http/extract.hpp"
#include "http/message.hpp"
#include "http/operation.hpp"
#include "http/reply.hpp"
#include "net/task.hpp"
#include "reflect/codec.hpp"

namespace grover::http {

namespace detail {

template <class Function>
struct HandlerTraits;
template <class Class, class Result, class... Arguments>
struct HandlerTraits<net::Task<Result> (Class::*)(Arguments...)> {
    using Reply = Result;
    using Values = std::tuple<std::remove_cvref_t<Arguments>...>;
};
template <class Class, class Result, class... Arguments>
struct HandlerTraits<net::Task<Result> (Class::*)(Arguments...) const>
    : HandlerTraits<net::Task<Result> (Class::*)(Arguments...)> {};

}  // namespace detail

class Router {
public:
    /// One row of the route table, as --routes and /debug/routes show it.
    struct Route {
        std::string method;
        std::string pattern;
        std::string summary;
        std::string tag;
        std::source_location source;
        boost::json::object operation;
        std::function<net::Task<Response>(Request&, PathParameters)> run;
        bool conditional = false;  // its handler judges If-Match
    };

    /// Lets a route be described further: routes.get(...).summary("...").problems({404, 409}).
    class Added {
    public:
        explicit Added(Router& router, std::size_t index) : router_(&router), index_(index) {}
        Added& summary(std::string text);
        /// The group in the documentation; else what follows "/api/".
        Added& tag(std::string name);
        Added& problems(std::initializer_list<int> statuses);
        /// The same handler under another path.
        Added& also(std::string pattern);
        Added& also(std::string method, std::string pattern);

    private:
        Router* router_;
        std::size_t index_;
    };

    Router();
    ~Router();
    Router(Router&&) noexcept;
    Router& operator=(Router&&) noexcept;

    template <class Api, class Method>
    Added get(std::string pattern, Api& api, Method method,
              std::source_location at = std::source_location::current()) {
        return add("GET", std::move(pattern), api, method, at);
    }
    template <class Api, class Method>
    Added post(std::string pattern, Api& api, Method method,
               std::source_location at = std::source_location::current()) {
        return add("POST", std::move(pattern), api, method, at);
    }
    template <class Api, class Method>
    Added put(std::string pattern, Api& api, Method method,
              std::source_location at = std::source_location::current()) {
        return add("PUT", std::move(pattern), api, method, at);
    }
    template <class Api, class Method>
    Added patch(std::string pattern, Api& api, Method method,
                std::source_location at = std::source_location::current()) {
        return add("PATCH", std::move(pattern), api, method, at);
    }
    template <class Api, class Method>
    Added remove(std::string pattern, Api& api, Method method,
                 std::source_location at = std::source_location::current()) {
        return add("DELETE", std::move(pattern), api, method, at);
    }

    template <class Api, class Method>
    Added add(std::string method, std::string pattern, Api& api, Method handler,
              std::source_location at) {
        using Traits = detail::HandlerTraits<Method>;
        Route route{std::move(method), std::move(pattern), {}, {}, at, {}, {}, false};
        Operation operation(schemas_);
        describe<typename Traits::Reply>(operation, static_cast<typename Traits::Values*>(nullptr));
        if (!is_safe(route.method)) operation.problem(412);
        operation.problem(503);  // busy, or something it needs is not there
        route.conditional = takes<IfMatch>(static_cast<typename Traits::Values*>(nullptr));
        route.operation = std::move(operation.object());
        route.run = [&api, handler](Request& request,
                                    PathParameters parameters) -> net::Task<Response> {
            return invoke<typename Traits::Reply, typename Traits::Values>(api, handler, request,
                                                                           std::move(parameters));
        };
        return insert(std::move(route));
    }

    struct Match {
        Route const* route = nullptr;
        PathParameters parameters;
        std::string allow;  // when the path is known but the method is not
    };
    /// `path` without the query, percent-encoded.
    Match match(std::string_view method, std::string_view path) const;

    /// Finds the route and runs it; throws Error (not_found, method_not_allowed) where there is
    /// none.
    net::Task<Response> dispatch(Request& request) const;

    std::vector<Route> const& routes() const noexcept { return routes_; }
    /// An OpenAPI 3.1 document of all routes.
    boost::json::object openapi(std::string_view title, std::string_view version,
                                std::string_view description) const;

private:
    struct Node;

    Added insert(Route route);
    void place(std::string const& method, std::string const& pattern, std::size_t index);

    template <class Result, class... Values>
    static void describe(Operation& operation, std::tuple<Values...>*) {
        if constexpr (std::is_void_v<Result>)
            operation.response(204, "No Content");
        else
            Reply<Result>::describe(operation);
        (Extract<Values>::describe(operation), ...);
        operation.object()["responses"].as_object();  // Every operation has at least one.
    }

    template <class Value, class... Values>
    static constexpr bool takes(std::tuple<Values...>*) {
        return (std::same_as<Value, Values> || ...);
    }

    template <class Result, class Values, class Api, class Method>
    static net::Task<Response> invoke(Api& api, Method method, Request& request,
                                      PathParameters parameters) {
        Extraction in(request, parameters);
        auto values = extract(in, static_cast<Values*>(nullptr));
        in.issues.check();
        auto call = [&](auto&&... arguments) { return (api.*method)(std::move(arguments)...); };
        if constexpr (std::is_void_v<Result>) {
            co_await std::apply(call, std::move(values));
            Response response;
            response.status = 204;
            co_return response;
        } else {
            Result result = co_await std::apply(call, std::move(values));
            co_return Reply<Result>::make(std::move(result), request);
        }
    }

    template <class... Values>
    static std::tuple<Values...> extract(Extraction& in, std::tuple<Values...>*) {
        (authorize<Values>(in), ...);
        return std::tuple<Values...>{Extract<Values>::from(in)...};  // Braces: from left to right.
    }
    template <class Value>
    static void authorize(Extraction& in) {
        if constexpr (requires { Extract<Value>::authorize(in); }) Extract<Value>::authorize(in);
    }

    reflect::Schemas schemas_;
    std::vector<Route> routes_;
    std::unique_ptr<Node> root_;
};

/// Adds the ETag of a 200 reply to GET, and turns it into 304 when If-None-Match has it.
void apply_conditional(Request const& request, Response& response);

}  // namespace grover::http
