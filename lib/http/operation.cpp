#include "http/operation.hpp"

#include "base/error.hpp"

namespace grover::http {

namespace json = boost::json;

namespace {

json::object& child(json::object& parent, std::string_view name) {
    auto& value = parent[name];
    if (!value.is_object()) value.emplace_object();
    return value.get_object();
}

json::object problem_schema(reflect::Schemas& schemas) {
    return schemas.reference("Problem", [] {
        json::object const text{{"type", "string"}};
        json::object const issue{{"type", "object"},
                                 {"properties", {{"pointer", text}, {"message", text}}},
                                 {"required", {"pointer", "message"}}};
        return json::object{
            {"type", "object"},
            {"description", "RFC 9457 problem details; `detail` and `message` are the same text"},
            {"properties",
             {{"type", text},
              {"title", text},
              {"status", {{"type", "integer"}}},
              {"detail", text},
              {"message", text},
              {"code", {{"type", "string"}, {"description", "stable slug"}}},
              {"request_id", text},
              {"errors", {{"type", "array"}, {"items", issue}}}}},
            {"required", {"type", "title", "status", "detail", "message", "code", "request_id"}}};
    });
}

}  // namespace

void Operation::parameter(std::string_view in, std::string_view name, bool required,
                          json::object schema) {
    auto& list = object_["parameters"];
    if (!list.is_array()) list.emplace_array();
    list.get_array().push_back(json::object{
        {"name", name}, {"in", in}, {"required", required}, {"schema", std::move(schema)}});
    problem(400);  // what cannot be read at all
    if (in == "path") problem(404);
    if (in == "query") problem(422);
    if (in == "path" || in == "query") problem(414);
}

void Operation::body(json::object schema, bool required, std::string_view media_type) {
    auto& body = child(object_, "requestBody");
    body["required"] = required;
    child(body, "content")[media_type] = json::object{{"schema", std::move(schema)}};
    for (int const status : {400, 413, 415, 422}) problem(status);
}

void Operation::bearer(bool optional) {
    json::array schemes{json::object{{"bearer", json::array{}}}};
    if (optional) schemes.push_back(json::object{});
    object_["security"] = std::move(schemes);
    problem(401);
}

json::object& Operation::response_object(int status, std::string_view description) {
    auto& object = child(child(object_, "responses"), std::to_string(status));
    object["description"] = description;
    return object;
}

void Operation::response(int status, std::string_view description, json::object schema) {
    child(response_object(status, description), "content")["application/json"] =
        json::object{{"schema", std::move(schema)}};
}

void Operation::response(int status, std::string_view description) {
    response_object(status, description);
}

void Operation::response_header(int status, std::string_view name, std::string_view description) {
    auto& headers = child(child(child(object_, "responses"), std::to_string(status)), "headers");
    headers[name] = json::object{{"description", description}, {"schema", {{"type", "string"}}}};
}

void Operation::problem(int status) {
    auto& object = response_object(status, title_of(code_of_status(status)));
    child(object, "content")["application/problem+json"] =
        json::object{{"schema", problem_schema(*schemas_)}};
}

}  // namespace grover::http
