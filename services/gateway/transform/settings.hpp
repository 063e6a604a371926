// What a route changes of its requests and answers, as the configuration says it: the members
// `request` and `response` of a route.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <boost/describe.hpp>
#include <boost/json/value.hpp>

#include "gateway/config/reader.hpp"

namespace grover::gateway {

/// Values may have names of the route's path in braces; other braces stay.
struct FieldChanges {
    std::map<std::string, std::string> add;  // beside those that are there
    std::map<std::string, std::string> set;  // instead of them
    std::vector<std::string> remove;
    bool empty() const noexcept { return add.empty() && set.empty() && remove.empty(); }
};
BOOST_DESCRIBE_STRUCT(FieldChanges, (), (add, set, remove))

struct QueryChanges {
    std::map<std::string, std::string> set;
    std::vector<std::string> remove;
    bool empty() const noexcept { return set.empty() && remove.empty(); }
};
BOOST_DESCRIBE_STRUCT(QueryChanges, (), (set, remove))

/// By JSON pointer (RFC 6901): "/user/name". First `rename`, then `remove`, then `set`. What is not
/// there is not renamed or removed; where the way to it is missing, it is not set. All renames read
/// the document as it came, then put: {/a: /b, /b: /a} swaps. A value stays where it is when its
/// new place has no parent there, or one that a rename takes away or writes over. Of two for one
/// place that of the later name, by the alphabet, stays.
struct JsonChanges {
    std::map<std::string, std::string> rename;
    std::vector<std::string> remove;
    std::map<std::string, boost::json::value> set;
    bool empty() const noexcept { return rename.empty() && remove.empty() && set.empty(); }
};
BOOST_DESCRIBE_STRUCT(JsonChanges, (), (rename, remove, set))

struct RequestChanges {
    /// Another path for the service: "/v2/posts/{id}". Names are those of the route's path; {**} is
    /// what its "/**" stands for.
    std::string path;
    QueryChanges query;
    FieldChanges fields;
    JsonChanges json;
    bool empty() const noexcept {
        return path.empty() && query.empty() && fields.empty() && json.empty();
    }
};
BOOST_DESCRIBE_STRUCT(RequestChanges, (), (path, query, fields, json))

struct ResponseChanges {
    FieldChanges fields;
    JsonChanges json;
    bool empty() const noexcept { return fields.empty() && json.empty(); }
};
BOOST_DESCRIBE_STRUCT(ResponseChanges, (), (fields, json))

/// An answer of the gateway itself.
struct StaticAnswer {
    int status = 200;
    std::string type = "application/json";
    std::string body;
    std::map<std::string, std::string> fields;
};
BOOST_DESCRIBE_STRUCT(StaticAnswer, (), (status, type, body, fields))

void validate(FieldChanges const& changes, config::Where const& where);
void validate(QueryChanges const& changes, config::Where const& where);
void validate(JsonChanges const& changes, config::Where const& where);
void validate(StaticAnswer const& answer, config::Where const& where);

}  // namespace grover::gateway
