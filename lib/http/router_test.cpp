#include "http/router.hpp"

#include <gtest/gtest.h>

#include "testing/sync.hpp"

namespace grover::http {
namespace {

struct Note {
    std::string id;
    std::string text;
};
BOOST_DESCRIBE_STRUCT(Note, (), (id, text))

struct NewNote {
    Text<1, 10> text;
};
BOOST_DESCRIBE_STRUCT(NewNote, (), (text))

struct NotesApi {
    net::Task<Note> get(Path<Id<"note">, "id"> id) { co_return Note{id->str(), "by id"}; }
    net::Task<Note> newest() { co_return Note{"newest", "fixed"}; }
    net::Task<List<Note>> likes(Path<Id<"note">, "id"> id, Page<> page) {
        co_return List<Note>{{Note{id->str(), std::to_string(page.limit)}}, Position{"x", 3}};
    }
    net::Task<Created<Note>> create(NewNote in) {
        co_return Created<Note>{{"n1", in.text.str()}, "/api/notes/n1"};
    }
    net::Task<void> remove(Path<Id<"note">, "id">) { co_return; }
};

class RouterTest : public ::testing::Test {
protected:
    RouterTest() {
        router.post("/api/notes", api, &NotesApi::create);
        router.get("/api/notes/{id}", api, &NotesApi::get).also("/api/memo/{id}");
        router.get("/api/notes/newest", api, &NotesApi::newest);
        router.get("/api/notes/{id}/likes", api, &NotesApi::likes);
        router.remove("/api/notes/{id}", api, &NotesApi::remove);
    }

    Response send(std::string method, std::string target, std::string body = {},
                  Headers headers = {}) {
        Request request;
        request.method = std::move(method);
        request.target = target;
        request.path = target.substr(0, target.find('?'));
        if (auto const mark = target.find('?'); mark != std::string::npos)
            request.query = target.substr(mark + 1);
        request.headers = std::move(headers);
        if (!body.empty() && !request.headers.contains("Content-Type"))
            request.headers.add("Content-Type", "application/json");
        request.body = std::move(body);
        return testing::sync(router.dispatch(request));
    }
    int status_of(std::string method, std::string target, std::string body = {},
                  Headers headers = {}) {
        try {
            return send(std::move(method), std::move(target), std::move(body), std::move(headers))
                .status;
        } catch (Error const& e) {
            return e.status();
        }
    }

