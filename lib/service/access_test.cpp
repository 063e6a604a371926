#include <gtest/gtest.h>

#include "net/loop.hpp"
#include "service/access.hpp"
#include "testing/captured_log.hpp"
#include "testing/run_on.hpp"

namespace grover::service {
namespace {

struct Case {
    char const* what;
    std::string_view route;
    int status;
    telemetry::Level at;
    bool written;
};

class AccessLogTest : public ::testing::TestWithParam<Case> {};

TEST_P(AccessLogTest, WritesAt) {
    auto const& [what, route, status, at, written] = GetParam();
    testing::CapturedLog captured;
    net::Loops loops(1);
    loops.start();
    {
        telemetry::Log log("here", at, captured.fd());
        telemetry::Metrics metrics;
        AccessLog access(log, metrics, 1);
        testing::run_on(loops.at(0), [&]() -> net::Task<> {
            http::Request request;
            request.method = "GET";
            request.route = route;
            access.observe({request, status, 10, std::chrono::milliseconds(1)});
            co_return;
        });
        EXPECT_NE(metrics.print().find("http_route=\"" + std::string(route) + "\""),
                  std::string::npos);
    }
    loops.stop();
    EXPECT_EQ(captured.lines().size(), written ? 1 : 0);
}

using telemetry::Level;
INSTANTIATE_TEST_SUITE_P(
    Requests, AccessLogTest,
    ::testing::Values(Case{"APerson", "/api/posts/{post_id}", 200, Level::info, true},
                      Case{"APersonWhoErred", "/api/posts/{post_id}", 404, Level::info, true},
                      Case{"AnotherProgram", "/internal/users/cards", 200, Level::info, true},
                      Case{"AProbe", "/health/ready", 200, Level::info, false},
                      Case{"AProbeForWhoLooks", "/health/ready", 200, Level::debug, true},
                      Case{"AProbeThatFailed", "/health/ready", 503, Level::info, true},
                      Case{"AScrape", "/metrics", 200, Level::info, false},
                      Case{"APoll", "/internal/sessions/revoked", 200, Level::info, false},
                      Case{"APollThatWasRefused", "/internal/sessions/revoked", 401, Level::info,
                           true},
                      Case{"AFailureWhereOnlyWarningsCount", "/api/posts", 500, Level::warn, true},
                      Case{"APersonWhereOnlyWarningsCount", "/api/posts", 200, Level::warn, false}),
    [](auto const& test) { return test.param.what; });

}  // namespace
}  // namespace grover::service
