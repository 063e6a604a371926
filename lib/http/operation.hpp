// One operation of the OpenAPI 3.1 document, filled in by Extract and Reply while the route is
// added.
#pragma once

#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "reflect/codec.hpp"

namespace grover::http {

class Operation {
public:
    explicit Operation(reflect::Schemas& schemas) : schemas_(&schemas) {}

    reflect::Schemas& schemas() noexcept { return *schemas_; }

    /// `in`: path, query or header.
    void parameter(std::string_view in, std::string_view name, bool required,
                   boost::json::object schema);
    void body(boost::json::object schema, bool required,
              std::string_view media_type = "application/json");
    /// Needs a login; `optional` when the operation also works without.
    void bearer(bool optional);
    void response(int status, std::string_view description, boost::json::object schema);
    /// A response without a body.
    void response(int status, std::string_view description);
    void response_header(int status, std::string_view name, std::string_view description);
    /// An error that clients should expect, as problem+json.
    void problem(int status);

    /// The operation object, without summary and tags.
    boost::json::object const& object() const noexcept { return object_; }
    boost::json::object& object() noexcept { return object_; }

private:
    boost::json::object& response_object(int status, std::string_view description);
    reflect::Schemas* schemas_;
    boost::json::object object_;
};

}  // namespace grover::http