    NotesApi api;
    Router router;
};

TEST_F(RouterTest, AFixedSegmentWinsOverAParameter) {
    EXPECT_NE(send("GET", "/api/notes/newest").body.find("fixed"), std::string::npos);
    EXPECT_NE(send("GET", "/api/notes/n7").body.find("n7"), std::string::npos);
    // ... but only where the whole path fits: this id is called like a fixed segment.
    EXPECT_NE(send("GET", "/api/notes/newest/likes").body.find("newest"), std::string::npos);
}

TEST_F(RouterTest, BothSlashFormsAndTheVersionAreTheSameRoute) {
    for (auto const* path :
         {"/api/notes/n7/", "/api/v1/notes/n7", "/api/v1/notes/n7/", "/api/memo/n7"})
        EXPECT_EQ(status_of("GET", path), 200) << path;
    for (auto const* path :
         {"/api/v2/notes/n7", "//api/notes/n7", "/api/notes//n7", "/apis", "/", "api/notes/n7",
          "/api/notes/n7/likes/x", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t"})
        EXPECT_EQ(status_of("GET", path), 404) << path;
}

TEST_F(RouterTest, AnotherMethodIs405WithAllow) {
    try {
        send("PUT", "/api/notes/n7");
        FAIL();
    } catch (Error const& e) {
        EXPECT_EQ(e.status(), 405);
        EXPECT_EQ(e.allow(), "GET, HEAD, DELETE, OPTIONS");
    }
    // The fixed segment wins over the parameter here, too: this is no note called "newest".
    try {
        send("DELETE", "/api/notes/newest");
        FAIL();
    } catch (Error const& e) {
        EXPECT_EQ(e.status(), 405);
        EXPECT_EQ(e.allow(), "GET, HEAD, OPTIONS");
    }
    EXPECT_EQ(send("OPTIONS", "/api/notes/newest").headers.get("Allow"), "GET, HEAD, OPTIONS");
    EXPECT_EQ(send("OPTIONS", "/api/notes").headers.get("Allow"), "POST, OPTIONS");
    EXPECT_EQ(send("HEAD", "/api/notes/n7").status, 200);
    EXPECT_EQ(send("DELETE", "/api/notes/n7").status, 204);
}

TEST_F(RouterTest, AnIdThatCannotExistIs404) {
    EXPECT_EQ(status_of("GET", "/api/notes/" + std::string(65, 'a')), 404);
    EXPECT_EQ(status_of("GET", "/api/notes/a%20b"), 404);
    EXPECT_EQ(status_of("GET", "/api/notes/%ff"), 400);
    EXPECT_EQ(status_of("GET", "/api/notes/%zz"), 400);
}

TEST_F(RouterTest, BodiesAreCheckedBeforeTheHandlerRuns) {
    auto const created = send("POST", "/api/notes", R"({"text":"hi"})");
    EXPECT_EQ(created.status, 201);
    EXPECT_EQ(created.headers.get("Location"), "/api/notes/n1");
    EXPECT_EQ(status_of("POST", "/api/notes"), 400);
    EXPECT_EQ(status_of("POST", "/api/notes", "{"), 400);
    EXPECT_EQ(status_of("POST", "/api/notes", "[]"), 422);
    EXPECT_EQ(status_of("POST", "/api/notes", R"({"text":""})"), 422);
    for (auto const* type :
         {"text/plain", "application/json; charset=latin1", "application/jsonx", "json", ""}) {
        Headers headers;
        headers.add("Content-Type", type);
        EXPECT_EQ(status_of("POST", "/api/notes", R"({"text":"hi"})", headers), 415) << type;
    }
    Headers utf8;
    utf8.add("Content-Type", "Application/JSON; Charset=\"UTF-8\"");
    EXPECT_EQ(status_of("POST", "/api/notes", R"({"text":"hi"})", utf8), 201);
}

TEST_F(RouterTest, PagesHaveBoundsAndALinkToTheNext) {
    auto const page = send("GET", "/api/notes/n7/likes?limit=5&x=a%20b");
    auto const link = std::string(page.headers.get("Link"));
    EXPECT_EQ(link.find("</api/notes/n7/likes?limit=5&x=a%20b&cursor="), 0u) << link;
    auto const at = link.find("cursor=") + 7;
    auto const cursor = link.substr(at, link.find('>') - at);
    EXPECT_EQ(status_of("GET", "/api/notes/n7/likes?cursor=" + cursor), 200);
    for (auto const* query : {"limit=0", "limit=101", "limit=x", "limit=-1", "limit=", "skip=10001",
                              "cursor=!", "cursor=e30", "cursor=W10", "limit=99999999999999999999"})
        EXPECT_EQ(status_of("GET", std::string("/api/notes/n7/likes?") + query), 422) << query;
    EXPECT_EQ(status_of("GET", "/api/notes/n7/likes?skip=1&cursor=" + cursor), 422);
    EXPECT_EQ(status_of("GET", "/api/notes/n7/likes?limit=%f"), 400);
}

TEST_F(RouterTest, ConditionalReads) {
    auto const etag = std::string(send("GET", "/api/notes/n7").headers.get("ETag"));
    Headers headers;
    headers.add("If-None-Match", "\"other\", W/" + etag);
    auto const unchanged = send("GET", "/api/notes/n7", {}, headers);
    EXPECT_EQ(unchanged.status, 304);
    EXPECT_TRUE(unchanged.body.empty());
    EXPECT_EQ(send("GET", "/api/notes/n8", {}, headers).status, 200);
}

TEST_F(RouterTest, ConditionsInSeveralLines) {
    auto const etag = std::string(send("GET", "/api/notes/n7").headers.get("ETag"));
    Headers headers;
    headers.add("If-None-Match", "\"other\"");
    headers.add("if-none-match", etag);
    EXPECT_EQ(send("GET", "/api/notes/n7", {}, headers).status, 304);
    EXPECT_EQ(send("GET", "/api/notes/n8", {}, headers).status, 200);

    Request request;
    request.headers.add("If-Match", "\"b\"");
    EXPECT_THROW(IfMatch::of(request).check("\"a\""), Error);
    request.headers.add("If-Match", "\"a\"");
    EXPECT_NO_THROW(IfMatch::of(request).check("\"a\""));
    EXPECT_THROW(IfMatch::of(request).check("\"c\""), Error);
}

TEST_F(RouterTest, IfMatch) {
    EXPECT_NO_THROW(IfMatch{}.check("\"a\""));
    EXPECT_THROW(IfMatch{""}.check("\"a\""), Error);
    EXPECT_NO_THROW(IfMatch{"*"}.check("\"a\""));
    EXPECT_NO_THROW(IfMatch{"\"b\", \"a\""}.check("\"a\""));
    EXPECT_THROW(IfMatch{"\"b\""}.check("\"a\""), Error);
    EXPECT_NO_THROW(IfMatch{"\"a.x\""}.check("\"a.y\""));
    EXPECT_NO_THROW(IfMatch{"\"b.y\", W/\"a.x\""}.check("\"a.y\""));
    for (auto const* other : {"\"b.y\"", "\"y\"", "\".y\"", "a", "\"a", "\"\"", "W/"})
        EXPECT_THROW(IfMatch{other}.check("\"a.y\""), Error) << other;
}

TEST_F(RouterTest, TwoHandlersForOneRouteAreAMistake) {
    EXPECT_THROW(router.get("/api/notes/newest/", api, &NotesApi::newest), std::logic_error);
}

TEST_F(RouterTest, TheDocumentComesFromTheSignatures) {
    auto const document = router.openapi("Notes", "1", "");
    auto const& create = document.at("paths").at("/api/notes").at("post");
    EXPECT_EQ(create.at_pointer("/requestBody/content/application~1json/schema/$ref"),
              "#/components/schemas/NewNote");
    EXPECT_TRUE(create.at("responses").as_object().contains("422"));
    EXPECT_TRUE(create.at("responses").as_object().contains("201"));
    EXPECT_NE(create.at("x-source").as_string().find("router_test.cpp:"),
              boost::json::string::npos);
    auto const& likes = document.at("paths").at("/api/notes/{id}/likes").at("get");
    EXPECT_EQ(likes.at("parameters").as_array().size(), 4u);
}

}  // namespace
}  // namespace grover::http
