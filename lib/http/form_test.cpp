#include "http/form.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace grover::http {
namespace {

BOOST_DEFINE_ENUM_CLASS(Colour, red, green)
struct Order {
    Text<1, 10> name;
    std::optional<std::int64_t> amount;
    std::optional<bool> urgent;
    std::optional<Colour> colour;
    std::optional<std::vector<std::string>> notes;
};
BOOST_DESCRIBE_STRUCT(Order, (), (name, amount, urgent, colour, notes))

/// One text field.
std::string field(std::string const& name, std::string const& value) {
    return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
}
std::string with_header(std::string const& header) {
    return "--b\r\n" + header + "\r\n\r\nx\r\n--b--\r\n";
}

/// The files of the result refer to the request.
Form<Order> read(Request& request) {
    PathParameters const none;
    Extraction in(request, none);
    auto form = Extract<Form<Order>>::from(in);
    in.issues.check();
    return form;
}

Request request_of(std::string body,
                   std::string const& content_type = "multipart/form-data; boundary=b") {
    Request out;
    out.headers.add("Content-Type", content_type);
    out.body = std::move(body);
    return out;
}

Form<Order> read(std::string body,
                 std::string const& content_type = "multipart/form-data; boundary=b") {
    auto request = request_of(std::move(body), content_type);
    return read(request);
}

/// The status and the issues of what reading throws.
std::string failure(std::string const& body,
                    std::string content_type = "multipart/form-data; boundary=b") {
    try {
        read(body, std::move(content_type));
        return "none";
    } catch (Error const& error) {
        auto out = std::to_string(error.status());
        for (auto const& issue : error.issues()) out += " " + issue.pointer;
        return out;
    }
}

TEST(Form, reads_fields_as_the_members_types) {
    auto const form = read(field("name", "Ada") + field("amount", "12") + field("urgent", "true") +
                           field("colour", "green") + field("unknown", "ignored") + "--b--\r\n")
                          .value;
    EXPECT_EQ(form.name.value, "Ada");
    EXPECT_EQ(form.amount, 12);
    EXPECT_EQ(form.urgent, true);
    EXPECT_EQ(form.colour, Colour::green);
    EXPECT_FALSE(form.notes);
}

TEST(Form, arrays_repeat_or_are_json) {
    using Notes = std::vector<std::string>;
    auto const notes = [](std::string const& fields) {
        return read(field("name", "a") + fields + "--b--").value.notes;
    };
    EXPECT_EQ(notes(field("notes", "x") + field("notes", "y")), (Notes{"x", "y"}));
    EXPECT_EQ(notes(field("notes[]", "x") + field("notes[]", "y")), (Notes{"x", "y"}));
    EXPECT_EQ(notes(field("notes", "one")), Notes{"one"});
    EXPECT_EQ(notes(field("notes", R"(["x", "y"])")), (Notes{"x", "y"}));
    EXPECT_EQ(notes(field("notes", "")), std::nullopt);
}

TEST(Form, json_is_read_as_ever) {
    EXPECT_EQ(read(R"({"name": "Ada", "amount": 3})", "application/json").value.amount, 3);
    EXPECT_EQ(failure(R"({"name": ""})", "application/json"), "422 /name");
    EXPECT_EQ(failure("name=Ada", "application/x-www-form-urlencoded"), "415");
    EXPECT_EQ(failure("", "application/json"), "400");
}

TEST(Form, files_are_handed_over_apart) {
    auto request = request_of(field("name", "a") +
                              "--b\r\nContent-Disposition: form-data; name=\"media\"; "
                              "filename=\"a%22b.png\"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n"
                              "--b--\r\n");
    auto const form = read(request);
    ASSERT_EQ(form.files.size(), 1u);
    EXPECT_EQ(form.files[0].filename, "a\"b.png");
    EXPECT_EQ(form.files[0].content_type, "image/png");
    EXPECT_EQ(form.files[0].content, "\x89PNG");
}

TEST(Form, contents_are_kept_byte_for_byte) {
    for (std::string const content : {"\r\n", "--", "\r\n-b\r\n", "a\r\n--", " a ", "ü\n"}) {
        auto const body = field("x", content) + "--b--";
        auto const parts = parse_form(body, "b");
        ASSERT_EQ(parts.size(), 1u) << content;
        EXPECT_EQ(parts[0].content, content);
    }
    EXPECT_EQ(parse_form("--b\r\nContent-Disposition: form-data; name=x\r\n\r\n\r\n--b--", "b")[0]
                  .content,
              "");
}

TEST(Form, what_the_standard_allows_is_taken) {
    EXPECT_TRUE(parse_form("--b--", "b").empty());
    EXPECT_TRUE(parse_form("--b--\r\n", "b").empty());
    EXPECT_EQ(
        parse_form("--b \t\r\ncontent-disposition:form-data;name=x;\r\n\r\ny\r\n--b--", "b")[0]
            .content,
        "y");
    EXPECT_EQ(failure(field("name", "a") + "--b--", "Multipart/Form-Data; Boundary=\"b\""), "none");
    EXPECT_EQ(failure("--b\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Disposition: "
                      "form-data; name=name\r\nX-Other: 1\r\n\r\na\r\n--b--"),
              "none");
    EXPECT_EQ(
        parse_form("--b\r\nContent-Disposition: form-data; name=\"a\\\"b\\c\"\r\n\r\n\r\n--b--",
                   "b")[0]
            .name,
        "a\"b\\c");
}

TEST(Form, every_wrong_value_is_named) {
    EXPECT_EQ(failure(field("amount", "x") + field("urgent", "maybe") + field("colour", "blue") +
                      "--b--"),
              "422 /name /amount /urgent /colour");
    EXPECT_EQ(failure(field("name", "longer than ten") + "--b--"), "422 /name");
    EXPECT_EQ(failure(field("name", "") + "--b--"), "422 /name");
    EXPECT_EQ(failure(field("name", std::string("a\0b", 3)) + "--b--"), "422 /name");
    EXPECT_EQ(failure(field("name", "a") + field("notes", "[1]") + "--b--"), "422 /notes/0");
}

TEST(Form, broken_bodies_are_malformed) {
    for (std::string const body : {
             "",
             "--",
             "--b",
             "--b-",
             "--c--",
             "preamble\r\n--b--",
             "\r\n--b--",
             "--b--text",
             "--b--\r\nepilogue",
             "--b\r\n",
             "--b\r\n\r\n",
             "--b\r\n\r\nx\r\n--b--",
             "--b\nContent-Disposition: form-data; name=x\n\ny\n--b--",
             "--bb\r\nContent-Disposition: form-data; name=x\r\n\r\ny\r\n--bb--",
             "--b\r\nContent-Disposition: form-data; name=x\r\n\r\ny",
             "--b\r\nContent-Disposition: form-data; name=x\r\n\r\ny\r\n--b",
             "--b\r\nContent-Disposition: form-data; name=x\r\n\r\ny\r\n--bx\r\n--b--",
             "--b\r\nContent-Disposition: form-data; name=x\r\n\r\n--b--",
             "--b\r\nContent-Disposition: form-data; name=x\r\n--b--",
         })
        EXPECT_EQ(failure(body), "400") << body;
    EXPECT_EQ(failure(field("name", "\xff") + "--b--"), "400");
    EXPECT_EQ(failure(field("name", "a") + field("name", "b") + "--b--"), "400");
    EXPECT_EQ(failure(field("name", "a") + field("notes", "[1") + "--b--"), "400");
}

TEST(Form, broken_part_headers_are_malformed) {
    for (std::string const header : {
             "Content-Disposition: attachment; name=x",
             "Content-Disposition: form-data",
             "Content-Disposition: form-data; name=",
             "Content-Disposition: form-data; name=\"\"",
             "Content-Disposition: form-data; name=\"x",
             "Content-Disposition: form-data; name=\"x\"y",
             "Content-Disposition: form-data; name=x; name=y",
             "Content-Disposition: form-data; name=x; filename*=UTF-8''a",
             "Content-Disposition: form-data; name=\"a\x01\"",
             "Content-Disposition: form-data; name=\"\xff\"",
             "Content-Disposition: form-data; name=x\r\nContent-Disposition: form-data; name=y",
             "Content-Disposition: form-data; name=x\r\nContent-Type: a/b\r\nContent-Type: a/c",
             "Content-Disposition: form-data; name=x\r\nContent-Transfer-Encoding: base64",
             "Content-Disposition: form-data; name=x\r\n folded: y",
             "Content-Disposition : form-data; name=x",
             "Content-Disposition",
             ": x",
         })
        EXPECT_EQ(failure(with_header(header)), "400") << header;
    EXPECT_EQ(failure(with_header("Content-Disposition: form-data; name=x\r\n"
                                  "Content-Type: text/plain; charset=utf-16")),
              "415");
}

TEST(Form, broken_boundaries_are_malformed) {
    for (std::string const type :
         {"multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; a=b",
          "multipart/form-data; boundary=\"\"", "multipart/form-data; boundary=\"a \"",
          "multipart/form-data; boundary=\"a\"; boundary=\"a\"",
          "multipart/form-data; boundary=\"a\x7f\"", "multipart/form-data boundary=a"})
        EXPECT_NE(failure("--a--", type), "none") << type;
    EXPECT_EQ(failure("", "multipart/form-data; boundary=" + std::string(71, 'x')), "400");
}

TEST(Form, is_bounded) {
    std::string body;
    for (std::size_t i = 0; i <= limits::form_parts_max; ++i) body += field("x", "y");
    EXPECT_EQ(failure(body + "--b--"), "413");
    EXPECT_EQ(failure(with_header("Content-Disposition: form-data; name=x\r\nX-Long: " +
                                  std::string(limits::form_part_header_bytes_max, 'x'))),
              "413");
}

/// Whatever is cut off or changed, the answer is a form or an Error.
TEST(Form, survives_every_truncation_and_flipped_byte) {
    auto const whole = field("name", "Ada") + field("amount", "12") + "--b--\r\n";
    for (std::size_t i = 0; i < whole.size(); ++i) {
        failure(whole.substr(0, i));
        for (char const c : {'\0', '\r', '\n', '-', '"', ';', '\xff'}) {
            auto changed = whole;
            changed[i] = c;
            failure(changed);
        }
    }
}

}  // namespace
}  // namespace grover::http
